#include "services/intake/domain/follow_up.h"

#include "common/base/error.h"

namespace amana::intake::domain {

absl::StatusOr<FollowUp> Schedule(const FollowUpId& id, const CaseId& case_id,
                                  const OrganisationId& organisation, const ReferralId& referral_id,
                                  absl::Time due_time, absl::Time now) {
  if (due_time < now - kMaxFollowUpBehind || due_time > now + kMaxFollowUpAhead) {
    return Error(Reason::kInvalidField, {.field = "due_time"});
  }
  FollowUp follow_up;
  follow_up.id = id;
  follow_up.case_id = case_id;
  follow_up.organisation = organisation;
  follow_up.referral_id = referral_id;
  follow_up.state = FollowUpState::kScheduled;
  follow_up.due_time = due_time;
  return follow_up;
}

absl::StatusOr<FollowUp> RecordOutcome(const FollowUp& before, FollowUpOutcome outcome,
                                       FollowUpReason reason) {
  if (outcome < FollowUpOutcome::kHelped || outcome > FollowUpOutcome::kNotHelped) {
    return Error(Reason::kInvalidField, {.field = "outcome"});
  }
  const bool has_reason =
      reason >= FollowUpReason::kNotReached && reason <= FollowUpReason::kNotWelcomed;
  const bool fits =
      outcome == FollowUpOutcome::kHelped ? reason == FollowUpReason::kUnspecified : has_reason;
  if (!fits) return Error(Reason::kInvalidField, {.field = "reason"});
  if (before.state != FollowUpState::kScheduled) return Error(Reason::kFollowUpStateInvalid);
  FollowUp after = before;
  after.state = FollowUpState::kDone;
  after.outcome = outcome;
  after.reason = reason;
  return after;
}

std::string_view NameOf(FollowUpState state) {
  switch (state) {
    case FollowUpState::kUnspecified:
      break;
    case FollowUpState::kScheduled:
      return "scheduled";
    case FollowUpState::kDone:
      return "done";
  }
  return "unspecified";
}

std::string_view NameOf(FollowUpOutcome outcome) {
  switch (outcome) {
    case FollowUpOutcome::kUnspecified:
      break;
    case FollowUpOutcome::kHelped:
      return "helped";
    case FollowUpOutcome::kPartly:
      return "partly";
    case FollowUpOutcome::kNotHelped:
      return "not_helped";
  }
  return "";
}

std::string_view NameOf(FollowUpReason reason) {
  switch (reason) {
    case FollowUpReason::kUnspecified:
      break;
    case FollowUpReason::kNotReached:
      return "not_reached";
    case FollowUpReason::kLeftEarly:
      return "left_early";
    case FollowUpReason::kNeedUnmet:
      return "need_unmet";
    case FollowUpReason::kNotSafe:
      return "not_safe";
    case FollowUpReason::kTooFar:
      return "too_far";
    case FollowUpReason::kNotWelcomed:
      return "not_welcomed";
  }
  return "";
}

}  // namespace amana::intake::domain
