#include "common/crypto/aead.h"

#include "common/base/check.h"
#include "common/base/error.h"
#include "common/crypto/random.h"
#include "common/crypto/sodium.h"

namespace amana::crypto {
namespace {

using internal::Bytes;
using internal::EnsureSodium;

static_assert(kXNonceSize == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES);
static_assert(kAeadKeySize == crypto_aead_xchacha20poly1305_ietf_KEYBYTES);
static_assert(kAeadTagSize == crypto_aead_xchacha20poly1305_ietf_ABYTES);
static_assert(kIetfNonceSize == crypto_aead_chacha20poly1305_ietf_NPUBBYTES);

// libsodium's two ciphers have the same shape.
struct XChaCha {
  static constexpr size_t kNonceSize = kXNonceSize;
  static constexpr auto kEncrypt = crypto_aead_xchacha20poly1305_ietf_encrypt;
  static constexpr auto kDecrypt = crypto_aead_xchacha20poly1305_ietf_decrypt;
};
struct ChaChaIetf {
  static constexpr size_t kNonceSize = kIetfNonceSize;
  static constexpr auto kEncrypt = crypto_aead_chacha20poly1305_ietf_encrypt;
  static constexpr auto kDecrypt = crypto_aead_chacha20poly1305_ietf_decrypt;
};

template <class Cipher>
void CheckSizes(std::string_view key, std::string_view nonce) {
  AMANA_CHECK(key.size() == kAeadKeySize, "a key of another size");
  AMANA_CHECK(nonce.size() == Cipher::kNonceSize, "a nonce of another size");
  EnsureSodium();
}

// Writes plaintext.size() + kAeadTagSize bytes.
template <class Cipher>
void SealTo(char* out, std::string_view key, std::string_view nonce, std::string_view ad,
            std::string_view plaintext) {
  CheckSizes<Cipher>(key, nonce);
  Cipher::kEncrypt(Bytes(out), nullptr, Bytes(plaintext), plaintext.size(), Bytes(ad), ad.size(),
                   nullptr, Bytes(nonce), Bytes(key));
}

template <class Cipher>
std::string SealWith(std::string_view key, std::string_view nonce, std::string_view ad,
                     std::string_view plaintext) {
  std::string out(plaintext.size() + kAeadTagSize, '\0');
  SealTo<Cipher>(out.data(), key, nonce, ad, plaintext);
  return out;
}

template <class Cipher>
absl::StatusOr<std::string> OpenWith(std::string_view key, std::string_view nonce,
                                     std::string_view ad, std::string_view ciphertext) {
  CheckSizes<Cipher>(key, nonce);
  if (ciphertext.size() < kAeadTagSize) return Error(Reason::kDecryptionFailed);
  std::string out(ciphertext.size() - kAeadTagSize, '\0');
  if (Cipher::kDecrypt(Bytes(out.data()), nullptr, nullptr, Bytes(ciphertext), ciphertext.size(),
                       Bytes(ad), ad.size(), Bytes(nonce), Bytes(key)) != 0) {
    return Error(Reason::kDecryptionFailed);
  }
  return out;
}

}  // namespace

std::string Seal(std::string_view key, std::string_view nonce, std::string_view ad,
                 std::string_view plaintext) {
  return SealWith<XChaCha>(key, nonce, ad, plaintext);
}

absl::StatusOr<std::string> Open(std::string_view key, std::string_view nonce, std::string_view ad,
                                 std::string_view ciphertext) {
  return OpenWith<XChaCha>(key, nonce, ad, ciphertext);
}

std::string SealWithNonce(std::string_view key, std::string_view ad, std::string_view plaintext) {
  std::string out(kXNonceSize + plaintext.size() + kAeadTagSize, '\0');
  FillNonce(out.data(), kXNonceSize);
  SealTo<XChaCha>(out.data() + kXNonceSize, key, std::string_view(out).substr(0, kXNonceSize), ad,
                  plaintext);
  return out;
}

absl::StatusOr<std::string> OpenWithNonce(std::string_view key, std::string_view ad,
                                          std::string_view sealed) {
  if (sealed.size() < kXNonceSize) return Error(Reason::kDecryptionFailed);
  return Open(key, sealed.substr(0, kXNonceSize), ad, sealed.substr(kXNonceSize));
}

std::string SealIetf(std::string_view key, std::string_view nonce, std::string_view ad,
                     std::string_view plaintext) {
  return SealWith<ChaChaIetf>(key, nonce, ad, plaintext);
}

absl::StatusOr<std::string> OpenIetf(std::string_view key, std::string_view nonce,
                                     std::string_view ad, std::string_view ciphertext) {
  return OpenWith<ChaChaIetf>(key, nonce, ad, ciphertext);
}

}  // namespace amana::crypto
