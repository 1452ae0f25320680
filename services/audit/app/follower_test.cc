#include "services/audit/app/follower.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/error.h"
#include "common/crypto/sign.h"
#include "common/merkle/leaf.h"

namespace amana::audit {
namespace {

std::string Leaf(uint64_t n) {
  std::string opening(32, '\0');
  opening[0] = static_cast<char>(n);
  opening[1] = static_cast<char>(n >> 8);
  return *merkle::MakeEventLeaf(opening, "event");
}

// An outbox of two shards that remembers what it was told to forget.
class FakeOutbox final : public Outbox {
 public:
  absl::StatusOr<Batch> Read(const std::vector<uint64_t>& cursors, uint32_t,
                             absl::Duration) override {
    if (down) return Error(Reason::kServiceUnavailable);
    Batch batch{.shards = count, .entries = {}};
    for (const auto& [shard, entries] : shards) {
      const uint64_t after = shard < cursors.size() ? cursors[shard] : 0;
      for (const domain::Entry& entry : entries) {
        if (entry.sequence > after) batch.entries.push_back({shard, entry});
      }
    }
    return batch;
  }
  absl::Status Trim(const std::vector<uint64_t>& cursors) override {
    if (down) return Error(Reason::kServiceUnavailable);
    for (uint32_t shard = 0; shard < cursors.size(); ++shard) {
      std::erase_if(shards[shard],
                    [&](const domain::Entry& entry) { return entry.sequence <= cursors[shard]; });
    }
    return absl::OkStatus();
  }

  bool down = false;
  uint32_t count = 2;
  std::map<uint32_t, std::vector<domain::Entry>> shards;
};

class FollowerTest : public testing::Test {
 protected:
  FollowerTest() : directory_(testing::TempDir() + "follower") {
    std::filesystem::remove_all(directory_);
    std::filesystem::create_directories(directory_);
    log_ =
        *Log::Open(directory_,
                   *merkle::NoteSigner::Create("test/log", merkle::NoteKeyType::kEd25519,
                                               *crypto::SigningKey::FromSeed(std::string(32, 'k'))),
                   clock_);
  }
  ~FollowerTest() override { std::filesystem::remove_all(directory_); }

  Follower Make() {
    return Follower("intake", outbox_, *log_,
                    [this](const AppendResult& r) { faults_ += r.gaps + r.forks + r.malformed; });
  }

