#include "services/audit/store/log_files.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "common/base/error.h"

namespace amana::audit {
namespace {

class LogFilesTest : public testing::Test {
 protected:
  LogFilesTest() : directory_(testing::TempDir() + "log-files"), files_(directory_) {
    std::filesystem::remove_all(directory_);
    std::filesystem::create_directories(directory_);
  }
  ~LogFilesTest() override { std::filesystem::remove_all(directory_); }

  std::string directory_;
  LogFiles files_;
};

TEST_F(LogFilesTest, NamesNothingOutsideTheLog) {
  for (const char* path : {"", "/etc/passwd", "../wal", "tile/../../wal", "tile/0/x001", "tile/0/1",
                           "tile/0/001.p/", "tile/0/001/002", "tile/entries/x12/345", "wal",
                           "tile/100/000", "checkpoint\n", "checkpoint/"}) {
    EXPECT_EQ(ReasonOf(files_.Read(path).status()), Reason::kTileNotFound) << path;
    EXPECT_FALSE(files_.Write(path, "x").ok()) << path;
  }
}

TEST_F(LogFilesTest, ATileNeverChanges) {
  ASSERT_TRUE(files_.Write("tile/0/x001/234", "data").ok());
  EXPECT_TRUE(files_.Write("tile/0/x001/234", "data").ok());
  EXPECT_EQ(ReasonOf(files_.Write("tile/0/x001/234", "other")), Reason::kLogCorrupt);
  EXPECT_EQ(*files_.Read("tile/0/x001/234"), "data");
}

TEST_F(LogFilesTest, TheCheckpointDoes) {
  ASSERT_TRUE(files_.WriteCheckpoint("one").ok());
  ASSERT_TRUE(files_.WriteCheckpoint("two").ok());
  EXPECT_EQ(*files_.Read("checkpoint"), "two");
}

}  // namespace
}  // namespace amana::audit
