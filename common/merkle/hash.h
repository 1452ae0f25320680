// The three hashes of an RFC 6962 Merkle tree (section 2.1), over SHA-256.
//
//   leaf  = SHA-256(0x00 ‖ entry)      node = SHA-256(0x01 ‖ left ‖ right)      empty tree =
//   SHA-256("")
//
// The first byte keeps a leaf from passing for a node, and the other way round.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace amana::merkle {

inline constexpr size_t kHashBytes = 32;

// Exactly 32 bytes, so that no code below has to ask for a hash's length. A plain value.
class Hash {
 public:
  // All zero: a placeholder, not the hash of anything known.
  constexpr Hash() : bytes_{} {}

  // nullopt unless `bytes` is 32 long; what that means is for the caller's own reason to say.
  static std::optional<Hash> FromBytes(std::string_view bytes);

  std::string_view bytes() const { return {bytes_.data(), bytes_.size()}; }
  std::string ToBase64() const;

  friend auto operator<=>(const Hash&, const Hash&) = default;

 private:
  std::array<char, kHashBytes> bytes_;
};

Hash LeafHash(std::string_view entry);
Hash NodeHash(const Hash& left, const Hash& right);

// The root of a tree without leaves.
Hash EmptyRoot();

// The root over `nodes`, siblings of one level. Their number must be a power of two, so not zero.
Hash PerfectRoot(std::span<const Hash> nodes);

}  // namespace amana::merkle
