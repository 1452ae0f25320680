#include "services/identity/app/certificates.h"

namespace amana::identity {

absl::StatusOr<std::string> CertificateIssuer::Issue(const OrganisationId& organisation,
                                                     const DeviceId& device,
                                                     const std::string& public_key,
                                                     absl::Time now) const {
  const absl::Time second = absl::FromUnixSeconds(absl::ToUnixSeconds(now));
  crypto::LeafRequest request;
  request.public_key = public_key;
  request.spiffe_ids = {namer_(organisation, device)};
  request.not_before = second - kClockSkew;
  request.not_after = second + kCertificateLifetime;
  return authority_.Issue(request);
}

}  // namespace amana::identity
