#include "common/client/vault.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <sstream>

#include "common/base/error.h"
#include "common/client/identity.h"
#include "common/client/test_folder.h"

namespace amana::client {
namespace {

constexpr crypto::PasswordLimits kFast{1, size_t{8} << 10};
constexpr char kPassphrase[] = "correct horse";

class VaultTest : public testing::Test {
 protected:
  std::unique_ptr<Vault> Make() { return *Vault::Create(path_, kPassphrase, kFast); }

  std::string Bytes() const {
    std::string all;
    for (const char* suffix : {"", "-wal"}) {
      std::ifstream file(path_ + suffix, std::ios::binary);
      std::stringstream text;
      text << file.rdbuf();
      all += text.str();
    }
    return all;
  }

  TestFolder folder_;
  std::string path_ = folder_ / "home/vault.db";
};

std::string ValueOf(const Vault& vault, const std::string& name) {
  const auto value = vault.Get(name);
  return value.ok() && *value ? std::string((*value)->Expose()) : "(none)";
}

TEST_F(VaultTest, KeepsValuesAcrossOpenings) {
  {
    const auto vault = Make();
    VaultBatch batch;
    batch.Put("a", "first");
    batch.Put("b/2", "second");
    batch.Put("b/1", "third");
    ASSERT_TRUE(vault->Commit(batch).ok());
  }
  const auto vault = *Vault::Open(path_, kPassphrase);
  EXPECT_EQ(ValueOf(*vault, "a"), "first");
  EXPECT_EQ(ValueOf(*vault, "c"), "(none)");
  EXPECT_EQ(*vault->List("b/"), (std::vector<std::string>{"b/1", "b/2"}));
  VaultBatch batch;
  batch.Put("a", "other");
  batch.Erase("b/2");
  ASSERT_TRUE(vault->Commit(batch).ok());
  EXPECT_EQ(ValueOf(*vault, "a"), "other");
  EXPECT_EQ(*vault->List("b/"), std::vector<std::string>{"b/1"});
}

TEST_F(VaultTest, OpensOnlyWithItsPassphrase) {
  Make();
  EXPECT_EQ(ReasonOf(Vault::Open(path_, "correct horse ").status()), Reason::kVaultLocked);
  EXPECT_EQ(ReasonOf(Vault::Open(path_, "").status()), Reason::kVaultLocked);
  EXPECT_EQ(ReasonOf(Vault::Open(folder_ / "none.db", kPassphrase).status()), Reason::kVaultLocked);
}

TEST_F(VaultTest, IsNeverWrittenOver) {
  const auto vault = Make();
  VaultBatch batch;
  batch.Put("a", "first");
  ASSERT_TRUE(vault->Commit(batch).ok());
  EXPECT_TRUE(Vault::Exists(path_));
  EXPECT_EQ(ReasonOf(Vault::Create(path_, "other", kFast).status()), Reason::kFileUnreadable);
  EXPECT_EQ(ValueOf(*vault, "a"), "first");
}

TEST_F(VaultTest, AFileThatWasNeverFinishedIsNoVault) {
  std::filesystem::create_directories(folder_ / "home");
  std::ofstream(path_).close();
  EXPECT_FALSE(Vault::Exists(path_));
  EXPECT_TRUE(Vault::Create(path_, kPassphrase, kFast).ok());
}

TEST_F(VaultTest, NothingIsInClearAndNobodyElseMayRead) {
  const auto vault = Make();
  VaultBatch batch;
  batch.Put("story", "SECRET-CANARY-1");
  ASSERT_TRUE(vault->Commit(batch).ok());
  EXPECT_EQ(Bytes().find("SECRET-CANARY-1"), std::string::npos);
  EXPECT_EQ(Bytes().find(kPassphrase), std::string::npos);
  struct stat info{};
  for (const char* suffix : {"", "-wal", "-shm"}) {
    ASSERT_EQ(::stat((path_ + suffix).c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0600u);
  }
}

TEST_F(VaultTest, ADamagedFileIsCorrupt) {
  Make();
  std::ofstream(path_, std::ios::trunc) << "not a database at all, but some text instead of it";
  const auto opened = Vault::Open(path_, kPassphrase);
  EXPECT_FALSE(opened.ok());
}

TEST_F(VaultTest, AnUnenrolledVaultHasNoProfile) {
  EXPECT_EQ(ReasonOf(LoadProfile(*Make()).status()), Reason::kVaultLocked);
}

TEST_F(VaultTest, TheNewestHpkeKeyIsFirstAndEarlierOnesStay) {
  const auto vault = Make();
  const auto first = *AddHpkeKey(*vault);
  const auto second = *AddHpkeKey(*vault);
  const auto keys = *LoadHpkeKeys(*vault);
  ASSERT_EQ(keys.size(), 2u);
  EXPECT_EQ(keys[0].public_key(), second);
  EXPECT_EQ(keys[1].public_key(), first);
}

}  // namespace
}  // namespace amana::client
