#include "services/audit/store/log_files.h"

#include <fcntl.h>
#include <unistd.h>

#include <filesystem>
#include <regex>
#include <system_error>

#include "common/base/error.h"
#include "common/base/files.h"
#include "common/base/status_macros.h"

namespace amana::audit {
namespace {

// A full tile is 8 KiB; a bundle of 256 entries of the largest kind stays below this.
constexpr size_t kMaxFileBytes = 17 << 20;
constexpr size_t kMaxPathBytes = 64;

// What a reader may name: never a way out of the folder.
bool IsLogPath(std::string_view path) {
  static const std::regex pattern(
      R"(checkpoint|tile/(entries|[0-9]{1,2})/(x[0-9]{3}/){0,6}[0-9]{3}(\.p/[0-9]{1,3})?)");
  return path.size() <= kMaxPathBytes && std::regex_match(path.begin(), path.end(), pattern);
}

}  // namespace

absl::StatusOr<std::string> LogFiles::Read(std::string_view path) const {
  if (!IsLogPath(path)) return Error(Reason::kTileNotFound);
  absl::StatusOr<std::string> data = ReadFile(directory_ + "/" + std::string(path), kMaxFileBytes);
  if (!data.ok()) return Error(Reason::kTileNotFound);
  return data;
}

absl::Status LogFiles::Write(std::string_view path, std::string_view data) const {
  if (!IsLogPath(path)) return Error(Reason::kTileNotFound);
  const std::string full = directory_ + "/" + std::string(path);
  if (absl::StatusOr<std::string> there = ReadFile(full, kMaxFileBytes); there.ok()) {
    return *there == data ? absl::OkStatus() : Error(Reason::kLogCorrupt);
  }
  std::error_code error;
  std::filesystem::create_directories(std::filesystem::path(full).parent_path(), error);
  if (error) return Error(Reason::kFileUnreadable);
  return WritePrivateFile(full, data);
}

absl::Status LogFiles::WriteCheckpoint(std::string_view note) const {
  return WritePrivateFile(directory_ + "/checkpoint", note);
}

}  // namespace amana::audit
