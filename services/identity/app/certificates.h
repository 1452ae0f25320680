#pragma once

// TLS certificates of devices: short-lived, so that a lost one soon is worth nothing.

#include <functional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/crypto/x509.h"
#include "services/identity/domain/device.h"

namespace amana::identity {

// A working day and the night after it: a client renews long before.
inline constexpr absl::Duration kCertificateLifetime = absl::Hours(24);
// How far a client's clock may be behind ours.
inline constexpr absl::Duration kClockSkew = absl::Minutes(5);

// The SPIFFE id of a device: rpc::DeviceSpiffeId for a network.
using DeviceNamer = std::function<std::string(const OrganisationId&, const DeviceId&)>;

// Thread-safe.
class CertificateIssuer {
 public:
  CertificateIssuer(crypto::CertificateAuthority authority, DeviceNamer namer)
      : authority_(std::move(authority)), namer_(std::move(namer)) {}

  // A certificate for the key of a request that VerifyCertificateRequest took, PEM.
  absl::StatusOr<std::string> Issue(const OrganisationId& organisation, const DeviceId& device,
                                    const std::string& public_key, absl::Time now) const;

  const std::string& ca_certificate() const { return authority_.certificate_pem(); }

 private:
  const crypto::CertificateAuthority authority_;
  const DeviceNamer namer_;
};

}  // namespace amana::identity
