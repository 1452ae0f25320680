// kill -9 in the middle of everything: what was acknowledged is there, once, and all parts agree.

#include <gmock/gmock.h>

#include <map>
#include <optional>
#include <random>
#include <set>

#include "common/merkle/leaf.h"
#include "common/store/redis_store.h"
#include "common/store/test_store.h"

namespace amana::store {
namespace {

constexpr int kThreads = 16;
constexpr Shard kShards = 4;

void SleepMillis(int millis) { std::this_thread::sleep_for(std::chrono::milliseconds(millis)); }

// One thread's work: a counter that grows by commits, each sent until it is answered.
class Worker {
 public:
  explicit Worker(int number) : number_(number) {}

  Shard shard() const { return static_cast<Shard>(number_) % kShards; }
  Key key() const { return {"counter", std::to_string(number_)}; }
  std::string subject() const { return Subject(number_); }
  uint64_t acknowledged() const { return acknowledged_; }

  void Run(Store& store, const std::atomic<bool>& stop) {
    while (!stop || pending_) {
      if (!pending_) pending_ = Next();
      const auto outcome = store.Apply(*pending_, Deadline::After(absl::Seconds(5)));
      if (!outcome.ok()) {
        SleepMillis(1);
        continue;
      }
      // A conflict would mean that a count was lost or made twice.
      ASSERT_NE(outcome->kind, Outcome::Kind::kConflict) << "worker " << number_;
      if (outcome->kind == Outcome::Kind::kReplayed) {
        EXPECT_EQ(outcome->reply, pending_->reply);
      }
      pending_.reset();
      ++acknowledged_;
    }
  }

 private:
  Commit Next() const {
    const std::string count = std::to_string(acknowledged_ + 1);
    Commit commit = Put(shard(), key(), acknowledged_, count);
    commit.audit = {Recorded(subject(), count)};
    commit.index_edits.push_back({"counts", key().id, static_cast<double>(acknowledged_ + 1)});
    commit.timer_edits.push_back(
        {key().id, absl::FromUnixSeconds(static_cast<int64_t>(acknowledged_ + 1))});
    commit.request =
        RequestRecord{"worker", *RequestId::FromBytes(Bytes(count)), std::string(32, 'd')};
    commit.reply = count;
    return commit;
  }
  std::string Bytes(const std::string& count) const {
    std::string bytes = std::to_string(number_) + "." + count;
    bytes.resize(kIdSize, '.');
    return bytes;
  }

  const int number_;
  std::optional<Commit> pending_;
  std::atomic<uint64_t> acknowledged_ = 0;
};

uint64_t Total(const std::vector<std::unique_ptr<Worker>>& workers) {
  uint64_t total = 0;
  for (const auto& worker : workers) total += worker->acknowledged();
  return total;
}

class RedisCrashTest : public ::testing::Test {
 protected:
  std::unique_ptr<RedisStore> Open() {
    RedisStoreOptions options = redis_.OptionsFor("test");
    options.shards = kTestShards;
    options.command_timeout = absl::Seconds(5);
    options.open_wait = absl::Seconds(15);
    return RedisStore::Open(std::move(options), sealer_);
  }

  // Nothing acknowledged before a kill is missing right after the restart.
  void ExpectAtLeast(const std::map<std::string, uint64_t>& counts) {
    const auto fresh = Open();
    for (const auto& [id, count] : counts) {
      const Shard shard = static_cast<Shard>(std::stoi(id)) % kShards;
      EXPECT_GE(MustRead(*fresh, shard, {"counter", id}).version, count) << "worker " << id;
    }
  }

  void ExpectAgreement(Store& store, const std::vector<std::unique_ptr<Worker>>& workers) {
    std::set<std::string> leaves;
    uint64_t entries = 0;
    for (Shard shard = 0; shard < kShards; ++shard) {
      uint64_t sequence = 0;
      for (const OutboxEntry& entry : Outbox(store, shard)) {
        ASSERT_EQ(entry.sequence, ++sequence);
        leaves.insert(entry.leaf);
      }
      entries += sequence;
    }
    EXPECT_EQ(entries, Total(workers));
    EXPECT_EQ(leaves.size(), entries);
    for (const auto& worker : workers) ExpectWhole(store, *worker, leaves);
  }

  void ExpectWhole(Store& store, const Worker& worker, const std::set<std::string>& leaves) {
    const uint64_t count = worker.acknowledged();
    const Row row = MustRead(store, worker.shard(), worker.key());
    EXPECT_EQ(row.version, count);
    EXPECT_EQ(row.value, std::to_string(count));
    const std::vector<HistoryEntry> history = WholeHistory(store, worker.subject());
    ASSERT_EQ(history.size(), count);
    for (size_t i = 0; i < count; ++i) {
      const HistoryEntry& entry = history[i];
      ASSERT_EQ(entry.event, std::to_string(i + 1));
      ASSERT_TRUE(leaves.contains(*merkle::MakeEventLeaf(entry.opening, entry.event)));
    }
    const double score = static_cast<double>(count);
    const auto counts =
        store.ReadIndex(worker.shard(), "counts", {.minimum = score, .maximum = score}, Soon());
    EXPECT_TRUE(std::any_of(counts->begin(), counts->end(),
                            [&](const IndexEntry& e) { return e.member == worker.key().id; }));
  }

