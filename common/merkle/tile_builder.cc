#include "common/merkle/tile_builder.h"

#include <bit>
#include <span>
#include <utility>

#include "common/base/check.h"
#include "common/base/status_macros.h"

namespace amana::merkle {
namespace {

// A partial tile of W hashes covers one perfect subtree for each bit set in W, the largest first.
void AppendPeaks(std::span<const Hash> hashes, std::vector<Hash>& peaks) {
  while (!hashes.empty()) {
    const size_t width = std::bit_floor(hashes.size());
    peaks.push_back(PerfectRoot(hashes.first(width)));
    hashes = hashes.subspan(width);
  }
}

}  // namespace

absl::StatusOr<TileBuilder> TileBuilder::Load(uint64_t size, const ReadFile& read) {
  TileBuilder builder;
  std::vector<Hash> peaks;
  // From the top: the higher a level's edge, the larger the subtrees and the further left they are.
  for (unsigned level = kMaxTileLevels; level-- > 0;) {
    const uint64_t index = size >> (kTileHeight * level) >> kTileHeight;
    const unsigned width = TileWidthAt(size, level, index);
    if (width == 0) continue;
    const TileId tile{.level = level, .index = index, .width = width};
    AMANA_ASSIGN_OR_RETURN(builder.edge_[level], ReadTile(read, tile));
    AppendPeaks(builder.edge_[level], peaks);
  }
  std::optional<CompactRange> range = CompactRange::FromPeaks(size, std::move(peaks));
  AMANA_CHECK(range.has_value(), "Partial tiles give one peak for each bit of the size.");
  builder.range_ = *std::move(range);
  return builder;
}

void TileBuilder::Append(const Hash& leaf, const Sink& full) {
  range_.Append(leaf, [&](unsigned level, uint64_t index, const Hash& node) {
    const unsigned tile_level = level / kTileHeight;
    // The root of a tree of 2^64 leaves would be beyond the highest tile; there is no such tree.
    if (level % kTileHeight != 0 || tile_level >= kMaxTileLevels) return;
    std::vector<Hash>& edge = edge_[tile_level];
    edge.push_back(node);
    if (edge.size() < kTileWidth) return;
    full({.level = tile_level, .index = index / kTileWidth, .width = kTileWidth},
         std::exchange(edge, {}));
  });
}

std::vector<TileBuilder::Partial> TileBuilder::Partials() const {
  std::vector<Partial> partials;
  for (unsigned level = 0; level < kMaxTileLevels; ++level) {
    if (edge_[level].empty()) continue;
    const uint64_t index = size() >> (kTileHeight * level) >> kTileHeight;
    const auto width = static_cast<unsigned>(edge_[level].size());
    partials.push_back(
        {.tile = {.level = level, .index = index, .width = width}, .hashes = edge_[level]});
  }
  return partials;
}

}  // namespace amana::merkle
