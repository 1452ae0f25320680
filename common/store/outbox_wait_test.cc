#include "common/store/outbox_wait.h"

#include "common/store/memory_store.h"
#include "common/store/test_store.h"

namespace amana::store {
namespace {

class OutboxWaitTest : public StoreTest {};
AMANA_ON_BOTH_STORES(OutboxWaitTest);

TEST_P(OutboxWaitTest, WhatIsThereComesAtOnce) {
  ASSERT_EQ(Applied(store(), Nothing(1)), Outcome::Kind::kCommitted);
  EXPECT_EQ(ReadOutboxWaiting(store(), {}, 100, Soon())->size(), 1u);
}

TEST_P(OutboxWaitTest, NothingIsAnEmptyAnswerAtTheEnd) {
  const Deadline until = Deadline::After(absl::Milliseconds(150));
  const auto entries = ReadOutboxWaiting(store(), {}, 100, until);
  ASSERT_TRUE(entries.ok());
  EXPECT_TRUE(entries->empty());
  EXPECT_TRUE(until.expired());
}

TEST_P(OutboxWaitTest, ACommitWakesTheWaiter) {
  std::atomic<bool> woken = false;
  std::thread waiter([&] { woken = ReadOutboxWaiting(store(), {}, 100, Soon())->size() == 1; });
  std::this_thread::sleep_for(std::chrono::milliseconds(30));
  ASSERT_EQ(Applied(store(), Nothing(1)), Outcome::Kind::kCommitted);
  waiter.join();
  EXPECT_TRUE(woken);
}

TEST_P(OutboxWaitTest, EachEntryIsSeenOnceWhileOthersCommit) {
  constexpr int kThreads = 4;
  const int each = Sized(50, 200, 1000);
  std::thread reader([&] {
    std::vector<uint64_t> cursors(kTestShards);
    for (int seen = 0; seen < kThreads * each;) {
      const auto entries = ReadOutboxWaiting(store(), cursors, 64, Soon());
      ASSERT_TRUE(entries.ok());
      ASSERT_FALSE(entries->empty());
      for (const OutboxEntry& e : *entries) ASSERT_EQ(e.sequence, ++cursors[e.shard]);
      seen += static_cast<int>(entries->size());
    }
  });
  Together(kThreads, [&](int thread) {
    for (int i = 0; i < each; ++i) {
      EXPECT_EQ(Applied(store(), Nothing(static_cast<Shard>(thread))), Outcome::Kind::kCommitted);
    }
  });
  reader.join();
}

}  // namespace
}  // namespace amana::store
