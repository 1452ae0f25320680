#include "services/identity/rpc/own_callers.h"

#include "common/base/error.h"
#include "common/base/status_macros.h"

namespace amana::identity {

absl::StatusOr<Caller> OwnCallers::LookUp(const DeviceId& id, Deadline deadline) {
  const absl::StatusOr<domain::Membership> found = devices_.Find(id, deadline);
  if (ReasonOf(found.status()) == Reason::kDeviceNotFound) return Error(Reason::kCallerUnknown);
  if (!found.ok()) return found.status();
  AMANA_RETURN_IF_ERROR(domain::CheckMayWork(*found));
  Caller caller;
  caller.role = found->device.role;
  caller.device = found->device.id;
  caller.organisation = found->device.organisation;
  return caller;
}

}  // namespace amana::identity
