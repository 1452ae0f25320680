// Indexes, timers, outboxes and histories, of both stores.

#include <gmock/gmock.h>

#include "common/store/read_everywhere.h"
#include "common/store/test_store.h"

namespace amana::store {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ReadContract : public StoreTest {
 protected:
  void Edit(Shard shard, std::vector<IndexEdit> edits) {
    Commit commit = Nothing(shard);
    commit.index_edits = std::move(edits);
    ASSERT_EQ(Applied(store(), commit), Outcome::Kind::kCommitted);
  }
  void Arm(Shard shard, const std::string& timer, std::optional<absl::Time> due) {
    Commit commit = Nothing(shard);
    commit.timer_edits.push_back({timer, due});
    ASSERT_EQ(Applied(store(), commit), Outcome::Kind::kCommitted);
  }
  void Record(Shard shard, int times) {
    for (int i = 0; i < times; ++i) {
      ASSERT_EQ(Applied(store(), Nothing(shard)), Outcome::Kind::kCommitted);
    }
  }
  std::vector<std::string> Members(const IndexRange& range) {
    return Names(*store().ReadIndex(1, "open", range, Soon()));
  }
  std::vector<std::string> Everywhere(const IndexRange& range) {
    return Names(*store().ReadIndexEverywhere("open", range, Soon()));
  }
  std::vector<std::string> Due(absl::Time now, uint32_t limit = 100) {
    std::vector<std::string> names;
    for (const DueTimer& timer : Must(store().DueTimers(now, limit, Soon()))) {
      names.push_back(timer.timer);
    }
    return names;
  }
  std::vector<uint64_t> Sequences(Shard shard, uint64_t cursor = 0) {
    std::vector<uint64_t> sequences;
    for (const OutboxEntry& entry : Outbox(store(), shard, cursor)) {
      sequences.push_back(entry.sequence);
    }
    return sequences;
  }

