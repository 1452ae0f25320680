#include "common/base/files.h"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "common/base/error.h"
#include "gtest/gtest.h"

namespace amana {
namespace {

namespace fs = std::filesystem;

class FilesTest : public testing::Test {
 protected:
  FilesTest() {
    std::string name = testing::TempDir() + "amana-files-XXXXXX";
    folder_ = mkdtemp(name.data());
  }
  ~FilesTest() override { fs::remove_all(folder_); }

  std::string Path(const std::string& name) const { return folder_ / name; }

  fs::path folder_;
};

TEST_F(FilesTest, WritesForTheOwnerAlone) {
  umask(0);
  ASSERT_TRUE(WritePrivateFile(Path("key"), "secret").ok());
  EXPECT_EQ(fs::status(Path("key")).permissions(), fs::perms::owner_read | fs::perms::owner_write);
  EXPECT_EQ(*ReadFile(Path("key"), 100), "secret");
  EXPECT_EQ(ReadPrivateFile(Path("key"), 100)->Expose(), "secret");
}

TEST_F(FilesTest, ReplacesAsAWholeAndLeavesNothingBeside) {
  ASSERT_TRUE(WritePrivateFile(Path("key"), "a longer first content").ok());
  ASSERT_TRUE(WritePrivateFile(Path("key"), "second").ok());
  EXPECT_EQ(*ReadFile(Path("key"), 100), "second");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()), 1);
}

TEST_F(FilesTest, ReplacingAFileThatOthersCouldReadTightensIt) {
  std::ofstream(Path("key")) << "open";
  fs::permissions(Path("key"), fs::perms::others_read, fs::perm_options::add);
  ASSERT_TRUE(WritePrivateFile(Path("key"), "closed").ok());
  EXPECT_TRUE(ReadPrivateFile(Path("key"), 100).ok());
}

TEST_F(FilesTest, AFailedWriteLeavesNothing) {
  EXPECT_EQ(ReasonOf(WritePrivateFile(Path("missing/key"), "x")), Reason::kFileUnreadable);
  fs::create_directory(Path("folder"));
  EXPECT_FALSE(WritePrivateFile(Path("folder"), "x").ok());  // rename onto a folder
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()), 1);
}

TEST_F(FilesTest, RefusesWhatIsTooLargeMissingOrNoFile) {
  std::ofstream(Path("file")) << "12345";
  EXPECT_TRUE(ReadFile(Path("file"), 5).ok());
  EXPECT_EQ(ReasonOf(ReadFile(Path("file"), 4).status()), Reason::kFileUnreadable);
  EXPECT_FALSE(ReadFile(Path("missing"), 4).ok());
  EXPECT_FALSE(ReadFile(folder_, 4096).ok());
  ASSERT_EQ(mkfifo(Path("fifo").c_str(), 0600), 0);
  EXPECT_FALSE(ReadFile(Path("fifo"), 4).ok());
}

TEST_F(FilesTest, ASecretThatOthersCanReadIsRefused) {
  ASSERT_TRUE(WritePrivateFile(Path("key"), "secret").ok());
  for (const fs::perms extra :
       {fs::perms::group_read, fs::perms::others_read, fs::perms::group_write}) {
    fs::permissions(Path("key"), fs::perms::owner_read | extra);
    EXPECT_EQ(ReasonOf(ReadPrivateFile(Path("key"), 100).status()), Reason::kFileUnreadable);
    EXPECT_TRUE(ReadFile(Path("key"), 100).ok());
  }
  fs::permissions(Path("key"), fs::perms::owner_read);
  EXPECT_TRUE(ReadPrivateFile(Path("key"), 100).ok());
}

TEST_F(FilesTest, EmptyFiles) {
  ASSERT_TRUE(WritePrivateFile(Path("empty"), "").ok());
  EXPECT_EQ(*ReadFile(Path("empty"), 0), "");
  EXPECT_TRUE(ReadPrivateFile(Path("empty"), 0)->empty());
}

}  // namespace
}  // namespace amana
