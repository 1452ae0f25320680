#pragma once

// SHA-256 (FIPS 180-4), HMAC-SHA256 (RFC 2104) and HKDF-SHA256 (RFC 5869). Digests are strings of
// 32 bytes. Free functions are thread-safe; a hasher belongs to one thread at a time.

#include <cstddef>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

#include "common/base/secret.h"

namespace amana::crypto {

inline constexpr size_t kDigestSize = 32;

std::string Sha256(std::string_view data);

// For data that comes in parts. Reusable: Finish() starts over.
class Sha256Hasher {
 public:
  Sha256Hasher();
  ~Sha256Hasher();
  Sha256Hasher(Sha256Hasher&&) noexcept;
  Sha256Hasher& operator=(Sha256Hasher&&) noexcept;

  Sha256Hasher& Update(std::string_view data);
  std::string Finish();

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

std::string HmacSha256(std::string_view key, std::string_view data);

// One text in parts, so that secrets and long texts need not be put together in a string.
using Parts = std::initializer_list<std::string_view>;

// HKDF-Extract: 32 bytes.
SecretBytes HkdfExtract(std::string_view salt, Parts input_key);
SecretBytes HkdfExtract(std::string_view salt, std::string_view input_key);

// HKDF-Expand: `size` bytes, at most 255 * 32.
SecretBytes HkdfExpand(std::string_view pseudorandom_key, Parts info, size_t size);
SecretBytes HkdfExpand(std::string_view pseudorandom_key, std::string_view info, size_t size);

}  // namespace amana::crypto
