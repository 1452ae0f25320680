// Signed notes (c2sp.org/signed-note): a text, a blank line, and who signed it.
//
//   <text, ends with a newline>
//   <blank line>
//   — <key name> <base64(key id ‖ signature)>      one line a signature
//
// The text ends at the last blank line, so it may have blank lines itself. What nobody known has
// signed is not to be read: OpenNote is the only way to a VerifiedNote. All functions are pure.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/merkle/note_key.h"

namespace amana::merkle {

// The format asks for 16 at least; 100 is what other verifiers stop at too.
inline constexpr size_t kMaxNoteSignatures = 100;
inline constexpr size_t kMaxNoteBytes = 1'000'000;

struct NoteSignature {
  std::string name;
  std::string key_id;     // kKeyIdBytes
  std::string signature;  // not empty; what it means depends on the key's type
};

// A note whose form is right and whose signatures nobody has looked at.
struct UnverifiedNote {
  std::string text;
  std::vector<NoteSignature> signatures;  // one at least
};

struct VerifiedSignature {
  size_t key;       // index into the known keys given to OpenNote; each at most once
  absl::Time time;  // a cosignature's time; InfinitePast for the other type
};

struct VerifiedNote {
  std::string text;
  std::vector<VerifiedSignature> signatures;  // one at least
};

// Reason::kNoteMalformed; the detail's field is "note", "text", "signature" or "signatures".
absl::StatusOr<UnverifiedNote> ParseNote(std::string_view note);

// Parses, and checks every signature by a known key (name and id). Unknown keys are passed over;
// one bad signature of a known key refuses the whole note, as does the lack of any good one
// (Reason::kNoteSignatureInvalid).
absl::StatusOr<VerifiedNote> OpenNote(std::string_view note, std::span<const NoteKey> known);

// A note of `text` with one signature. Reason::kNoteMalformed (field "text") unless the text is
// valid UTF-8 without control characters and ends with a newline.
absl::StatusOr<std::string> SignNote(std::string_view text, const NoteSigner& signer,
                                     absl::Time at);

}  // namespace amana::merkle
