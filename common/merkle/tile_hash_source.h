// Proofs from published tiles.
#pragma once

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "common/merkle/proof.h"
#include "common/merkle/tile.h"

namespace amana::merkle {

// The nodes of the tree of `size` leaves, read from its tiles. Keeps each tile it has read (8 KiB),
// so make one for each proof or batch of proofs of one size. Not thread-safe.
//
// The tiles are NOT verified here: whoever builds a proof for himself must verify it against a
// checkpoint before he believes it. One who gives proofs to others need not, they will.
class TileHashSource : public HashSource {
 public:
  TileHashSource(uint64_t size, ReadFile read);

  // Reason::kTileNotFound beyond the size; else the reader's error or kTileCorrupt.
  absl::StatusOr<Hash> Node(unsigned level, uint64_t index) override;

 private:
  absl::StatusOr<const std::vector<Hash>*> Tile(unsigned level, uint64_t index);

  uint64_t size_;
  ReadFile read_;
  std::map<std::pair<unsigned, uint64_t>, std::vector<Hash>> tiles_;
};

}  // namespace amana::merkle
