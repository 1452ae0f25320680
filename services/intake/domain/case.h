#pragma once

// A case and the moves it may make. One table (kCaseTransitions) is all there is to know about its
// states; docs and tests read the same one.
//
//   open ⇄ on_hold      open, on_hold, reopened → closure_requested → closed → reopened
//
// A closure is asked for by one person and approved by another, a supervisor or centre manager.
// Refused, the case goes back to where it was.

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/call_context.h"
#include "common/base/ids.h"
#include "services/intake/domain/routing_card.h"
#include "services/intake/domain/words.h"

namespace amana::intake::domain {

enum class CaseState : int32_t {
  kUnspecified = 0,
  kOpen,
  kOnHold,
  kClosureRequested,
  kClosed,
  kReopened,
};

enum class CaseCommand : int32_t {
  kUnspecified = 0,
  kHold,
  kResume,
  kRequestClosure,
  kApproveClosure,
  kRefuseClosure,
  kReopen,
};

enum class ClosureReason : int32_t {
  kUnspecified = 0,
  kGoalsMet,
  kSurvivorRequest,
  kMovedAway,
  kLostContact,
  kTransferred,
  kDeceased,
  kDuplicate,
};

struct Case {
  CaseId id;
  OrganisationId organisation;
  DeviceId assigned_device;
  CaseState state = CaseState::kUnspecified;
  IntakeChannel channel = IntakeChannel::kUnspecified;
  RoutingCard card;
  absl::Time open_time;
  absl::Time update_time;
  // From the request for closure on; gone when that is refused or the case reopened.
  ClosureReason closure_reason = ClosureReason::kUnspecified;
  // While closure is requested: by whom, and where a refusal leads back to.
  DeviceId closure_requested_by;
  CaseState state_before_request = CaseState::kUnspecified;
  // While closed and referral has not heard of it: the id that this closure is told under.
  RequestId untold_closure;

  friend bool operator==(const Case&, const Case&) = default;
};

struct CaseTransition {
  CaseState from;
  CaseCommand command;
  // Nothing: back to where the case was before.
  std::optional<CaseState> to;
};

inline constexpr std::array<CaseTransition, 9> kCaseTransitions = {{
    {CaseState::kOpen, CaseCommand::kHold, CaseState::kOnHold},
    {CaseState::kReopened, CaseCommand::kHold, CaseState::kOnHold},
    {CaseState::kOnHold, CaseCommand::kResume, CaseState::kOpen},
    {CaseState::kOpen, CaseCommand::kRequestClosure, CaseState::kClosureRequested},
    {CaseState::kOnHold, CaseCommand::kRequestClosure, CaseState::kClosureRequested},
    {CaseState::kReopened, CaseCommand::kRequestClosure, CaseState::kClosureRequested},
    {CaseState::kClosureRequested, CaseCommand::kApproveClosure, CaseState::kClosed},
    {CaseState::kClosureRequested, CaseCommand::kRefuseClosure, std::nullopt},
    {CaseState::kClosed, CaseCommand::kReopen, CaseState::kReopened},
}};

// Whether work on the case goes on: cards are updated, consents recorded, follow-ups scheduled.
constexpr bool TakesWork(CaseState state) { return state != CaseState::kClosed; }

// Roles that decide about closures.
constexpr bool DecidesClosure(Role role) {
  return role == Role::kSupervisor || role == Role::kCentreManager;
}

absl::StatusOr<Case> Open(const CaseId& id, const Caller& caller, IntakeChannel channel,
                          RoutingCard card, absl::Time now);

// `reason` goes with kRequestClosure and with nothing else (kInvalidField). kCaseStateInvalid,
// kRoleNotAllowed and kClosureNeedsAnotherPerson as the table and the rules above have it.
absl::StatusOr<Case> Move(const Case& before, CaseCommand command, ClosureReason reason,
                          const Caller& caller, absl::Time now);

// Replaces the card.
absl::StatusOr<Case> Update(const Case& before, RoutingCard card, absl::Time now);

// Gives the case to another device; whether that one may have it is the app's question.
absl::StatusOr<Case> Assign(const Case& before, const DeviceId& device, absl::Time now);

// "on_hold", for the audit log.
std::string_view NameOf(CaseState state);
std::string_view NameOf(ClosureReason reason);  // empty for kUnspecified

}  // namespace amana::intake::domain
