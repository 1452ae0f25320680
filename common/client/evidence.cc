#include "common/client/evidence.h"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <thread>

#include "absl/strings/str_format.h"
#include "common/base/error.h"
#include "common/base/files.h"
#include "common/client/audit_mirror.h"
#include "common/client/paging.h"
#include "common/merkle/leaf.h"
#include "common/merkle/tlog_proof.h"

namespace amana::client {
namespace {

namespace fs = std::filesystem;
using amana::common::v1::HistoryEntry;
using amana::common::v1::OutboxService;

constexpr absl::Duration kPause = absl::Milliseconds(250);
constexpr size_t kMaxProofBytes = size_t{1} << 20;
constexpr const char* kServices[] = {"intake", "referral", "messaging"};

// One event as it lies in the folder.
struct Piece {
  std::string event;
  std::string opening;
  audit::v1::Event parsed;
};

absl::Time TimeOf(const audit::v1::Event& event) {
  return absl::FromUnixSeconds(event.time().seconds()) + absl::Nanoseconds(event.time().nanos());
}

absl::StatusOr<Piece> MakePiece(std::string event, std::string opening) {
  Piece piece{std::move(event), std::move(opening), {}};
  if (!piece.parsed.ParseFromString(piece.event)) return Error(Reason::kLeafMismatch);
  return piece;
}

absl::StatusOr<std::string> LeafOf(const Piece& piece) {
  auto leaf = merkle::MakeEventLeaf(piece.opening, piece.event);
  return leaf.ok() ? leaf : Error(Reason::kLeafMismatch);
}

// -- collecting
// ------------------------------------------------------------------------------------

// In the order of time.
absl::StatusOr<std::vector<Piece>> History(Session& session, const CaseId& case_id) {
  std::multimap<absl::Time, Piece> by_time;
  for (const char* service : kServices) {
    amana::common::v1::ListHistoryRequest request;
    request.set_subject_id(case_id.bytes());
    const auto history = AllPages(
        [&](const auto& page) {
          return session.CallOn(service, &OutboxService::Stub::ListHistory, page);
        },
        request);
    // A service that never had to do with the case knows none.
    if (history.status().code() == absl::StatusCode::kNotFound && service != kServices[0]) continue;
    AMANA_RETURN_IF_ERROR(history.status());
    for (const HistoryEntry& entry : history->entries()) {
      AMANA_ASSIGN_OR_RETURN(Piece piece, MakePiece(entry.event(), entry.opening()));
      const absl::Time time = TimeOf(piece.parsed);
      by_time.emplace(time, std::move(piece));
    }
  }
  std::vector<Piece> pieces;
  for (auto& [time, piece] : by_time) pieces.push_back(std::move(piece));
  return pieces;
}

absl::StatusOr<std::string> AwaitProof(Session& session, const std::string& leaf,
                                       absl::Time until) {
  for (;;) {
    audit::v1::GetProofRequest request;
    request.set_leaf(leaf);
    auto response = session.Call(&audit::v1::AuditService::Stub::GetProof, request);
    if (response.ok()) return std::move(*response->mutable_proof());
    if (ReasonOf(response.status()) != Reason::kLeafNotInLog || absl::Now() > until) {
      return response.status();
    }
    std::this_thread::sleep_for(absl::ToChronoMilliseconds(kPause));
  }
}

absl::Status CheckReceipt(const std::string& text, const std::string& leaf,
                          const merkle::TrustPolicy& policy, uint64_t& index) {
  AMANA_ASSIGN_OR_RETURN(const merkle::TlogProof proof, merkle::TlogProof::Decode(text));
  index = proof.index;
  return merkle::VerifyTlogProof(proof, leaf, policy).status();
}

std::string StemOf(const std::string& folder, size_t number) {
  return absl::StrFormat("%s/%04u", folder, number);
}

// -- verifying
// -------------------------------------------------------------------------------------

absl::StatusOr<std::string> ReadPart(const std::string& path, size_t limit) {
  auto part = ReadFile(path, limit);
  return part.ok() ? part : Error(Reason::kLeafMismatch);
}

absl::StatusOr<std::vector<std::string>> Stems(const std::string& folder) {
  std::error_code error;
  std::vector<std::string> stems;
  for (const auto& file : fs::directory_iterator(folder, error)) {
    fs::path path = file.path();
    if (path.extension() == ".event") stems.push_back(path.replace_extension().string());
  }
  if (error) return Error(Reason::kFileUnreadable);
  // Of nothing nothing is proved: this is some other folder, or one that was emptied.
  if (stems.empty()) return Error(Reason::kLeafMismatch);
  std::ranges::sort(stems);
  return stems;
}

}  // namespace

absl::StatusOr<int> CollectEvidence(Session& session, const CaseId& case_id,
                                    const std::string& folder, const CollectOptions& options) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error || ::chmod(folder.c_str(), 0700) != 0) return Error(Reason::kFileUnreadable);
  AMANA_ASSIGN_OR_RETURN(const auto policy, LogPolicy(session.profile().log_key()));
  AMANA_ASSIGN_OR_RETURN(const std::vector<Piece> pieces, History(session, case_id));
  const absl::Time until = absl::Now() + options.patience;
  for (size_t i = 0; i < pieces.size(); ++i) {
    AMANA_ASSIGN_OR_RETURN(const std::string leaf, LeafOf(pieces[i]));
    AMANA_ASSIGN_OR_RETURN(const std::string proof, AwaitProof(session, leaf, until));
    uint64_t index = 0;
    AMANA_RETURN_IF_ERROR(CheckReceipt(proof, leaf, policy, index));
    const std::string stem = StemOf(folder, i + 1);
    AMANA_RETURN_IF_ERROR(WritePrivateFile(stem + ".event", pieces[i].event));
    AMANA_RETURN_IF_ERROR(WritePrivateFile(stem + ".opening", pieces[i].opening));
    AMANA_RETURN_IF_ERROR(WritePrivateFile(stem + ".tlog-proof", proof));
  }
  return static_cast<int>(pieces.size());
}

