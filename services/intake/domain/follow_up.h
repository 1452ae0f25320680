#pragma once

// A follow-up: someone asks her whether it helped. "Referred" is not "helped".

#include <cstdint>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/ids.h"

namespace amana::intake::domain {

// How far from now a follow-up may be due. A little in the past: clocks differ, and a link may be
// slow.
inline constexpr absl::Duration kMaxFollowUpAhead = absl::Hours(24 * 366);
inline constexpr absl::Duration kMaxFollowUpBehind = absl::Hours(24);

enum class FollowUpState : int32_t { kUnspecified = 0, kScheduled, kDone };
enum class FollowUpOutcome : int32_t { kUnspecified = 0, kHelped, kPartly, kNotHelped };
enum class FollowUpReason : int32_t {
  kUnspecified = 0,
  kNotReached,
  kLeftEarly,
  kNeedUnmet,
  kNotSafe,
  kTooFar,
  kNotWelcomed,
};

struct FollowUp {
  FollowUpId id;
  CaseId case_id;
  OrganisationId organisation;  // the case's
  ReferralId referral_id;       // it asks about, or zero
  FollowUpState state = FollowUpState::kUnspecified;
  absl::Time due_time;
  FollowUpOutcome outcome = FollowUpOutcome::kUnspecified;
  FollowUpReason reason = FollowUpReason::kUnspecified;

  friend bool operator==(const FollowUp&, const FollowUp&) = default;
};

// kInvalidField ("due_time") outside the limits above.
absl::StatusOr<FollowUp> Schedule(const FollowUpId& id, const CaseId& case_id,
                                  const OrganisationId& organisation, const ReferralId& referral_id,
                                  absl::Time due_time, absl::Time now);

// A reason is required unless it helped, and then there is none (kInvalidField).
absl::StatusOr<FollowUp> RecordOutcome(const FollowUp& before, FollowUpOutcome outcome,
                                       FollowUpReason reason);

std::string_view NameOf(FollowUpState state);
std::string_view NameOf(FollowUpOutcome outcome);
std::string_view NameOf(FollowUpReason reason);  // empty for kUnspecified

}  // namespace amana::intake::domain
