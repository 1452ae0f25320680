#include "services/audit/store/wal.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "common/base/error.h"

namespace amana::audit {
namespace {

class WalTest : public testing::Test {
 protected:
  void SetUp() override {
    directory_ =
        std::filesystem::path(testing::TempDir()) /
        ("wal-" + std::string(testing::UnitTest::GetInstance()->current_test_info()->name()));
    std::filesystem::remove_all(directory_);
    std::filesystem::create_directories(directory_);
    path_ = directory_ / "wal";
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  absl::StatusOr<std::unique_ptr<Wal>> Open() {
    leaves_.clear();
    return Wal::Open(path_, [this](const store::v1::WalRecord& record) {
      for (const auto& entry : record.entries()) leaves_.push_back(entry.leaf());
      return absl::OkStatus();
    });
  }

  void Append(const std::string& leaf) {
    auto wal = Open();
    ASSERT_TRUE(wal.ok());
    store::v1::WalRecord record;
    record.add_entries()->set_leaf(leaf);
    (*wal)->Append(record);
  }

  void Truncate(int64_t by) {
    std::filesystem::resize_file(
        path_,
        static_cast<uintmax_t>(static_cast<int64_t>(std::filesystem::file_size(path_)) - by));
  }

  void FlipByte(int64_t at) {
    std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(at);
    const char c = static_cast<char>(file.get() ^ 1);
    file.seekp(at);
    file.put(c);
  }

  std::filesystem::path directory_;
  std::string path_;
  std::vector<std::string> leaves_;
};

TEST_F(WalTest, ShowsWhatWasAppendedInOrder) {
  Append("a");
  Append("b");
  ASSERT_TRUE(Open().ok());
  EXPECT_EQ(leaves_, (std::vector<std::string>{"a", "b"}));
}

TEST_F(WalTest, CutsATornTailWhereverItTore) {
  Append("a");
  const auto whole = static_cast<int64_t>(std::filesystem::file_size(path_));
  Append("b");
  const auto torn = static_cast<int64_t>(std::filesystem::file_size(path_)) - whole;
  for (int64_t cut = 1; cut <= torn; ++cut) {
    Truncate(1);
    ASSERT_TRUE(Open().ok()) << cut;
    EXPECT_EQ(leaves_, (std::vector<std::string>{"a"})) << cut;
    Append("b");
    Truncate(cut < torn ? cut : 0);
  }
  Append("c");
  ASSERT_TRUE(Open().ok());
  EXPECT_EQ(leaves_.back(), "c");
}

TEST_F(WalTest, RefusesDamageBeforeTheEnd) {
  Append("a");
  const auto first = static_cast<int64_t>(std::filesystem::file_size(path_));
  Append("b");
  for (int64_t at = 0; at < first; ++at) {
    FlipByte(at);
    EXPECT_EQ(ReasonOf(Open().status()), Reason::kLogCorrupt) << at;
    FlipByte(at);
  }
  EXPECT_TRUE(Open().ok());
}

TEST_F(WalTest, IsHeldByOneProcess) {
  auto first = Open();
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(ReasonOf(Open().status()), Reason::kFileUnreadable);
}

}  // namespace
}  // namespace amana::audit
