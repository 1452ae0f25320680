#pragma once

// How a device comes in: an invitation (an enrolment code binds it), then a pending device.

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/call_context.h"
#include "common/base/ids.h"
#include "services/identity/domain/device.h"
#include "services/identity/domain/organisation.h"

namespace amana::identity::domain {

// Long enough to read a code out over the phone and type it; too short to be found in a drawer.
inline constexpr absl::Duration kCodeLifetime = absl::Minutes(15);

// What an enrolment code is good for, once.
struct Invitation {
  OrganisationId organisation;
  Role role = Role::kUnspecified;
  DeviceId inviter;
  absl::Time expire_time;

  friend bool operator==(const Invitation&, const Invitation&) = default;
};

// The caller may see to the organisation (the app's question). kOrganisationClosed; kInvalidField
// (role): it does not fit this kind of organisation; kTooManyDevices.
absl::StatusOr<Invitation> Invite(const Caller& caller, const Organisation& organisation, Role role,
                                  uint32_t max_devices, absl::Time now);

// The pending device that a code's invitation makes. kEnrolmentCodeInvalid: the invitation has
// expired or its organisation was closed; kTooManyDevices.
absl::StatusOr<Membership> Enrol(const Organisation& organisation, const Invitation& invitation,
                                 const DeviceId& id, const std::string& signing_key,
                                 uint32_t max_devices, absl::Time now);

}  // namespace amana::identity::domain
