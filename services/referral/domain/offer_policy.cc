#include "services/referral/domain/offer_policy.h"

#include "services/referral/domain/directory.h"

namespace amana::referral::domain {
namespace {

bool IsWorkingDay(absl::CivilDay day) {
  const absl::Weekday weekday = absl::GetWeekday(day);
  return weekday != absl::Weekday::saturday && weekday != absl::Weekday::sunday;
}

absl::Time AfterWorkingDays(absl::Time now, int days) {
  const absl::TimeZone zone = Morocco();
  absl::Time at = now;
  while (days > 0) {
    at += absl::Hours(24);  // the zone has no change of clocks
    if (IsWorkingDay(absl::ToCivilDay(at, zone))) --days;
  }
  return at;
}

}  // namespace

absl::Time OfferExpiry(const OfferPolicy& policy, Priority priority, absl::Time now) {
  switch (priority) {
    case Priority::kP0:
      return now + policy.p0;
    case Priority::kP1:
      return now + policy.p1;
    case Priority::kP2:
      return now + policy.p2;
    case Priority::kUnspecified:
    case Priority::kP3:
      break;
  }
  return AfterWorkingDays(now, policy.p3_working_days);
}

}  // namespace amana::referral::domain
