#pragma once

// The coded words of identity. Numbers are those of amana.identity.v1, so that a word crosses the
// edge as a number.

#include <cstdint>
#include <string_view>

#include "common/base/call_context.h"

namespace amana::identity::domain {

enum class OrganisationKind : int32_t {
  kUnspecified = 0,
  kMinistry,
  kAgency,
  kAssociation,
  kCentre,
  kHotline,
  // The network's own: administrators, ops, auditors. There is one, made by the genesis.
  kNetwork,
};

enum class OrganisationState : int32_t { kUnspecified = 0, kOpen, kClosed };

enum class DeviceState : int32_t { kUnspecified = 0, kPending, kApproved, kRevoked };

// Whether a device of such an organisation may have the role:
//   hotline                       operator, supervisor
//   centre, association, agency   case worker, centre manager
//   network                       network administrator, auditor, ops, analyst
//   ministry                      analyst
bool Fits(OrganisationKind kind, Role role);

// Whether the role answers for its organisation: invites, approves and removes devices.
constexpr bool IsHead(Role role) {
  return role == Role::kSupervisor || role == Role::kCentreManager ||
         role == Role::kNetworkAdministrator;
}

// "open", "approved", "case_worker": for the audit log. Empty for words that have none there.
std::string_view NameOf(OrganisationState state);
std::string_view NameOf(DeviceState state);
std::string_view NameOf(Role role);

}  // namespace amana::identity::domain
