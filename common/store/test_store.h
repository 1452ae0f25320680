#pragma once
// For the tests of this folder: both stores behind one suite, and short ways to write commits.

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "common/base/error.h"
#include "common/crypto/sealer.h"
#include "common/store/store.h"
#include "common/testing/redis_fixture.h"

namespace amana::store {

inline constexpr uint32_t kTestShards = 8;

enum class Kind { kMemory, kRedis };

// With one fresh key.
std::shared_ptr<const crypto::Sealer> NewTestSealer();

// The one Redis of this program, with the users "test" and "other".
testing::RedisFixture& SharedRedis();

std::unique_ptr<Store> OpenTestRedis(std::shared_ptr<const crypto::Sealer> sealer);

// Each test gets an empty store, with the service "test" and kTestShards shards.
class StoreTest : public ::testing::TestWithParam<Kind> {
 protected:
  void SetUp() override;
  Store& store() { return *store_; }
  // Redis: another store object on the same data. Memory: nothing, for nothing outlives it.
  void Reopen();

 private:
  std::shared_ptr<const crypto::Sealer> sealer_;
  std::unique_ptr<Store> store_;
};

#define AMANA_ON_BOTH_STORES(suite)                                                   \
  INSTANTIATE_TEST_SUITE_P(                                                           \
      Stores, suite,                                                                  \
      ::testing::Values(::amana::store::Kind::kMemory, ::amana::store::Kind::kRedis), \
      [](const auto& test) {                                                          \
        return test.param == ::amana::store::Kind::kMemory ? "Memory" : "Redis";      \
      })

// Time enough for anything on a busy machine.
Deadline Soon();

// By AMANA_TEST_SIZE; normal if it is not set.
int Sized(int quick, int normal, int full);

// AMANA_TEST_SEED, or another one each time; says which.
uint64_t TestSeed();

std::string Subject(int n);      // 16 bytes
RequestId RequestNumber(int n);  // not zero
RequestRecord RequestOf(int n, char digest = 'd');
AuditRecord Recorded(const std::string& subject, std::string event);

// A commit that does nothing but record an event.
Commit Nothing(Shard shard);
// One that writes one row.
Commit Put(Shard shard, const Key& key, uint64_t expected_version, std::string value);

// What must have worked.
template <class T>
T Must(absl::StatusOr<T> result) {
  EXPECT_TRUE(result.ok());
  return *std::move(result);
}

// Applies a commit that must be answered.
Outcome::Kind Applied(Store& store, const Commit& commit);

Row MustRead(Store& store, Shard shard, const Key& key);
// All of a shard's outbox after `cursor`.
std::vector<OutboxEntry> Outbox(Store& store, Shard shard, uint64_t cursor = 0);
// What was recorded about a subject, read in pages of `limit`.
std::vector<HistoryEntry> WholeHistory(Store& store, const std::string& subject,
                                       uint32_t limit = 1000);
std::vector<std::string> Events(Store& store, const std::string& subject, uint32_t limit = 1000);

// `work(0)` to `work(count - 1)`, each on a thread, all at once.
void Together(int count, const std::function<void(int)>& work);

}  // namespace amana::store
