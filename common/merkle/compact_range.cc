#include "common/merkle/compact_range.h"

#include <bit>
#include <utility>

namespace amana::merkle {

std::optional<CompactRange> CompactRange::FromPeaks(uint64_t size, std::vector<Hash> peaks) {
  if (peaks.size() != static_cast<size_t>(std::popcount(size))) return std::nullopt;
  CompactRange range;
  range.size_ = size;
  range.peaks_ = std::move(peaks);
  return range;
}

void CompactRange::Append(const Hash& leaf, const Visitor& visit) {
  Hash node = leaf;
  unsigned level = 0;
  uint64_t index = size_;
  if (visit) visit(level, index, node);
  // Like adding one in binary: each set bit at the end is a left sibling waiting for its right one.
  while (index & 1) {
    node = NodeHash(peaks_.back(), node);
    peaks_.pop_back();
    index >>= 1;
    ++level;
    if (visit) visit(level, index, node);
  }
  peaks_.push_back(node);
  ++size_;
}

Hash CompactRange::Root() const { return JoinPeaks(peaks_); }

Hash JoinPeaks(std::span<const Hash> peaks) {
  if (peaks.empty()) return EmptyRoot();
  Hash root = peaks.back();
  for (size_t i = peaks.size() - 1; i > 0; --i) root = NodeHash(peaks[i - 1], root);
  return root;
}

}  // namespace amana::merkle
