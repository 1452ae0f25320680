#pragma once

// Commands and reads about devices.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "amana/identity/v1/identity.pb.h"
#include "common/base/call_context.h"
#include "services/identity/app/certificates.h"
#include "services/identity/app/context.h"
#include "services/identity/store/repository.h"

namespace amana::identity {

// What an issuer signs, before the statement (DeviceCertificate.signature).
inline constexpr std::string_view kDeviceCertificatePrefix = "amana device certificate v1\n";

// Whether `key` signed the certificate.
bool IsSignedBy(const domain::DeviceCertificate& certificate, const crypto::VerifyingKey& key);

// A serialised DeviceStatement. kDeviceCertificateInvalid.
absl::StatusOr<domain::Statement> ParseStatement(std::string_view bytes);

// Thread-safe. Requests have passed the validator. Commands answer with the serialised response,
// which a repetition gets again.
class Devices {
 public:
  Devices(Tools& tools, const CertificateIssuer& issuer)
      : tools_(tools), repository_(tools.store), issuer_(issuer) {}

  // kDeviceNotFound (also where the caller may not see to the organisation), kOrganisationClosed,
  // kDeviceStateInvalid, kDeviceCertificateInvalid.
  absl::StatusOr<std::string> Approve(const CallContext& context,
                                      const v1::ApproveDeviceRequest& request);
  // kOrganisationNotFound (also where the caller may not see to it), kDeviceNotFound,
  // kDeviceStateInvalid, kLastDevice. Also in a closed organisation.
  absl::StatusOr<std::string> Revoke(const CallContext& context,
                                     const v1::RevokeDeviceRequest& request);
  // The calling device's next TLS certificate. kCertificateRequestInvalid, kDeviceRevoked,
  // kDeviceNotApproved, kOrganisationClosed.
  absl::StatusOr<std::string> Renew(const CallContext& context,
                                    const v1::RenewCertificateRequest& request);

  // Pending and approved ones, then as many of those removed last as there is room for.
  // kOrganisationNotFound.
  absl::StatusOr<v1::ListDevicesResponse> List(const CallContext& context,
                                               const v1::ListDevicesRequest& request);
  // kOrganisationNotFound.
  absl::StatusOr<v1::ListDeviceCertificatesResponse> ListCertificates(
      const CallContext& context, const v1::ListDeviceCertificatesRequest& request);
  // kDeviceNotFound: the caller is no device.
  absl::StatusOr<v1::GetOwnDeviceResponse> GetOwn(const CallContext& context);

  // A device with its organisation; kDeviceNotFound.
  absl::StatusOr<domain::Membership> Find(const DeviceId& id, Deadline deadline) const;

 private:
  // Both rows, at the versions they were read at.
  struct Loaded {
    Versioned<domain::Organisation> organisation;
    Versioned<domain::Device> device;

    domain::Membership membership() const { return {organisation.value, device.value}; }
  };
  absl::StatusOr<Loaded> Load(const DeviceId& id, Deadline deadline) const;
  // Writes both rows of a changed membership.
  static void Put(const Loaded& before, const domain::Membership& after,
                  amana::store::Commit* commit);

  absl::StatusOr<std::optional<Versioned<domain::Device>>> FindIssuer(
      const DeviceId& issuer, const OrganisationId& organisation, Deadline deadline) const;
  absl::StatusOr<amana::store::Commit> DecideApprove(const CallContext& context,
                                                     const domain::Statement& statement,
                                                     const domain::DeviceCertificate& certificate);
  absl::StatusOr<amana::store::Commit> DecideRevoke(const CallContext& context,
                                                    const OrganisationId& organisation,
                                                    const DeviceId& device);
  absl::StatusOr<amana::store::Commit> DecideRenew(const CallContext& context,
                                                   const std::string& public_key);
  absl::StatusOr<std::vector<domain::Device>> ReadLive(const OrganisationId& organisation,
                                                       Deadline deadline) const;

  absl::StatusOr<std::vector<domain::Device>> ReadRemoved(const OrganisationId& organisation,
                                                          uint32_t limit, Deadline deadline) const;

  Tools& tools_;
  const Repository repository_;
  const CertificateIssuer& issuer_;
};

}  // namespace amana::identity
