#pragma once

// Ed25519 signatures (RFC 8032). Verifying follows libsodium's rules: S must be reduced, and keys
// or R of small order are refused. Honest signatures are the same everywhere; on crafted ones other
// libraries may say otherwise. Sign what has a prefix of its own ("amana/device-certificate/v1\n"
// …), so that no signature fits two purposes.

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "common/base/random.h"
#include "common/base/secret.h"

namespace amana::crypto {

inline constexpr size_t kSeedSize = 32;
inline constexpr size_t kVerifyingKeySize = 32;
inline constexpr size_t kSignatureSize = 64;

// A value of 32 public bytes. Thread-safe.
class VerifyingKey {
 public:
  VerifyingKey() = default;

  // kInputMalformed unless there are 32 bytes. Whether they are a point is seen by Verify.
  static absl::StatusOr<VerifyingKey> FromBytes(std::string_view bytes);

  bool Verify(std::string_view message, std::string_view signature) const;

  const std::string& bytes() const { return bytes_; }

  friend bool operator==(const VerifyingKey&, const VerifyingKey&) = default;
  friend auto operator<=>(const VerifyingKey&, const VerifyingKey&) = default;

 private:
  std::string bytes_;
};

// Move-only; wiped. Sign() is thread-safe.
class SigningKey {
 public:
  static SigningKey Generate(Random& random);

  // kInputMalformed unless there are 32 bytes.
  static absl::StatusOr<SigningKey> FromSeed(std::string_view seed);

  // 64 bytes.
  std::string Sign(std::string_view message) const;

  const VerifyingKey& verifying_key() const { return verifying_key_; }

  // The 32 bytes to keep in a vault.
  SecretBytes Seed() const;

 private:
  SigningKey() = default;

  SecretBytes key_;  // libsodium's form: seed, then public key
  VerifyingKey verifying_key_;
};

}  // namespace amana::crypto
