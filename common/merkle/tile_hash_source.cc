#include "common/merkle/tile_hash_source.h"

#include <span>

#include "common/base/error.h"
#include "common/base/status_macros.h"

namespace amana::merkle {

TileHashSource::TileHashSource(uint64_t size, ReadFile read)
    : size_(size), read_(std::move(read)) {}

absl::StatusOr<Hash> TileHashSource::Node(unsigned level, uint64_t index) {
  // A node between two tile levels is the root over a few neighbours in the tile below it.
  const unsigned above = level % kTileHeight;
  const uint64_t first = index << above;
  const uint64_t offset = first % kTileWidth;
  AMANA_ASSIGN_OR_RETURN(const std::vector<Hash>* tile,
                         Tile(level / kTileHeight, first / kTileWidth));
  const size_t count = size_t{1} << above;
  if (offset + count > tile->size()) return Error(Reason::kTileNotFound);
  return PerfectRoot(std::span(*tile).subspan(offset, count));
}

absl::StatusOr<const std::vector<Hash>*> TileHashSource::Tile(unsigned level, uint64_t index) {
  const auto found = tiles_.find({level, index});
  if (found != tiles_.end()) return &found->second;
  const unsigned width = TileWidthAt(size_, level, index);
  if (width == 0) return Error(Reason::kTileNotFound);
  AMANA_ASSIGN_OR_RETURN(std::vector<Hash> hashes,
                         ReadTile(read_, {.level = level, .index = index, .width = width}));
  return &tiles_.emplace(std::pair(level, index), std::move(hashes)).first->second;
}

}  // namespace amana::merkle
