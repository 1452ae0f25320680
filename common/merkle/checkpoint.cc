#include "common/merkle/checkpoint.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "common/merkle/text.h"

namespace amana::merkle {
namespace {

absl::Status Malformed(std::string field) {
  return Error(Reason::kCheckpointMalformed, ErrorDetail{.field = std::move(field)});
}

absl::Status InvalidPolicy(std::string field) {
  return Error(Reason::kConfigurationInvalid, ErrorDetail{.field = std::move(field)});
}

bool AreDistinctCosigners(std::span<const NoteKey> witnesses) {
  for (size_t i = 0; i < witnesses.size(); ++i) {
    if (witnesses[i].type() != NoteKeyType::kCosignature) return false;
    for (size_t j = 0; j < i; ++j) {
      if (witnesses[i].name() == witnesses[j].name()) return false;
      if (witnesses[i].key() == witnesses[j].key()) return false;
    }
  }
  return true;
}

}  // namespace

std::string Checkpoint::ToText() const {
  return absl::StrCat(origin, "\n", size, "\n", root.ToBase64(), "\n");
}

absl::StatusOr<Checkpoint> Checkpoint::Parse(std::string_view text) {
  LineReader lines(text);
  const std::optional<std::string_view> origin = lines.Next();
  if (!origin || origin->empty()) return Malformed("origin");
  const std::optional<std::string_view> size_line = lines.Next();
  const std::optional<uint64_t> size = size_line ? ParseDecimal(*size_line) : std::nullopt;
  if (!size) return Malformed("size");
  const std::optional<std::string_view> root_line = lines.Next();
  const std::optional<std::string> bytes = root_line ? DecodeBase64(*root_line) : std::nullopt;
  const std::optional<Hash> root = bytes ? Hash::FromBytes(*bytes) : std::nullopt;
  if (!root || (*size == 0 && *root != EmptyRoot())) return Malformed("root");
  if (!lines.rest().empty()) return Malformed("extension");
  return Checkpoint{.origin = std::string(*origin), .size = *size, .root = *root};
}

TrustPolicy::TrustPolicy(std::vector<NoteKey> keys, size_t quorum)
    : keys_(std::move(keys)), quorum_(quorum) {}

absl::StatusOr<TrustPolicy> TrustPolicy::Create(NoteKey log, std::vector<NoteKey> witnesses,
                                                size_t quorum) {
  if (log.type() != NoteKeyType::kEd25519) return InvalidPolicy("log");
  if (!AreDistinctCosigners(witnesses)) return InvalidPolicy("witnesses");
  if (quorum > witnesses.size()) return InvalidPolicy("quorum");
  witnesses.insert(witnesses.begin(), std::move(log));
  return TrustPolicy(std::move(witnesses), quorum);
}

VerifiedCheckpoint::VerifiedCheckpoint(Checkpoint checkpoint, std::vector<absl::Time> cosigned_at)
    : checkpoint_(std::move(checkpoint)), cosigned_at_(std::move(cosigned_at)) {}

absl::StatusOr<VerifiedCheckpoint> OpenCheckpoint(std::string_view note,
                                                  const TrustPolicy& policy) {
  AMANA_ASSIGN_OR_RETURN(const VerifiedNote opened, OpenNote(note, policy.keys()));
  bool log_signed = false;
  std::vector<absl::Time> cosigned_at;
  for (const VerifiedSignature& signature : opened.signatures) {
    if (signature.key == 0) {
      log_signed = true;
    } else {
      cosigned_at.push_back(signature.time);
    }
  }
  if (!log_signed) return Error(Reason::kNoteSignatureInvalid, ErrorDetail{.field = "log"});
  if (cosigned_at.size() < policy.quorum()) {
    return Error(Reason::kNoteSignatureInvalid, ErrorDetail{.field = "witnesses"});
  }
  AMANA_ASSIGN_OR_RETURN(Checkpoint checkpoint, Checkpoint::Parse(opened.text));
  if (checkpoint.origin != policy.log().name()) return Malformed("origin");
  return VerifiedCheckpoint(std::move(checkpoint), std::move(cosigned_at));
}

}  // namespace amana::merkle
