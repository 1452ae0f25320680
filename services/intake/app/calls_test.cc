#include "services/intake/app/calls.h"

#include <gmock/gmock.h>

#include <thread>

#include "services/intake/app/call_watch.h"
#include "services/intake/app/test_intake.h"

namespace amana::intake {
namespace {

using domain::Priority;
using testing::ElementsAre;

struct CallsTest : testing::Test, TestIntake {};

TEST_F(CallsTest, TheMostUrgentThenTheLongestWaiting) {
  const CallId routine = Enqueued(operator_a, Priority::kP3);
  const CallId tonight = Enqueued(operator_a, Priority::kP1);
  const CallId later_tonight = Enqueued(operator_b, Priority::kP1);
  const CallId danger = Enqueued(operator_b, Priority::kP0);
  Enqueued(foreigner, Priority::kP0);
  EXPECT_EQ(Claimed(operator_a), danger);
  EXPECT_EQ(Claimed(operator_b), tonight);
  EXPECT_EQ(Claimed(operator_a), later_tonight);
  EXPECT_EQ(Claimed(operator_a), routine);
  EXPECT_EQ(ReasonOfReply(calls.Claim(By(operator_a))), Reason::kCallQueueEmpty);
}

TEST_F(CallsTest, TheQueueCanBeSeen) {
  std::vector<CallId> expected;
  for (const Priority priority : {Priority::kP3, Priority::kP1, Priority::kP0}) {
    expected.insert(expected.begin(), Enqueued(operator_a, priority));
    clock.Advance(absl::Seconds(1));
  }
  Enqueued(foreigner, Priority::kP0);
  const CallId taken = Claimed(operator_b);
  EXPECT_EQ(taken, expected.front());
  expected.erase(expected.begin());

  std::vector<CallId> seen;
  std::string token;
  do {
    const auto page = calls.List(By(operator_b), 1, token);
    ASSERT_TRUE(page.ok());
    for (const domain::Call& call : page->values) seen.push_back(call.id);
    token = page->next_page_token;
  } while (!token.empty());
  EXPECT_EQ(seen, expected);
}

TEST_F(CallsTest, SomebodyNoticesThatNobodyTakesThem) {
  obs::Metrics metrics;
  CallWatch watch(deps, metrics);
  const auto seconds = [&](std::string_view priority) {
    watch.Look(Deadline::Never());
    const std::string text = metrics.Scrape();
    const std::string line =
        "amana_intake_call_oldest_wait_seconds{priority=\"" + std::string(priority) + "\"} ";
    const size_t at = text.find(line);
    EXPECT_NE(at, std::string::npos) << text;
    return std::stod(text.substr(at + line.size()));
  };
  EXPECT_NEAR(seconds("p1"), 0, 0.1);
  Enqueued(operator_a, Priority::kP1);
  clock.Advance(absl::Seconds(40));
  Enqueued(foreigner, Priority::kP1);
  Enqueued(foreigner, Priority::kP2);
  clock.Advance(absl::Seconds(20));
  EXPECT_NEAR(seconds("p1"), 60, 0.1);
  EXPECT_NEAR(seconds("p2"), 20, 0.1);
  EXPECT_NEAR(seconds("p0"), 0, 0.1);
  Claimed(operator_a);
  EXPECT_NEAR(seconds("p1"), 20, 0.1);
  // Back at its old place, and waiting ever since.
  clock.Advance(domain::kCallLease);
  RunDueTimers();
  EXPECT_NEAR(seconds("p1"), 60 + absl::ToInt64Seconds(domain::kCallLease), 0.1);
}

TEST_F(CallsTest, ACallThatNobodyTookLeavesTheQueue) {
  obs::Metrics metrics;
  CallWatch watch(deps, metrics);
  Enqueued(operator_a, Priority::kP1);
  clock.Advance(domain::kLongestWait);
  const CallId later = Enqueued(operator_a, Priority::kP1);
  EXPECT_EQ(RunDueTimers(), 1u);
  EXPECT_EQ(RunDueTimers(), 0u);
  EXPECT_EQ(calls.List(By(operator_a), 0, "")->values.size(), 1u);
  watch.Look(Deadline::Never());
  EXPECT_THAT(metrics.Scrape(), testing::HasSubstr("{priority=\"p1\"} 0"));
  EXPECT_THAT(History(operator_a.organisation.view()),
              testing::Contains("call.abandoned abandoned"));
  EXPECT_EQ(Claimed(operator_a), later);
}

TEST_F(CallsTest, ARepeatedClaimGetsTheSameCall) {
  Enqueued(operator_a);
  Enqueued(operator_a);
  const CallContext context = By(operator_a);
  store.FailNext(FaultyStore::Fault::kAfter);
  EXPECT_EQ(ReasonOfReply(calls.Claim(context)), Reason::kStoreUnavailable);
  const auto first = calls.Claim(context);
  const auto second = calls.Claim(context);
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_EQ(*first, *second);
  Claimed(operator_b);
  EXPECT_EQ(ReasonOfReply(calls.Claim(By(operator_b))), Reason::kCallQueueEmpty);
  EXPECT_EQ(*calls.Claim(context), *first);
}

TEST_F(CallsTest, ALeaseThatRunsOutPutsTheCallBackAtItsOldPlace) {
  const CallId first = Enqueued(operator_a);
  const CallId second = Enqueued(operator_a);
  ASSERT_EQ(Claimed(operator_a), first);
  clock.Advance(domain::kCallLease - absl::Milliseconds(1));
  EXPECT_EQ(RunDueTimers(), 0u);
  clock.Advance(absl::Milliseconds(1));
  EXPECT_EQ(ReasonOfReply(calls.RenewLease(By(operator_a), first)), Reason::kCallLeaseLost);
  EXPECT_EQ(RunDueTimers(), 1u);
  EXPECT_EQ(RunDueTimers(), 0u);
  EXPECT_EQ(ReasonOfReply(calls.Complete(By(operator_a), first)), Reason::kCallLeaseLost);
  EXPECT_EQ(Claimed(operator_b), first);
  EXPECT_EQ(Claimed(operator_b), second);
  EXPECT_THAT(
      History(operator_a.organisation.view()),
      ElementsAre("test.action waiting", "test.action waiting", "test.action claimed",
                  "call.lease_expired waiting", "test.action claimed", "test.action claimed"));
}

TEST_F(CallsTest, ARenewedLeaseGoesOn) {
  const CallId call = Enqueued(operator_a);
  Claimed(operator_a);
  clock.Advance(absl::Seconds(90));
  ASSERT_TRUE(calls.RenewLease(By(operator_a), call).ok());
  clock.Advance(absl::Seconds(90));
  EXPECT_EQ(RunDueTimers(), 0u);
  // A timer that was taken up before the renewal finds nothing to do.
  EXPECT_TRUE(calls.RunTimer(call, Deadline::Never()).ok());
  EXPECT_TRUE(calls.Complete(By(operator_a), call).ok());
  clock.Advance(absl::Hours(1));
  EXPECT_EQ(RunDueTimers(), 0u);
}

TEST_F(CallsTest, BelongsToItsHolderAndItsOrganisation) {
  const CallId call = Enqueued(operator_a);
  Claimed(operator_a);
  EXPECT_EQ(ReasonOfReply(calls.RenewLease(By(operator_b), call)), Reason::kCallLeaseLost);
  EXPECT_EQ(ReasonOfReply(calls.Complete(By(operator_b), call)), Reason::kCallLeaseLost);
  EXPECT_EQ(ReasonOfReply(calls.RenewLease(By(foreigner), call)), Reason::kCallNotFound);
  EXPECT_EQ(ReasonOfReply(calls.Complete(By(foreigner), call)), Reason::kCallNotFound);
  EXPECT_EQ(ReasonOfReply(calls.Claim(By(foreigner))), Reason::kCallQueueEmpty);
}

TEST_F(CallsTest, AThousandMayWait) {
  for (size_t i = 0; i < domain::kMaxWaitingCalls; ++i) Enqueued(operator_a, Priority::kP3);
  EXPECT_EQ(ReasonOfReply(calls.Enqueue(By(operator_a), Priority::kP0)), Reason::kCallQueueFull);
  EXPECT_TRUE(calls.Enqueue(By(foreigner), Priority::kP0).ok());
  Claimed(operator_a);
  EXPECT_TRUE(calls.Enqueue(By(operator_a), Priority::kP0).ok());
}

// Thirty-two people take calls at once: each call goes to exactly one of them.
TEST_F(CallsTest, ThirtyTwoClaimantsTakeEachCallOnce) {
  constexpr int kThreads = 32;
  constexpr int kCalls = 320;
  for (int i = 0; i < kCalls; ++i) Enqueued(operator_a, i % 2 == 0 ? Priority::kP1 : Priority::kP2);
  std::vector<std::vector<std::string>> taken(kThreads);
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      const Caller caller = domain::Person(static_cast<char>('A' + t), Role::kOperator);
      for (;;) {
        const auto reply = calls.Claim(By(caller));
        if (ReasonOfReply(reply) == Reason::kCallQueueEmpty) return;
        if (ReasonOfReply(reply) == Reason::kContended) continue;
        const v1::Call call = Parse<v1::ClaimCallResponse>(reply).call();
        EXPECT_EQ(call.claimed_by_device_id(), caller.device.bytes());
        taken[static_cast<size_t>(t)].push_back(call.call_id());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::set<std::string> distinct;
  size_t all = 0;
  for (const auto& mine : taken) {
    all += mine.size();
    distinct.insert(mine.begin(), mine.end());
  }
  EXPECT_EQ(all, static_cast<size_t>(kCalls));
  EXPECT_EQ(distinct.size(), static_cast<size_t>(kCalls));
}

// Thirty-two people and one call.
TEST_F(CallsTest, OneCallHasOneHolder) {
  for (int round = 0; round < 20; ++round) {
    Enqueued(operator_a);
    std::atomic<int> winners = 0;
    std::vector<std::thread> threads;
    for (int t = 0; t < 32; ++t) {
      threads.emplace_back([&, t] {
        const Caller caller = domain::Person(static_cast<char>('A' + t), Role::kOperator);
        if (calls.Claim(By(caller)).ok()) ++winners;
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(winners, 1);
  }
}

}  // namespace
}  // namespace amana::intake
