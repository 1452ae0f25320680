#include "services/identity/app/enrolment_limiter.h"

#include <gtest/gtest.h>

#include "common/base/error.h"

namespace amana::identity {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'767'225'600);

TEST(EnrolmentLimiter, LetsABurstInAndThenARate) {
  EnrolmentLimiter limiter({.calls_per_second = 2, .burst = 3});
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(limiter.AdmitCall(kNow).ok());
  const absl::Status refused = limiter.AdmitCall(kNow);
  EXPECT_EQ(ReasonOf(refused), Reason::kRateLimited);
  EXPECT_EQ(DetailOf(refused).retry_after, absl::Milliseconds(500));
  EXPECT_TRUE(limiter.AdmitCall(kNow + absl::Milliseconds(500)).ok());
  EXPECT_FALSE(limiter.AdmitCall(kNow + absl::Milliseconds(500)).ok());
  // A quiet hour gives no more than the burst.
  const absl::Time later = kNow + absl::Hours(1);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(limiter.AdmitCall(later).ok());
  EXPECT_FALSE(limiter.AdmitCall(later).ok());
  // A clock set back opens nothing and locks nobody out for long.
  EXPECT_FALSE(limiter.AdmitCall(kNow).ok());
  EXPECT_TRUE(limiter.AdmitCall(kNow + absl::Seconds(1)).ok());
}

TEST(EnrolmentLimiter, CountsTheAttemptsOfEachCode) {
  EnrolmentLimiter limiter({.attempts_per_code = 2, .window = absl::Minutes(15)});
  EXPECT_TRUE(limiter.AdmitCode("a", kNow).ok());
  EXPECT_TRUE(limiter.AdmitCode("a", kNow + absl::Minutes(5)).ok());
  const absl::Status refused = limiter.AdmitCode("a", kNow + absl::Minutes(5));
  EXPECT_EQ(ReasonOf(refused), Reason::kRateLimited);
  EXPECT_EQ(DetailOf(refused).retry_after, absl::Minutes(10));
  EXPECT_TRUE(limiter.AdmitCode("b", kNow + absl::Minutes(5)).ok());
  EXPECT_TRUE(limiter.AdmitCode("a", kNow + absl::Minutes(15)).ok());
}

TEST(EnrolmentLimiter, RemembersABoundedNumberOfCodes) {
  EnrolmentLimiter limiter({.attempts_per_code = 1, .window = absl::Minutes(15), .max_codes = 2});
  EXPECT_TRUE(limiter.AdmitCode("a", kNow).ok());
  EXPECT_TRUE(limiter.AdmitCode("b", kNow).ok());
  EXPECT_EQ(ReasonOf(limiter.AdmitCode("c", kNow)), Reason::kRateLimited);
  EXPECT_EQ(ReasonOf(limiter.AdmitCode("a", kNow)), Reason::kRateLimited);
  EXPECT_TRUE(limiter.AdmitCode("c", kNow + absl::Minutes(15)).ok());
}

}  // namespace
}  // namespace amana::identity
