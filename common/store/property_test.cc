// Thousands of random commits against a model that is nothing but maps: what both stores answer,
// and all they hold afterwards.

#include <cstdio>
#include <map>
#include <random>

#include "common/store/test_store.h"

namespace amana::store {
namespace {

constexpr Shard kShards = 3;  // few, so that commits meet
constexpr int kKeys = 6;
constexpr int kSubjects = 4;
constexpr int kRequests = 60;
constexpr int kTimes = 8;

struct ModelShard {
  std::map<Key, Row> rows;
  std::map<std::string, std::map<std::string, double>> indexes;
  std::map<std::string, absl::Time> timers;
  std::vector<std::string> leaves;  // all there ever were
  uint64_t trimmed = 0;
  std::map<std::string, std::vector<std::string>> histories;
  std::map<RequestId, std::pair<std::string, std::string>> replies;  // digest, reply
};

// What Apply() must answer: a kind, or kRequestIdReused.
struct Expected {
  Outcome::Kind kind = Outcome::Kind::kCommitted;
  bool reused = false;
  std::string reply;
};

class Model {
 public:
  ModelShard& shard(Shard shard) { return shards_[shard]; }

  Expected Apply(const Commit& commit) {
    ModelShard& s = shards_[commit.shard];
    if (commit.request) {
      const auto it = s.replies.find(commit.request->request_id);
      if (it != s.replies.end()) {
        const auto& [digest, reply] = it->second;
        return {Outcome::Kind::kReplayed, digest != commit.request->digest, reply};
      }
    }
    for (const Check& c : commit.checks) {
      if (Version(s, c.key) != c.expected_version) return {Outcome::Kind::kConflict, false, ""};
    }
    for (const Write& w : commit.writes) {
      if (Version(s, w.key) != w.expected_version) return {Outcome::Kind::kConflict, false, ""};
    }
    Change(commit, s);
    return {};
  }

  static uint64_t Version(const ModelShard& s, const Key& key) {
    const auto it = s.rows.find(key);
    return it == s.rows.end() ? 0 : it->second.version;
  }

 private:
  static void Change(const Commit& commit, ModelShard& s) {
    for (const Write& w : commit.writes) {
      s.rows.erase(w.key);
      if (w.value) s.rows[w.key] = Row{*w.value, w.expected_version + 1};
    }
    for (const IndexEdit& e : commit.index_edits) {
      s.indexes[e.index].erase(e.member);
      if (e.score) s.indexes[e.index][e.member] = *e.score;
    }
    for (const TimerEdit& e : commit.timer_edits) {
      s.timers.erase(e.timer);
      if (e.due) s.timers[e.timer] = *e.due;
    }
    for (const AuditRecord& r : commit.audit) {
      s.leaves.push_back(r.leaf);
      s.histories[r.subject].push_back(r.event);
    }
    if (commit.request) {
      s.replies[commit.request->request_id] = {commit.request->digest, commit.reply};
    }
  }

  ModelShard shards_[kShards];
};

class PropertyTest : public StoreTest {
 protected:
  int Pick(int below) { return std::uniform_int_distribution<int>(0, below - 1)(random_); }
  bool Rarely(int one_in) { return Pick(one_in) == 0; }
  std::string Name(char kind, int below) { return kind + std::to_string(Pick(below)); }
  absl::Time SomeTime() { return absl::FromUnixSeconds(1'000'000 + Pick(kTimes)); }

  uint64_t SomeVersion(Shard shard, const Key& key) {
    const uint64_t now = Model::Version(model_.shard(shard), key);
    return Rarely(10) ? now + 1 : Rarely(20) && now > 0 ? now - 1 : now;
  }

  Commit RandomCommit(int number) {
    Commit commit;
    commit.shard = static_cast<Shard>(Pick(kShards));
    AddKeys(number, commit);
    for (int i = Pick(4); i > 0; --i) {
      commit.index_edits.push_back({Name('i', 2), Name('m', 8), std::nullopt});
      if (!Rarely(3)) commit.index_edits.back().score = (Pick(9) - 4) / 3.0;
    }
    for (int i = Pick(3); i > 0; --i) {
      commit.timer_edits.push_back({Name('t', 5), std::nullopt});
      if (!Rarely(3)) commit.timer_edits.back().due = SomeTime();
    }
    for (int i = 0; i <= Pick(3); ++i) {
      commit.audit.push_back(Recorded(Subject(Pick(kSubjects)), std::to_string(number)));
    }
    if (Rarely(2)) commit.request = RequestOf(Pick(kRequests), Rarely(5) ? 'e' : 'd');
    commit.reply = std::to_string(number);
    return commit;
  }

  void AddKeys(int number, Commit& commit) {
    for (int k = 0; k < kKeys; ++k) {
      const Key key{"row", std::to_string(k)};
      if (Rarely(6)) {
        commit.checks.push_back({key, SomeVersion(commit.shard, key)});
      } else if (Rarely(3)) {
        commit.writes.push_back({key, SomeVersion(commit.shard, key), std::nullopt});
        if (!Rarely(4)) commit.writes.back().value = std::to_string(number);
      }
    }
  }

