#include "services/identity/domain/device.h"

#include "common/base/error.h"
#include "common/base/status_macros.h"

namespace amana::identity::domain {
namespace {

absl::StatusOr<DeviceState> Next(DeviceState from, DeviceCommand command) {
  for (const DeviceTransition& transition : kDeviceTransitions) {
    if (transition.from == from && transition.command == command) return transition.to;
  }
  return Error(Reason::kDeviceStateInvalid);
}

bool Describes(const Statement& statement, const Device& device, const std::string& network) {
  return statement.network == network && statement.organisation == device.organisation &&
         statement.device == device.id && statement.role == device.role &&
         statement.signing_key == device.signing_key;
}

bool MayVouch(const Presented& presented, const Organisation& organisation) {
  if (presented.certificate.issuer.is_zero()) return organisation.approved_heads == 0;
  const Device* issuer = presented.issuer;
  return issuer != nullptr && issuer->organisation == organisation.id &&
         issuer->state == DeviceState::kApproved && IsHead(issuer->role);
}

bool IsApprovedHead(const Device& device) {
  return device.state == DeviceState::kApproved && IsHead(device.role);
}

}  // namespace

absl::Status CheckMayWork(const Membership& membership) {
  switch (membership.device.state) {
    case DeviceState::kApproved:
      break;
    case DeviceState::kPending:
      return Error(Reason::kDeviceNotApproved);
    case DeviceState::kRevoked:
    case DeviceState::kUnspecified:
      return Error(Reason::kDeviceRevoked);
  }
  if (membership.organisation.state != OrganisationState::kOpen) {
    return Error(Reason::kOrganisationClosed);
  }
  return absl::OkStatus();
}

absl::StatusOr<Membership> Approve(const Membership& before, const std::string& network,
                                   const Presented& presented) {
  if (before.organisation.state != OrganisationState::kOpen) {
    return Error(Reason::kOrganisationClosed);
  }
  AMANA_ASSIGN_OR_RETURN(const DeviceState state,
                         Next(before.device.state, DeviceCommand::kApprove));
  if (!presented.signature_valid || !Describes(presented.statement, before.device, network) ||
      !MayVouch(presented, before.organisation)) {
    return Error(Reason::kDeviceCertificateInvalid);
  }
  Membership after = before;
  after.device.state = state;
  after.device.certificate = presented.certificate;
  if (IsHead(after.device.role)) ++after.organisation.approved_heads;
  return after;
}

absl::StatusOr<Membership> Revoke(const Membership& before, const Caller& caller) {
  AMANA_ASSIGN_OR_RETURN(const DeviceState state,
                         Next(before.device.state, DeviceCommand::kRevoke));
  const bool head = IsApprovedHead(before.device);
  const bool may_remove_last = caller.role == Role::kNetworkAdministrator &&
                               before.organisation.kind != OrganisationKind::kNetwork;
  if (head && before.organisation.approved_heads <= 1 && !may_remove_last) {
    return Error(Reason::kLastDevice);
  }
  Membership after = before;
  after.device.state = state;
  --after.organisation.live_devices;
  if (head) --after.organisation.approved_heads;
  return after;
}

}  // namespace amana::identity::domain
