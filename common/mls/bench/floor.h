#pragma once

// What an operation costs at the very least: the calls that no implementation of RFC 9420 with this
// suite can leave out, each at the price that it has on this machine in this run. They are
// libsodium's, but for SHA-256: there common/crypto's is cheaper, and the floor is not to be high.

#include <array>
#include <cstddef>
#include <vector>

namespace amana::mls {

enum class Primitive {
  kX25519Base,  // a public key from a private one
  kX25519,
  kSign,    // Ed25519
  kVerify,  // Ed25519
  kAead,    // ChaCha20-Poly1305, sealing or opening: they cost the same
  kHmac,    // HMAC-SHA256, and so HKDF-Extract, and HKDF-Expand of up to 32 bytes
  kHash,    // SHA-256
};
inline constexpr size_t kPrimitives = 7;

// Counted calls.
class Calls {
 public:
  // `bytes` of message in each; without a meaning for X25519.
  Calls& Add(Primitive primitive, double count = 1, double bytes = 0);
  Calls& Add(const Calls& others, double times = 1);

 private:
  friend class Prices;
  struct Entry {
    Primitive primitive;
    double count;
    double bytes;
  };
  std::vector<Entry> entries_;
};

// What one call costs.
class Prices {
 public:
  // Measures; the lower price of two measurements counts.
  void Measure();
  double MicrosOf(const Calls& calls) const;
  // Of one call on `bytes`: between the sizes that were measured in proportion.
  double MicrosOf(Primitive primitive, double bytes) const;

 private:
  static constexpr std::array<size_t, 3> kSizes = {64, 1024, 65536};
  std::array<std::array<double, kSizes.size()>, kPrimitives> micros_{};  // 0: not measured yet
};

// The sizes and numbers that an operation's floor depends on, taken from the group that it is
// measured on. Sizes are in bytes and encoded.
struct Shape {
  double members = 0;      // after the operation
  double parents = 0;      // that are not blank, after it
  double levels = 0;       // between a leaf and the root
  double leaf = 0;         // a LeafNode
  double context = 0;      // a GroupContext
  double key_package = 0;  // a KeyPackage
};
// What a commit has in it.
struct CommitShape {
  double message = 0;  // the commit itself
  double adds = 0;     // key packages
  double touched = 0;  // parents whose tree hash changes
  bool path = false;
  double path_nodes = 0;  // of the committer's filtered direct path
  double path_seals = 0;  // ciphertexts in it
  double group_info = 0;  // of the welcome, with its tree; 0: there is none
};

Calls KeyPackageFloor(const Shape& shape);
Calls CreateFloor(const Shape& shape);
Calls CommitFloor(const Shape& shape, const CommitShape& commit);
// `shared`: nodes of the committer's path that the receiver is below too.
Calls ProcessFloor(const Shape& shape, const CommitShape& commit, double shared);
// `shared` as above; 0 of a commit without a path.
Calls JoinFloor(const Shape& shape, double group_info, double shared);
Calls EncryptFloor(const Shape& shape, double bytes);
Calls DecryptFloor(const Shape& shape, double bytes);

}  // namespace amana::mls
