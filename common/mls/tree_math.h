#pragma once

// Where nodes stand in a tree that is kept as an array (RFC 9420, Appendix C). A tree is always
// full: it has 2^d leaves, leaf L stands at position 2 L, and its parents stand at odd positions
// between them.
//
//               7
//           ____|____
//          3         11
//         / \       /  \          leaves (even): 0 2 4 6 8 10 12 14
//        1   5     9    13        parents (odd): 1 3 5 7 9 11 13
//
// Everything is pure arithmetic and can't fail on the indices of a tree of at most kMaxLeaves.

#include <bit>
#include <compare>
#include <cstdint>
#include <tuple>
#include <vector>

namespace amana::mls {

// Which member: 0 for the leftmost leaf. What the RFC calls leaf_index, and a uint32 on the wire.
struct LeafIndex {
  uint32_t value = 0;
  static constexpr auto kFields = std::tuple(&LeafIndex::value);
  friend auto operator<=>(const LeafIndex&, const LeafIndex&) = default;
};

// Which position of the array.
struct NodeIndex {
  uint32_t value = 0;
  static constexpr auto kFields = std::tuple(&NodeIndex::value);
  friend auto operator<=>(const NodeIndex&, const NodeIndex&) = default;
};

// How many leaves a tree has room for: a power of two.
struct LeafCount {
  uint32_t value = 1;
  friend auto operator<=>(const LeafCount&, const LeafCount&) = default;
};

// More than any group has members; keeps all arithmetic far from overflow.
inline constexpr uint32_t kMaxLeaves = 1u << 15;

// The smallest full tree with room for `leaves`, at least one.
constexpr LeafCount RoomFor(uint32_t leaves) { return {std::bit_ceil(leaves == 0 ? 1 : leaves)}; }

constexpr uint32_t NodeCount(LeafCount leaves) { return 2 * leaves.value - 1; }

constexpr NodeIndex NodeOf(LeafIndex leaf) { return {2 * leaf.value}; }
constexpr bool IsLeaf(NodeIndex node) { return (node.value & 1) == 0; }
// Only of a node that is a leaf.
constexpr LeafIndex LeafOf(NodeIndex node) { return {node.value / 2}; }

// 0 for a leaf, d for the root of 2^d leaves.
constexpr uint32_t Level(NodeIndex node) {
  return static_cast<uint32_t>(std::countr_one(node.value));
}

constexpr NodeIndex Root(LeafCount leaves) { return {leaves.value - 1}; }

// Only of parents.
constexpr NodeIndex Left(NodeIndex node) { return {node.value ^ (1u << (Level(node) - 1))}; }
constexpr NodeIndex Right(NodeIndex node) { return {node.value ^ (3u << (Level(node) - 1))}; }

// Of every node but the root, whose "parent" is the root of a tree twice as large.
constexpr NodeIndex Parent(NodeIndex node) {
  const uint32_t level = Level(node);
  const uint32_t bit = (node.value >> (level + 1)) & 1;
  return {(node.value | (1u << level)) ^ (bit << (level + 1))};
}

constexpr NodeIndex Sibling(NodeIndex node) {
  const NodeIndex parent = Parent(node);
  return node < parent ? Right(parent) : Left(parent);
}

// Whether `node` is `ancestor` or stands below it.
constexpr bool IsInSubtree(NodeIndex node, NodeIndex ancestor) {
  const uint32_t below = (1u << Level(ancestor)) - 1;
  return node.value + below >= ancestor.value && node.value <= ancestor.value + below;
}

// The leaves below a node are [first, end).
constexpr LeafIndex FirstLeafBelow(NodeIndex node) {
  return LeafOf({node.value - ((1u << Level(node)) - 1)});
}
constexpr LeafIndex EndLeafBelow(NodeIndex node) {
  return {FirstLeafBelow(node).value + (1u << Level(node))};
}

// The lowest node that has both below it (or is one of them).
constexpr NodeIndex CommonAncestor(NodeIndex a, NodeIndex b) {
  while (!IsInSubtree(b, a)) a = Parent(a);
  return a;
}

// The parents of a node from the nearest up to the root; without the node itself.
std::vector<NodeIndex> DirectPath(NodeIndex node, LeafCount leaves);

}  // namespace amana::mls
