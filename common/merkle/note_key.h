// Keys that sign notes: their names, ids and text form (c2sp.org/signed-note,
// c2sp.org/tlog-cosignature).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/crypto/sign.h"

namespace amana::merkle {

// The signature type byte. What is not here is refused, not guessed.
enum class NoteKeyType : uint8_t {
  kEd25519 = 0x01,      // a log signs the note's text
  kCosignature = 0x04,  // a witness signs the time and the text
};

inline constexpr size_t kKeyIdBytes = 4;

// A name with a public key: whom to believe. A plain value, immutable.
class NoteKey {
 public:
  // Reason::kNoteMalformed (field "name") if the name is empty or has a space or '+' in it.
  static absl::StatusOr<NoteKey> Create(std::string name, NoteKeyType type,
                                        crypto::VerifyingKey key);

  // The text form, `<name>+<8 hex digits of the id>+<base64 of type ‖ key>`. Reason::kNoteMalformed
  // (field "vkey") unless every part is right, the id included.
  static absl::StatusOr<NoteKey> Parse(std::string_view vkey);
  std::string Encode() const;

  const std::string& name() const { return name_; }
  NoteKeyType type() const { return type_; }
  const crypto::VerifyingKey& key() const { return key_; }

  // SHA-256(name ‖ 0x0A ‖ type ‖ key), its first four bytes. A hint which key to use, not a proof.
  const std::string& id() const { return id_; }

  // nullopt if `signature` (without key id) is not this key's over `text`; else when it was made as
  // the signer says, absl::InfinitePast() for a type that does not say.
  std::optional<absl::Time> Verify(std::string_view text, std::string_view signature) const;

  friend bool operator==(const NoteKey& a, const NoteKey& b);

 private:
  NoteKey(std::string name, NoteKeyType type, crypto::VerifyingKey key);

  std::string name_;
  NoteKeyType type_;
  crypto::VerifyingKey key_;
  std::string id_;
};

// A name with a private key. Move-only; may be shared between threads for signing.
class NoteSigner {
 public:
  static absl::StatusOr<NoteSigner> Create(std::string name, NoteKeyType type,
                                           crypto::SigningKey key);

  const NoteKey& key() const { return public_; }

  // One signature line over `text`, newline included. `at` (whole seconds) goes into a cosignature;
  // the other type has no time in it. The text must already be what IsNoteText takes and end with a
  // newline; SignNote (note.h) checks that.
  std::string SignatureLine(std::string_view text, absl::Time at) const;

 private:
  NoteSigner(NoteKey key, crypto::SigningKey secret);

  NoteKey public_;
  crypto::SigningKey secret_;
};

}  // namespace amana::merkle
