#include "services/audit/app/log.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/error.h"
#include "common/crypto/random.h"
#include "common/crypto/sign.h"
#include "common/merkle/leaf.h"
#include "common/merkle/tile_verifier.h"
#include "common/merkle/tlog_proof.h"

namespace amana::audit {
namespace {

std::string Leaf(uint64_t n) {
  std::string opening(32, '\0');
  for (size_t i = 0; i < 8; ++i) opening[i] = static_cast<char>(n >> (8 * i));
  return *merkle::MakeEventLeaf(opening, "event");
}

class LogTest : public testing::Test {
 protected:
  void SetUp() override {
    directory_ =
        testing::TempDir() + "log-" + testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(directory_);
    std::filesystem::create_directories(directory_);
    clock_.Advance(absl::Hours(1));
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  static merkle::NoteSigner Signer() {
    return *merkle::NoteSigner::Create("test/log", merkle::NoteKeyType::kEd25519,
                                       *crypto::SigningKey::FromSeed(std::string(32, 'k')));
  }
  std::unique_ptr<Log> Open() {
    auto log = Log::Open(directory_, Signer(), clock_);
    EXPECT_TRUE(log.ok()) << log.status();
    return log.ok() ? *std::move(log) : nullptr;
  }

  // Entries [from, to) of shard 0.
  static std::vector<StreamEntry> Entries(uint64_t from, uint64_t to) {
    std::vector<StreamEntry> entries;
    for (uint64_t n = from; n < to; ++n) entries.push_back({0, {n, Leaf(n)}});
    return entries;
  }

  // What an outsider does: everything from the files and the public key.
  static uint64_t VerifyFromFiles(const Log& log) {
    const auto policy = merkle::TrustPolicy::Create(Signer().key(), {}, 0);
    const auto checkpoint = merkle::OpenCheckpoint(*log.ReadFile("checkpoint"), *policy);
    EXPECT_TRUE(checkpoint.ok()) << checkpoint.status();
    EXPECT_TRUE(
        merkle::VerifyTiles(checkpoint->size(), checkpoint->root(), [&](const std::string& path) {
          return log.ReadFile(path);
        }).ok());
    return checkpoint->size();
  }

  std::string directory_;
  FakeClock clock_;
};

TEST_F(LogTest, WhatItPublishesVerifies) {
  auto log = Open();
  EXPECT_EQ(VerifyFromFiles(*log), 1U);  // genesis
  uint64_t next = 1;
  for (const uint64_t step : {1U, 1U, 252U, 1U, 1U, 300U, 512U}) {
    const AppendResult result =
        log->Append("intake", 1, Entries(std::max<uint64_t>(next, 2) - 1, next + step));
    EXPECT_EQ(result.appended, step);
    next += step;
    ASSERT_TRUE(log->Publish().ok());
    EXPECT_EQ(VerifyFromFiles(*log), next);
  }
}

TEST_F(LogTest, ProvesALeafOnlyOnceItIsPublished) {
  auto log = Open();
  log->Append("intake", 1, Entries(1, 300));
  EXPECT_EQ(ReasonOf(log->Prove(Leaf(7)).status()), Reason::kLeafNotInLog);
  ASSERT_TRUE(log->Publish().ok());
  const auto policy = merkle::TrustPolicy::Create(Signer().key(), {}, 0);
  for (const uint64_t n : {1U, 7U, 255U, 256U, 299U}) {
    const auto text = log->Prove(Leaf(n));
    ASSERT_TRUE(text.ok());
    const auto proof = merkle::TlogProof::Decode(*text);
    ASSERT_TRUE(proof.ok());
    EXPECT_EQ(proof->index, n);
    EXPECT_TRUE(merkle::VerifyTlogProof(*proof, Leaf(n), *policy).ok());
    EXPECT_FALSE(merkle::VerifyTlogProof(*proof, Leaf(n + 1), *policy).ok());
  }
  EXPECT_EQ(ReasonOf(log->Prove(Leaf(300)).status()), Reason::kLeafNotInLog);
}

TEST_F(LogTest, TakesEachEntryOnceAlsoAfterARestart) {
  {
    auto log = Open();
    log->Append("intake", 1, Entries(1, 10));
  }
  auto log = Open();
  EXPECT_EQ(log->size(), 10U);
  EXPECT_EQ(log->Cursors("intake", 2), (std::vector<uint64_t>{9, 0}));
  EXPECT_EQ(log->Append("intake", 1, Entries(5, 12)).appended, 2U);
  EXPECT_EQ(log->Cursors("referral", 1), std::vector<uint64_t>{0});
  ASSERT_TRUE(log->Publish().ok());
  EXPECT_EQ(VerifyFromFiles(*log), 12U);
}

TEST_F(LogTest, AGapIsWrittenDownAndStopsTheStreamForGood) {
  {
    auto log = Open();
    AppendResult result = log->Append("intake", 1, Entries(2, 4));
    EXPECT_EQ(result.gaps, 1U);
    EXPECT_EQ(result.appended, 0U);
    EXPECT_EQ(log->size(), 2U);
    EXPECT_EQ(log->Append("referral", 1, Entries(1, 3)).appended, 2U);
  }
  auto log = Open();
  EXPECT_EQ(log->Append("intake", 1, Entries(1, 2)).appended, 0U);
  EXPECT_EQ(log->size(), 4U);
}

TEST_F(LogTest, AnotherLeafUnderAKnownNumberIsAFork) {
  auto log = Open();
  log->Append("intake", 1, Entries(1, 3));
  EXPECT_EQ(log->Append("intake", 1, {{0, {2, Leaf(99)}}}).forks, 1U);
}

TEST_F(LogTest, WhatComesWithoutTheLastEntryIsAForkAndStaysOut) {
  {
    auto log = Open();
    log->Append("intake", 2, Entries(1, 5));
    // Shard 1 has never had anything.
    const AppendResult result = log->Append("intake", 2, Entries(5, 7));
    EXPECT_EQ(result.forks, 1U);
    EXPECT_EQ(result.appended, 0U);
    EXPECT_EQ(result.shown, (std::map<uint32_t, uint64_t>{{0, 0}}));
  }
  EXPECT_EQ(Open()->Append("intake", 2, Entries(4, 7)).appended, 0U);
}

TEST_F(LogTest, WhatIsNoEventStaysOutAndStopsItsStream) {
  const std::string leaves[] = {std::string(1 << 17, 'x'), "",
                                *merkle::MakeControlLeaf("genesis\nours\n")};
  uint32_t shard = 0;
  {
    auto log = Open();
    for (const std::string& leaf : leaves) {
      const AppendResult result = log->Append("intake", 0, {{shard++, {1, leaf}}});
      EXPECT_EQ(result.malformed, 1U);
      EXPECT_EQ(result.appended, 0U);
    }
    ASSERT_TRUE(log->Publish().ok());
    EXPECT_EQ(VerifyFromFiles(*log), 4U);
  }
  auto log = Open();
  EXPECT_EQ(log->Append("intake", 1, Entries(1, 2)).appended, 0U);
}

TEST_F(LogTest, AStreamThatIsGoneIsAForkWhereItWasLookedFor) {
  auto log = Open();
  log->Append("intake", 1, Entries(1, 5));
  EXPECT_EQ(log->Append("intake", 0, {}).forks, 0U);
  EXPECT_EQ(log->Append("intake", 1, {}).forks, 1U);
  EXPECT_EQ(log->Append("intake", 1, {}).forks, 0U);
}

TEST_F(LogTest, RefusesToStartFromAnOlderCopyOfItself) {
  const std::string old = directory_ + "-old";
  std::filesystem::remove_all(old);
  {
    auto log = Open();
  }
  std::filesystem::copy_file(directory_ + "/wal", old);
  {
    auto log = Open();
    log->Append("intake", 1, Entries(1, 5));
    ASSERT_TRUE(log->Publish().ok());
  }
  std::filesystem::copy_file(old, directory_ + "/wal",
                             std::filesystem::copy_options::overwrite_existing);
  EXPECT_EQ(ReasonOf(Log::Open(directory_, Signer(), clock_).status()), Reason::kLogCorrupt);
  std::filesystem::remove_all(old);
}

TEST_F(LogTest, RefusesToStartOverAChangedTile) {
  {
    auto log = Open();
    log->Append("intake", 1, Entries(1, 600));
    ASSERT_TRUE(log->Publish().ok());
  }
  std::fstream file(directory_ + "/public/tile/0/000",
                    std::ios::in | std::ios::out | std::ios::binary);
  file.put('x');
  file.close();
  EXPECT_EQ(ReasonOf(Log::Open(directory_, Signer(), clock_).status()), Reason::kLogCorrupt);
}

TEST_F(LogTest, SignsAgainWhenNothingHappens) {
  auto log = Open();
  clock_.Advance(kHeartbeat + absl::Seconds(1));
  EXPECT_GT(log->checkpoint_age(), kHeartbeat);
  ASSERT_TRUE(log->Publish().ok());
  EXPECT_EQ(log->checkpoint_age(), absl::ZeroDuration());
}

}  // namespace
}  // namespace amana::audit
