// Tiles as leaves arrive: what a log holds in memory so that it never reads its own files to grow.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <vector>

#include "absl/status/statusor.h"
#include "common/merkle/compact_range.h"
#include "common/merkle/hash.h"
#include "common/merkle/tile.h"

namespace amana::merkle {

// Holds the last, partial tile of each level (8 × 8 KiB at most) and the tree's compact range. Not
// thread-safe; a plain value, so that a copy is a snapshot.
class TileBuilder {
 public:
  // Told of each tile at the moment it becomes full.
  using Sink = std::function<void(const TileId& tile, std::vector<Hash> hashes)>;

  TileBuilder() = default;

  // Goes on where a published tree of `size` leaves ends, from its partial tiles and, where a level
  // ends with a full tile, nothing. The caller must compare Root() with a checkpoint that he trusts
  // before he appends.
  static absl::StatusOr<TileBuilder> Load(uint64_t size, const ReadFile& read);

  void Append(const Hash& leaf, const Sink& full);

  struct Partial {
    TileId tile;
    std::vector<Hash> hashes;
  };
  // The partial tiles of the tree as it is now, lowest level first. These and the full ones since
  // the last checkpoint are what a new checkpoint needs on disk.
  std::vector<Partial> Partials() const;

  uint64_t size() const { return range_.size(); }
  Hash Root() const { return range_.Root(); }

 private:
  CompactRange range_;
  std::array<std::vector<Hash>, kMaxTileLevels> edge_;
};

}  // namespace amana::merkle
