// What Apply() promises, of both stores: all or nothing, versions, requests that come again,
// limits.

#include <gmock/gmock.h>

#include <cmath>

#include "common/store/test_store.h"
#include "common/store/validate.h"

namespace amana::store {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const Key kCase{"case", "one"};
const Key kOther{"case", "two"};

class CommitContract : public StoreTest {};
AMANA_ON_BOTH_STORES(CommitContract);

// A commit with a part of every sort.
Commit Whole(Shard shard) {
  Commit commit = Put(shard, kCase, 0, "value");
  commit.checks.push_back({kOther, 0});
  commit.index_edits.push_back({"open", "member", 7.5});
  commit.timer_edits.push_back({"timer", absl::FromUnixSeconds(100)});
  commit.audit = {Recorded(Subject(1), "first"), Recorded(Subject(1), "second")};
  commit.traceparent = "00-trace";
  commit.request = RequestOf(1);
  commit.reply = "reply";
  return commit;
}

void ExpectNothing(Store& store, Shard shard) {
  EXPECT_FALSE(MustRead(store, shard, kCase).exists());
  EXPECT_THAT(*store.ReadIndex(shard, "open", {}, Soon()), IsEmpty());
  EXPECT_THAT(*store.DueTimers(absl::FromUnixSeconds(1000), 10, Soon()), IsEmpty());
  EXPECT_THAT(Outbox(store, shard), IsEmpty());
  EXPECT_THAT(Events(store, Subject(1)), IsEmpty());
  EXPECT_EQ(*store.FindReply(shard, RequestOf(1), Soon()), std::nullopt);
}

TEST_P(CommitContract, AllOfItHappens) {
  ASSERT_EQ(Applied(store(), Whole(3)), Outcome::Kind::kCommitted);
  Reopen();

  const Row row = MustRead(store(), 3, kCase);
  EXPECT_EQ(row.value, "value");
  EXPECT_EQ(row.version, 1u);
  EXPECT_EQ(store().ReadIndex(3, "open", {}, Soon())->at(0).member, "member");
  const auto due = store().DueTimers(absl::FromUnixSeconds(100), 10, Soon());
  ASSERT_EQ(due->size(), 1u);
  EXPECT_EQ(due->at(0).due, absl::FromUnixSeconds(100));
  EXPECT_EQ(due->at(0).shard, 3u);
  const auto outbox = Outbox(store(), 3);
  ASSERT_EQ(outbox.size(), 2u);
  EXPECT_EQ(outbox[1].sequence, 2u);
  EXPECT_EQ(outbox[1].traceparent, "00-trace");
  EXPECT_THAT(Events(store(), Subject(1)), ElementsAre("first", "second"));
  EXPECT_EQ(*store().FindReply(3, RequestOf(1), Soon()), "reply");
}

TEST_P(CommitContract, AnotherShardHasNothingOfIt) {
  ASSERT_EQ(Applied(store(), Whole(3)), Outcome::Kind::kCommitted);
  EXPECT_FALSE(MustRead(store(), 4, kCase).exists());
  EXPECT_THAT(Outbox(store(), 4), IsEmpty());
  EXPECT_EQ(*store().FindReply(4, RequestOf(1), Soon()), std::nullopt);
}

TEST_P(CommitContract, NothingHappensWhenAWrittenVersionDiffers) {
  Commit commit = Whole(3);
  commit.writes.push_back({{"case", "three"}, 1, "never"});
  EXPECT_EQ(Applied(store(), commit), Outcome::Kind::kConflict);
  ExpectNothing(store(), 3);
}

TEST_P(CommitContract, NothingHappensWhenACheckedVersionDiffers) {
  Commit commit = Whole(3);
  commit.checks.push_back({{"case", "three"}, 1});
  EXPECT_EQ(Applied(store(), commit), Outcome::Kind::kConflict);
  ExpectNothing(store(), 3);
}

TEST_P(CommitContract, AnExistingRowIsNeitherCreatedNorCheckedAsMissing) {
  ASSERT_EQ(Applied(store(), Put(1, kCase, 0, "a")), Outcome::Kind::kCommitted);
  EXPECT_EQ(Applied(store(), Put(1, kCase, 0, "b")), Outcome::Kind::kConflict);
  Commit checking = Put(1, kOther, 0, "b");
  checking.checks.push_back({kCase, 0});
  EXPECT_EQ(Applied(store(), checking), Outcome::Kind::kConflict);
  checking.checks[0].expected_version = 1;
  EXPECT_EQ(Applied(store(), checking), Outcome::Kind::kCommitted);
  EXPECT_EQ(MustRead(store(), 1, kCase).version, 1u);  // a check changes nothing
}

TEST_P(CommitContract, VersionsCountWrites) {
  for (uint64_t version = 0; version < 300; ++version) {  // past one byte of the version
    ASSERT_EQ(Applied(store(), Put(1, kCase, version, std::to_string(version))),
              Outcome::Kind::kCommitted);
  }
  EXPECT_EQ(MustRead(store(), 1, kCase).version, 300u);
  EXPECT_EQ(MustRead(store(), 1, kCase).value, "299");
  EXPECT_EQ(Applied(store(), Put(1, kCase, 44, "stale")), Outcome::Kind::kConflict);
}

TEST_P(CommitContract, ADeletedRowStartsAgain) {
  ASSERT_EQ(Applied(store(), Put(1, kCase, 0, "a")), Outcome::Kind::kCommitted);
  Commit deleting = Nothing(1);
  deleting.writes.push_back({kCase, 0, std::nullopt});
  EXPECT_EQ(Applied(store(), deleting), Outcome::Kind::kConflict);
  deleting.writes[0].expected_version = 1;
  EXPECT_EQ(Applied(store(), deleting), Outcome::Kind::kCommitted);
  EXPECT_FALSE(MustRead(store(), 1, kCase).exists());
  EXPECT_EQ(Applied(store(), Put(1, kCase, 1, "b")), Outcome::Kind::kConflict);
  EXPECT_EQ(Applied(store(), Put(1, kCase, 0, "c")), Outcome::Kind::kCommitted);
  EXPECT_EQ(MustRead(store(), 1, kCase).version, 1u);
}

TEST_P(CommitContract, DeletingWhatIsNotThereIsAllowed) {
  Commit deleting = Nothing(1);
  deleting.writes.push_back({kCase, 0, std::nullopt});
  EXPECT_EQ(Applied(store(), deleting), Outcome::Kind::kCommitted);
}

TEST_P(CommitContract, AnyBytesComeBack) {
  std::string bytes;
  for (int i = 0; i < 512; ++i) bytes.push_back(static_cast<char>(i));
  ASSERT_EQ(Applied(store(), Put(1, kCase, 0, bytes + "\r\n$5\r\n")), Outcome::Kind::kCommitted);
  EXPECT_EQ(MustRead(store(), 1, kCase).value, bytes + "\r\n$5\r\n");
  ASSERT_EQ(Applied(store(), Put(1, kOther, 0, "")), Outcome::Kind::kCommitted);
  EXPECT_TRUE(MustRead(store(), 1, kOther).exists());  // an empty value is a value
}

TEST_P(CommitContract, ReadManyKeepsTheOrderAndTheGaps) {
  ASSERT_EQ(Applied(store(), Put(1, kOther, 0, "b")), Outcome::Kind::kCommitted);
  const auto rows = store().ReadMany(1, {kCase, kOther, kCase, kOther}, Soon());
  ASSERT_EQ(rows->size(), 4u);
  EXPECT_FALSE(rows->at(0).exists());
  EXPECT_EQ(rows->at(1).value, "b");
  EXPECT_FALSE(rows->at(2).exists());
  EXPECT_EQ(rows->at(3).value, "b");
  EXPECT_THAT(*store().ReadMany(1, {}, Soon()), IsEmpty());
}

// --- Requests that come again ---

TEST_P(CommitContract, TheSameRequestGetsTheRecordedReply) {
  ASSERT_EQ(Applied(store(), Whole(3)), Outcome::Kind::kCommitted);
  Commit again = Whole(3);
  again.reply = "another";
  const auto outcome = store().Apply(again, Soon());
  ASSERT_TRUE(outcome.ok());
  EXPECT_EQ(outcome->kind, Outcome::Kind::kReplayed);
  EXPECT_EQ(outcome->reply, "reply");
  EXPECT_EQ(Outbox(store(), 3).size(), 2u);
  EXPECT_EQ(MustRead(store(), 3, kCase).version, 1u);
}

TEST_P(CommitContract, AnotherRequestOfTheSameIdIsRefused) {
  ASSERT_EQ(Applied(store(), Whole(3)), Outcome::Kind::kCommitted);
  Commit other = Put(3, kOther, 0, "never");
  other.request = RequestOf(1, 'e');
  EXPECT_EQ(ReasonOf(store().Apply(other, Soon()).status()), Reason::kRequestIdReused);
  EXPECT_EQ(ReasonOf(store().FindReply(3, *other.request, Soon()).status()),
            Reason::kRequestIdReused);
  EXPECT_FALSE(MustRead(store(), 3, kOther).exists());
}

TEST_P(CommitContract, AnotherCallersRequestOfTheSameIdIsAnother) {
  ASSERT_EQ(Applied(store(), Whole(3)), Outcome::Kind::kCommitted);
  Commit other = Put(3, {"case", "three"}, 0, "value");
  other.request = RequestOf(1, 'e');
  other.request->caller = "another";
  EXPECT_EQ(Applied(store(), other), Outcome::Kind::kCommitted);
}

TEST_P(CommitContract, AReplyIsRecordedOnlyWithItsCommit) {
  Commit commit = Put(3, kCase, 5, "value");
  commit.request = RequestOf(2);
  commit.reply = "too early";
  ASSERT_EQ(Applied(store(), commit), Outcome::Kind::kConflict);
  EXPECT_EQ(*store().FindReply(3, *commit.request, Soon()), std::nullopt);
  commit.writes[0].expected_version = 0;
  commit.reply = "";
  ASSERT_EQ(Applied(store(), commit), Outcome::Kind::kCommitted);
  EXPECT_EQ(*store().FindReply(3, *commit.request, Soon()), "");  // an empty reply is a reply
  EXPECT_EQ(Applied(store(), commit), Outcome::Kind::kReplayed);
}

TEST_P(CommitContract, OneOfManyEqualRequestsHappens) {
  const int threads = 16, requests = Sized(5, 20, 100);
  for (int i = 0; i < requests; ++i) {
    std::atomic<int> committed = 0, replayed = 0;
    Together(threads, [&](int) {
      Commit commit = Nothing(2);
      commit.request = RequestOf(i);
      commit.reply = std::to_string(i);
      const auto outcome = store().Apply(commit, Soon());
      if (outcome->kind == Outcome::Kind::kCommitted) ++committed;
      if (outcome->kind == Outcome::Kind::kReplayed && outcome->reply == commit.reply) ++replayed;
    });
    EXPECT_EQ(committed, 1);
    EXPECT_EQ(replayed, threads - 1);
  }
  EXPECT_EQ(Outbox(store(), 2).size(), static_cast<size_t>(requests));
}

// --- Under load ---

TEST_P(CommitContract, SequencesAreDenseUnder32Threads) {
  const int threads = 32, each = Sized(15, 60, 300);
  Together(threads, [&](int thread) {
    for (int i = 0; i < each; ++i) {
      Commit commit = Nothing(static_cast<Shard>(i % 2));
      commit.audit.push_back(Recorded(Subject(thread), std::to_string(i)));
      EXPECT_EQ(Applied(store(), commit), Outcome::Kind::kCommitted);
    }
  });
  size_t all = 0;
  for (Shard shard = 0; shard < 2; ++shard) {
    uint64_t expected = 0;
    for (const OutboxEntry& entry : Outbox(store(), shard)) ASSERT_EQ(entry.sequence, ++expected);
    all += expected;
  }
  EXPECT_EQ(all, static_cast<size_t>(2 * threads * each));
}

TEST_P(CommitContract, ThirtyTwoWritersOfOneRowCountExactly) {
  const int threads = 32, each = Sized(3, 10, 40);
  Together(threads, [&](int) {
    for (int done = 0; done < each;) {
      const Row row = MustRead(store(), 5, kCase);
      const int count = row.exists() ? std::stoi(row.value) : 0;
      const Commit commit = Put(5, kCase, row.version, std::to_string(count + 1));
      if (Applied(store(), commit) == Outcome::Kind::kCommitted) ++done;
    }
  });
  const Row row = MustRead(store(), 5, kCase);
  EXPECT_EQ(row.value, std::to_string(threads * each));
  EXPECT_EQ(row.version, static_cast<uint64_t>(threads * each));
  EXPECT_EQ(Outbox(store(), 5).size(), static_cast<size_t>(threads * each));
}

// --- Limits and time ---

TEST_P(CommitContract, TheLargestCommitFits) {
  Commit commit;
  commit.shard = 1;
  for (size_t i = 0; i < kMaxCommitWrites; ++i) {
    const std::string name = std::to_string(i);
    commit.writes.push_back({{"case", name}, 0, i == 0 ? std::string(kMaxValueBytes, 'x') : name});
    commit.checks.push_back({{"check", name}, 0});
    commit.audit.push_back(Recorded(Subject(1), name));
  }
  for (size_t i = 0; i < kMaxCommitEdits; ++i) {
    commit.index_edits.push_back({"open", std::to_string(i), static_cast<double>(i)});
    commit.timer_edits.push_back({std::to_string(i), absl::FromUnixSeconds(5)});
  }
  commit.request = RequestOf(1);
  commit.reply = std::string(kMaxValueBytes, 'y');
  ASSERT_EQ(Applied(store(), commit), Outcome::Kind::kCommitted);
  EXPECT_EQ(MustRead(store(), 1, {"case", "0"}).value.size(), kMaxValueBytes);
  EXPECT_EQ(store().FindReply(1, RequestOf(1), Soon())->value().size(), kMaxValueBytes);
  EXPECT_EQ(store().ReadIndex(1, "open", {}, Soon())->size(), kMaxCommitEdits);
  EXPECT_EQ(Outbox(store(), 1).size(), kMaxCommitWrites);
}

TEST_P(CommitContract, WhatBreaksTheContractIsRefusedWhole) {
  const std::string long_name(kMaxNameBytes + 1, 'n');
  const std::vector<std::pair<const char*, std::function<void(Commit&)>>> faults = {
      {"no such shard", [](Commit& c) { c.shard = kTestShards; }},
      {"no audit record", [](Commit& c) { c.audit.clear(); }},
      {"short subject", [](Commit& c) { c.audit[0].subject.pop_back(); }},
      {"short opening", [](Commit& c) { c.audit[0].opening.pop_back(); }},
      {"long leaf", [](Commit& c) { c.audit[0].leaf.push_back('x'); }},
      {"empty event", [](Commit& c) { c.audit[0].event.clear(); }},
      {"large event", [](Commit& c) { c.audit[0].event.assign(65'536, 'x'); }},
      {"empty kind", [](Commit& c) { c.writes[0].key.kind.clear(); }},
      {"colon", [](Commit& c) { c.writes[0].key.id = "a:b"; }},
      {"long id", [&](Commit& c) { c.writes[0].key.id = long_name; }},
      {"key twice", [](Commit& c) { c.writes.push_back(c.writes[0]); }},
      {"key checked and written", [](Commit& c) { c.checks.push_back({c.writes[0].key, 0}); }},
      {"large value", [](Commit& c) { c.writes[0].value->assign(kMaxValueBytes + 1, 'x'); }},
      {"large reply", [](Commit& c) { c.reply.assign(kMaxValueBytes + 1, 'x'); }},
      {"no score", [](Commit& c) { c.index_edits[0].score = NAN; }},
      {"endless score", [](Commit& c) { c.index_edits[0].score = INFINITY; }},
      {"empty member", [](Commit& c) { c.index_edits[0].member.clear(); }},
      {"long timer", [&](Commit& c) { c.timer_edits[0].timer = long_name; }},
      {"never", [](Commit& c) { c.timer_edits[0].due = absl::InfiniteFuture(); }},
      {"before 1970", [](Commit& c) { c.timer_edits[0].due = absl::FromUnixSeconds(-1); }},
      {"long traceparent", [](Commit& c) { c.traceparent.assign(65, 't'); }},
      {"short digest", [](Commit& c) { c.request->digest.pop_back(); }},
      {"no request id", [](Commit& c) { c.request->request_id = {}; }},
      {"colon in caller", [](Commit& c) { c.request->caller = "a:b"; }},
      {"too many writes",
       [](Commit& c) {
         for (size_t i = 0; i < kMaxCommitWrites; ++i) {
           c.writes.push_back({{"more", std::to_string(i)}, 0, "x"});
         }
       }},
      {"too many edits",
       [](Commit& c) { c.index_edits.resize(kMaxCommitEdits + 1, c.index_edits[0]); }},
      {"too many records", [](Commit& c) { c.audit.resize(kMaxCommitWrites + 1, c.audit[0]); }},
  };
  for (const auto& [what, spoil] : faults) {
    Commit commit = Whole(3);
    spoil(commit);
    EXPECT_EQ(ReasonOf(store().Apply(commit, Soon()).status()), Reason::kUnexpected) << what;
  }
  ExpectNothing(store(), 3);
  EXPECT_EQ(ReasonOf(store().Read(kTestShards, kCase, Soon()).status()), Reason::kUnexpected);
}

TEST_P(CommitContract, NothingBeginsAfterTheDeadline) {
  const Deadline past = Deadline::After(absl::Seconds(-1));
  EXPECT_EQ(ReasonOf(store().Apply(Whole(3), past).status()), Reason::kDeadlinePassed);
  EXPECT_EQ(ReasonOf(store().Read(3, kCase, past).status()), Reason::kDeadlinePassed);
  EXPECT_EQ(ReasonOf(store().Ping(past)), Reason::kDeadlinePassed);
  ExpectNothing(store(), 3);
  EXPECT_TRUE(store().Ping(Soon()).ok());
}

TEST_P(CommitContract, EveryCommitRingsAndNothingElse) {
  const uint64_t before = store().commit_signal().count();
  ASSERT_EQ(Applied(store(), Whole(3)), Outcome::Kind::kCommitted);
  EXPECT_EQ(store().commit_signal().count(), before + 1);
  ASSERT_EQ(Applied(store(), Whole(3)), Outcome::Kind::kReplayed);
  ASSERT_EQ(Applied(store(), Put(3, kCase, 9, "")), Outcome::Kind::kConflict);
  EXPECT_EQ(store().commit_signal().count(), before + 1);
}

}  // namespace
}  // namespace amana::store
