#include "services/intake/rpc/colleagues.h"

#include "common/base/error.h"

namespace amana::intake {
namespace {

bool RoleTakesCases(Role role) {
  return role == Role::kOperator || role == Role::kSupervisor || role == Role::kCaseWorker ||
         role == Role::kCentreManager;
}

// Whether identity knows the device and says no, rather than nobody being able to say.
bool IsRefusal(Reason reason) {
  return reason == Reason::kCallerUnknown || reason == Reason::kDeviceRevoked ||
         reason == Reason::kDeviceNotApproved || reason == Reason::kOrganisationClosed;
}

}  // namespace

absl::StatusOr<bool> DirectoryColleagues::TakesCases(const OrganisationId& organisation,
                                                     const DeviceId& device, Deadline deadline) {
  const absl::StatusOr<Caller> colleague = directory_.LookUp(device, deadline);
  if (colleague.ok()) return colleague->Owns(organisation) && RoleTakesCases(colleague->role);
  if (IsRefusal(ReasonOf(colleague.status()))) return false;
  return colleague.status();
}

}  // namespace amana::intake
