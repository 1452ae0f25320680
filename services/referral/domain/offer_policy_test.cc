#include "services/referral/domain/offer_policy.h"

#include <gtest/gtest.h>

#include "services/referral/domain/directory.h"

namespace amana::referral::domain {
namespace {

absl::Time Local(int day, int hour) {  // of June 2026; the 1st is a Monday
  return absl::FromCivil(absl::CivilHour(2026, 6, day, hour), Morocco());
}

TEST(OfferPolicyTest, TimesByPriority) {
  const OfferPolicy policy;
  const absl::Time now = Local(3, 10);
  EXPECT_EQ(OfferExpiry(policy, Priority::kP0, now), now + absl::Minutes(5));
  EXPECT_EQ(OfferExpiry(policy, Priority::kP1, now), now + absl::Minutes(30));
  EXPECT_EQ(OfferExpiry(policy, Priority::kP2, now), now + absl::Hours(4));
  EXPECT_EQ(policy.AtOnce(Priority::kP0), 2);
  EXPECT_EQ(policy.AtOnce(Priority::kP1), 1);
}

TEST(OfferPolicyTest, WorkingDaysSkipTheWeekend) {
  const OfferPolicy policy;
  const auto expiry = [&](absl::Time now) { return OfferExpiry(policy, Priority::kP3, now); };
  EXPECT_EQ(expiry(Local(1, 15)), Local(3, 15));  // Monday: Wednesday
  EXPECT_EQ(expiry(Local(4, 15)), Local(8, 15));  // Thursday: Monday
  EXPECT_EQ(expiry(Local(5, 15)), Local(9, 15));  // Friday: Tuesday
  EXPECT_EQ(expiry(Local(6, 15)), Local(9, 15));  // Saturday: Tuesday
  EXPECT_EQ(expiry(Local(7, 23)), Local(9, 23));  // Sunday: Tuesday
}

}  // namespace
}  // namespace amana::referral::domain
