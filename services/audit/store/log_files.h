#pragma once
// The published log: a folder of static files as C2SP tlog-tiles lays them out, which anyone may
// copy and check. Files but the checkpoint never change once written; the checkpoint is replaced
// last, so that whatever it promises is there.

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace amana::audit {

// Thread-safe for readers; one writer.
class LogFiles {
 public:
  explicit LogFiles(std::string directory) : directory_(std::move(directory)) {}

  // "checkpoint" or a path of a tile or an entry bundle; kTileNotFound for anything else and for
  // what is not there.
  absl::StatusOr<std::string> Read(std::string_view path) const;

  // Writes a tile or bundle. One that is there already must be the same, or the log on disk
  // contradicts itself: kLogCorrupt.
  absl::Status Write(std::string_view path, std::string_view data) const;

  // Replaces the checkpoint, atomically and durably.
  absl::Status WriteCheckpoint(std::string_view note) const;

 private:
  std::string directory_;
};

}  // namespace amana::audit
