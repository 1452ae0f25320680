#include "services/identity/domain/enrolment.h"

#include "common/base/error.h"

namespace amana::identity::domain {

absl::StatusOr<Invitation> Invite(const Caller& caller, const Organisation& organisation, Role role,
                                  uint32_t max_devices, absl::Time now) {
  if (organisation.state != OrganisationState::kOpen) return Error(Reason::kOrganisationClosed);
  if (!Fits(organisation.kind, role)) return Error(Reason::kInvalidField, {.field = "role"});
  if (organisation.live_devices >= max_devices) return Error(Reason::kTooManyDevices);
  return Invitation{organisation.id, role, caller.device, now + kCodeLifetime};
}

absl::StatusOr<Membership> Enrol(const Organisation& organisation, const Invitation& invitation,
                                 const DeviceId& id, const std::string& signing_key,
                                 uint32_t max_devices, absl::Time now) {
  if (now >= invitation.expire_time || organisation.id != invitation.organisation ||
      organisation.state != OrganisationState::kOpen) {
    return Error(Reason::kEnrolmentCodeInvalid);
  }
  if (organisation.live_devices >= max_devices) return Error(Reason::kTooManyDevices);
  Membership after;
  after.organisation = organisation;
  ++after.organisation.live_devices;
  after.device.id = id;
  after.device.organisation = organisation.id;
  after.device.role = invitation.role;
  after.device.state = DeviceState::kPending;
  after.device.signing_key = signing_key;
  after.device.inviter = invitation.inviter;
  after.device.enrol_time = now;
  return after;
}

}  // namespace amana::identity::domain