absl::StatusOr<VerifiedEvidence> VerifyEvidence(const std::string& folder,
                                                const std::string& mirror,
                                                const merkle::TrustPolicy& policy) {
  AMANA_ASSIGN_OR_RETURN(const std::vector<std::string> stems, Stems(folder));
  std::vector<std::pair<Piece, std::string>> pieces;
  std::vector<uint64_t> receipts;
  std::set<std::string> wanted;
  for (const std::string& stem : stems) {
    AMANA_ASSIGN_OR_RETURN(std::string event, ReadPart(stem + ".event", merkle::kMaxEventBytes));
    AMANA_ASSIGN_OR_RETURN(std::string opening, ReadPart(stem + ".opening", merkle::kOpeningBytes));
    AMANA_ASSIGN_OR_RETURN(const std::string proof, ReadPart(stem + ".tlog-proof", kMaxProofBytes));
    AMANA_ASSIGN_OR_RETURN(Piece piece, MakePiece(std::move(event), std::move(opening)));
    AMANA_ASSIGN_OR_RETURN(std::string leaf, LeafOf(piece));
    AMANA_RETURN_IF_ERROR(CheckReceipt(proof, leaf, policy, receipts.emplace_back()));
    wanted.insert(leaf);
    pieces.emplace_back(std::move(piece), std::move(leaf));
  }
  std::map<std::string, uint64_t> found;
  const auto visit = [&](uint64_t index, std::string_view entry) {
    const std::string leaf(entry);
    if (wanted.contains(leaf)) found.emplace(leaf, index);
    return absl::OkStatus();
  };
  AMANA_ASSIGN_OR_RETURN(auto checkpoint, VerifyMirror(mirror, policy, visit));
  std::vector<VerifiedEvent> verified;
  for (size_t i = 0; i < pieces.size(); ++i) {
    const auto at = found.find(pieces[i].second);
    if (at == found.end() || at->second != receipts[i]) return Error(Reason::kLeafNotInLog);
    verified.push_back({std::move(pieces[i].first.parsed), at->second});
  }
  return VerifiedEvidence{std::move(checkpoint), std::move(verified)};
}

}  // namespace amana::client