 private:
  static std::vector<std::string> Names(const std::vector<IndexEntry>& entries) {
    std::vector<std::string> names;
    for (const IndexEntry& entry : entries) names.push_back(entry.member);
    return names;
  }
};
AMANA_ON_BOTH_STORES(ReadContract);

// --- Rows of several shards ---

TEST_P(ReadContract, RowsOfAllShardsComeInTheOrderAskedFor) {
  for (Shard shard = 0; shard < kTestShards; ++shard) {
    Commit commit = Nothing(shard);
    commit.Put({"row", "own"}, 0, "of " + std::to_string(shard));
    ASSERT_EQ(Applied(store(), commit), Outcome::Kind::kCommitted);
  }
  const Key own{"row", "own"};
  const auto rows =
      Must(ReadEverywhere(store(), {{2, own}, {0, own}, {2, {"row", "none"}}, {2, own}}, Soon()));
  std::vector<std::string> values;
  for (const Row& row : rows) values.push_back(row.exists() ? row.value : "none");
  EXPECT_THAT(values, ElementsAre("of 2", "of 0", "none", "of 2"));
  EXPECT_THAT(Must(ReadEverywhere(store(), {}, Soon())), IsEmpty());
}

// --- Indexes ---

TEST_P(ReadContract, AnIndexIsInOrderOfScoresThenMembers) {
  Edit(1, {{"open", "d", 2.5}, {"open", "b", 1}, {"open", "\xc3\xa9", 1}, {"open", "a", 1}});
  Edit(1, {{"open", "c", -1e12}, {"closed", "x", 0}});
  EXPECT_THAT(Members({}), ElementsAre("c", "a", "b", "\xc3\xa9", "d"));
  EXPECT_THAT(Members({.descending = true}), ElementsAre("d", "\xc3\xa9", "b", "a", "c"));
}

TEST_P(ReadContract, RangesIncludeTheirEnds) {
  Edit(1, {{"open", "a", 1}, {"open", "b", 2}, {"open", "c", 3}, {"open", "d", 3.0000001}});
  EXPECT_THAT(Members({.minimum = 1, .maximum = 3}), ElementsAre("a", "b", "c"));
  EXPECT_THAT(Members({.minimum = 2, .maximum = 2}), ElementsAre("b"));
  EXPECT_THAT(Members({.minimum = 3, .maximum = 1}), IsEmpty());
  EXPECT_THAT(Members({.minimum = 2, .limit = 2}), ElementsAre("b", "c"));
  EXPECT_THAT(Members({.limit = 2, .descending = true}), ElementsAre("d", "c"));
  EXPECT_THAT(Members({.limit = 0}), IsEmpty());
}

TEST_P(ReadContract, ScoresComeBackExactly) {
  const std::vector<double> scores = {-1e300, -0.1, 0, 1.0 / 3, 1e15 + 1, 1750000000123456, 1e300};
  std::vector<IndexEdit> edits;
  for (size_t i = 0; i < scores.size(); ++i) {
    edits.push_back({"open", std::to_string(i), scores[i]});
  }
  Edit(1, edits);
  const auto entries = store().ReadIndex(1, "open", {}, Soon());
  ASSERT_EQ(entries->size(), scores.size());
  for (size_t i = 0; i < scores.size(); ++i) EXPECT_EQ(entries->at(i).score, scores[i]);
}

TEST_P(ReadContract, MembersMoveAndGo) {
  Edit(1, {{"open", "a", 1}, {"open", "b", 2}});
  Edit(1, {{"open", "a", 3}, {"open", "never there", std::nullopt}});
  EXPECT_THAT(Members({}), ElementsAre("b", "a"));
  Edit(1, {{"open", "a", std::nullopt}, {"open", "b", std::nullopt}});
  EXPECT_THAT(Members({}), IsEmpty());
}

TEST_P(ReadContract, EverywhereMergesAllShards) {
  Edit(1, {{"open", "a", 1}, {"open", "e", 5}, {"open", "f", 6}});
  Edit(2, {{"open", "b", 2}, {"open", "a", 4}});
  Edit(7, {{"open", "c", 3}});
  EXPECT_THAT(Everywhere({}), ElementsAre("a", "b", "c", "a", "e", "f"));
  EXPECT_THAT(Everywhere({.descending = true}), ElementsAre("f", "e", "a", "c", "b", "a"));
  EXPECT_THAT(Everywhere({.limit = 3}), ElementsAre("a", "b", "c"));
  EXPECT_THAT(Everywhere({.limit = 2, .descending = true}), ElementsAre("f", "e"));
  EXPECT_THAT(Everywhere({.minimum = 2, .maximum = 4}), ElementsAre("b", "c", "a"));
}

// --- Timers ---

TEST_P(ReadContract, ATimerStaysUntilItIsDisarmed) {
  const absl::Time due = absl::FromUnixSeconds(1'000'000);
  Arm(1, "t", due);
  EXPECT_THAT(Due(due - absl::Microseconds(1)), IsEmpty());
  EXPECT_THAT(Due(due), ElementsAre("t"));
  EXPECT_THAT(Due(due + absl::Hours(1)), ElementsAre("t"));
  Reopen();
  EXPECT_THAT(Due(due), ElementsAre("t"));
  Arm(1, "t", std::nullopt);
  EXPECT_THAT(Due(due), IsEmpty());
}

TEST_P(ReadContract, ATimerIsArmedAgain) {
  const absl::Time due = absl::FromUnixSeconds(1'000'000);
  Arm(1, "t", due);
  Arm(1, "t", due + absl::Seconds(5));
  EXPECT_THAT(Due(due), IsEmpty());
  EXPECT_THAT(Due(due + absl::Seconds(5)), ElementsAre("t"));
  Arm(1, "t", due - absl::Seconds(5));
  EXPECT_THAT(Due(due - absl::Seconds(5)), ElementsAre("t"));
}

TEST_P(ReadContract, TimersComeEarliestFirstFromAllShards) {
  const absl::Time base = absl::FromUnixSeconds(1'000'000);
  Arm(5, "second", base + absl::Seconds(2));
  Arm(1, "third", base + absl::Seconds(3));
  Arm(7, "first", base + absl::Seconds(1));
  Arm(0, "later", base + absl::Seconds(9));
  EXPECT_THAT(Due(base + absl::Seconds(3)), ElementsAre("first", "second", "third"));
  EXPECT_THAT(Due(base + absl::Seconds(3), 2), ElementsAre("first", "second"));
}

TEST_P(ReadContract, ATimerIsNeverFoundBeforeItsTime) {
  const absl::Time due = absl::FromUnixMicros(1'750'000'000'123'456) + absl::Nanoseconds(1);
  Arm(1, "t", due);
  EXPECT_THAT(Due(due - absl::Nanoseconds(1)), IsEmpty());
  EXPECT_THAT(Due(due + absl::Microseconds(1)), ElementsAre("t"));
}

// --- The outbox ---

TEST_P(ReadContract, TrimmingForgetsUpToTheCursor) {
  Record(2, 5);
  Record(3, 2);
  ASSERT_TRUE(store().TrimOutbox({0, 0, 3}, Soon()).ok());
  EXPECT_THAT(Sequences(2), ElementsAre(4u, 5u));
  EXPECT_THAT(Sequences(3), ElementsAre(1u, 2u));
  EXPECT_EQ(store().ReadOutboxBacklog(Soon())->entries, 4u);
  ASSERT_TRUE(store().TrimOutbox({0, 0, 2}, Soon()).ok());  // an older cursor
  EXPECT_THAT(Sequences(2), ElementsAre(4u, 5u));
}

TEST_P(ReadContract, NumberingGoesOnAfterTrimmingToNothing) {
  Record(2, 3);
  ASSERT_TRUE(store().TrimOutbox({0, 0, 3}, Soon()).ok());
  EXPECT_THAT(Sequences(2), IsEmpty());
  EXPECT_EQ(store().ReadOutboxBacklog(Soon())->entries, 0u);
  Reopen();
  Record(2, 2);
  EXPECT_THAT(Sequences(2), ElementsAre(4u, 5u));
}

TEST_P(ReadContract, ACursorPastTheEndIsNoReasonToSkip) {
  Record(2, 3);
  ASSERT_TRUE(store().TrimOutbox({0, 0, 100}, Soon()).ok());
  Record(2, 1);
  EXPECT_THAT(Sequences(2), ElementsAre(4u));
  EXPECT_THAT(Sequences(2, 100), IsEmpty());
}

TEST_P(ReadContract, TheLastCursorThereCanBeHasNothingAfterIt) {
  Record(2, 3);
  constexpr uint64_t kLast = ~uint64_t{0};
  EXPECT_THAT(*store().ReadOutbox(std::vector<uint64_t>(kTestShards, kLast), 10, Soon()),
              IsEmpty());
  ASSERT_TRUE(store().TrimOutbox({0, 0, kLast}, Soon()).ok());
  EXPECT_THAT(Sequences(2), IsEmpty());
}

TEST_P(ReadContract, ReadingByPartsMissesNothingAndRepeatsNothing) {
  for (Shard shard = 0; shard < kTestShards; ++shard) Record(shard, static_cast<int>(shard) * 3);
  for (const uint32_t limit : {1u, 3u, 7u, 50u}) {
    std::vector<uint64_t> cursors;
    size_t entries = 0;
    // With fewer asked for than there are shards, an answer may miss those that have some.
    for (int reads = 0; entries < 84 && reads < 1000; ++reads) {
      const auto some = store().ReadOutbox(cursors, limit, Soon());
      ASSERT_TRUE(some.ok());
      ASSERT_LE(some->size(), limit);
      cursors.resize(kTestShards);
      for (const OutboxEntry& entry : *some) ASSERT_EQ(entry.sequence, ++cursors[entry.shard]);
      entries += some->size();
    }
    for (Shard shard = 0; shard < kTestShards; ++shard) EXPECT_EQ(cursors[shard], shard * 3);
  }
  EXPECT_EQ(store().ReadOutboxBacklog(Soon())->entries, 84u);
}

// --- Histories ---

TEST_P(ReadContract, AHistoryIsInOrderAndItsSubjectsAlone) {
  for (int i = 0; i < 20; ++i) {
    Commit commit = Nothing(1);
    commit.audit = {Recorded(Subject(1), std::to_string(2 * i)), Recorded(Subject(2), "another's"),
                    Recorded(Subject(1), std::to_string(2 * i + 1))};
    ASSERT_EQ(Applied(store(), commit), Outcome::Kind::kCommitted);
  }
  const std::vector<std::string> events = Events(store(), Subject(1));
  ASSERT_EQ(events.size(), 40u);
  for (size_t i = 0; i < events.size(); ++i) EXPECT_EQ(events[i], std::to_string(i));
  EXPECT_THAT(Events(store(), Subject(3)), IsEmpty());
}

TEST_P(ReadContract, AHistoryGathersAllShardsAndOutlivesTrimming) {
  for (const Shard shard : {6u, 1u}) {
    Commit commit = Nothing(shard);
    commit.audit = {Recorded(Subject(1), std::to_string(shard))};
    ASSERT_EQ(Applied(store(), commit), Outcome::Kind::kCommitted);
  }
  ASSERT_TRUE(store().TrimOutbox(std::vector<uint64_t>(kTestShards, 10), Soon()).ok());
  EXPECT_THAT(Events(store(), Subject(1)), ElementsAre("1", "6"));
}

TEST_P(ReadContract, AHistoryComesInPages) {
  std::vector<std::string> expected;
  for (const Shard shard : {1u, 2u, 6u}) {
    for (int i = 0; i < 5; ++i) {
      Commit commit = Nothing(shard);
      commit.audit = {Recorded(Subject(1), expected.emplace_back(std::to_string(shard * 10 + i)))};
      ASSERT_EQ(Applied(store(), commit), Outcome::Kind::kCommitted);
    }
  }
  for (const uint32_t limit : {1u, 4u, 5u, 7u, 15u}) {
    EXPECT_EQ(Events(store(), Subject(1), limit), expected) << limit;
  }
  // Not one page more than there is something in.
  EXPECT_FALSE(store().ReadHistory(Subject(1), {}, 15, Soon())->next.has_value());
  EXPECT_TRUE(store().ReadHistory(Subject(1), {}, 14, Soon())->next.has_value());
  const auto behind = store().ReadHistory(Subject(1), {6, 1ULL << 63}, 15, Soon());
  EXPECT_THAT(behind->entries, IsEmpty());
  EXPECT_FALSE(behind->next.has_value());
}

}  // namespace
}  // namespace amana::store
