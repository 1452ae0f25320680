// The smallest memory of a growing tree: one hash for each bit set in its size.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "common/merkle/hash.h"

namespace amana::merkle {

// Appending costs one node hash on average, the root at most 63. Not thread-safe; a plain value.
class CompactRange {
 public:
  // Told of every node that an append completes, leaf first: the root of the perfect subtree over
  // the leaves [index·2^level, (index+1)·2^level). Tiles are made of these.
  using Visitor = std::function<void(unsigned level, uint64_t index, const Hash& node)>;

  CompactRange() = default;

  // A range of `size` leaves from its peaks: roots of the perfect subtrees that make it up, the
  // largest (leftmost) first. nullopt unless there is one for each bit set in `size`.
  static std::optional<CompactRange> FromPeaks(uint64_t size, std::vector<Hash> peaks);

  void Append(const Hash& leaf, const Visitor& visit = nullptr);

  uint64_t size() const { return size_; }
  Hash Root() const;

 private:
  uint64_t size_ = 0;
  std::vector<Hash> peaks_;
};

// Joins peaks, largest first, into the root above them; the empty tree's root if there are none.
Hash JoinPeaks(std::span<const Hash> peaks);

}  // namespace amana::merkle
