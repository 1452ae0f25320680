#include "common/merkle/tile_verifier.h"

#include <gtest/gtest.h>

#include "common/base/error.h"
#include "common/merkle/test_tree.h"

namespace amana::merkle {
namespace {

// Flips one bit at each `stride`th byte of the file in turn, and wants each caught.
void ExpectEveryFlipCaught(Files& files, const std::string& path, uint64_t size, const Hash& root,
                           size_t stride) {
  std::string& bytes = files[path];
  for (size_t i = 0; i < bytes.size(); i += stride) {
    const char flip = static_cast<char>(1 << (i % 8));
    bytes[i] = static_cast<char>(bytes[i] ^ flip);
    const absl::Status status = VerifyTiles(size, root, ReaderOf(files));
    EXPECT_EQ(ReasonOf(status), Reason::kTileCorrupt) << size << " " << path << " byte " << i;
    bytes[i] = static_cast<char>(bytes[i] ^ flip);
  }
}

std::vector<std::string> PathsOf(const Files& files) {
  std::vector<std::string> paths;
  for (const auto& [path, bytes] : files) paths.push_back(path);
  return paths;
}

// Wants every published file read once: a file that is not read is a file that may be forged.
void ExpectEveryFileRead(const Files& files, uint64_t size, const Hash& root) {
  std::map<std::string, int> reads;
  const ReadFile reader = ReaderOf(files);
  const absl::Status status = VerifyTiles(size, root, [&](const std::string& path) {
    ++reads[path];
    return reader(path);
  });
  EXPECT_TRUE(status.ok()) << size;
  for (const std::string& path : PathsOf(files)) EXPECT_EQ(reads[path], 1) << size << " " << path;
}

class SmallLog : public testing::TestWithParam<uint64_t> {};

TEST_P(SmallLog, VerifiesAndEveryFlippedBitIsCaught) {
  const uint64_t size = GetParam();
  const NaiveTree tree(size);
  const Hash root = tree.Root(size);
  Files files = PublishedFiles(tree, size);
  ExpectEveryFileRead(files, size, root);
  for (const std::string& path : PathsOf(files)) ExpectEveryFlipCaught(files, path, size, root, 13);
  ASSERT_TRUE(VerifyTiles(size, root, ReaderOf(files)).ok());
}

INSTANTIATE_TEST_SUITE_P(Sizes, SmallLog, testing::Values(1, 2, 255, 256, 257, 300, 600));

class LargeLog : public testing::TestWithParam<uint64_t> {};

// All tiles above the lowest level, and every 16th file of the lowest with its bundle.
TEST_P(LargeLog, VerifiesAndEverySampledFlipIsCaught) {
  const uint64_t size = GetParam();
  const NaiveTree tree(size);
  const Hash root = tree.Root(size);
  Files files = PublishedFiles(tree, size);
  ExpectEveryFileRead(files, size, root);
  int flipped = 0;
  for (const TileId& tile : NewTiles(0, size)) {
    const bool sampled = tile.level > 0 || tile.index % 16 == 0 || tile.width < kTileWidth;
    if (!sampled) continue;
    const size_t stride = tile.width * kHashBytes / 2 + 5;  // two bits a tile
    ExpectEveryFlipCaught(files, TilePath(tile), size, root, stride);
    if (tile.level == 0) ExpectEveryFlipCaught(files, BundlePath(tile), size, root, 1 << 11);
    ++flipped;
  }
  EXPECT_GT(flipped, 5);
}

INSTANTIATE_TEST_SUITE_P(Sizes, LargeLog, testing::Values(65'535, 65'536, 65'537, 70'000));

TEST(VerifyTiles, TheEmptyLogHasTheEmptyRoot) {
  const Files none;
  EXPECT_TRUE(VerifyTiles(0, EmptyRoot(), ReaderOf(none)).ok());
  EXPECT_EQ(ReasonOf(VerifyTiles(0, LeafHash(""), ReaderOf(none))), Reason::kTileCorrupt);
}

TEST(VerifyTiles, NamesTheTile) {
  const NaiveTree tree(300);
  Files files = PublishedFiles(tree, 300);
  files["tile/1/000.p/1"][5] ^= 1;
  EXPECT_EQ(FieldOf(VerifyTiles(300, tree.Root(300), ReaderOf(files))), "tile/1/000.p/1");
  files["tile/entries/001.p/44"].push_back('\0');
  EXPECT_EQ(FieldOf(VerifyTiles(300, tree.Root(300), ReaderOf(files))), "tile/entries/001.p/44");
  files["tile/0/000"].push_back('\0');
  EXPECT_EQ(FieldOf(VerifyTiles(300, tree.Root(300), ReaderOf(files))), "tile/0/000");
}

TEST(VerifyTiles, AConsistentLogOfAnotherRootIsCaught) {
  const NaiveTree tree(300);
  const Files files = PublishedFiles(tree, 300);
  const absl::Status status = VerifyTiles(300, tree.Root(299), ReaderOf(files));
  EXPECT_EQ(ReasonOf(status), Reason::kTileCorrupt);
  EXPECT_EQ(FieldOf(status), "");
}

TEST(VerifyTiles, AMissingFileIsNotAForgedOne) {
  const NaiveTree tree(300);
  const Files all = PublishedFiles(tree, 300);
  for (const std::string& path : PathsOf(all)) {
    Files files = all;
    files.erase(path);
    EXPECT_EQ(ReasonOf(VerifyTiles(300, tree.Root(300), ReaderOf(files))), Reason::kTileNotFound)
        << path;
  }
}

TEST(VerifyTiles, AnOldSizeVerifiesAgainstFullTiles) {
  const NaiveTree tree(700);
  Files files = FilesOf700With300(tree);
  EXPECT_TRUE(VerifyTiles(300, tree.Root(300), ReaderOf(files)).ok());
  ExpectEveryFlipCaught(files, "tile/1/000.p/1", 300, tree.Root(300), 1);
  files["tile/0/001"].pop_back();
  EXPECT_EQ(FieldOf(VerifyTiles(300, tree.Root(300), ReaderOf(files))), "tile/0/001");
}

TEST(VerifyTiles, ShowsEachEntryInOrderAndStopsWhenTold) {
  const NaiveTree tree(300);
  const Files files = PublishedFiles(tree, 300);
  std::vector<std::string> seen;
  const auto visit = [&](uint64_t index, std::string_view entry) {
    EXPECT_EQ(index, seen.size());
    seen.emplace_back(entry);
    return absl::OkStatus();
  };
  ASSERT_TRUE(VerifyTiles(300, tree.Root(300), ReaderOf(files), visit).ok());
  EXPECT_EQ(seen, tree.entries());
  const auto refuse = [](uint64_t index, std::string_view) {
    return index == 7 ? Error(Reason::kLeafMismatch) : absl::OkStatus();
  };
  EXPECT_EQ(ReasonOf(VerifyTiles(300, tree.Root(300), ReaderOf(files), refuse)),
            Reason::kLeafMismatch);
}

}  // namespace
}  // namespace amana::merkle
