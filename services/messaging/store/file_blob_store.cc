#include "services/messaging/store/file_blob_store.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <optional>
#include <utility>

#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "common/crypto/hash.h"

namespace amana::messaging {
namespace {

constexpr mode_t kFolderMode = 0700;
constexpr mode_t kFileMode = 0600;
constexpr size_t kReadBytes = size_t{256} << 10;

// The operating system's word for a fault stays out: it would name the path.
absl::Status MediumFails() { return Error(Reason::kStoreUnavailable); }

class File {
 public:
  File(const std::string& path, int flags)
      : fd_(::open(path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, kFileMode)), error_(errno) {}
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  bool ok() const { return fd_ >= 0; }
  bool missing() const { return fd_ < 0 && error_ == ENOENT; }
  int fd() const { return fd_; }

  absl::StatusOr<uint64_t> Size() const {
    struct stat info = {};
    if (::fstat(fd_, &info) != 0) return MediumFails();
    return static_cast<uint64_t>(info.st_size);
  }

  absl::Status Sync() const { return ::fsync(fd_) == 0 ? absl::OkStatus() : MediumFails(); }

 private:
  const int fd_;
  const int error_;
};

bool WriteAll(int fd, std::string_view data, uint64_t offset) {
  while (!data.empty()) {
    const ssize_t n = ::pwrite(fd, data.data(), data.size(), static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    data.remove_prefix(static_cast<size_t>(n));
    offset += static_cast<uint64_t>(n);
  }
  return true;
}

absl::StatusOr<std::string> ReadAt(int fd, uint64_t offset, size_t limit) {
  std::string data(limit, '\0');
  size_t have = 0;
  while (have < limit) {
    const ssize_t n =
        ::pread(fd, data.data() + have, limit - have, static_cast<off_t>(offset + have));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return MediumFails();
    if (n == 0) break;
    have += static_cast<size_t>(n);
  }
  data.resize(have);
  return data;
}

absl::StatusOr<std::string> DigestOf(const File& file, uint64_t size) {
  crypto::Sha256Hasher hasher;
  for (uint64_t offset = 0; offset < size; offset += kReadBytes) {
    AMANA_ASSIGN_OR_RETURN(const std::string part, ReadAt(file.fd(), offset, kReadBytes));
    hasher.Update(part);
  }
  return hasher.Finish();
}

absl::Status Unlink(const std::string& path) {
  return ::unlink(path.c_str()) == 0 || errno == ENOENT ? absl::OkStatus() : MediumFails();
}

// The size of a file; nothing if there is none.
absl::StatusOr<std::optional<uint64_t>> SizeOf(const std::string& path) {
  const File file(path, O_RDONLY);
  if (file.missing()) return std::optional<uint64_t>();
  if (!file.ok()) return MediumFails();
  AMANA_ASSIGN_OR_RETURN(const uint64_t size, file.Size());
  return std::optional<uint64_t>(size);
}

}  // namespace

absl::StatusOr<std::unique_ptr<FileBlobStore>> FileBlobStore::Open(std::string folder) {
  if (::mkdir(folder.c_str(), kFolderMode) != 0 && errno != EEXIST) {
    return Error(Reason::kFileUnreadable);
  }
  if (::access(folder.c_str(), R_OK | W_OK | X_OK) != 0) return Error(Reason::kFileUnreadable);
  const int lock = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (lock < 0) return Error(Reason::kFileUnreadable);
  if (::flock(lock, LOCK_EX | LOCK_NB) != 0) {
    ::close(lock);
    return Error(Reason::kFileUnreadable);
  }
  return std::unique_ptr<FileBlobStore>(new FileBlobStore(std::move(folder), lock));
}

FileBlobStore::~FileBlobStore() { ::close(lock_); }

absl::StatusOr<uint64_t> FileBlobStore::Append(const BlobId& id, uint64_t offset,
                                               std::string_view data) {
  AMANA_ASSIGN_OR_RETURN(const std::optional<uint64_t> sealed, SizeOf(SealedPath(id)));
  if (sealed) return *sealed;
  const File file(OpenPath(id), O_RDWR | O_CREAT);
  if (!file.ok()) return MediumFails();
  AMANA_ASSIGN_OR_RETURN(const uint64_t size, file.Size());
  if (offset > size) return Error(Reason::kChunkOutOfOrder);
  if (offset + data.size() <= size) return size;
  data.remove_prefix(static_cast<size_t>(size - offset));
  if (!WriteAll(file.fd(), data, size)) {
    // A full disk: what got through of this chunk is sent again with it, so nothing hangs on this.
    (void)!::ftruncate(file.fd(), static_cast<off_t>(size));
    return MediumFails();
  }
  return size + data.size();
}

absl::Status FileBlobStore::Seal(const BlobId& id, uint64_t size, const std::string& digest) {
  AMANA_ASSIGN_OR_RETURN(const std::optional<uint64_t> sealed, SizeOf(SealedPath(id)));
  if (sealed) return absl::OkStatus();
  const File file(OpenPath(id), O_RDONLY);
  if (file.missing()) return Error(Reason::kAttachmentIncomplete);
  if (!file.ok()) return MediumFails();
  AMANA_ASSIGN_OR_RETURN(const uint64_t have, file.Size());
  if (have < size) return Error(Reason::kAttachmentIncomplete);
  AMANA_ASSIGN_OR_RETURN(const std::string found, DigestOf(file, have));
  if (have != size || found != digest) {
    AMANA_RETURN_IF_ERROR(Unlink(OpenPath(id)));
    return Error(Reason::kAttachmentDigestMismatch);
  }
  AMANA_RETURN_IF_ERROR(file.Sync());
  if (::rename(OpenPath(id).c_str(), SealedPath(id).c_str()) != 0) return MediumFails();
  return SyncFolder();
}

absl::StatusOr<BlobPart> FileBlobStore::Read(const BlobId& id, uint64_t offset, size_t limit) {
  const File file(SealedPath(id), O_RDONLY);
  if (file.missing()) return Error(Reason::kAttachmentNotFound);
  if (!file.ok()) return MediumFails();
  BlobPart part;
  AMANA_ASSIGN_OR_RETURN(part.total_size, file.Size());
  if (offset >= part.total_size) return part;
  const auto rest = static_cast<size_t>(std::min<uint64_t>(limit, part.total_size - offset));
  AMANA_ASSIGN_OR_RETURN(part.data, ReadAt(file.fd(), offset, rest));
  return part;
}

absl::Status FileBlobStore::Remove(const BlobId& id) {
  AMANA_RETURN_IF_ERROR(Unlink(OpenPath(id)));
  AMANA_RETURN_IF_ERROR(Unlink(SealedPath(id)));
  return SyncFolder();
}

absl::Status FileBlobStore::SyncFolder() const {
  return ::fsync(lock_) == 0 ? absl::OkStatus() : MediumFails();
}

}  // namespace amana::messaging
