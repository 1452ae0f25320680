#include "common/merkle/note_key.h"

#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/base/hex.h"
#include "common/base/status_macros.h"
#include "common/crypto/hash.h"
#include "common/merkle/text.h"

namespace amana::merkle {
namespace {

constexpr size_t kPublicKeyBytes = 32;
constexpr size_t kTimeBytes = 8;

absl::Status Malformed(std::string field) {
  return Error(Reason::kNoteMalformed, ErrorDetail{.field = std::move(field)});
}

// What stands for the key in its id and its text form.
std::string TypedKey(NoteKeyType type, const crypto::VerifyingKey& key) {
  std::string typed(1, static_cast<char>(type));
  typed.append(key.bytes());
  return typed;
}

std::string KeyId(std::string_view name, std::string_view typed_key) {
  std::string data(name);
  data.push_back('\n');
  data.append(typed_key);
  return crypto::Sha256(data).substr(0, kKeyIdBytes);
}

std::optional<NoteKeyType> TypeOf(char byte) {
  switch (static_cast<NoteKeyType>(byte)) {
    case NoteKeyType::kEd25519:
      return NoteKeyType::kEd25519;
    case NoteKeyType::kCosignature:
      return NoteKeyType::kCosignature;
  }
  return std::nullopt;
}

std::string BigEndian64(uint64_t value) {
  std::string bytes(kTimeBytes, '\0');
  for (size_t i = 0; i < kTimeBytes; ++i) bytes[i] = static_cast<char>(value >> (56 - 8 * i));
  return bytes;
}

uint64_t ReadBigEndian64(std::string_view bytes) {
  uint64_t value = 0;
  for (const char byte : bytes) value = (value << 8) | static_cast<unsigned char>(byte);
  return value;
}

// What a witness signs: c2sp.org/tlog-cosignature, "cosignature/v1".
std::string CosignedMessage(uint64_t seconds, std::string_view text) {
  return absl::StrCat("cosignature/v1\ntime ", seconds, "\n",
                      absl::string_view(text.data(), text.size()));
}

}  // namespace

NoteKey::NoteKey(std::string name, NoteKeyType type, crypto::VerifyingKey key)
    : name_(std::move(name)),
      type_(type),
      key_(std::move(key)),
      id_(KeyId(name_, TypedKey(type_, key_))) {}

absl::StatusOr<NoteKey> NoteKey::Create(std::string name, NoteKeyType type,
                                        crypto::VerifyingKey key) {
  if (!IsKeyName(name)) return Malformed("name");
  return NoteKey(std::move(name), type, std::move(key));
}

absl::StatusOr<NoteKey> NoteKey::Parse(std::string_view vkey) {
  // Base64 has '+' in its alphabet, so the parts are counted from the left; a name never has one.
  const size_t name_end = vkey.find('+');
  if (name_end == std::string_view::npos) return Malformed("vkey");
  const size_t id_end = vkey.find('+', name_end + 1);
  if (id_end == std::string_view::npos) return Malformed("vkey");
  const std::optional<std::string> typed = DecodeBase64(vkey.substr(id_end + 1));
  if (!typed || typed->size() != 1 + kPublicKeyBytes) return Malformed("vkey");
  const std::optional<NoteKeyType> type = TypeOf(typed->front());
  if (!type) return Malformed("vkey");
  AMANA_ASSIGN_OR_RETURN(crypto::VerifyingKey key,
                         crypto::VerifyingKey::FromBytes(std::string_view(*typed).substr(1)));
  AMANA_ASSIGN_OR_RETURN(NoteKey parsed,
                         Create(std::string(vkey.substr(0, name_end)), *type, std::move(key)));
  // Writing it again compares the id, and refuses upper-case digits.
  if (parsed.Encode() != vkey) return Malformed("vkey");
  return parsed;
}

std::string NoteKey::Encode() const {
  return absl::StrCat(name_, "+", HexEncode(id_), "+", EncodeBase64(TypedKey(type_, key_)));
}

std::optional<absl::Time> NoteKey::Verify(std::string_view text, std::string_view signature) const {
  if (type_ == NoteKeyType::kEd25519) {
    if (!key_.Verify(text, signature)) return std::nullopt;
    return absl::InfinitePast();
  }
  if (signature.size() < kTimeBytes) return std::nullopt;
  const uint64_t seconds = ReadBigEndian64(signature.substr(0, kTimeBytes));
  if (seconds > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) return std::nullopt;
  if (!key_.Verify(CosignedMessage(seconds, text), signature.substr(kTimeBytes))) {
    return std::nullopt;
  }
  return absl::FromUnixSeconds(static_cast<int64_t>(seconds));
}

bool operator==(const NoteKey& a, const NoteKey& b) {
  return a.name_ == b.name_ && a.type_ == b.type_ && a.key_ == b.key_;
}

NoteSigner::NoteSigner(NoteKey key, crypto::SigningKey secret)
    : public_(std::move(key)), secret_(std::move(secret)) {}

absl::StatusOr<NoteSigner> NoteSigner::Create(std::string name, NoteKeyType type,
                                              crypto::SigningKey key) {
  AMANA_ASSIGN_OR_RETURN(NoteKey known,
                         NoteKey::Create(std::move(name), type, key.verifying_key()));
  return NoteSigner(std::move(known), std::move(key));
}

std::string NoteSigner::SignatureLine(std::string_view text, absl::Time at) const {
  std::string blob = public_.id();
  if (public_.type() == NoteKeyType::kCosignature) {
    const auto seconds = static_cast<uint64_t>(absl::ToUnixSeconds(at));
    blob += BigEndian64(seconds);
    blob += secret_.Sign(CosignedMessage(seconds, text));
  } else {
    blob += secret_.Sign(text);
  }
  return absl::StrCat("— ", public_.name(), " ", EncodeBase64(blob), "\n");
}

}  // namespace amana::merkle
