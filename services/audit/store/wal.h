#pragma once
// The write-ahead log: what has been accepted, in order, with the streams' cursors inside the same
// record, so that one fdatasync makes both durable and nothing can be taken twice.
//
// File: records, each u32be(length) ‖ check ‖ body ‖ SHA-256(previous hash ‖ body), the first
// previous hash being zero; check is the first four bytes of SHA-256(previous hash ‖ length), so
// that a damaged length can't pass for a record that runs beyond the end. A torn record at the end
// was never acknowledged and is cut off when the file is opened; any other damage is kLogCorrupt,
// and a person must look.
//
// After a failed write or sync the process ends: what is on disk then is unknown, and trying again
// could acknowledge what is lost.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "services/audit/store/wal.pb.h"

namespace amana::audit {

// Not thread-safe: one writer.
class Wal {
 public:
  using Visitor = std::function<absl::Status(const store::v1::WalRecord&)>;

  // Opens (or makes) the file, locks it against a second process, shows every record in order.
  // kLogCorrupt, kFileUnreadable (also where another process holds it).
  static absl::StatusOr<std::unique_ptr<Wal>> Open(const std::string& path, const Visitor& replay);
  ~Wal();

  Wal(const Wal&) = delete;
  Wal& operator=(const Wal&) = delete;

  // Durable when it returns.
  void Append(const store::v1::WalRecord& record);

 private:
  Wal(int descriptor, std::string last_hash);

  int descriptor_;
  std::string last_hash_;
};

}  // namespace amana::audit
