#include "services/audit/store/wal.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>
#include <utility>

#include "common/base/check.h"
#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "common/crypto/hash.h"

namespace amana::audit {
namespace {

constexpr size_t kLengthBytes = 4;
constexpr size_t kCheckBytes = 4;
constexpr size_t kHeaderBytes = kLengthBytes + kCheckBytes;
constexpr size_t kHashBytes = 32;
// A batch is bounded far below this; a longer length can only be damage.
constexpr uint32_t kMaxBodyBytes = 16 << 20;

std::string BigEndian(uint32_t value) {
  std::string bytes(kLengthBytes, '\0');
  for (int i = 3; i >= 0; --i, value >>= 8) {
    bytes[static_cast<size_t>(i)] = static_cast<char>(value & 0xff);
  }
  return bytes;
}

uint32_t FromBigEndian(std::string_view bytes) {
  uint32_t value = 0;
  for (const char c : bytes) value = (value << 8) | static_cast<unsigned char>(c);
  return value;
}

// Fills `out` from `offset`; false at the end of the file or on an error.
bool ReadAt(int descriptor, off_t offset, size_t length, std::string& out) {
  out.resize(length);
  size_t done = 0;
  while (done < length) {
    const ssize_t n =
        pread(descriptor, out.data() + done, length - done, offset + static_cast<off_t>(done));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    done += static_cast<size_t>(n);
  }
  return true;
}

struct Scan {
  off_t end = 0;  // of the last whole record
  std::string last_hash = std::string(kHashBytes, '\0');
};

std::string Header(const std::string& previous_hash, uint32_t length) {
  const std::string bytes = BigEndian(length);
  return bytes + crypto::Sha256(previous_hash + bytes).substr(0, kCheckBytes);
}

// Reads records until the end or a torn one.
absl::StatusOr<Scan> ScanRecords(int descriptor, off_t size, const Wal::Visitor& replay) {
  Scan scan;
  std::string header, body, hash;
  while (ReadAt(descriptor, scan.end, kHeaderBytes, header)) {
    const uint32_t length = FromBigEndian(std::string_view(header).substr(0, kLengthBytes));
    if (header != Header(scan.last_hash, length)) return Error(Reason::kLogCorrupt);
    const off_t body_at = scan.end + static_cast<off_t>(kHeaderBytes);
    const off_t hash_at = body_at + static_cast<off_t>(length);
    const off_t next = hash_at + static_cast<off_t>(kHashBytes);
    const bool whole = ReadAt(descriptor, body_at, length, body) &&
                       ReadAt(descriptor, hash_at, kHashBytes, hash) &&
                       crypto::Sha256(scan.last_hash + body) == hash;
    if (!whole) {
      // Only the last append can be torn, so whatever lies beyond a broken record is damage.
      if (next >= size) break;
      return Error(Reason::kLogCorrupt);
    }
    store::v1::WalRecord record;
    if (!record.ParseFromString(body)) return Error(Reason::kLogCorrupt);
    AMANA_RETURN_IF_ERROR(replay(record));
    scan.end = next;
    scan.last_hash = hash;
  }
  return scan;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Wal>> Wal::Open(const std::string& path, const Visitor& replay) {
  const int descriptor = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0) return Error(Reason::kFileUnreadable);
  std::unique_ptr<Wal> wal(new Wal(descriptor, ""));
  if (flock(descriptor, LOCK_EX | LOCK_NB) != 0) return Error(Reason::kFileUnreadable);
  struct stat status{};
  if (fstat(descriptor, &status) != 0) return Error(Reason::kFileUnreadable);
  AMANA_ASSIGN_OR_RETURN(Scan scan, ScanRecords(descriptor, status.st_size, replay));
  wal->last_hash_ = std::move(scan.last_hash);
  if (ftruncate(descriptor, scan.end) != 0 || fsync(descriptor) != 0 ||
      lseek(descriptor, scan.end, SEEK_SET) != scan.end) {
    return Error(Reason::kFileUnreadable);
  }
  return wal;
}

Wal::Wal(int descriptor, std::string last_hash)
    : descriptor_(descriptor), last_hash_(std::move(last_hash)) {}

Wal::~Wal() { close(descriptor_); }

void Wal::Append(const store::v1::WalRecord& record) {
  const std::string body = record.SerializeAsString();
  AMANA_CHECK(body.size() <= kMaxBodyBytes, "a record of the log is too long");
  std::string hash = crypto::Sha256(last_hash_ + body);
  const std::string bytes = Header(last_hash_, static_cast<uint32_t>(body.size())) + body + hash;
  size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t n = write(descriptor_, bytes.data() + done, bytes.size() - done);
    if (n < 0 && errno == EINTR) continue;
    AMANA_CHECK(n > 0, "the log can't be written");
    done += static_cast<size_t>(n);
  }
  AMANA_CHECK(fdatasync(descriptor_) == 0, "the log can't be synced");
  last_hash_ = std::move(hash);
}

}  // namespace amana::audit
