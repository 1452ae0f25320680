#include "services/messaging/rpc/directory_devices.h"

#include "common/base/error.h"

namespace amana::messaging {

absl::StatusOr<OrganisationId> DirectoryDevices::OrganisationOf(const DeviceId& device,
                                                                Deadline deadline) {
  const absl::StatusOr<Caller> caller = directory_.LookUp(device, deadline);
  if (caller.ok()) return caller->organisation;
  switch (ReasonOf(caller.status())) {
    case Reason::kCallerUnknown:
    case Reason::kDeviceRevoked:
    case Reason::kDeviceNotApproved:
    case Reason::kOrganisationClosed:
      return Error(Reason::kRecipientInvalid, {.field = "package.recipients"});
    case Reason::kDeadlinePassed:
      return caller.status();
    default:
      return Error(Reason::kServiceUnavailable);
  }
}

}  // namespace amana::messaging
