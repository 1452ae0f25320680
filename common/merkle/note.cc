#include "common/merkle/note.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "common/merkle/text.h"

namespace amana::merkle {
namespace {

absl::Status Malformed(std::string field) {
  return Error(Reason::kNoteMalformed, ErrorDetail{.field = std::move(field)});
}

bool IsSignableText(std::string_view text) { return text.ends_with('\n') && IsNoteText(text); }

std::optional<NoteSignature> ParseSignatureLine(std::string_view line) {
  const std::optional<std::string_view> signed_by = After("— ", line);
  if (!signed_by) return std::nullopt;
  const size_t space = signed_by->find(' ');
  if (space == std::string_view::npos) return std::nullopt;
  const std::string_view name = signed_by->substr(0, space);
  const std::optional<std::string> blob = DecodeBase64(signed_by->substr(space + 1));
  if (!IsKeyName(name) || !blob || blob->size() <= kKeyIdBytes) return std::nullopt;
  return NoteSignature{.name = std::string(name),
                       .key_id = blob->substr(0, kKeyIdBytes),
                       .signature = blob->substr(kKeyIdBytes)};
}

absl::StatusOr<std::vector<NoteSignature>> ParseSignatures(std::string_view block) {
  std::vector<NoteSignature> signatures;
  LineReader lines(block);
  while (const std::optional<std::string_view> line = lines.Next()) {
    std::optional<NoteSignature> signature = ParseSignatureLine(*line);
    if (!signature) return Malformed("signature");
    if (signatures.size() == kMaxNoteSignatures) return Malformed("signatures");
    signatures.push_back(*std::move(signature));
  }
  if (signatures.empty() || !lines.rest().empty()) return Malformed("signatures");
  return signatures;
}

// The first known key with this name and id; known.size() if there is none.
size_t FindKey(std::span<const NoteKey> known, const NoteSignature& signature) {
  const auto match = [&](const NoteKey& key) {
    return key.name() == signature.name && key.id() == signature.key_id;
  };
  return std::find_if(known.begin(), known.end(), match) - known.begin();
}

}  // namespace

absl::StatusOr<UnverifiedNote> ParseNote(std::string_view note) {
  if (note.size() > kMaxNoteBytes || !IsNoteText(note)) return Malformed("note");
  const size_t blank = note.rfind("\n\n");
  if (blank == std::string_view::npos) return Malformed("note");
  AMANA_ASSIGN_OR_RETURN(std::vector<NoteSignature> signatures,
                         ParseSignatures(note.substr(blank + 2)));
  return UnverifiedNote{.text = std::string(note.substr(0, blank + 1)),
                        .signatures = std::move(signatures)};
}

absl::StatusOr<VerifiedNote> OpenNote(std::string_view note, std::span<const NoteKey> known) {
  AMANA_ASSIGN_OR_RETURN(UnverifiedNote parsed, ParseNote(note));
  std::vector<VerifiedSignature> good;
  for (const NoteSignature& signature : parsed.signatures) {
    const size_t key = FindKey(known, signature);
    if (key == known.size()) continue;
    const std::optional<absl::Time> time = known[key].Verify(parsed.text, signature.signature);
    if (!time) return Error(Reason::kNoteSignatureInvalid);
    // A second line by the same key must be good as well, but a key speaks only once.
    const auto same = [&](const VerifiedSignature& other) { return other.key == key; };
    if (std::none_of(good.begin(), good.end(), same)) good.push_back({.key = key, .time = *time});
  }
  if (good.empty()) return Error(Reason::kNoteSignatureInvalid);
  return VerifiedNote{.text = std::move(parsed.text), .signatures = std::move(good)};
}

absl::StatusOr<std::string> SignNote(std::string_view text, const NoteSigner& signer,
                                     absl::Time at) {
  if (!IsSignableText(text)) return Malformed("text");
  return absl::StrCat(absl::string_view(text.data(), text.size()), "\n",
                      signer.SignatureLine(text, at));
}

}  // namespace amana::merkle