  void ApplyOne(int number) {
    const Commit commit = RandomCommit(number);
    const Expected expected = model_.Apply(commit);
    const auto outcome = store().Apply(commit, Soon());
    if (expected.reused) {
      ASSERT_EQ(ReasonOf(outcome.status()), Reason::kRequestIdReused);
      return;
    }
    ASSERT_TRUE(outcome.ok());
    ASSERT_EQ(outcome->kind, expected.kind);
    ASSERT_EQ(outcome->reply, expected.reply);
  }

  void TrimSome() {
    std::vector<uint64_t> cursors(kShards);
    for (Shard shard = 0; shard < kShards; ++shard) {
      ModelShard& s = model_.shard(shard);
      cursors[shard] = static_cast<uint64_t>(Pick(static_cast<int>(s.leaves.size()) + 1));
      s.trimmed = std::max(s.trimmed, cursors[shard]);
    }
    ASSERT_TRUE(store().TrimOutbox(cursors, Soon()).ok());
  }

  void CompareShard(Shard shard) {
    const ModelShard& s = model_.shard(shard);
    for (int k = 0; k < kKeys; ++k) {
      const Key key{"row", std::to_string(k)};
      const Row row = MustRead(store(), shard, key);
      ASSERT_EQ(row.version, Model::Version(s, key));
      if (row.exists()) {
        ASSERT_EQ(row.value, s.rows.at(key).value);
      }
    }
    uint64_t sequence = s.trimmed;
    for (const OutboxEntry& entry : Outbox(store(), shard)) {
      ASSERT_EQ(entry.sequence, ++sequence);
      ASSERT_EQ(entry.leaf, s.leaves[sequence - 1]);
    }
    ASSERT_EQ(sequence, s.leaves.size());
    for (int r = 0; r < kRequests; ++r) {
      const auto recorded = s.replies.find(RequestNumber(r));
      const char digest = recorded == s.replies.end() ? 'd' : recorded->second.first[0];
      const auto reply = store().FindReply(shard, RequestOf(r, digest), Soon());
      ASSERT_TRUE(reply.ok());
      ASSERT_EQ(reply->has_value(), recorded != s.replies.end());
      if (reply->has_value()) {
        ASSERT_EQ(**reply, recorded->second.second);
      }
    }
  }

  void CompareIndexes() {
    for (const char* index : {"i0", "i1"}) {
      const IndexRange range{(Pick(9) - 4) / 3.0, (Pick(9) - 4) / 3.0,
                             static_cast<uint32_t>(1 + Pick(20)), Rarely(2)};
      std::vector<std::pair<double, std::string>> expected;
      for (Shard shard = 0; shard < kShards; ++shard) {
        for (const auto& [member, score] : model_.shard(shard).indexes[index]) {
          if (score >= range.minimum && score <= range.maximum) expected.push_back({score, member});
        }
      }
      std::sort(expected.begin(), expected.end());
      if (range.descending) std::reverse(expected.begin(), expected.end());
      if (expected.size() > range.limit) expected.resize(range.limit);
      std::vector<std::pair<double, std::string>> found;
      for (const IndexEntry& e : Must(store().ReadIndexEverywhere(index, range, Soon()))) {
        found.push_back({e.score, e.member});
      }
      ASSERT_EQ(found, expected);
    }
  }

  void CompareTimers() {
    const absl::Time now = SomeTime();
    std::vector<std::tuple<absl::Time, Shard, std::string>> expected, found;
    for (Shard shard = 0; shard < kShards; ++shard) {
      for (const auto& [timer, due] : model_.shard(shard).timers) {
        if (due <= now) expected.push_back({due, shard, timer});
      }
    }
    std::sort(expected.begin(), expected.end());
    for (const DueTimer& t : Must(store().DueTimers(now, 100, Soon()))) {
      found.push_back({t.due, t.shard, t.timer});
    }
    ASSERT_EQ(found, expected);
  }

  void CompareHistories() {
    for (int n = 0; n < kSubjects; ++n) {
      std::vector<std::string> expected;
      for (Shard shard = 0; shard < kShards; ++shard) {
        const auto& events = model_.shard(shard).histories[Subject(n)];
        expected.insert(expected.end(), events.begin(), events.end());
      }
      ASSERT_EQ(Events(store(), Subject(n)), expected);
    }
  }

  void CompareAll() {
    for (Shard shard = 0; shard < kShards; ++shard) ASSERT_NO_FATAL_FAILURE(CompareShard(shard));
    ASSERT_NO_FATAL_FAILURE(CompareIndexes());
    ASSERT_NO_FATAL_FAILURE(CompareTimers());
    ASSERT_NO_FATAL_FAILURE(CompareHistories());
  }

  std::mt19937_64 random_{TestSeed()};
  Model model_;
};
AMANA_ON_BOTH_STORES(PropertyTest);

TEST_P(PropertyTest, RandomCommitsDoWhatTheModelDoes) {
  const int commits = Sized(600, 3000, 30'000);
  for (int number = 1; number <= commits; ++number) {
    SCOPED_TRACE(number);
    ASSERT_NO_FATAL_FAILURE(ApplyOne(number));
    if (Rarely(50)) {
      ASSERT_NO_FATAL_FAILURE(TrimSome());
    }
    if (Rarely(100)) Reopen();
    if (Rarely(30)) {
      ASSERT_NO_FATAL_FAILURE(CompareAll());
    }
  }
  CompareAll();
}

}  // namespace
}  // namespace amana::store
