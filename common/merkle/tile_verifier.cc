#include "common/merkle/tile_verifier.h"

#include <string>
#include <vector>

#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "common/merkle/tile_builder.h"

namespace amana::merkle {
namespace {

absl::Status CompareTile(const ReadFile& read, const TileId& tile,
                         const std::vector<Hash>& computed) {
  AMANA_ASSIGN_OR_RETURN(const std::vector<Hash> published, ReadTile(read, tile));
  if (published == computed) return absl::OkStatus();
  return Error(Reason::kTileCorrupt, ErrorDetail{.field = TilePath(tile)});
}

// Adds a bundle's entries to the tree and compares the tiles that this fills.
absl::Status AddBundle(const ReadFile& read, const TileId& bundle, const EntryVisitor& visit,
                       TileBuilder& builder) {
  AMANA_ASSIGN_OR_RETURN(const std::vector<std::string> entries, ReadBundle(read, bundle));
  absl::Status full_tiles;
  for (const std::string& entry : entries) {
    if (visit) AMANA_RETURN_IF_ERROR(visit(builder.size(), entry));
    builder.Append(LeafHash(entry), [&](const TileId& tile, const std::vector<Hash>& hashes) {
      full_tiles.Update(CompareTile(read, tile, hashes));
    });
  }
  return full_tiles;
}

}  // namespace

absl::Status VerifyTiles(uint64_t size, const Hash& root, const ReadFile& read,
                         const EntryVisitor& visit) {
  TileBuilder builder;
  while (builder.size() < size) {
    const uint64_t index = builder.size() / kTileWidth;
    const TileId bundle{.level = 0, .index = index, .width = TileWidthAt(size, 0, index)};
    AMANA_RETURN_IF_ERROR(AddBundle(read, bundle, visit, builder));
  }
  for (const TileBuilder::Partial& partial : builder.Partials()) {
    AMANA_RETURN_IF_ERROR(CompareTile(read, partial.tile, partial.hashes));
  }
  return builder.Root() == root ? absl::OkStatus() : Error(Reason::kTileCorrupt);
}

}  // namespace amana::merkle
