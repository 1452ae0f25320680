// Execute(): deciding again after conflicts, giving up, and answering repetitions.

#include "common/store/execute.h"

#include <gmock/gmock.h>

#include "common/store/test_store.h"

namespace amana::store {
namespace {

using ::testing::IsEmpty;

const Key kCounter{"counter", "one"};
constexpr Shard kShard = 3;

CallContext Call(int request, char digest = 'd') {
  CallContext context;
  context.caller.service = "tester";
  context.deadline = Soon();
  context.traceparent = "00-trace";
  context.request_id = RequestNumber(request);
  context.request_digest = std::string(32, digest);
  return context;
}

class ExecuteTest : public StoreTest {
 protected:
  // Reads the counter and commits one more, with the new count as the reply.
  absl::StatusOr<Commit> Count() {
    ++decisions_;
    const Row row = MustRead(store(), kShard, kCounter);
    const std::string next = std::to_string((row.exists() ? std::stoi(row.value) : 0) + 1);
    Commit commit = Put(kShard, kCounter, row.version, next);
    commit.reply = next;
    return commit;
  }
  // Somebody else changes the counter's row, but not its count.
  void Disturb() {
    const Row row = MustRead(store(), kShard, kCounter);
    Applied(store(), Put(kShard, kCounter, row.version, row.exists() ? row.value : "0"));
  }
  int Counted() { return std::stoi(MustRead(store(), kShard, kCounter).value); }

  std::atomic<int> decisions_ = 0;
};
AMANA_ON_BOTH_STORES(ExecuteTest);

TEST_P(ExecuteTest, CommitsAndAnswers) {
  const auto reply = Execute(store(), Call(1), kShard, [&] { return Count(); });
  EXPECT_EQ(*reply, "1");
  EXPECT_EQ(Outbox(store(), kShard).at(0).traceparent, "00-trace");
}

TEST_P(ExecuteTest, DecidesAgainOnAConflict) {
  const auto reply = Execute(store(), Call(1), kShard, [&] {
    absl::StatusOr<Commit> commit = Count();
    if (decisions_ <= 3) Disturb();
    return commit;
  });
  EXPECT_EQ(*reply, "1");
  EXPECT_EQ(decisions_, 4);
}

TEST_P(ExecuteTest, GivesUpWhereOthersAlwaysComeFirst) {
  const auto reply = Execute(store(), Call(1), kShard, [&] {
    absl::StatusOr<Commit> commit = Count();
    Disturb();
    return commit;
  });
  EXPECT_EQ(ReasonOf(reply.status()), Reason::kContended);
  EXPECT_EQ(decisions_, kMaxAttempts);
  EXPECT_EQ(Counted(), 0);
  EXPECT_EQ(*Execute(store(), Call(1), kShard, [&] { return Count(); }), "1");
}

TEST_P(ExecuteTest, EndsWithTheDeadline) {
  CallContext context = Call(1);
  context.deadline = Deadline::After(absl::ZeroDuration());
  EXPECT_EQ(ReasonOf(Execute(store(), context, kShard, [&] { return Count(); }).status()),
            Reason::kDeadlinePassed);
  EXPECT_EQ(decisions_, 0);
}

TEST_P(ExecuteTest, ARepetitionGetsTheFirstReply) {
  ASSERT_EQ(*Execute(store(), Call(1), kShard, [&] { return Count(); }), "1");
  ASSERT_EQ(*Execute(store(), Call(2), kShard, [&] { return Count(); }), "2");
  EXPECT_EQ(*Execute(store(), Call(1), kShard, [&] { return Count(); }), "1");
  EXPECT_EQ(Counted(), 2);
}

TEST_P(ExecuteTest, ARepetitionIsAnsweredWhereTheRulesWouldNowRefuse) {
  const auto refuse = [] { return absl::StatusOr<Commit>(Error(Reason::kCaseNotFound)); };
  EXPECT_EQ(ReasonOf(Execute(store(), Call(1), kShard, refuse).status()), Reason::kCaseNotFound);
  ASSERT_EQ(*Execute(store(), Call(1), kShard, [&] { return Count(); }), "1");
  EXPECT_EQ(*Execute(store(), Call(1), kShard, refuse), "1");
  EXPECT_EQ(ReasonOf(Execute(store(), Call(1, 'e'), kShard, refuse).status()),
            Reason::kRequestIdReused);
}

TEST_P(ExecuteTest, AStoreThatFailedIsNotARefusal) {
  ASSERT_EQ(*Execute(store(), Call(1), kShard, [&] { return Count(); }), "1");
  const auto fail = [] { return absl::StatusOr<Commit>(Error(Reason::kStoreUnavailable)); };
  EXPECT_EQ(ReasonOf(Execute(store(), Call(1), kShard, fail).status()), Reason::kStoreUnavailable);
}

TEST_P(ExecuteTest, AnotherCallerMayUseTheSameRequestId) {
  ASSERT_EQ(*Execute(store(), Call(1), kShard, [&] { return Count(); }), "1");
  CallContext device = Call(1);
  device.caller.device = *DeviceId::FromBytes(std::string(kIdSize, 'd'));
  EXPECT_EQ(*Execute(store(), device, kShard, [&] { return Count(); }), "2");
}

TEST_P(ExecuteTest, TimersHaveNoRequest) {
  const CallContext timer = CallContext::ForTimer("timer.ran", Soon());
  ASSERT_EQ(*Execute(store(), timer, kShard, [&] { return Count(); }), "1");
  EXPECT_EQ(*Execute(store(), timer, kShard, [&] { return Count(); }), "2");
}

TEST_P(ExecuteTest, ACrowdCountsExactly) {
  const int threads = 8, each = Sized(10, 40, 200);
  Together(threads, [&](int thread) {
    for (int i = 0; i < each; ++i) {
      const CallContext context = Call(thread * 1000 + i);
      absl::StatusOr<std::string> reply;
      do {
        reply = Execute(store(), context, kShard, [&] { return Count(); });
      } while (ReasonOf(reply.status()) == Reason::kContended);
      EXPECT_TRUE(reply.ok());
    }
  });
  EXPECT_EQ(Counted(), threads * each);
}

}  // namespace
}  // namespace amana::store
