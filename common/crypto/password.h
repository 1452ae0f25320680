#pragma once

// Argon2id (RFC 9106): what people type or read out, made expensive to guess. All functions take
// long on purpose: never call them on a thread that others wait for. Thread-safe.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "common/base/secret.h"

namespace amana::crypto {

inline constexpr size_t kSaltSize = 16;

struct PasswordLimits {
  uint64_t passes;
  size_t memory_bytes;

  friend bool operator==(const PasswordLimits&, const PasswordLimits&) = default;
};

// For a vault on a person's own machine: 2 passes over 64 MiB. Fast enough that every start of a
// command may ask (about 0.1 s), and 64 MiB for whoever guesses.
inline constexpr PasswordLimits kVaultLimits{2, size_t{64} << 20};

// For enrolment codes, which are 128 random bits already: 1 pass over 8 MiB, so that a server can't
// be tired out.
inline constexpr PasswordLimits kCodeLimits{1, size_t{8} << 20};

// The most that DeriveKey takes from a file that someone else may have written.
inline constexpr PasswordLimits kMaxLimits{10, size_t{1} << 30};

// 32 bytes. `salt` has 16 bytes, random for each passphrase. kInputMalformed: a salt of another
// size or limits outside [1 pass, 8 KiB] to kMaxLimits. kOverloaded: the memory was not to be had.
absl::StatusOr<SecretBytes> DeriveKey(std::string_view passphrase, std::string_view salt,
                                      PasswordLimits limits);

// A text of under 128 characters that holds salt, limits and hash. kOverloaded: the memory was not
// to be had.
absl::StatusOr<std::string> HashCode(std::string_view code, PasswordLimits limits = kCodeLimits);

// Whether `hash` came from `code`. False for a text that is no hash.
bool VerifyCode(std::string_view code, std::string_view hash);

}  // namespace amana::crypto
