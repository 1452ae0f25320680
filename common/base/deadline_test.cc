#include "common/base/deadline.h"

#include "absl/time/clock.h"
#include "common/base/clock.h"
#include "gtest/gtest.h"

namespace amana {
namespace {

TEST(DeadlineTest, Never) {
  EXPECT_TRUE(Deadline().is_never());
  EXPECT_FALSE(Deadline::Never().expired());
  EXPECT_EQ(Deadline::Never().Remaining(), absl::InfiniteDuration());
  EXPECT_TRUE(Deadline::Never().Sooner(absl::Seconds(1)).is_never());
  EXPECT_TRUE(Deadline::After(absl::InfiniteDuration()).is_never());
  EXPECT_TRUE(Deadline::AtWallTime(absl::InfiniteFuture()).is_never());
}

TEST(DeadlineTest, CountsDown) {
  const Deadline deadline = Deadline::After(absl::Hours(1));
  EXPECT_FALSE(deadline.expired());
  EXPECT_LE(deadline.Remaining(), absl::Hours(1));
  EXPECT_GT(deadline.Remaining(), absl::Minutes(59));
  EXPECT_LT(deadline.Sooner(absl::Minutes(30)).Remaining(), absl::Minutes(31));
  EXPECT_LT(Deadline::AtWallTime(absl::Now() + absl::Hours(1)).Remaining(), absl::Minutes(61));
}

TEST(DeadlineTest, PassesAndStaysPassed) {
  for (const absl::Duration d :
       {absl::ZeroDuration(), -absl::Seconds(1), -absl::InfiniteDuration()}) {
    EXPECT_TRUE(Deadline::After(d).expired());
    EXPECT_EQ(Deadline::After(d).Remaining(), absl::ZeroDuration());
  }
  EXPECT_TRUE(Deadline::AtWallTime(absl::InfinitePast()).expired());
}

TEST(DeadlineTest, TheEarlierOne) {
  const Deadline soon = Deadline::After(absl::Seconds(1));
  EXPECT_EQ(Deadline::Earlier(soon, Deadline::Never()), soon);
  EXPECT_EQ(Deadline::Earlier(Deadline::After(absl::Hours(1)), soon), soon);
}

TEST(FakeClockTest, MovesOnlyWhenTold) {
  FakeClock clock;
  const Time start = clock.Now();
  EXPECT_EQ(absl::FormatTime(absl::RFC3339_sec, start, absl::UTCTimeZone()),
            "2026-01-01T00:00:00+00:00");
  EXPECT_EQ(clock.Now(), start);
  clock.Advance(absl::Minutes(5));
  EXPECT_EQ(clock.Now(), start + absl::Minutes(5));
  clock.Advance(-absl::Hours(1));
  EXPECT_LT(clock.Now(), start);
  clock.Set(start);
  EXPECT_EQ(clock.Now(), start);
}

}  // namespace
}  // namespace amana
