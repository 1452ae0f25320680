// The log as static files (c2sp.org/tlog-tiles), tile height 8.
//
//   tile/<L>/<N>[.p/<W>]        256 (or W) hashes: the roots of 256^L leaves each, side by side
//   tile/entries/<N>[.p/<W>]    the 256 (or W) entries under tile/0/<N>: (u16 big-endian length ‖
//   entry)*
//
// N is written in groups of three digits, all but the last with an x: 1234067 is x001/x234/067. The
// last tile of a level is partial (`.p/<W>`) until it is full; once the full one exists the partial
// may be deleted, so that readers try the partial first and then the front of the full one. Nothing
// here touches a disk: files come through a ReadFile.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/merkle/hash.h"

namespace amana::merkle {

inline constexpr unsigned kTileHeight = 8;
inline constexpr unsigned kTileWidth = 1u << kTileHeight;
inline constexpr unsigned kMaxTileLevels = 64 / kTileHeight;
inline constexpr size_t kMaxEntryBytes = 65'535;

// Where a tile, or a bundle, is. width = how many of its 256 places are filled, never 0.
struct TileId {
  unsigned level = 0;
  uint64_t index = 0;
  unsigned width = kTileWidth;

  friend bool operator==(const TileId&, const TileId&) = default;
};

// Places filled in tile (level, index) of a tree with `size` leaves; 0 if it has no such tile.
unsigned TileWidthAt(uint64_t size, unsigned level, uint64_t index);

// The tiles that a tree of `new_size` leaves has and one of `old_size` did not, level by level:
// what a log writes when it grows, or with old_size 0 all of them. The same for bundles, whose
// level is 0.
std::vector<TileId> NewTiles(uint64_t old_size, uint64_t new_size);
std::vector<TileId> NewBundles(uint64_t old_size, uint64_t new_size);

std::string TilePath(const TileId& tile);
std::string BundlePath(const TileId& bundle);  // the level is ignored

std::string EncodeTile(std::span<const Hash> hashes);

// Reason::kTileCorrupt unless there are exactly `width` hashes.
absl::StatusOr<std::vector<Hash>> DecodeTile(std::string_view bytes, unsigned width);

// Adds one entry to a bundle; Reason::kInvalidField (field "entry") if it is over kMaxEntryBytes.
absl::Status AppendToBundle(std::string& bundle, std::string_view entry);

// Reason::kTileCorrupt unless there are exactly `width` entries and nothing after them.
absl::StatusOr<std::vector<std::string>> DecodeBundle(std::string_view bytes, unsigned width);

// The bytes of a published file, by its path below the log's prefix. A missing file is any status
// of code NotFound; other errors are handed through to whoever asked.
using ReadFile = std::function<absl::StatusOr<std::string>(const std::string& path)>;

// A tile's hashes, or a bundle's entries, from a file; from the front of the full file if a partial
// one is missing. Not verified. The reader's error, or Reason::kTileCorrupt with the path in the
// detail's field (a place in a public log, nobody's data).
absl::StatusOr<std::vector<Hash>> ReadTile(const ReadFile& read, const TileId& tile);
absl::StatusOr<std::vector<std::string>> ReadBundle(const ReadFile& read, const TileId& bundle);

}  // namespace amana::merkle
