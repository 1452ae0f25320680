#include "common/crypto/password.h"

#include "common/base/error.h"
#include "common/crypto/sodium.h"

namespace amana::crypto {

using internal::Bytes;
using internal::EnsureSodium;

static_assert(kSaltSize == crypto_pwhash_argon2id_SALTBYTES);

absl::StatusOr<SecretBytes> DeriveKey(std::string_view passphrase, std::string_view salt,
                                      PasswordLimits limits) {
  EnsureSodium();
  const bool sane = salt.size() == kSaltSize &&
                    limits.passes >= crypto_pwhash_argon2id_OPSLIMIT_MIN &&
                    limits.passes <= kMaxLimits.passes &&
                    limits.memory_bytes >= crypto_pwhash_argon2id_MEMLIMIT_MIN &&
                    limits.memory_bytes <= kMaxLimits.memory_bytes;
  if (!sane) return Error(Reason::kInputMalformed);
  SecretBytes key(32);
  if (crypto_pwhash_argon2id(Bytes(key.ExposeMutable()), key.size(), passphrase.data(),
                             passphrase.size(), Bytes(salt), limits.passes, limits.memory_bytes,
                             crypto_pwhash_argon2id_ALG_ARGON2ID13) != 0) {
    return Error(Reason::kOverloaded);
  }
  return key;
}

absl::StatusOr<std::string> HashCode(std::string_view code, PasswordLimits limits) {
  EnsureSodium();
  char text[crypto_pwhash_argon2id_STRBYTES] = {};
  if (crypto_pwhash_argon2id_str(text, code.data(), code.size(), limits.passes,
                                 limits.memory_bytes) != 0) {
    return Error(Reason::kOverloaded);
  }
  return std::string(text);
}

bool VerifyCode(std::string_view code, std::string_view hash) {
  if (hash.size() >= crypto_pwhash_argon2id_STRBYTES) return false;
  EnsureSodium();
  const std::string text(hash);  // libsodium wants an end mark
  return crypto_pwhash_argon2id_str_verify(text.c_str(), code.data(), code.size()) == 0;
}

}  // namespace amana::crypto