  testing::RedisFixture redis_{{"test"}};
  std::shared_ptr<const crypto::Sealer> sealer_ = NewTestSealer();
};

TEST_F(RedisCrashTest, EveryAcknowledgedCommitOutlivesKills) {
  std::mt19937_64 random(TestSeed());
  const auto store = Open();
  std::vector<std::unique_ptr<Worker>> workers;
  for (int i = 0; i < kThreads; ++i) workers.push_back(std::make_unique<Worker>(i));
  std::atomic<bool> stop = false;
  std::vector<std::thread> threads;
  for (const auto& worker : workers) {
    threads.emplace_back([&] { worker->Run(*store, stop); });
  }
  for (int round = 0; round < Sized(3, 6, 30); ++round) {
    const uint64_t before = Total(workers);
    while (Total(workers) < before + 200) SleepMillis(1);
    SleepMillis(static_cast<int>(random() % 50));
    std::map<std::string, uint64_t> counts;
    for (const auto& worker : workers) counts[worker->key().id] = worker->acknowledged();
    redis_.Kill9();
    SleepMillis(static_cast<int>(random() % 100));
    redis_.Start();
    ExpectAtLeast(counts);
  }
  const uint64_t last = Total(workers);
  while (Total(workers) < last + 50) SleepMillis(1);  // the old store object works again
  stop = true;
  for (std::thread& thread : threads) thread.join();
  ExpectAgreement(*store, workers);

  redis_.Kill9();
  redis_.Start();
  ExpectAgreement(*Open(), workers);
  redis_.RewriteFile();
  redis_.Kill9();
  redis_.Start();
  ExpectAgreement(*Open(), workers);
}

TEST_F(RedisCrashTest, NumberingOutlivesTrimmingToNothingARewriteAndAKill) {
  const auto store = Open();
  for (int i = 0; i < 3; ++i) ASSERT_EQ(Applied(*store, Nothing(1)), Outcome::Kind::kCommitted);
  ASSERT_TRUE(store->TrimOutbox({0, 3}, Soon()).ok());
  for (int i = 0; i < 2; ++i) {
    if (i == 1) redis_.RewriteFile();
    redis_.Kill9();
    redis_.Start();
    const auto fresh = Open();
    ASSERT_EQ(Applied(*fresh, Nothing(1)), Outcome::Kind::kCommitted);
    const auto outbox = Outbox(*fresh, 1);
    ASSERT_EQ(outbox.size(), 1u);
    EXPECT_EQ(outbox[0].sequence, static_cast<uint64_t>(4 + i));
    ASSERT_TRUE(fresh->TrimOutbox({0, outbox[0].sequence}, Soon()).ok());
  }
}

// A kill within a write of the file leaves the beginning of a commit, wherever it was cut.
TEST_F(RedisCrashTest, HalfACommitInTheFileIsNoCommit) {
  ASSERT_EQ(Applied(*Open(), Nothing(1)), Outcome::Kind::kCommitted);
  Batch torn;
  torn.Command({"MULTI"});
  torn.Command({"XADD", "test:{s001}:o", "0-2", "b", "torn"});
  torn.Command({"SET", "test:{s001}:r:case:torn", "torn"});
  for (const size_t cut : {5, 20, 40, 85, 1}) {
    redis_.Kill9();
    redis_.AppendToFile(std::string_view(torn.bytes()).substr(0, torn.bytes().size() - cut));
    redis_.Start();
    ASSERT_EQ(Applied(*Open(), Nothing(1)), Outcome::Kind::kCommitted);
    redis_.Kill9();
    redis_.Start();
    EXPECT_FALSE(redis_.Dump().contains("test:{s001}:r:case:torn")) << cut;
  }
  EXPECT_EQ(Outbox(*Open(), 1).size(), 6u);
}

TEST_F(RedisCrashTest, TimersAndRepliesOutliveAKill) {
  Commit commit = Nothing(1);
  commit.timer_edits.push_back({"t", absl::FromUnixSeconds(5)});
  commit.request = RequestOf(1);
  commit.reply = "reply";
  ASSERT_EQ(Applied(*Open(), commit), Outcome::Kind::kCommitted);
  redis_.Kill9();
  redis_.Start();
  const auto store = Open();
  EXPECT_EQ(store->DueTimers(absl::FromUnixSeconds(5), 10, Soon())->size(), 1u);
  EXPECT_EQ(*store->FindReply(1, RequestOf(1), Soon()), "reply");
  EXPECT_EQ(Applied(*store, commit), Outcome::Kind::kReplayed);
}

TEST_F(RedisCrashTest, CallsFailAtOnceWhileRedisIsGone) {
  const auto store = Open();
  redis_.Kill9();
  // The first call may find a connection that does not know yet.
  std::ignore = store->Ping(Soon());
  const absl::Time start = absl::Now();
  EXPECT_EQ(ReasonOf(store->Apply(Nothing(1), Soon()).status()), Reason::kStoreUnavailable);
  EXPECT_LT(absl::Now() - start, absl::Seconds(2));
  redis_.Start();
  const Deadline patience = Soon();
  while (!store->Ping(Soon()).ok() && !patience.expired()) SleepMillis(5);
  EXPECT_EQ(Applied(*store, Nothing(1)), Outcome::Kind::kCommitted);
}

}  // namespace
}  // namespace amana::store
