#include "services/intake/domain/case.h"

#include <algorithm>
#include <utility>

#include "common/base/error.h"
#include "common/base/status_macros.h"

namespace amana::intake::domain {
namespace {

constexpr bool IsKnown(CaseCommand c) {
  return c >= CaseCommand::kHold && c <= CaseCommand::kReopen;
}
constexpr bool IsKnown(ClosureReason r) {
  return r >= ClosureReason::kGoalsMet && r <= ClosureReason::kDuplicate;
}

absl::Status CheckCommand(CaseCommand command, ClosureReason reason) {
  if (!IsKnown(command)) return Error(Reason::kInvalidField, {.field = "command"});
  const bool fits = command == CaseCommand::kRequestClosure ? IsKnown(reason)
                                                            : reason == ClosureReason::kUnspecified;
  if (!fits) return Error(Reason::kInvalidField, {.field = "closure_reason"});
  return absl::OkStatus();
}

// Who may take this step. Whoever asked for a closure may take that back, but never approve it.
absl::Status CheckPerson(const Case& before, CaseCommand command, const Caller& caller) {
  const bool asked_for_it = caller.device == before.closure_requested_by;
  if (command == CaseCommand::kApproveClosure) {
    if (!DecidesClosure(caller.role)) return Error(Reason::kRoleNotAllowed);
    if (asked_for_it) return Error(Reason::kClosureNeedsAnotherPerson);
  }
  if (command == CaseCommand::kRefuseClosure && !DecidesClosure(caller.role) && !asked_for_it) {
    return Error(Reason::kRoleNotAllowed);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Case> Open(const CaseId& id, const Caller& caller, IntakeChannel channel,
                          RoutingCard card, absl::Time now) {
  if (!IsKnown(channel)) return Error(Reason::kInvalidField, {.field = "channel"});
  AMANA_RETURN_IF_ERROR(CheckCard(card));
  Case opened;
  opened.id = id;
  opened.organisation = caller.organisation;
  opened.assigned_device = caller.device;
  opened.state = CaseState::kOpen;
  opened.channel = channel;
  opened.card = std::move(card);
  opened.open_time = now;
  opened.update_time = now;
  return opened;
}

absl::StatusOr<Case> Move(const Case& before, CaseCommand command, ClosureReason reason,
                          const Caller& caller, absl::Time now) {
  AMANA_RETURN_IF_ERROR(CheckCommand(command, reason));
  const auto step = std::find_if(
      kCaseTransitions.begin(), kCaseTransitions.end(),
      [&](const CaseTransition& t) { return t.from == before.state && t.command == command; });
  if (step == kCaseTransitions.end()) return Error(Reason::kCaseStateInvalid);
  AMANA_RETURN_IF_ERROR(CheckPerson(before, command, caller));

  Case after = before;
  after.state = step->to.value_or(before.state_before_request);
  after.update_time = now;
  after.closure_requested_by = {};
  after.state_before_request = CaseState::kUnspecified;
  if (command == CaseCommand::kRequestClosure) {
    after.closure_reason = reason;
    after.closure_requested_by = caller.device;
    after.state_before_request = before.state;
  } else if (command != CaseCommand::kApproveClosure) {
    after.closure_reason = ClosureReason::kUnspecified;
  }
  return after;
}

absl::StatusOr<Case> Update(const Case& before, RoutingCard card, absl::Time now) {
  AMANA_RETURN_IF_ERROR(CheckCard(card));
  if (!TakesWork(before.state)) return Error(Reason::kCaseStateInvalid);
  Case after = before;
  after.card = std::move(card);
  after.update_time = now;
  return after;
}

absl::StatusOr<Case> Assign(const Case& before, const DeviceId& device, absl::Time now) {
  if (!TakesWork(before.state)) return Error(Reason::kCaseStateInvalid);
  Case after = before;
  after.assigned_device = device;
  after.update_time = now;
  return after;
}

std::string_view NameOf(CaseState state) {
  switch (state) {
    case CaseState::kUnspecified:
      break;
    case CaseState::kOpen:
      return "open";
    case CaseState::kOnHold:
      return "on_hold";
    case CaseState::kClosureRequested:
      return "closure_requested";
    case CaseState::kClosed:
      return "closed";
    case CaseState::kReopened:
      return "reopened";
  }
  return "unspecified";
}

std::string_view NameOf(ClosureReason reason) {
  switch (reason) {
    case ClosureReason::kUnspecified:
      break;
    case ClosureReason::kGoalsMet:
      return "goals_met";
    case ClosureReason::kSurvivorRequest:
      return "survivor_request";
    case ClosureReason::kMovedAway:
      return "moved_away";
    case ClosureReason::kLostContact:
      return "lost_contact";
    case ClosureReason::kTransferred:
      return "transferred";
    case ClosureReason::kDeceased:
      return "deceased";
    case ClosureReason::kDuplicate:
      return "duplicate";
  }
  return "";
}

}  // namespace amana::intake::domain
