#include "common/merkle/proof.h"

#include <algorithm>
#include <bit>
#include <string>
#include <utility>

#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "common/merkle/compact_range.h"

namespace amana::merkle {
namespace {

absl::Status Refused(std::string input) {
  return Error(Reason::kProofInvalid, ErrorDetail{.field = std::move(input)});
}

// The largest power of two below `count`, which is where RFC 6962 splits that many leaves; count
// >= 2.
uint64_t Split(uint64_t count) { return std::bit_floor(count - 1); }

// The root over the leaves [begin, end), where begin is a multiple of a power of two >= end -
// begin.
absl::StatusOr<Hash> RangeRoot(HashSource& source, uint64_t begin, uint64_t end) {
  std::vector<Hash> peaks;
  while (begin < end) {
    const auto level = static_cast<unsigned>(std::bit_width(end - begin) - 1);
    AMANA_ASSIGN_OR_RETURN(Hash peak, source.Node(level, begin >> level));
    peaks.push_back(peak);
    begin += uint64_t{1} << level;
  }
  return JoinPeaks(peaks);
}

// The way from a node up to the root, counted level by level.
struct Climb {
  uint64_t node;  // RFC 9162's fn: the path's node, as an index into its level
  uint64_t last;  // RFC 9162's sn: the last node of that level

  bool AtRoot() const { return last == 0; }
  bool SiblingIsLeft() const { return (node & 1) != 0 || node == last; }

  // Past the sibling just used. The last node of a level may have no sibling on some levels above:
  // there it is its own parent, and the proof has no hash for it.
  void Up() {
    if (SiblingIsLeft()) {
      while (!(node & 1) && node != 0) Shift();
    }
    Shift();
  }

  // To the largest subtree that ends with this node.
  void SkipRightEdges() {
    while (node & 1) Shift();
  }

 private:
  void Shift() {
    node >>= 1;
    last >>= 1;
  }
};

}  // namespace

// Walks down from the root to the leaf and notes the other half at each fork.
absl::StatusOr<Proof> BuildInclusionProof(HashSource& source, uint64_t index, uint64_t size) {
  if (index >= size) return Error(Reason::kLeafNotInLog);
  Proof proof;
  uint64_t begin = 0;
  uint64_t end = size;
  while (end - begin > 1) {
    const uint64_t middle = begin + Split(end - begin);
    const bool left = index < middle;
    AMANA_ASSIGN_OR_RETURN(
        Hash sibling, left ? RangeRoot(source, middle, end) : RangeRoot(source, begin, middle));
    proof.push_back(sibling);
    (left ? end : begin) = middle;
  }
  std::reverse(proof.begin(), proof.end());
  return proof;
}

// Walks down to the old tree's right edge, RFC 6962's SUBPROOF.
absl::StatusOr<Proof> BuildConsistencyProof(HashSource& source, uint64_t old_size,
                                            uint64_t new_size) {
  if (old_size == 0 || old_size > new_size) return Refused("size");
  Proof proof;
  uint64_t begin = 0;
  uint64_t end = new_size;
  while (end != old_size) {
    const uint64_t middle = begin + Split(end - begin);
    const bool left = old_size <= middle;
    AMANA_ASSIGN_OR_RETURN(
        Hash sibling, left ? RangeRoot(source, middle, end) : RangeRoot(source, begin, middle));
    proof.push_back(sibling);
    (left ? end : begin) = middle;
  }
  // From the tree's very beginning the subtree is the old tree itself, whose root the verifier has.
  if (begin != 0) {
    AMANA_ASSIGN_OR_RETURN(Hash edge, RangeRoot(source, begin, end));
    proof.push_back(edge);
  }
  std::reverse(proof.begin(), proof.end());
  return proof;
}

absl::Status VerifyInclusion(const Hash& leaf, uint64_t index, uint64_t size,
                             std::span<const Hash> proof, const Hash& root) {
  if (index >= size) return Refused("index");
  Climb climb{.node = index, .last = size - 1};
  Hash computed = leaf;
  for (const Hash& sibling : proof) {
    if (climb.AtRoot()) return Refused("proof");
    computed = climb.SiblingIsLeft() ? NodeHash(sibling, computed) : NodeHash(computed, sibling);
    climb.Up();
  }
  if (!climb.AtRoot()) return Refused("proof");
  return computed == root ? absl::OkStatus() : Refused("root");
}

absl::Status VerifyConsistency(uint64_t old_size, uint64_t new_size, const Hash& old_root,
                               const Hash& new_root, std::span<const Hash> proof) {
  if (old_size == 0 || old_size > new_size) return Refused("size");
  if (old_size == new_size) {
    if (!proof.empty()) return Refused("proof");
    return old_root == new_root ? absl::OkStatus() : Refused("root");
  }
  Climb climb{.node = old_size - 1, .last = new_size - 1};
  climb.SkipRightEdges();
  Hash old_computed = old_root;
  // A perfect old tree is itself a node of the new one, and the proof leaves it out.
  if (!std::has_single_bit(old_size)) {
    if (proof.empty()) return Refused("proof");
    old_computed = proof.front();
    proof = proof.subspan(1);
  }
  Hash new_computed = old_computed;
  for (const Hash& sibling : proof) {
    if (climb.AtRoot()) return Refused("proof");
    if (climb.SiblingIsLeft()) {
      old_computed = NodeHash(sibling, old_computed);
      new_computed = NodeHash(sibling, new_computed);
    } else {
      new_computed = NodeHash(new_computed, sibling);
    }
    climb.Up();
  }
  if (!climb.AtRoot()) return Refused("proof");
  return old_computed == old_root && new_computed == new_root ? absl::OkStatus() : Refused("root");
}

}  // namespace amana::merkle