  std::string directory_;
  SystemClock clock_;
  FakeOutbox outbox_;
  std::unique_ptr<Log> log_;
  uint64_t faults_ = 0;
};

TEST_F(FollowerTest, TakesAllAndLeavesOnlyTheLastOfEachShard) {
  outbox_.shards[0] = {{1, Leaf(1)}, {2, Leaf(2)}};
  outbox_.shards[1] = {{1, Leaf(3)}};
  Follower first = Make();
  ASSERT_TRUE(first.RunOnce(absl::ZeroDuration()).ok());
  EXPECT_EQ(log_->size(), 4U);
  EXPECT_EQ(outbox_.shards[0].size(), 1U);
  EXPECT_EQ(outbox_.shards[1].size(), 1U);
  // A follower that starts anew finds them known.
  Follower second = Make();
  ASSERT_TRUE(second.RunOnce(absl::ZeroDuration()).ok());
  EXPECT_EQ(log_->size(), 4U);
  EXPECT_EQ(faults_, 0U);
}

TEST_F(FollowerTest, NoticesAStoreThatWasRolledBack) {
  outbox_.shards[0] = {{1, Leaf(1)}, {2, Leaf(2)}};
  Follower first = Make();
  ASSERT_TRUE(first.RunOnce(absl::ZeroDuration()).ok());
  outbox_.shards[0] = {{1, Leaf(1)}, {2, Leaf(77)}, {3, Leaf(78)}};
  Follower second = Make();
  ASSERT_TRUE(second.RunOnce(absl::ZeroDuration()).ok());
  EXPECT_EQ(faults_, 1U);
}

TEST_F(FollowerTest, NoticesAStoreThatWasRolledBackAndCountedUpBeyondTheLog) {
  outbox_.shards[0] = {{1, Leaf(1)}, {2, Leaf(2)}, {3, Leaf(3)}};
  Follower follower = Make();
  ASSERT_TRUE(follower.RunOnce(absl::ZeroDuration()).ok());
  // It came back without 2 and 3, and all of this happened before anybody looked.
  const std::vector<domain::Entry> other = {{2, Leaf(72)}, {3, Leaf(73)}, {4, Leaf(74)}};
  outbox_.shards[0] = other;
  ASSERT_TRUE(follower.RunOnce(absl::ZeroDuration()).ok());
  EXPECT_EQ(faults_, 1U);
  EXPECT_EQ(log_->Cursors("intake", 1), std::vector<uint64_t>{3});
  // Nothing of it is forgotten: neither now nor by one that starts anew.
  Follower second = Make();
  ASSERT_TRUE(second.RunOnce(absl::ZeroDuration()).ok());
  EXPECT_EQ(outbox_.shards[0].size(), other.size());
}

TEST_F(FollowerTest, RestsWhereNothingMayBeTaken) {
  outbox_.shards[0] = {{1, Leaf(1)}, {2, Leaf(2)}};
  Follower follower = Make();
  EXPECT_LT(*follower.RunOnce(absl::ZeroDuration()), absl::Seconds(1));
  EXPECT_EQ(*follower.RunOnce(absl::ZeroDuration()), absl::ZeroDuration());  // it has waited
  outbox_.shards[0] = {{1, Leaf(1)}};
  for (uint64_t n = 2; n <= 2000; ++n) outbox_.shards[0].push_back({n, Leaf(10'000 + n)});
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(*follower.RunOnce(absl::ZeroDuration()), absl::Seconds(1));
  }
}

TEST_F(FollowerTest, ALostStoreIsNoticedBeforeItIsBackWhereTheLogIs) {
  outbox_.shards[0] = {{1, Leaf(1)}, {2, Leaf(2)}, {3, Leaf(3)}};
  Follower follower = Make();
  ASSERT_TRUE(follower.RunOnce(absl::ZeroDuration()).ok());
  outbox_.shards[0] = {{1, Leaf(71)}};
  outbox_.shards[1] = {{1, Leaf(4)}};
  ASSERT_TRUE(follower.RunOnce(absl::ZeroDuration()).ok());
  EXPECT_EQ(faults_, 1U);
  // The other shard goes on.
  EXPECT_EQ(log_->Cursors("intake", 2), (std::vector<uint64_t>{3, 1}));
}

TEST_F(FollowerTest, GoesOnFromTheLastEntryOfATrimmedStream) {
  outbox_.shards[0] = {{1, Leaf(1)}, {2, Leaf(2)}};
  Follower follower = Make();
  ASSERT_TRUE(follower.RunOnce(absl::ZeroDuration()).ok());
  for (uint64_t n = 3; n < 6; ++n) {
    outbox_.shards[0].push_back({n, Leaf(n)});
    ASSERT_TRUE(follower.RunOnce(absl::ZeroDuration()).ok());
    EXPECT_EQ(log_->Cursors("intake", 1), std::vector<uint64_t>{n});
  }
  EXPECT_EQ(faults_, 0U);
}

TEST_F(FollowerTest, TakesNothingOfWhatNoServiceCanHaveSent) {
  outbox_.shards[1] = {{1, Leaf(1)}};
  Follower follower = Make();
  for (const uint32_t shards : {0U, 1U, 4097U, ~0U}) {
    outbox_.count = shards;
    EXPECT_EQ(ReasonOf(follower.RunOnce(absl::ZeroDuration()).status()), Reason::kInputMalformed);
  }
  EXPECT_EQ(faults_, 1U);  // told once, not with every attempt
  EXPECT_EQ(log_->size(), 1U);
  outbox_.count = 4096;
  EXPECT_TRUE(follower.RunOnce(absl::ZeroDuration()).ok());
  EXPECT_EQ(log_->size(), 2U);
}

TEST_F(FollowerTest, ReportsAServiceThatDoesNotAnswer) {
  outbox_.down = true;
  Follower follower = Make();
  EXPECT_EQ(ReasonOf(follower.RunOnce(absl::ZeroDuration()).status()), Reason::kServiceUnavailable);
}

}  // namespace
}  // namespace amana::audit
