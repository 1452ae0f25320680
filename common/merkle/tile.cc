#include "common/merkle/tile.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/error.h"
#include "common/base/status_macros.h"

namespace amana::merkle {
namespace {

constexpr size_t kLengthBytes = 2;

std::string IndexPath(uint64_t index) {
  std::string path = absl::StrFormat("%03d", index % 1000);
  for (index /= 1000; index > 0; index /= 1000) {
    path.insert(0, absl::StrFormat("x%03d/", index % 1000));
  }
  return path;
}

std::string PartialSuffix(unsigned width) {
  return width == kTileWidth ? std::string() : absl::StrCat(".p/", width);
}

// What `level` gained while the tree grew. Hashes of a level come one for every 256^level leaves.
void AppendNewTiles(unsigned level, uint64_t old_size, uint64_t new_size,
                    std::vector<TileId>& tiles) {
  const uint64_t before = old_size >> (kTileHeight * level);
  const uint64_t after = new_size >> (kTileHeight * level);
  if (before == after) return;
  for (uint64_t index = before / kTileWidth; index < after / kTileWidth; ++index) {
    tiles.push_back({.level = level, .index = index, .width = kTileWidth});
  }
  const auto rest = static_cast<unsigned>(after % kTileWidth);
  if (rest != 0) tiles.push_back({.level = level, .index = after / kTileWidth, .width = rest});
}

// Takes (u16 length ‖ entry) off the front; nullopt if it is cut short.
std::optional<std::string> TakeEntry(std::string_view& bytes) {
  if (bytes.size() < kLengthBytes) return std::nullopt;
  const size_t length =
      (size_t{static_cast<unsigned char>(bytes[0])} << 8) | static_cast<unsigned char>(bytes[1]);
  bytes.remove_prefix(kLengthBytes);
  if (bytes.size() < length) return std::nullopt;
  std::string entry(bytes.substr(0, length));
  bytes.remove_prefix(length);
  return entry;
}

// Reads and decodes; falls back to the full file where the partial one is gone.
template <class Item>
absl::StatusOr<std::vector<Item>> ReadItems(
    const ReadFile& read, TileId id, std::string (*path_of)(const TileId&),
    absl::StatusOr<std::vector<Item>> (*decode)(std::string_view, unsigned)) {
  const unsigned wanted = id.width;
  absl::StatusOr<std::string> bytes = read(path_of(id));
  if (absl::IsNotFound(bytes.status()) && wanted < kTileWidth) {
    id.width = kTileWidth;
    bytes = read(path_of(id));
  }
  AMANA_RETURN_IF_ERROR(bytes.status());
  absl::StatusOr<std::vector<Item>> items = decode(*bytes, id.width);
  if (!items.ok()) return Error(Reason::kTileCorrupt, ErrorDetail{.field = path_of(id)});
  items->resize(wanted);
  return items;
}

}  // namespace

unsigned TileWidthAt(uint64_t size, unsigned level, uint64_t index) {
  if (level >= kMaxTileLevels) return 0;
  const uint64_t hashes = size >> (kTileHeight * level);
  if (index < hashes / kTileWidth) return kTileWidth;
  return index == hashes / kTileWidth ? static_cast<unsigned>(hashes % kTileWidth) : 0;
}

std::vector<TileId> NewTiles(uint64_t old_size, uint64_t new_size) {
  std::vector<TileId> tiles;
  for (unsigned level = 0; level < kMaxTileLevels; ++level) {
    AppendNewTiles(level, old_size, new_size, tiles);
  }
  return tiles;
}

std::vector<TileId> NewBundles(uint64_t old_size, uint64_t new_size) {
  std::vector<TileId> bundles;
  AppendNewTiles(0, old_size, new_size, bundles);
  return bundles;
}

std::string TilePath(const TileId& tile) {
  return absl::StrCat("tile/", tile.level, "/", IndexPath(tile.index), PartialSuffix(tile.width));
}

std::string BundlePath(const TileId& bundle) {
  return absl::StrCat("tile/entries/", IndexPath(bundle.index), PartialSuffix(bundle.width));
}

std::string EncodeTile(std::span<const Hash> hashes) {
  std::string bytes;
  bytes.reserve(hashes.size() * kHashBytes);
  for (const Hash& hash : hashes) bytes.append(hash.bytes());
  return bytes;
}

absl::StatusOr<std::vector<Hash>> DecodeTile(std::string_view bytes, unsigned width) {
  if (bytes.size() != width * kHashBytes) return Error(Reason::kTileCorrupt);
  std::vector<Hash> hashes;
  hashes.reserve(width);
  for (size_t i = 0; i < width; ++i) {
    const std::optional<Hash> hash = Hash::FromBytes(bytes.substr(i * kHashBytes, kHashBytes));
    if (!hash) return Error(Reason::kTileCorrupt);
    hashes.push_back(*hash);
  }
  return hashes;
}

absl::Status AppendToBundle(std::string& bundle, std::string_view entry) {
  if (entry.size() > kMaxEntryBytes) {
    return Error(Reason::kInvalidField, ErrorDetail{.field = "entry"});
  }
  bundle.push_back(static_cast<char>(entry.size() >> 8));
  bundle.push_back(static_cast<char>(entry.size() & 0xFF));
  bundle.append(entry);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> DecodeBundle(std::string_view bytes, unsigned width) {
  std::vector<std::string> entries;
  entries.reserve(width);
  for (unsigned i = 0; i < width; ++i) {
    std::optional<std::string> entry = TakeEntry(bytes);
    if (!entry) return Error(Reason::kTileCorrupt);
    entries.push_back(*std::move(entry));
  }
  if (!bytes.empty()) return Error(Reason::kTileCorrupt);
  return entries;
}

absl::StatusOr<std::vector<Hash>> ReadTile(const ReadFile& read, const TileId& tile) {
  return ReadItems<Hash>(read, tile, &TilePath, &DecodeTile);
}

absl::StatusOr<std::vector<std::string>> ReadBundle(const ReadFile& read, const TileId& bundle) {
  return ReadItems<std::string>(read, bundle, &BundlePath, &DecodeBundle);
}

}  // namespace amana::merkle
