#include "common/merkle/tlog_proof.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "common/merkle/text.h"

namespace amana::merkle {
namespace {

constexpr std::string_view kHeader = "c2sp.org/tlog-proof@v1";
constexpr std::string_view kExtra = "extra ";
constexpr std::string_view kIndex = "index ";

absl::Status Malformed(std::string field) {
  return Error(Reason::kProofInvalid, ErrorDetail{.field = std::move(field)});
}

// Reads hash lines up to and with the blank one.
absl::StatusOr<Proof> ReadHashes(LineReader& lines) {
  Proof hashes;
  while (const std::optional<std::string_view> line = lines.Next()) {
    if (line->empty()) return hashes;
    const std::optional<std::string> bytes = DecodeBase64(*line);
    const std::optional<Hash> hash = bytes ? Hash::FromBytes(*bytes) : std::nullopt;
    if (!hash || hashes.size() == kMaxProofHashes) break;
    hashes.push_back(*hash);
  }
  return Malformed("proof");
}

}  // namespace

std::string TlogProof::Encode() const {
  std::string text(kHeader);
  text += "\n";
  if (extra) absl::StrAppend(&text, "extra ", EncodeBase64(*extra), "\n");
  absl::StrAppend(&text, "index ", index, "\n");
  for (const Hash& hash : hashes) absl::StrAppend(&text, hash.ToBase64(), "\n");
  absl::StrAppend(&text, "\n", checkpoint);
  return text;
}

absl::StatusOr<TlogProof> TlogProof::Decode(std::string_view text) {
  TlogProof proof;
  LineReader lines(text);
  if (lines.Next() != kHeader) return Malformed("header");
  std::optional<std::string_view> line = lines.Next();
  if (const auto extra = line ? After(kExtra, *line) : std::nullopt) {
    proof.extra = DecodeBase64(*extra);
    if (!proof.extra) return Malformed("extra");
    line = lines.Next();
  }
  const auto digits = line ? After(kIndex, *line) : std::nullopt;
  const std::optional<uint64_t> index = digits ? ParseDecimal(*digits) : std::nullopt;
  if (!index) return Malformed("index");
  proof.index = *index;
  AMANA_ASSIGN_OR_RETURN(proof.hashes, ReadHashes(lines));
  if (lines.rest().empty()) return Malformed("checkpoint");
  proof.checkpoint = std::string(lines.rest());
  return proof;
}

absl::StatusOr<VerifiedCheckpoint> VerifyTlogProof(const TlogProof& proof, std::string_view entry,
                                                   const TrustPolicy& policy) {
  AMANA_ASSIGN_OR_RETURN(VerifiedCheckpoint checkpoint, OpenCheckpoint(proof.checkpoint, policy));
  AMANA_RETURN_IF_ERROR(VerifyInclusion(LeafHash(entry), proof.index, checkpoint.size(),
                                        proof.hashes, checkpoint.root()));
  return checkpoint;
}

}  // namespace amana::merkle
