#include "common/store/timer_loop.h"

#include <gmock/gmock.h>

#include <map>
#include <set>

#include "common/store/memory_store.h"
#include "common/store/test_store.h"

namespace amana::store {
namespace {

using ::testing::IsEmpty;

constexpr TimerLoopOptions kQuick{.interval = absl::Milliseconds(5),
                                  .first_pause = absl::Milliseconds(40),
                                  .longest_pause = absl::Milliseconds(160)};

class TimerLoopTest : public ::testing::Test {
 protected:
  void Arm(const std::string& timer, std::optional<absl::Time> due) {
    Commit commit = Nothing(1);
    commit.timer_edits.push_back({timer, due});
    ASSERT_EQ(Applied(store_, commit), Outcome::Kind::kCommitted);
  }
  void ArmDue(const std::string& timer) { Arm(timer, clock_.Now() - absl::Seconds(1)); }

  absl::Status Disarm(const DueTimer& timer) {
    Commit commit = Nothing(timer.shard);
    commit.timer_edits.push_back({timer.timer, std::nullopt});
    return store_.Apply(commit, Soon()).status();
  }

  void Ran(const std::string& timer) {
    MutexLock lock(mutex_);
    runs_[timer].push_back(absl::Now());
  }
  std::vector<absl::Time> Runs(const std::string& timer) {
    MutexLock lock(mutex_);
    return runs_[timer];
  }
  // False if it did not run so often in time.
  bool RunsReach(const std::string& timer, size_t count) {
    const Deadline patience = Soon();
    while (Runs(timer).size() < count) {
      if (patience.expired()) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return true;
  }

  MemoryStore store_;
  FakeClock clock_;

 private:
  Mutex mutex_;
  std::map<std::string, std::vector<absl::Time>> runs_ AMANA_GUARDED_BY(mutex_);
};

TEST_F(TimerLoopTest, RunsWhatIsDueAndNothingEarlier) {
  ArmDue("now");
  Arm("later", clock_.Now() + absl::Hours(1));
  TimerLoop loop(
      store_, clock_,
      [&](const DueTimer& timer) {
        Ran(timer.timer);
        return Disarm(timer);
      },
      kQuick);
  ASSERT_TRUE(RunsReach("now", 1));
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_THAT(Runs("later"), IsEmpty());
  clock_.Advance(absl::Hours(2));
  EXPECT_TRUE(RunsReach("later", 1));
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  EXPECT_EQ(Runs("now").size(), 1u);
  EXPECT_EQ(Runs("later").size(), 1u);
}

TEST_F(TimerLoopTest, ATimerOfTheEpochRuns) {
  Arm("oldest", absl::UnixEpoch());
  TimerLoop loop(
      store_, clock_,
      [&](const DueTimer& timer) {
        Ran(timer.timer);
        return Disarm(timer);
      },
      kQuick);
  EXPECT_TRUE(RunsReach("oldest", 1));
}

TEST_F(TimerLoopTest, AFailingTimerPausesLongerEachTimeAndStarvesNobody) {
  ArmDue("bad");
  for (int i = 0; i < 20; ++i) ArmDue("good" + std::to_string(i));
  TimerLoop loop(
      store_, clock_,
      [&](const DueTimer& timer) {
        Ran(timer.timer);
        return timer.timer == "bad" ? Error(Reason::kStoreUnavailable) : Disarm(timer);
      },
      kQuick);
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(RunsReach("good" + std::to_string(i), 1));
  ASSERT_TRUE(RunsReach("bad", 5));
  loop.Stop();
  const std::vector<absl::Time> runs = Runs("bad");
  const int pauses[] = {40, 80, 160, 160};  // doubled, up to the longest
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_GE(runs[i + 1] - runs[i], absl::Milliseconds(pauses[i] - 5)) << i;
  }
}

TEST_F(TimerLoopTest, ManyThatFailDoNotHideOneThatWorks) {
  TimerLoopOptions options = kQuick;
  options.batch = 4;
  for (int i = 0; i < 30; ++i) Arm("bad" + std::to_string(i), clock_.Now() - absl::Hours(1));
  ArmDue("good");
  TimerLoop loop(
      store_, clock_,
      [&](const DueTimer& timer) {
        Ran(timer.timer);
        return timer.timer == "good" ? Disarm(timer) : Error(Reason::kStoreUnavailable);
      },
      options);
  EXPECT_TRUE(RunsReach("good", 1));
}

TEST_F(TimerLoopTest, ATimerThatWasArmedAgainDoesNotPause) {
  TimerLoopOptions options = kQuick;
  options.first_pause = absl::Seconds(60);
  options.longest_pause = absl::Seconds(60);
  ArmDue("t");
  TimerLoop loop(
      store_, clock_,
      [&](const DueTimer& timer) {
        Ran(timer.timer);
        Arm("t", timer.due + absl::Milliseconds(1));
        return absl::OkStatus();
      },
      options);
  EXPECT_TRUE(RunsReach("t", 5));
}

TEST_F(TimerLoopTest, OneTimerIsNeverRunByTwoThreadsAtOnce) {
  TimerLoopOptions options = kQuick;
  options.threads = 8;
  options.first_pause = absl::Milliseconds(1);
  options.longest_pause = absl::Milliseconds(1);
  ArmDue("t");
  std::atomic<int> inside = 0, most = 0;
  TimerLoop loop(
      store_, clock_,
      [&](const DueTimer& timer) {
        most = std::max<int>(most, ++inside);
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
        --inside;
        Ran(timer.timer);
        return Error(Reason::kStoreUnavailable);
      },
      options);
  ASSERT_TRUE(RunsReach("t", 10));
  loop.Stop();
  EXPECT_EQ(most, 1);
}

TEST_F(TimerLoopTest, StopWaitsForWhatRunsAndLeavesTheRest) {
  TimerLoopOptions options = kQuick;
  options.threads = 1;
  for (int i = 0; i < 3; ++i) ArmDue("t" + std::to_string(i));
  std::atomic<bool> go = false, finished = false;
  std::atomic<int> started = 0;
  TimerLoop loop(
      store_, clock_,
      [&](const DueTimer& timer) {
        ++started;
        while (!go) std::this_thread::sleep_for(std::chrono::milliseconds(1));
        const absl::Status status = Disarm(timer);
        finished = true;
        return status;
      },
      options);
  while (started == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  std::thread stopper([&] {
    loop.Stop();
    EXPECT_TRUE(finished);
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(30));
  EXPECT_FALSE(finished);
  go = true;
  stopper.join();
  EXPECT_EQ(started, 1);
  EXPECT_EQ(store_.DueTimers(clock_.Now(), 10, Soon())->size(), 2u);
  loop.Stop();  // again: nothing happens
}

}  // namespace
}  // namespace amana::store
