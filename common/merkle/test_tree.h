// Trees for this library's tests, written from RFC 6962's recursive definitions and sharing nothing
// with the code under test but the two hash functions.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/merkle/hash.h"
#include "common/merkle/proof.h"
#include "common/merkle/tile.h"

namespace amana::merkle {

// 2.1: the largest power of two below n; n >= 2.
inline uint64_t NaiveSplit(uint64_t n) {
  uint64_t k = 1;
  while (2 * k < n) k *= 2;
  return k;
}

class NaiveTree {
 public:
  explicit NaiveTree(uint64_t size) {
    for (uint64_t i = 0; i < size; ++i) {
      entries_.push_back(absl::StrCat("entry ", i));
      leaves_.push_back(LeafHash(entries_.back()));
    }
  }

  const std::vector<std::string>& entries() const { return entries_; }
  const Hash& leaf(uint64_t index) const { return leaves_[index]; }

  // MTH(D[begin:end]).
  Hash Root(uint64_t begin, uint64_t end) const {
    if (begin == end) return EmptyRoot();
    if (end - begin == 1) return leaves_[begin];
    const uint64_t middle = begin + NaiveSplit(end - begin);
    return NodeHash(Root(begin, middle), Root(middle, end));
  }
  Hash Root(uint64_t size) const { return Root(0, size); }

  // PATH(m, D[begin:end]), m counted from begin.
  Proof Path(uint64_t m, uint64_t begin, uint64_t end) const {
    const uint64_t n = end - begin;
    if (n == 1) return {};
    const uint64_t k = NaiveSplit(n);
    Proof path = m < k ? Path(m, begin, begin + k) : Path(m - k, begin + k, end);
    path.push_back(m < k ? Root(begin + k, end) : Root(begin, begin + k));
    return path;
  }

  // SUBPROOF(m, D[begin:end], whole).
  Proof SubProof(uint64_t m, uint64_t begin, uint64_t end, bool whole) const {
    const uint64_t n = end - begin;
    if (m == n) return whole ? Proof{} : Proof{Root(begin, end)};
    const uint64_t k = NaiveSplit(n);
    Proof proof =
        m <= k ? SubProof(m, begin, begin + k, whole) : SubProof(m - k, begin + k, end, false);
    proof.push_back(m <= k ? Root(begin + k, end) : Root(begin, begin + k));
    return proof;
  }

 private:
  std::vector<std::string> entries_;
  std::vector<Hash> leaves_;
};

class NaiveSource : public HashSource {
 public:
  explicit NaiveSource(const NaiveTree& tree) : tree_(tree) {}
  absl::StatusOr<Hash> Node(unsigned level, uint64_t index) override {
    return tree_.Root(index << level, (index + 1) << level);
  }

 private:
  const NaiveTree& tree_;
};

using Files = std::map<std::string, std::string>;

// The published files of the tree's first `size` leaves, each hash of each tile by MTH.
inline Files PublishedFiles(const NaiveTree& tree, uint64_t size) {
  Files files;
  for (const TileId& tile : NewTiles(0, size)) {
    std::string& bytes = files[TilePath(tile)];
    const unsigned shift = kTileHeight * tile.level;
    for (uint64_t i = tile.index * kTileWidth; i < tile.index * kTileWidth + tile.width; ++i) {
      bytes.append(tree.Root(i << shift, (i + 1) << shift).bytes());
    }
  }
  for (const TileId& bundle : NewBundles(0, size)) {
    std::string& bytes = files[BundlePath(bundle)];
    for (uint64_t i = bundle.index * kTileWidth; i < bundle.index * kTileWidth + bundle.width;
         ++i) {
      bytes.push_back('\0');
      bytes.push_back(static_cast<char>(tree.entries()[i].size()));
      bytes.append(tree.entries()[i]);
    }
  }
  return files;
}

// A log of 700 leaves as it may lie on disk with the checkpoint of 300 still wanted: what 300 had,
// but partial files gone where the full one has come.
inline Files FilesOf700With300(const NaiveTree& tree) {
  Files files = PublishedFiles(tree, 300);
  files.erase("tile/0/001.p/44");
  files.erase("tile/entries/001.p/44");
  files.merge(PublishedFiles(tree, 700));
  return files;
}

// Reads from `files`, which must outlive it.
inline ReadFile ReaderOf(const Files& files) {
  return [&files](const std::string& path) -> absl::StatusOr<std::string> {
    const auto found = files.find(path);
    if (found == files.end()) return Error(Reason::kTileNotFound);
    return found->second;
  };
}

// The detail's field, empty without one.
inline std::string FieldOf(const absl::Status& status) { return DetailOf(status).field; }

}  // namespace amana::merkle
