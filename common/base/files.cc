#include "common/base/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "common/base/error.h"
#include "common/base/status_macros.h"

namespace amana {
namespace {

absl::Status Unreadable() { return Error(Reason::kFileUnreadable); }

// An open file descriptor, closed at the end.
class Fd {
 public:
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&&) = delete;
  ~Fd() {
    if (fd_ >= 0) close(fd_);
  }

  int get() const { return fd_; }
  bool ok() const { return fd_ >= 0; }

 private:
  int fd_;
};

struct OpenFile {
  Fd fd;
  size_t size;
};

// Nobody but its owner has any right to it; or it is another's, and reading is given to our group
// alone: so a secret arrives in a pod (0440, root, the pod's group).
bool IsPrivate(const struct stat& info) {
  const mode_t shared = info.st_mode & (S_IRWXG | S_IRWXO);
  const bool given_to_our_group = info.st_uid != geteuid() && info.st_gid == getegid();
  return shared == 0 || (shared == S_IRGRP && given_to_our_group);
}

absl::StatusOr<OpenFile> OpenForReading(const std::string& path, size_t max_bytes,
                                        bool must_be_private) {
  // O_NONBLOCK: a FIFO in the file's place must not hold up the start; it is no regular file and
  // refused below.
  Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat info{};
  if (!fd.ok() || fstat(fd.get(), &info) != 0 || !S_ISREG(info.st_mode) ||
      (must_be_private && !IsPrivate(info))) {
    return Unreadable();
  }
  const auto size = static_cast<size_t>(info.st_size);
  if (size > max_bytes) return Unreadable();
  return OpenFile{std::move(fd), size};
}

// Exactly `size` bytes; a file that is being changed underneath is an error.
absl::Status ReadAll(const Fd& fd, char* out, size_t size) {
  size_t done = 0;
  while (done < size) {
    const ssize_t n = read(fd.get(), out + done, size - done);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return Unreadable();
    done += static_cast<size_t>(n);
  }
  return absl::OkStatus();
}

bool WriteAll(int fd, std::string_view data) {
  while (!data.empty()) {
    const ssize_t n = write(fd, data.data(), data.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    data.remove_prefix(static_cast<size_t>(n));
  }
  return true;
}

// Without this the rename itself can be lost with the power.
bool SyncFolderOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "."
                             : slash == 0               ? "/"
                                                        : path.substr(0, slash);
  const Fd fd(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return fd.ok() && fsync(fd.get()) == 0;
}

}  // namespace

absl::StatusOr<std::string> ReadFile(const std::string& path, size_t max_bytes) {
  AMANA_ASSIGN_OR_RETURN(const OpenFile file, OpenForReading(path, max_bytes, false));
  std::string data(file.size, '\0');
  AMANA_RETURN_IF_ERROR(ReadAll(file.fd, data.data(), data.size()));
  return data;
}

absl::StatusOr<SecretBytes> ReadPrivateFile(const std::string& path, size_t max_bytes) {
  AMANA_ASSIGN_OR_RETURN(const OpenFile file, OpenForReading(path, max_bytes, true));
  SecretBytes data(file.size);
  AMANA_RETURN_IF_ERROR(ReadAll(file.fd, data.ExposeMutable(), data.size()));
  return data;
}

bool IsPrivateFile(const std::string& path) {
  struct stat info{};
  return stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode) && IsPrivate(info);
}

absl::Status WritePrivateFile(const std::string& path, std::string_view data) {
  std::string temporary = path + ".XXXXXX";
  const Fd fd(mkostemp(temporary.data(), O_CLOEXEC));  // O_CREAT | O_EXCL, mode 0600
  if (!fd.ok()) return Unreadable();
  const bool written = fchmod(fd.get(), S_IRUSR | S_IWUSR) == 0 && WriteAll(fd.get(), data) &&
                       fsync(fd.get()) == 0 && rename(temporary.c_str(), path.c_str()) == 0;
  if (!written) {
    unlink(temporary.c_str());
    return Unreadable();
  }
  return SyncFolderOf(path) ? absl::OkStatus() : Unreadable();
}

}  // namespace amana
