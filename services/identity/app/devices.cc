#include "services/identity/app/devices.h"

#include <algorithm>
#include <iterator>

#include "common/base/status_macros.h"
#include "common/store/execute.h"
#include "services/identity/app/certificate_chain.h"
#include "services/identity/app/messages.h"

namespace amana::identity {
namespace {

using amana::store::Commit;
using amana::store::Execute;

// The newest ones, so that the answer stays below a message's limit.
constexpr uint32_t kMaxRemovedListed = 2048;

absl::Status CertificateInvalid() { return Error(Reason::kDeviceCertificateInvalid); }

domain::DeviceCertificate FromMessage(const v1::DeviceCertificate& from, const DeviceId& issuer) {
  return {from.statement(), issuer, from.signature()};
}

}  // namespace

bool IsSignedBy(const domain::DeviceCertificate& certificate, const crypto::VerifyingKey& key) {
  return key.Verify(std::string(kDeviceCertificatePrefix) + certificate.statement,
                    certificate.signature);
}

absl::StatusOr<domain::Statement> ParseStatement(std::string_view bytes) {
  v1::DeviceStatement from;
  if (!from.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return CertificateInvalid();
  }
  const auto organisation = OrganisationId::FromBytes(from.organisation_id());
  const auto device = DeviceId::FromBytes(from.device_id());
  if (!organisation.ok() || !device.ok()) return CertificateInvalid();
  return domain::Statement{from.network(), *organisation, *device, static_cast<Role>(from.role()),
                           from.signing_key()};
}

absl::StatusOr<Devices::Loaded> Devices::Load(const DeviceId& id, Deadline deadline) const {
  AMANA_ASSIGN_OR_RETURN(auto device, repository_.FindDevice(id, deadline));
  if (!device) return Error(Reason::kDeviceNotFound);
  AMANA_ASSIGN_OR_RETURN(auto organisation,
                         repository_.FindOrganisation(device->value.organisation, deadline));
  if (!organisation) return Error(Reason::kDeviceNotFound);
  return Loaded{*std::move(organisation), *std::move(device)};
}

absl::StatusOr<domain::Membership> Devices::Find(const DeviceId& id, Deadline deadline) const {
  AMANA_ASSIGN_OR_RETURN(const Loaded loaded, Load(id, deadline));
  return loaded.membership();
}

void Devices::Put(const Loaded& before, const domain::Membership& after, Commit* commit) {
  commit->writes.push_back(WriteOf(after.organisation, before.organisation.version));
  commit->writes.push_back(WriteOf(after.device, before.device.version));
}

absl::StatusOr<std::optional<Versioned<domain::Device>>> Devices::FindIssuer(
    const DeviceId& issuer, const OrganisationId& organisation, Deadline deadline) const {
  // One of another shard is of another organisation, and could not be checked in the same commit.
  if (issuer.is_zero() || repository_.ShardOf(issuer) != repository_.ShardOf(organisation)) {
    return std::optional<Versioned<domain::Device>>();
  }
  return repository_.FindDevice(issuer, deadline);
}

absl::StatusOr<Commit> Devices::DecideApprove(const CallContext& context,
                                              const domain::Statement& statement,
                                              const domain::DeviceCertificate& certificate) {
  AMANA_ASSIGN_OR_RETURN(const Loaded before, Load(statement.device, context.deadline));
  if (!domain::MaySeeTo(context.caller, before.organisation.value.id)) {
    return Error(Reason::kDeviceNotFound);
  }
  AMANA_ASSIGN_OR_RETURN(
      const auto issuer,
      FindIssuer(certificate.issuer, before.organisation.value.id, context.deadline));
  domain::Presented presented{statement, certificate};
  if (issuer) {
    presented.issuer = &issuer->value;
    const auto key = crypto::VerifyingKey::FromBytes(issuer->value.signing_key);
    presented.signature_valid = key.ok() && IsSignedBy(certificate, *key);
  } else if (certificate.issuer.is_zero()) {
    presented.signature_valid = IsSignedBy(certificate, tools_.root_key);
  }
  AMANA_ASSIGN_OR_RETURN(const domain::Membership after,
                         domain::Approve(before.membership(), tools_.network, presented));
  Commit commit;
  Put(before, after, &commit);
  if (issuer) commit.checks.push_back(CheckOf(*issuer));
  commit.audit.push_back(
      DeviceEvent(tools_, context, after.device, domain::NameOf(after.device.state)));
  v1::ApproveDeviceResponse response;
  *response.mutable_device() = ToMessage(after.device);
  commit.reply = response.SerializeAsString();
  return commit;
}

absl::StatusOr<std::string> Devices::Approve(const CallContext& context,
                                             const v1::ApproveDeviceRequest& request) {
  AMANA_ASSIGN_OR_RETURN(const domain::Statement statement,
                         ParseStatement(request.certificate().statement()));
  DeviceId issuer;
  if (!request.certificate().issuer_device_id().empty()) {
    AMANA_ASSIGN_OR_RETURN(issuer, IdFrom<DeviceId>(request.certificate().issuer_device_id(),
                                                    "certificate.issuer_device_id"));
  }
  const domain::DeviceCertificate certificate = FromMessage(request.certificate(), issuer);
  return Execute(tools_.store, context, repository_.ShardOf(statement.device),
                 [&] { return DecideApprove(context, statement, certificate); });
}

absl::StatusOr<Commit> Devices::DecideRevoke(const CallContext& context,
                                             const OrganisationId& organisation,
                                             const DeviceId& device) {
  AMANA_ASSIGN_OR_RETURN(const auto found,
                         repository_.FindOrganisation(organisation, context.deadline));
  if (!found) return Error(Reason::kOrganisationNotFound);
  AMANA_ASSIGN_OR_RETURN(const Loaded before, Load(device, context.deadline));
  if (before.device.value.organisation != organisation) return Error(Reason::kDeviceNotFound);
  AMANA_ASSIGN_OR_RETURN(const domain::Membership after,
                         domain::Revoke(before.membership(), context.caller));
  Commit commit;
  Put(before, after, &commit);
  const std::string member = device.ToString();
  commit.index_edits.push_back({DevicesIndex(organisation), member, std::nullopt});
  commit.index_edits.push_back({RevokedIndex(organisation), member, ScoreOf(tools_.clock.Now())});
  commit.audit.push_back(
      DeviceEvent(tools_, context, after.device, domain::NameOf(after.device.state)));
  v1::RevokeDeviceResponse response;
  *response.mutable_device() = ToMessage(after.device);
  commit.reply = response.SerializeAsString();
  return commit;
}

absl::StatusOr<std::string> Devices::Revoke(const CallContext& context,
                                            const v1::RevokeDeviceRequest& request) {
  AMANA_ASSIGN_OR_RETURN(const OrganisationId organisation,
                         IdFrom<OrganisationId>(request.organisation_id(), "organisation_id"));
  AMANA_ASSIGN_OR_RETURN(const DeviceId device, IdFrom<DeviceId>(request.device_id(), "device_id"));
  if (!domain::MaySeeTo(context.caller, organisation)) return Error(Reason::kOrganisationNotFound);
  return Execute(tools_.store, context, repository_.ShardOf(organisation),
                 [&] { return DecideRevoke(context, organisation, device); });
}

absl::StatusOr<Commit> Devices::DecideRenew(const CallContext& context,
                                            const std::string& public_key) {
  AMANA_ASSIGN_OR_RETURN(const Loaded own, Load(context.caller.device, context.deadline));
  const domain::Device& device = own.device.value;
  AMANA_RETURN_IF_ERROR(domain::CheckMayWork(own.membership()));
  v1::RenewCertificateResponse response;
  AMANA_ASSIGN_OR_RETURN(
      *response.mutable_certificate(),
      issuer_.Issue(device.organisation, device.id, public_key, tools_.clock.Now()));
  response.set_ca_certificate(issuer_.ca_certificate());
  Commit commit;
  commit.checks = {CheckOf(own.organisation), CheckOf(own.device)};
  commit.audit.push_back(DeviceEvent(tools_, context, device, domain::NameOf(device.state)));
  commit.reply = response.SerializeAsString();
  return commit;
}

absl::StatusOr<std::string> Devices::Renew(const CallContext& context,
                                           const v1::RenewCertificateRequest& request) {
  AMANA_ASSIGN_OR_RETURN(const std::string public_key,
                         crypto::VerifyCertificateRequest(request.certificate_request()));
  return Execute(tools_.store, context, repository_.ShardOf(context.caller.device),
                 [&] { return DecideRenew(context, public_key); });
}

absl::StatusOr<std::vector<domain::Device>> Devices::ReadLive(const OrganisationId& organisation,
                                                              Deadline deadline) const {
  const amana::store::Shard shard = repository_.ShardOf(organisation);
  AMANA_ASSIGN_OR_RETURN(const std::vector<DeviceId> ids,
                         repository_.ReadDeviceIndex(shard, DevicesIndex(organisation),
                                                     {.limit = tools_.max_devices}, deadline));
  return repository_.ReadDevices(shard, ids, deadline);
}

absl::StatusOr<std::vector<domain::Device>> Devices::ReadRemoved(const OrganisationId& organisation,
                                                                 uint32_t limit,
                                                                 Deadline deadline) const {
  const amana::store::Shard shard = repository_.ShardOf(organisation);
  AMANA_ASSIGN_OR_RETURN(
      const std::vector<DeviceId> ids,
      repository_.ReadDeviceIndex(shard, RevokedIndex(organisation),
                                  {.limit = limit, .descending = true}, deadline));
  return repository_.ReadDevices(shard, ids, deadline);
}

absl::StatusOr<v1::ListDevicesResponse> Devices::List(const CallContext& context,
                                                      const v1::ListDevicesRequest& request) {
  AMANA_ASSIGN_OR_RETURN(const OrganisationId id,
                         IdFrom<OrganisationId>(request.organisation_id(), "organisation_id"));
  const bool may_read =
      context.caller.role == Role::kNetworkAdministrator || context.caller.Owns(id);
  AMANA_ASSIGN_OR_RETURN(const auto found, repository_.FindOrganisation(id, context.deadline));
  if (!may_read || !found) return Error(Reason::kOrganisationNotFound);
  AMANA_ASSIGN_OR_RETURN(std::vector<domain::Device> devices, ReadLive(id, context.deadline));
  v1::ListDevicesResponse response;
  for (const domain::Device& device : devices) *response.add_devices() = ToMessage(device);
  const uint32_t room = tools_.max_devices - static_cast<uint32_t>(devices.size());
  if (room == 0) return response;
  AMANA_ASSIGN_OR_RETURN(devices, ReadRemoved(id, room, context.deadline));
  for (const domain::Device& device : devices) *response.add_devices() = ToMessage(device);
  return response;
}

absl::StatusOr<v1::ListDeviceCertificatesResponse> Devices::ListCertificates(
    const CallContext& context, const v1::ListDeviceCertificatesRequest& request) {
  AMANA_ASSIGN_OR_RETURN(const OrganisationId id,
                         IdFrom<OrganisationId>(request.organisation_id(), "organisation_id"));
  AMANA_ASSIGN_OR_RETURN(const auto found, repository_.FindOrganisation(id, context.deadline));
  if (!found) return Error(Reason::kOrganisationNotFound);
  AMANA_ASSIGN_OR_RETURN(std::vector<domain::Device> devices, ReadLive(id, context.deadline));
  // What they signed before they were removed must stay readable.
  AMANA_ASSIGN_OR_RETURN(std::vector<domain::Device> removed,
                         ReadRemoved(id, kMaxRemovedListed, context.deadline));
  std::ranges::move(removed, std::back_inserter(devices));
  AMANA_ASSIGN_OR_RETURN(const std::vector<domain::Device> ordered,
                         OrderByIssuer(std::move(devices), [&](const std::vector<DeviceId>& ids) {
                           return repository_.ReadDevices(repository_.ShardOf(id), ids,
                                                          context.deadline);
                         }));
  v1::ListDeviceCertificatesResponse response;
  for (const domain::Device& device : ordered) {
    *response.add_certificates() = ToMessage(device.certificate);
    if (device.state == domain::DeviceState::kRevoked) {
      response.add_revoked_device_ids(device.id.bytes());
    }
  }
  return response;
}

absl::StatusOr<v1::GetOwnDeviceResponse> Devices::GetOwn(const CallContext& context) {
  AMANA_ASSIGN_OR_RETURN(const Loaded own, Load(context.caller.device, context.deadline));
  v1::GetOwnDeviceResponse response;
  *response.mutable_device() = ToMessage(own.device.value);
  return response;
}

}  // namespace amana::identity
