#pragma once

// How long a centre may think, and how many are asked at once.

#include "absl/time/time.h"
#include "services/referral/domain/codes.h"

namespace amana::referral::domain {

struct OfferPolicy {
  absl::Duration p0 = absl::Minutes(5);
  absl::Duration p1 = absl::Minutes(30);
  absl::Duration p2 = absl::Hours(4);
  int p3_working_days = 2;
  // Asked at once in immediate danger: two halve the time to a first yes (95th percentile 64 to 23
  // min in simulation), a third wastes more held places than it saves minutes.
  int p0_parallel = 2;
  // A hold outlives its offer by this, so that an answer in the last second still finds its places.
  absl::Duration hold_grace = absl::Seconds(60);

  int AtOnce(Priority priority) const { return priority == Priority::kP0 ? p0_parallel : 1; }
};

// When an offer made at `now` goes to the next. A working day is Monday to Friday on Morocco's
// clock; holidays are not known here, they only make an answer come early or late by a day.
absl::Time OfferExpiry(const OfferPolicy& policy, Priority priority, absl::Time now);

}  // namespace amana::referral::domain
