#include "services/intake/domain/call.h"

#include <gtest/gtest.h>

#include "common/base/error.h"
#include "services/intake/domain/test_values.h"

namespace amana::intake::domain {
namespace {

using enum CallState;

const DeviceId kHolder = IdOf<DeviceId>('h');
const DeviceId kOther = IdOf<DeviceId>('x');

Call Waiting(Priority priority = Priority::kP2, absl::Time at = kNow) {
  return *Enqueue(IdOf<CallId>('k'), IdOf<OrganisationId>('o'), priority, at);
}
Call Claimed() { return *Claim(Waiting(), kHolder, kNow); }
Call Completed() { return *Complete(Claimed(), kHolder, kNow); }

TEST(Call, EveryStateWithEveryCommand) {
  const auto reason = [](const absl::StatusOr<Call>& result) { return ReasonOf(result.status()); };
  EXPECT_EQ(Claimed().state, kClaimed);
  EXPECT_EQ(Claimed().lease_expire_time, kNow + kCallLease);
  EXPECT_EQ(reason(Claim(Claimed(), kOther, kNow)), Reason::kCallStateInvalid);
  EXPECT_EQ(reason(Claim(Completed(), kOther, kNow)), Reason::kCallStateInvalid);
  for (const auto command : {&Renew, &Complete}) {
    EXPECT_EQ(reason(command(Waiting(), kHolder, kNow)), Reason::kCallLeaseLost);
    EXPECT_EQ(reason(command(Claimed(), kHolder, kNow)), Reason::kUnspecified);
    EXPECT_EQ(reason(command(Claimed(), kOther, kNow)), Reason::kCallLeaseLost);
    EXPECT_EQ(reason(command(Claimed(), kHolder, kNow + kCallLease)), Reason::kCallLeaseLost);
    EXPECT_EQ(reason(command(Completed(), kHolder, kNow)), Reason::kCallStateInvalid);
  }
}

TEST(Call, GoesBackToItsOldPlaceWhenTheLeaseIsOver) {
  const absl::Time end = kNow + kCallLease;
  EXPECT_FALSE(AtItsTime(Claimed(), end - absl::Microseconds(1)).has_value());
  EXPECT_EQ(AtItsTime(Claimed(), end), Waiting());
  EXPECT_FALSE(AtItsTime(Waiting(), end).has_value());
  EXPECT_FALSE(AtItsTime(Completed(), end).has_value());
  const Call renewed = *Renew(Claimed(), kHolder, kNow + absl::Minutes(1));
  EXPECT_FALSE(AtItsTime(renewed, end).has_value());
}

TEST(Call, NobodyWaitsOnALineForHalfADay) {
  const absl::Time end = kNow + kLongestWait;
  EXPECT_FALSE(AtItsTime(Waiting(), end - absl::Microseconds(1)).has_value());
  const Call over = AtItsTime(Waiting(), end).value_or(Call());
  EXPECT_EQ(over.state, kAbandoned);
  EXPECT_FALSE(AtItsTime(over, end + kLongestWait).has_value());
  EXPECT_EQ(ReasonOf(Claim(over, kHolder, end).status()), Reason::kCallStateInvalid);
  EXPECT_EQ(ReasonOf(Complete(over, kHolder, end).status()), Reason::kCallStateInvalid);
}

TEST(Call, UrgencyFirstThenWhoWaitsLonger) {
  const double first = PlaceOf(Waiting(Priority::kP0, kNow + absl::Hours(24 * 3650)));
  const double second = PlaceOf(Waiting(Priority::kP1, kNow));
  const double third = PlaceOf(Waiting(Priority::kP1, kNow + absl::Microseconds(10)));
  const double last = PlaceOf(Waiting(Priority::kP3, absl::UnixEpoch()));
  EXPECT_LT(first, second);
  EXPECT_LT(second, third);
  EXPECT_LT(third, last);
  EXPECT_TRUE(SamePriority(second, third));
  EXPECT_FALSE(SamePriority(first, second));
}

TEST(Call, NeedsAPriority) {
  for (const Priority priority : {Priority::kUnspecified, Numbered<Priority>(5)}) {
    EXPECT_EQ(ReasonOf(Enqueue({}, {}, priority, kNow).status()), Reason::kInvalidField);
  }
}

}  // namespace
}  // namespace amana::intake::domain
