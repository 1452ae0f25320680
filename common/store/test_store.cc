#include "common/store/test_store.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <latch>
#include <random>

#include "common/base/check.h"
#include "common/crypto/random.h"
#include "common/merkle/leaf.h"
#include "common/store/memory_store.h"
#include "common/store/redis_store.h"

namespace amana::store {

std::shared_ptr<const crypto::Sealer> NewTestSealer() {
  std::vector<crypto::Sealer::Key> keys;
  keys.push_back({1, SecretBytes::Take(crypto::RandomBytes(32))});
  return *crypto::Sealer::FromKeys(std::move(keys));
}

testing::RedisFixture& SharedRedis() {
  static testing::RedisFixture redis({"test", "other"});
  return redis;
}

std::unique_ptr<Store> OpenTestRedis(std::shared_ptr<const crypto::Sealer> sealer) {
  RedisStoreOptions options = SharedRedis().OptionsFor("test");
  options.shards = kTestShards;
  // The machine may be busy with other things; tests of timeouts set their own.
  options.command_timeout = absl::Seconds(15);
  options.open_wait = absl::Seconds(15);
  return RedisStore::Open(std::move(options), std::move(sealer));
}

void StoreTest::SetUp() {
  sealer_ = NewTestSealer();
  if (GetParam() == Kind::kMemory) {
    store_ = std::make_unique<MemoryStore>(sealer_, MemoryStoreOptions{.shards = kTestShards});
    return;
  }
  SharedRedis().Wipe();
  store_ = OpenTestRedis(sealer_);
}

void StoreTest::Reopen() {
  if (GetParam() == Kind::kRedis) store_ = OpenTestRedis(sealer_);
}

Deadline Soon() { return Deadline::After(absl::Seconds(30)); }

int Sized(int quick, int normal, int full) {
  const char* size = std::getenv("AMANA_TEST_SIZE");
  const std::string text = size == nullptr ? "normal" : size;
  return text == "quick" ? quick : text == "full" ? full : normal;
}

uint64_t TestSeed() {
  const char* given = std::getenv("AMANA_TEST_SEED");
  const uint64_t seed =
      given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
  std::printf("AMANA_TEST_SEED=%llu\n", static_cast<unsigned long long>(seed));
  return seed;
}

std::string Subject(int n) {
  std::string subject = std::to_string(n);
  subject.resize(kIdSize, 's');
  return subject;
}

RequestId RequestNumber(int n) {
  std::string bytes = std::to_string(n);
  bytes.resize(kIdSize, 'r');
  return *RequestId::FromBytes(bytes);
}

RequestRecord RequestOf(int n, char digest) {
  return {"caller", RequestNumber(n), std::string(32, digest)};
}

AuditRecord Recorded(const std::string& subject, std::string event) {
  AuditRecord record{subject, std::move(event), crypto::RandomBytes(merkle::kOpeningBytes), {}};
  record.leaf = *merkle::MakeEventLeaf(record.opening, record.event);
  return record;
}

Commit Nothing(Shard shard) {
  Commit commit;
  commit.shard = shard;
  commit.audit.push_back(Recorded(Subject(0), "happened"));
  return commit;
}

Commit Put(Shard shard, const Key& key, uint64_t expected_version, std::string value) {
  Commit commit = Nothing(shard);
  commit.writes.push_back({key, expected_version, std::move(value)});
  return commit;
}

Outcome::Kind Applied(Store& store, const Commit& commit) {
  const absl::StatusOr<Outcome> outcome = store.Apply(commit, Soon());
  AMANA_CHECK(outcome.ok(), "A commit that must be answered was not.");
  return outcome->kind;
}

Row MustRead(Store& store, Shard shard, const Key& key) {
  absl::StatusOr<Row> row = store.Read(shard, key, Soon());
  AMANA_CHECK(row.ok(), "A row that must be read was not.");
  return *std::move(row);
}

std::vector<OutboxEntry> Outbox(Store& store, Shard shard, uint64_t cursor) {
  constexpr uint64_t kSkip = 1ULL << 62;
  std::vector<uint64_t> cursors(kTestShards, kSkip);
  cursors[shard] = cursor;
  std::vector<OutboxEntry> all;
  for (;;) {
    absl::StatusOr<std::vector<OutboxEntry>> some = store.ReadOutbox(cursors, 1000, Soon());
    AMANA_CHECK(some.ok(), "An outbox that must be read was not.");
    if (some->empty()) return all;
    all.insert(all.end(), some->begin(), some->end());
    cursors[shard] = all.back().sequence;
  }
}

std::vector<HistoryEntry> WholeHistory(Store& store, const std::string& subject, uint32_t limit) {
  std::vector<HistoryEntry> all;
  for (HistoryPosition from;;) {
    absl::StatusOr<HistoryPage> page = store.ReadHistory(subject, from, limit, Soon());
    AMANA_CHECK(page.ok(), "A history that must be read was not.");
    AMANA_CHECK(page->entries.size() <= limit, "A page of a history has too many entries.");
    std::ranges::move(page->entries, std::back_inserter(all));
    if (!page->next) return all;
    from = *page->next;
  }
}

std::vector<std::string> Events(Store& store, const std::string& subject, uint32_t limit) {
  std::vector<std::string> events;
  for (HistoryEntry& entry : WholeHistory(store, subject, limit)) {
    events.push_back(std::move(entry.event));
  }
  return events;
}

void Together(int count, const std::function<void(int)>& work) {
  std::latch ready(count);
  std::vector<std::thread> threads;
  for (int i = 0; i < count; ++i) {
    threads.emplace_back([&, i] {
      ready.arrive_and_wait();
      work(i);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace amana::store
