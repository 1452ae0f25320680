#include "common/rpc/callers.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "common/base/error.h"
#include "common/base/mutex.h"

namespace amana::rpc {
namespace {

// Answers what it is set to, and counts.
class Source final : public CallerDirectory {
 public:
  absl::StatusOr<Caller> LookUp(const DeviceId& device, Deadline) override {
    ++asked;
    std::this_thread::sleep_for(std::chrono::milliseconds(delay_ms));
    MutexLock lock(mutex_);
    if (!answer_.ok()) return answer_;
    Caller caller;
    caller.role = Role::kOperator;
    caller.device = device;
    return caller;
  }
  void Set(absl::Status answer) {
    MutexLock lock(mutex_);
    answer_ = std::move(answer);
  }

  std::atomic<int> asked = 0;
  std::atomic<int> delay_ms = 0;

 private:
  Mutex mutex_;
  absl::Status answer_ AMANA_GUARDED_BY(mutex_);
};

class CallersTest : public ::testing::Test {
 protected:
  static constexpr auto kFresh = absl::Milliseconds(200);

  Reason Ask(absl::Duration time = absl::Seconds(1)) {
    return ReasonOf(directory_.LookUp(device_, Deadline::After(time)).status());
  }
  static void Sleep(int ms) { std::this_thread::sleep_for(std::chrono::milliseconds(ms)); }

  const DeviceId device_ = *DeviceId::FromBytes(std::string(16, '\1'));
  Source source_;
  CachingCallerDirectory directory_{
      source_, {.fresh = kFresh, .stale = absl::Milliseconds(1200), .max_entries = 32}};
};

TEST_F(CallersTest, AnAnswerIsKeptWhileFresh) {
  for (int i = 0; i < 10; ++i) EXPECT_EQ(Ask(), Reason::kUnspecified);
  EXPECT_EQ(source_.asked, 1);
}

TEST_F(CallersTest, AnAgeingAnswerIsRefreshedInTheBackground) {
  EXPECT_EQ(Ask(), Reason::kUnspecified);
  source_.Set(Error(Reason::kDeviceRevoked));
  Sleep(120);
  EXPECT_EQ(Ask(), Reason::kUnspecified);  // the old answer, at once
  Sleep(60);
  EXPECT_EQ(Ask(), Reason::kDeviceRevoked);
  EXPECT_GE(source_.asked, 2);  // the refusal, fresh for less, may be asked for again
}

TEST_F(CallersTest, ARevocationIsInForceOnceTheAnswerIsNoLongerFresh) {
  EXPECT_EQ(Ask(), Reason::kUnspecified);
  source_.Set(Error(Reason::kDeviceRevoked));
  Sleep(220);
  EXPECT_EQ(Ask(), Reason::kDeviceRevoked);
}

TEST_F(CallersTest, OfManyOneAsks) {
  source_.delay_ms = 50;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] { EXPECT_EQ(Ask(), Reason::kUnspecified); });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(source_.asked, 1);
}

TEST_F(CallersTest, WhileTheDirectoryIsSilentTheLastWordStandsForAWhile) {
  EXPECT_EQ(Ask(), Reason::kUnspecified);
  source_.Set(Error(Reason::kServiceUnavailable));
  Sleep(250);
  EXPECT_EQ(Ask(), Reason::kUnspecified);
  source_.delay_ms = 100;
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(Ask(), Reason::kUnspecified);  // nobody waits for a silent directory
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(80));
  source_.delay_ms = 0;
  Sleep(1200);
  EXPECT_EQ(Ask(), Reason::kServiceUnavailable);
  source_.Set(absl::OkStatus());
  EXPECT_EQ(Ask(), Reason::kUnspecified);
}

TEST_F(CallersTest, NobodyKnownAndNobodyToAskIsUnavailable) {
  source_.Set(Error(Reason::kDeadlinePassed));
  EXPECT_EQ(Ask(), Reason::kServiceUnavailable);
  source_.Set(absl::InternalError("x"));
  EXPECT_EQ(Ask(), Reason::kServiceUnavailable);
}

TEST_F(CallersTest, RefusalsAreFreshForLess) {
  source_.Set(Error(Reason::kDeviceNotApproved));
  EXPECT_EQ(Ask(), Reason::kDeviceNotApproved);
  source_.Set(absl::OkStatus());
  Sleep(50);
  EXPECT_EQ(Ask(), Reason::kUnspecified);
}

TEST_F(CallersTest, HoldsABoundedNumberOfAnswers) {
  for (int i = 0; i < 2000; ++i) {
    std::string bytes(16, '\0');
    bytes[0] = static_cast<char>(i & 0xff);
    bytes[1] = static_cast<char>(i >> 8);
    bytes[2] = 1;
    const DeviceId device = *DeviceId::FromBytes(bytes);
    EXPECT_TRUE(directory_.LookUp(device, Deadline::After(absl::Seconds(1))).ok());
  }
  EXPECT_EQ(source_.asked, 2000);
}

}  // namespace
}  // namespace amana::rpc
