#include "services/identity/domain/organisation.h"

#include "common/base/error.h"

namespace amana::identity::domain {

bool MaySeeTo(const Caller& caller, const OrganisationId& organisation) {
  if (caller.role == Role::kNetworkAdministrator) return true;
  return IsHead(caller.role) && caller.Owns(organisation);
}

absl::StatusOr<Organisation> Create(const NewOrganisation& given, const Organisation* parent,
                                    absl::Time now) {
  if (given.kind <= OrganisationKind::kUnspecified || given.kind >= OrganisationKind::kNetwork) {
    return Error(Reason::kInvalidField, {.field = "kind"});
  }
  if (parent == nullptr || parent->state != OrganisationState::kOpen || parent->id == given.id) {
    return Error(Reason::kParentOrganisationInvalid);
  }
  Organisation organisation;
  organisation.id = given.id;
  organisation.name = given.name;
  organisation.kind = given.kind;
  organisation.parent = parent->id;
  organisation.region_code = given.region_code;
  organisation.province_code = given.province_code;
  organisation.state = OrganisationState::kOpen;
  organisation.create_time = now;
  return organisation;
}

absl::StatusOr<Organisation> Close(const Organisation& before) {
  if (before.state != OrganisationState::kOpen) return Error(Reason::kOrganisationClosed);
  if (before.kind == OrganisationKind::kNetwork) {
    return Error(Reason::kInvalidField, {.field = "organisation_id"});
  }
  Organisation after = before;
  after.state = OrganisationState::kClosed;
  return after;
}

}  // namespace amana::identity::domain
