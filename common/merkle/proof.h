// Inclusion and consistency proofs, as RFC 6962 builds them and RFC 9162 verifies them.
//
// A proof is a list of hashes, the one nearest the leaves first. Its length is fixed by the sizes:
// one hash too many or too few is refused, as is everything else that does not lead to the root.
//
// Every refusal is Reason::kProofInvalid; the detail's field says which input was at fault:
// "index", "size", "proof" (wrong length) or "root" (right length, another root). Sizes and roots
// must come from a verified checkpoint (checkpoint.h), never from beside the proof.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/merkle/hash.h"

namespace amana::merkle {

using Proof = std::vector<Hash>;

// A 64-bit tree is at most 64 levels high, and a consistency proof has one hash more at most.
inline constexpr size_t kMaxProofHashes = 65;

// Where a proof's builder finds the tree: static tiles, a test's vector.
class HashSource {
 public:
  virtual ~HashSource() = default;

  // The root of the perfect subtree over the leaves [index·2^level, (index+1)·2^level). Asked only
  // for subtrees that lie within the tree whose proof is being built.
  virtual absl::StatusOr<Hash> Node(unsigned level, uint64_t index) = 0;
};

// Proves that leaf `index` is in the tree of the first `size` leaves. Reason::kLeafNotInLog if
// index >= size; else the source's own errors.
absl::StatusOr<Proof> BuildInclusionProof(HashSource& source, uint64_t index, uint64_t size);

// Proves that the tree of `old_size` leaves is a prefix of that of `new_size`.
// Needs 0 < old_size <= new_size (else kProofInvalid); equal sizes give an empty proof.
absl::StatusOr<Proof> BuildConsistencyProof(HashSource& source, uint64_t old_size,
                                            uint64_t new_size);

// RFC 9162, 2.1.3.2. `leaf` is a leaf hash (LeafHash of the entry), never an entry.
absl::Status VerifyInclusion(const Hash& leaf, uint64_t index, uint64_t size,
                             std::span<const Hash> proof, const Hash& root);

// RFC 9162, 2.1.4.2. An old size of 0 is refused: anything is consistent with an empty tree, so
// that a caller who starts from nothing must say so in his own code.
absl::Status VerifyConsistency(uint64_t old_size, uint64_t new_size, const Hash& old_root,
                               const Hash& new_root, std::span<const Hash> proof);

}  // namespace amana::merkle
