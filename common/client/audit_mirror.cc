#include "common/client/audit_mirror.h"

#include <filesystem>
#include <optional>

#include "absl/strings/strip.h"
#include "common/base/error.h"
#include "common/base/files.h"
#include "common/merkle/proof.h"
#include "common/merkle/tile.h"
#include "common/merkle/tile_hash_source.h"

namespace amana::client {
namespace {

namespace fs = std::filesystem;
using audit::v1::AuditService;

constexpr char kCheckpointName[] = "checkpoint";
// A full bundle of the largest entries.
constexpr size_t kMaxLogFile = size_t{17} << 20;

absl::StatusOr<std::string> Fetch(Session& session, const std::string& path) {
  audit::v1::ReadLogFileRequest request;
  request.set_path(path);
  AMANA_ASSIGN_OR_RETURN(auto response, session.Call(&AuditService::Stub::ReadLogFile, request));
  return std::move(*response.mutable_data());
}

absl::Status Write(const fs::path& folder, const std::string& path, std::string_view data) {
  std::error_code error;
  fs::create_directories((folder / path).parent_path(), error);
  if (error) return Error(Reason::kFileUnreadable);
  return WritePrivateFile(folder / path, data);
}

// A file of the mirror; a missing one says so by its status, as ReadTile wants it.
merkle::ReadFile Reader(const std::string& folder) {
  return [folder](const std::string& path) -> absl::StatusOr<std::string> {
    std::error_code error;
    const fs::path file = fs::path(folder) / path;
    if (!fs::exists(file, error)) return Error(Reason::kTileNotFound, {.field = path});
    return ReadFile(file, kMaxLogFile);
  };
}

// The file under `path`, or the full one that has taken a partial's place.
absl::Status Bring(Session& session, const fs::path& folder, const std::string& path,
                   const std::string& full_path) {
  std::error_code error;
  if (fs::exists(folder / path, error) || fs::exists(folder / full_path, error)) {
    return absl::OkStatus();
  }
  auto data = Fetch(session, path);
  if (data.ok()) return Write(folder, path, *data);
  if (path == full_path || data.status().code() != absl::StatusCode::kNotFound) {
    return data.status();
  }
  AMANA_ASSIGN_OR_RETURN(const std::string full, Fetch(session, full_path));
  return Write(folder, full_path, full);
}

absl::Status BringAll(Session& session, const fs::path& folder, uint64_t size) {
  for (merkle::TileId tile : merkle::NewTiles(0, size)) {
    const std::string path = merkle::TilePath(tile);
    tile.width = merkle::kTileWidth;
    AMANA_RETURN_IF_ERROR(Bring(session, folder, path, merkle::TilePath(tile)));
  }
  for (merkle::TileId bundle : merkle::NewBundles(0, size)) {
    const std::string path = merkle::BundlePath(bundle);
    bundle.width = merkle::kTileWidth;
    AMANA_RETURN_IF_ERROR(Bring(session, folder, path, merkle::BundlePath(bundle)));
  }
  return absl::OkStatus();
}

// That what was seen before is the beginning of what is seen now.
absl::Status CheckContinues(const std::string& folder, const merkle::TrustPolicy& policy,
                            const merkle::VerifiedCheckpoint& now) {
  std::error_code error;
  const fs::path file = fs::path(folder) / kCheckpointName;
  if (!fs::exists(file, error)) return absl::OkStatus();
  AMANA_ASSIGN_OR_RETURN(const std::string note, ReadFile(file, merkle::kMaxNoteBytes));
  AMANA_ASSIGN_OR_RETURN(const auto before, merkle::OpenCheckpoint(note, policy));
  if (before.size() == 0) return absl::OkStatus();
  if (before.size() > now.size()) return Error(Reason::kLogForked);
  merkle::TileHashSource source(now.size(), Reader(folder));
  AMANA_ASSIGN_OR_RETURN(const merkle::Proof proof,
                         merkle::BuildConsistencyProof(source, before.size(), now.size()));
  const absl::Status consistent =
      merkle::VerifyConsistency(before.size(), now.size(), before.root(), now.root(), proof);
  return consistent.ok() ? consistent : Error(Reason::kLogForked);
}

}  // namespace

absl::StatusOr<merkle::TrustPolicy> LogPolicy(std::string_view vkey) {
  AMANA_ASSIGN_OR_RETURN(merkle::NoteKey key, merkle::NoteKey::Parse(vkey));
  return merkle::TrustPolicy::Create(std::move(key), {}, 0);
}

absl::StatusOr<merkle::TrustPolicy> ReadLogPolicy(const std::string& vkey_file) {
  AMANA_ASSIGN_OR_RETURN(const std::string line, ReadFile(vkey_file, 4096));
  return LogPolicy(std::string(absl::StripSuffix(line, "\n")));
}

absl::StatusOr<merkle::Checkpoint> MirrorLog(Session& session, const std::string& folder) {
  AMANA_ASSIGN_OR_RETURN(const auto policy, LogPolicy(session.profile().log_key()));
  AMANA_ASSIGN_OR_RETURN(const std::string note, Fetch(session, kCheckpointName));
  AMANA_ASSIGN_OR_RETURN(const auto checkpoint, merkle::OpenCheckpoint(note, policy));
  AMANA_RETURN_IF_ERROR(BringAll(session, folder, checkpoint.size()));
  AMANA_RETURN_IF_ERROR(CheckContinues(folder, policy, checkpoint));
  AMANA_RETURN_IF_ERROR(Write(folder, kCheckpointName, note));
  return checkpoint.checkpoint();
}

absl::StatusOr<merkle::VerifiedCheckpoint> VerifyMirror(const std::string& folder,
                                                        const merkle::TrustPolicy& policy,
                                                        const merkle::EntryVisitor& visit) {
  AMANA_ASSIGN_OR_RETURN(const std::string note,
                         ReadFile(folder + "/" + kCheckpointName, merkle::kMaxNoteBytes));
  AMANA_ASSIGN_OR_RETURN(auto checkpoint, merkle::OpenCheckpoint(note, policy));
  AMANA_RETURN_IF_ERROR(
      merkle::VerifyTiles(checkpoint.size(), checkpoint.root(), Reader(folder), visit));
  return checkpoint;
}

}  // namespace amana::client
