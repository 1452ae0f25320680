#include "services/messaging/store/file_blob_store.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "common/base/error.h"
#include "common/crypto/hash.h"

namespace amana::messaging {
namespace {

namespace fs = std::filesystem;

class FileBlobStoreTest : public testing::Test {
 protected:
  FileBlobStoreTest() {
    std::string pattern = testing::TempDir() + "/blobs.XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
    blobs_ = *FileBlobStore::Open(folder_ + "/blobs");
  }
  ~FileBlobStoreTest() override { fs::remove_all(folder_); }

  std::string Path(const char* suffix) const {
    return folder_ + "/blobs/" + id_.ToString() + suffix;
  }

  std::string folder_;
  std::unique_ptr<FileBlobStore> blobs_;
  const BlobId id_ = *BlobId::FromBytes(std::string(kIdSize, 'b'));
};

TEST_F(FileBlobStoreTest, GrowsIsSealedIsReadIsRemoved) {
  EXPECT_EQ(*blobs_->Append(id_, 0, "hello "), 6u);
  EXPECT_EQ(*blobs_->Append(id_, 6, "world"), 11u);
  EXPECT_EQ(ReasonOf(blobs_->Read(id_, 0, 100).status()), Reason::kAttachmentNotFound);
  EXPECT_TRUE(blobs_->Seal(id_, 11, crypto::Sha256("hello world")).ok());
  EXPECT_TRUE(blobs_->Seal(id_, 11, crypto::Sha256("hello world")).ok());
  EXPECT_FALSE(fs::exists(Path(".part")));

  const BlobPart part = *blobs_->Read(id_, 6, 3);
  EXPECT_EQ(part.data, "wor");
  EXPECT_EQ(part.total_size, 11u);
  EXPECT_EQ(blobs_->Read(id_, 9, 100)->data, "ld");
  EXPECT_EQ(blobs_->Read(id_, 11, 100)->data, "");
  EXPECT_EQ(blobs_->Read(id_, UINT64_MAX, 100)->data, "");

  EXPECT_TRUE(blobs_->Remove(id_).ok());
  EXPECT_TRUE(blobs_->Remove(id_).ok());
  EXPECT_EQ(ReasonOf(blobs_->Read(id_, 0, 100).status()), Reason::kAttachmentNotFound);
  EXPECT_TRUE(fs::is_empty(folder_ + "/blobs"));
}

TEST_F(FileBlobStoreTest, NobodyElseMayRead) {
  EXPECT_TRUE(blobs_->Append(id_, 0, "x").ok());
  struct stat info = {};
  ASSERT_EQ(::stat(Path(".part").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  ASSERT_EQ(::stat((folder_ + "/blobs").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700u);
}

TEST_F(FileBlobStoreTest, WhatWasSentBeforeIsHarmlessAndAGapIsNot) {
  EXPECT_EQ(*blobs_->Append(id_, 0, "abcd"), 4u);
  EXPECT_EQ(*blobs_->Append(id_, 0, "abcd"), 4u);
  EXPECT_EQ(*blobs_->Append(id_, 2, "cdef"), 6u);
  EXPECT_EQ(*blobs_->Append(id_, 1, "b"), 6u);
  EXPECT_EQ(ReasonOf(blobs_->Append(id_, 7, "x").status()), Reason::kChunkOutOfOrder);
  EXPECT_TRUE(blobs_->Seal(id_, 6, crypto::Sha256("abcdef")).ok());
  // A chunk that comes after the end finds it as it is.
  EXPECT_EQ(*blobs_->Append(id_, 0, "zzzz"), 6u);
  EXPECT_EQ(blobs_->Read(id_, 0, 100)->data, "abcdef");
}

TEST_F(FileBlobStoreTest, AnUploadGoesOnAfterARestart) {
  EXPECT_TRUE(blobs_->Append(id_, 0, "abc").ok());
  blobs_.reset();
  blobs_ = *FileBlobStore::Open(folder_ + "/blobs");
  EXPECT_EQ(*blobs_->Append(id_, 0, ""), 3u);
  EXPECT_EQ(*blobs_->Append(id_, 3, "def"), 6u);
  EXPECT_TRUE(blobs_->Seal(id_, 6, crypto::Sha256("abcdef")).ok());
}

TEST_F(FileBlobStoreTest, SealsOnlyWhatTheDigestSays) {
  EXPECT_EQ(ReasonOf(blobs_->Seal(id_, 3, crypto::Sha256("abc"))), Reason::kAttachmentIncomplete);
  EXPECT_TRUE(blobs_->Append(id_, 0, "ab").ok());
  EXPECT_EQ(ReasonOf(blobs_->Seal(id_, 3, crypto::Sha256("abc"))), Reason::kAttachmentIncomplete);
  EXPECT_TRUE(blobs_->Append(id_, 2, "X").ok());
  EXPECT_EQ(ReasonOf(blobs_->Seal(id_, 3, crypto::Sha256("abc"))),
            Reason::kAttachmentDigestMismatch);
  // It was dropped: the upload begins again.
  EXPECT_EQ(*blobs_->Append(id_, 0, "abc"), 3u);
  EXPECT_TRUE(blobs_->Seal(id_, 3, crypto::Sha256("abc")).ok());
}

TEST_F(FileBlobStoreTest, ALinkIsNotFollowed) {
  std::ofstream(folder_ + "/target") << "secret";
  fs::create_symlink(folder_ + "/target", Path(""));
  EXPECT_EQ(ReasonOf(blobs_->Read(id_, 0, 100).status()), Reason::kStoreUnavailable);
}

TEST_F(FileBlobStoreTest, AFolderHasOneUser) {
  EXPECT_EQ(ReasonOf(FileBlobStore::Open(folder_ + "/blobs").status()), Reason::kFileUnreadable);
  blobs_.reset();
  EXPECT_TRUE(FileBlobStore::Open(folder_ + "/blobs").ok());
}

TEST_F(FileBlobStoreTest, AFolderThatCantBeUsedIsSaidAtTheStart) {
  EXPECT_EQ(ReasonOf(FileBlobStore::Open(folder_ + "/none/blobs").status()),
            Reason::kFileUnreadable);
}

}  // namespace
}  // namespace amana::messaging
