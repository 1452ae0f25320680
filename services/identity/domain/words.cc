#include "services/identity/domain/words.h"

namespace amana::identity::domain {

bool Fits(OrganisationKind kind, Role role) {
  switch (kind) {
    case OrganisationKind::kHotline:
      return role == Role::kOperator || role == Role::kSupervisor;
    case OrganisationKind::kCentre:
    case OrganisationKind::kAssociation:
    case OrganisationKind::kAgency:
      return role == Role::kCaseWorker || role == Role::kCentreManager;
    case OrganisationKind::kNetwork:
      return role == Role::kNetworkAdministrator || role == Role::kAuditor || role == Role::kOps ||
             role == Role::kAnalyst;
    case OrganisationKind::kMinistry:
      return role == Role::kAnalyst;
    case OrganisationKind::kUnspecified:
      break;
  }
  return false;
}

std::string_view NameOf(OrganisationState state) {
  switch (state) {
    case OrganisationState::kOpen:
      return "open";
    case OrganisationState::kClosed:
      return "closed";
    case OrganisationState::kUnspecified:
      break;
  }
  return "";
}

std::string_view NameOf(DeviceState state) {
  switch (state) {
    case DeviceState::kPending:
      return "pending";
    case DeviceState::kApproved:
      return "approved";
    case DeviceState::kRevoked:
      return "revoked";
    case DeviceState::kUnspecified:
      break;
  }
  return "";
}

std::string_view NameOf(Role role) {
  switch (role) {
    case Role::kOperator:
      return "operator";
    case Role::kSupervisor:
      return "supervisor";
    case Role::kCaseWorker:
      return "case_worker";
    case Role::kCentreManager:
      return "centre_manager";
    case Role::kNetworkAdministrator:
      return "network_administrator";
    case Role::kAnalyst:
      return "analyst";
    case Role::kAuditor:
      return "auditor";
    case Role::kOps:
      return "ops";
    case Role::kService:
    case Role::kUnenrolled:
    case Role::kUnspecified:
      break;
  }
  return "";
}

}  // namespace amana::identity::domain
