#include "common/merkle/tile.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "common/base/error.h"
#include "common/merkle/test_tree.h"
#include "common/merkle/tile_builder.h"
#include "common/merkle/tile_hash_source.h"

namespace amana::merkle {
namespace {

std::vector<std::string> Paths(const std::vector<TileId>& tiles) {
  std::vector<std::string> paths;
  for (const TileId& tile : tiles) paths.push_back(TilePath(tile));
  return paths;
}

TEST(TilePath, IsTheSpecifications) {
  EXPECT_EQ(TilePath({.level = 0, .index = 0}), "tile/0/000");
  EXPECT_EQ(TilePath({.level = 3, .index = 1'234'067}), "tile/3/x001/x234/067");
  EXPECT_EQ(TilePath({.level = 1, .index = 1'000, .width = 17}), "tile/1/x001/000.p/17");
  EXPECT_EQ(BundlePath({.index = 273, .width = 112}), "tile/entries/273.p/112");
}

TEST(NewTiles, AreThoseOfTheSize) {
  EXPECT_TRUE(NewTiles(0, 0).empty());
  EXPECT_EQ(Paths(NewTiles(0, 1)), (std::vector<std::string>{"tile/0/000.p/1"}));
  EXPECT_EQ(Paths(NewTiles(0, 256)), (std::vector<std::string>{"tile/0/000", "tile/1/000.p/1"}));
  EXPECT_EQ(NewTiles(0, 70'000).size(), 274u + 2u + 1u);
  EXPECT_EQ(Paths(NewTiles(69'632, 70'000)),
            (std::vector<std::string>{"tile/0/272", "tile/0/273.p/112", "tile/1/001.p/17"}));
  EXPECT_TRUE(NewTiles(300, 300).empty());
  EXPECT_EQ(NewBundles(255, 257).size(), 2u);
}

TEST(NewTiles, LeaveNoTileOut) {
  for (uint64_t size = 1; size < 1'100; size += 7) {
    std::vector<std::string> grown;
    for (uint64_t old = 0; old < size; old = std::min(size, old + 100)) {
      for (const std::string& path : Paths(NewTiles(old, std::min(size, old + 100)))) {
        grown.push_back(path);
      }
    }
    for (const std::string& path : Paths(NewTiles(0, size))) {
      EXPECT_NE(std::find(grown.begin(), grown.end(), path), grown.end()) << size << " " << path;
    }
  }
}

TEST(TileWidthAt, AgreesWithNewTiles) {
  for (const uint64_t size : {0, 1, 255, 256, 257, 65'535, 65'536, 70'000}) {
    for (const TileId& tile : NewTiles(0, size)) {
      EXPECT_EQ(TileWidthAt(size, tile.level, tile.index), tile.width);
    }
    EXPECT_EQ(TileWidthAt(size, 0, size / 256 + 1), 0u);
  }
  EXPECT_EQ(TileWidthAt(256, 0, 1), 0u);
  EXPECT_EQ(TileWidthAt(UINT64_MAX, kMaxTileLevels, 0), 0u);
}

TEST(Bundle, IsReadBack) {
  const std::string entries[] = {"", "one", std::string(kMaxEntryBytes, 'x')};
  std::string bundle;
  for (const std::string& entry : entries) ASSERT_TRUE(AppendToBundle(bundle, entry).ok());
  const absl::StatusOr<std::vector<std::string>> decoded = DecodeBundle(bundle, 3);
  ASSERT_TRUE(decoded.ok());
  EXPECT_TRUE(std::equal(decoded->begin(), decoded->end(), entries));
  const absl::Status status = AppendToBundle(bundle, std::string(kMaxEntryBytes + 1, 'x'));
  EXPECT_EQ(ReasonOf(status), Reason::kInvalidField);
}

TEST(Bundle, MalformedOnesAreRefusedWithAReason) {
  std::string bundle;
  ASSERT_TRUE(AppendToBundle(bundle, "one").ok());
  ASSERT_TRUE(AppendToBundle(bundle, "two").ok());
  EXPECT_TRUE(DecodeBundle(bundle, 2).ok());
  EXPECT_EQ(ReasonOf(DecodeBundle(bundle, 1).status()), Reason::kTileCorrupt);
  EXPECT_EQ(ReasonOf(DecodeBundle(bundle, 3).status()), Reason::kTileCorrupt);
  for (size_t length = 0; length < bundle.size(); ++length) {
    EXPECT_EQ(ReasonOf(DecodeBundle(bundle.substr(0, length), 2).status()), Reason::kTileCorrupt);
  }
}

TEST(Tile, MustHaveTheExactLength) {
  const NaiveTree tree(3);
  const std::vector<Hash> hashes = {tree.leaf(0), tree.leaf(1), tree.leaf(2)};
  const std::string bytes = EncodeTile(hashes);
  EXPECT_EQ(*DecodeTile(bytes, 3), hashes);
  EXPECT_EQ(ReasonOf(DecodeTile(bytes, 2).status()), Reason::kTileCorrupt);
  EXPECT_EQ(ReasonOf(DecodeTile(bytes + "x", 3).status()), Reason::kTileCorrupt);
}

TEST(TileBuilder, WritesThePublishedFiles) {
  const NaiveTree tree(66'000);
  Files written;
  TileBuilder builder;
  uint64_t grown = 0;
  for (const uint64_t size : {1, 255, 256, 257, 300, 65'535, 65'536, 65'537, 66'000}) {
    for (; grown < size; ++grown) {
      builder.Append(tree.leaf(grown), [&](const TileId& tile, const std::vector<Hash>& hashes) {
        written[TilePath(tile)] = EncodeTile(hashes);
      });
    }
    for (const TileBuilder::Partial& partial : builder.Partials()) {
      written[TilePath(partial.tile)] = EncodeTile(partial.hashes);
    }
    EXPECT_EQ(builder.size(), size);
    EXPECT_EQ(builder.Root(), tree.Root(size)) << size;
    for (const auto& [path, bytes] : PublishedFiles(tree, size)) {
      if (!path.starts_with("tile/entries/")) {
        EXPECT_EQ(written[path], bytes) << path;
      }
    }
  }
}

TEST(TileBuilder, GoesOnFromPublishedFiles) {
  const NaiveTree tree(1'000);
  for (const uint64_t size : {0, 1, 255, 256, 257, 300, 512, 999}) {
    const Files files = PublishedFiles(tree, size);
    absl::StatusOr<TileBuilder> builder = TileBuilder::Load(size, ReaderOf(files));
    ASSERT_TRUE(builder.ok());
    EXPECT_EQ(builder->size(), size);
    EXPECT_EQ(builder->Root(), tree.Root(size));
    Files written;
    for (uint64_t i = size; i < 1'000; ++i) {
      builder->Append(tree.leaf(i), [&](const TileId& tile, const std::vector<Hash>& hashes) {
        written[TilePath(tile)] = EncodeTile(hashes);
      });
    }
    EXPECT_EQ(builder->Root(), tree.Root(1'000));
    const Files all = PublishedFiles(tree, 1'000);
    for (const auto& [path, bytes] : written) EXPECT_EQ(all.at(path), bytes) << path;
  }
}

TEST(TileBuilder, SaysWhichTileIsMissingOrCutShort) {
  const NaiveTree tree(300);
  Files files = PublishedFiles(tree, 300);
  files["tile/0/001.p/44"].pop_back();
  const absl::Status cut = TileBuilder::Load(300, ReaderOf(files)).status();
  EXPECT_EQ(ReasonOf(cut), Reason::kTileCorrupt);
  EXPECT_EQ(FieldOf(cut), "tile/0/001.p/44");
  files.erase("tile/0/001.p/44");
  EXPECT_EQ(ReasonOf(TileBuilder::Load(300, ReaderOf(files)).status()), Reason::kTileNotFound);
}

TEST(TileHashSource, BuildsTheNaiveProofs) {
  const NaiveTree tree(700);
  for (const uint64_t size : {1, 255, 256, 257, 300, 700}) {
    const Files files = PublishedFiles(tree, size);
    TileHashSource source(size, ReaderOf(files));
    for (uint64_t i = 0; i < size; i += 13) {
      EXPECT_EQ(*BuildInclusionProof(source, i, size), tree.Path(i, 0, size));
      EXPECT_EQ(*BuildConsistencyProof(source, i + 1, size), tree.SubProof(i + 1, 0, size, true));
    }
  }
}

TEST(TileHashSource, ReadsTheFullTileWhereThePartialOneIsGone) {
  const NaiveTree tree(700);
  const Files files = FilesOf700With300(tree);
  TileHashSource source(300, ReaderOf(files));
  EXPECT_EQ(*BuildInclusionProof(source, 280, 300), tree.Path(280, 0, 300));
}

TEST(TileHashSource, HasNothingBeyondItsSize) {
  const NaiveTree tree(300);
  const Files files = PublishedFiles(tree, 300);
  TileHashSource source(300, ReaderOf(files));
  EXPECT_EQ(ReasonOf(source.Node(0, 300).status()), Reason::kTileNotFound);
  EXPECT_EQ(ReasonOf(source.Node(3, 37).status()), Reason::kTileNotFound);
  EXPECT_EQ(ReasonOf(source.Node(8, 1).status()), Reason::kTileNotFound);
  EXPECT_EQ(ReasonOf(source.Node(16, 0).status()), Reason::kTileNotFound);
}

}  // namespace
}  // namespace amana::merkle
