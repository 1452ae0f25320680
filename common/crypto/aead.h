#pragma once

// Authenticated encryption with associated data. All functions are thread-safe and can't fail on
// their own inputs, except that opening what was not sealed with the same key, nonce and associated
// data is kDecryptionFailed. A key or nonce of another size is a fault in our code and ends the
// process.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace amana::crypto {

inline constexpr size_t kAeadKeySize = 32;
inline constexpr size_t kAeadTagSize = 16;

// XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha): 24 bytes of nonce, so that random ones never meet.
inline constexpr size_t kXNonceSize = 24;

// Ciphertext and tag.
std::string Seal(std::string_view key, std::string_view nonce, std::string_view ad,
                 std::string_view plaintext);
absl::StatusOr<std::string> Open(std::string_view key, std::string_view nonce, std::string_view ad,
                                 std::string_view ciphertext);

// With a random nonce of its own in front: nonce, ciphertext, tag.
std::string SealWithNonce(std::string_view key, std::string_view ad, std::string_view plaintext);
absl::StatusOr<std::string> OpenWithNonce(std::string_view key, std::string_view ad,
                                          std::string_view sealed);

// ChaCha20-Poly1305 (RFC 8439): 12 bytes of nonce, which must be counted, never random. HPKE's
// cipher.
inline constexpr size_t kIetfNonceSize = 12;

std::string SealIetf(std::string_view key, std::string_view nonce, std::string_view ad,
                     std::string_view plaintext);
absl::StatusOr<std::string> OpenIetf(std::string_view key, std::string_view nonce,
                                     std::string_view ad, std::string_view ciphertext);

// A cipher as HPKE and MLS take it, so that another one can be put in its place. A value that lives
// as long as the process; thread-safe. Key and nonce must have the sizes named here.
struct Aead {
  uint16_t id;  // RFC 9180, section 7.3
  size_t key_size;
  size_t nonce_size;
  std::string (*seal)(std::string_view key, std::string_view nonce, std::string_view ad,
                      std::string_view plaintext);
  absl::StatusOr<std::string> (*open)(std::string_view key, std::string_view nonce,
                                      std::string_view ad, std::string_view ciphertext);
};

inline constexpr Aead kChaCha20Poly1305 = {0x0003, kAeadKeySize, kIetfNonceSize, SealIetf,
                                           OpenIetf};

}  // namespace amana::crypto
