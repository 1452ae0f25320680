// Ratchet trees: first what a newcomer does with one from anybody, then a small program of the
// operations that commits are made of. Whatever they do to a valid tree, it stays valid, and what
// is kept beside it (hashes, counts, what must be saved) says the same as a copy that is read anew.
//
// Input: the length of the program, the program, the tree. A tree that is not valid gives its
// leaves to one that is.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/check.h"
#include "common/crypto/hpke.h"
#include "common/mls/ratchet_tree.h"
#include "common/mls/suite.h"
#include "tests/fuzz/mls/fuzz_input.h"

namespace amana::mls {
namespace {

// Adds double a tree: it must not outgrow what an input can be checked with.
constexpr uint32_t kMaxMembers = 64;

class Garden {
 public:
  explicit Garden(RatchetTree tree) : tree_(std::move(tree)) {
    Save();
    Check();
  }

  // What stands in the tree with keys of its own, and nothing above it.
  static RatchetTree LeavesOf(const RatchetTree& tree) {
    RatchetTree fresh(LeafCount{1});
    uint64_t key = 0;
    tree.ForEachLeaf([&](LeafIndex, const LeafNode& leaf) {
      if (fresh.members() >= kMaxMembers) return;
      LeafNode copy = leaf;
      copy.encryption_key = Hash("leaf " + std::to_string(++key));
      copy.signature_key = Hash("signature " + std::to_string(key));
      AMANA_CHECK(fresh.Add(std::move(copy)).ok(), "a small tree is full");
    });
    if (fresh.members() == 0) fresh.SetLeaf(LeafIndex{0}, {});
    return fresh;
  }

  void Run(FuzzInput program) {
    while (!program.empty()) {
      const LeafIndex member = Member(program.Byte());
      const RatchetTree before = tree_;
      const std::string hash = before.RootHash();
      switch (program.Below(4)) {
        case 0:
          if (tree_.members() >= kMaxMembers) return;
          AMANA_CHECK(tree_.Add(NewLeaf(member)).ok(), "a small tree is full");
          break;
        case 1:
          tree_.Update(member, NewLeaf(member));
          break;
        case 2:
          if (tree_.members() < 2) return;
          tree_.Remove(member);
          break;
        default:
          SetPath(member);
          break;
      }
      // Now and then only, so that hashes are also computed after several changes.
      if (program.Flag()) Check();
      AMANA_CHECK(Reread(before).RootHash() == hash, "a tree changes with its copy");
    }
    Check();
  }

 private:
  static RatchetTree Reread(const RatchetTree& tree) {
    auto again = RatchetTree::Decode(tree.Encode());
    AMANA_CHECK(again.ok(), "a tree can't be read that was written");
    return *std::move(again);
  }

  LeafIndex Member(uint8_t choice) const {
    std::vector<LeafIndex> members;
    tree_.ForEachLeaf([&](LeafIndex index, const LeafNode&) { members.push_back(index); });
    return members[choice % members.size()];
  }

  LeafNode NewLeaf(LeafIndex like) {
    LeafNode leaf = *tree_.leaf(like);
    leaf.encryption_key = NewKey();
    leaf.signature_key = NewKey();
    leaf.source = LeafNodeSource::kUpdate;
    leaf.parent_hash.clear();
    return leaf;
  }
  std::string NewKey() { return Hash("key " + std::to_string(++keys_)); }

  void SetPath(LeafIndex member) {
    const std::vector<NodeIndex> path = tree_.FilteredDirectPath(member);
    std::vector<std::string> keys;
    keys.reserve(path.size());
    for (size_t i = 0; i < path.size(); ++i) keys.push_back(NewKey());
    LeafNode leaf = NewLeaf(member);
    leaf.source = LeafNodeSource::kCommit;
    leaf.parent_hash = tree_.SetPath(member, path, keys);
    tree_.SetLeaf(member, std::move(leaf));
  }

  void Save() {
    for (const NodeIndex index : tree_.changed()) {
      const Node node = tree_.node(index);
      if (node.leaf == nullptr && node.parent == nullptr) {
        saved_.erase(index);
      } else {
        saved_[index] = node;
      }
    }
    tree_.ClearChanged();
  }

  void CheckSame(const RatchetTree& other) const {
    AMANA_CHECK(other.leaves() == tree_.leaves(), "another size");
    AMANA_CHECK(other.members() == tree_.members(), "another number of members");
    AMANA_CHECK(other.NextFree() == tree_.NextFree(), "another place for the next leaf");
    AMANA_CHECK(other.CheckCredentialTypes() == tree_.CheckCredentialTypes(), "other credentials");
    for (uint32_t i = 0; i < NodeCount(tree_.leaves()); ++i) {
      const NodeIndex index{i};
      AMANA_CHECK(other.TreeHash(index) == tree_.TreeHash(index), "another hash");
      AMANA_CHECK(other.Resolution(index) == tree_.Resolution(index), "another resolution");
      const std::string* key = tree_.encryption_key(index);
      if (key != nullptr) AMANA_CHECK(tree_.CountEncryptionKeys({*key}) == 1, "a key is lost");
    }
  }

  void Check() {
    AMANA_CHECK(tree_.Verify().ok(), "a valid tree has become invalid");
    CheckSame(Reread(tree_));
    Save();
    RatchetTree restored(tree_.leaves());
    for (const auto& [index, node] : saved_) {
      AMANA_CHECK(restored.Restore(index, node).ok(), "a node can't be restored");
    }
    CheckSame(restored);
  }

  RatchetTree tree_;
  std::map<NodeIndex, Node> saved_;
  uint64_t keys_ = 0;
};

// The tree of an honest group has somebody in its right half, and reads as the size that it has.
bool HasFullSize(const RatchetTree& tree) {
  uint32_t end = 0;
  tree.ForEachLeaf([&](LeafIndex index, const LeafNode&) { end = index.value + 1; });
  return RoomFor(end) == tree.leaves();
}

void Fuzz(FuzzInput input) {
  const std::string_view program = input.Piece();
  const std::string_view encoded = input.Rest();
  auto tree = RatchetTree::Decode(encoded);
  if (!tree.ok()) {
    AMANA_CHECK(FaultOf(tree.status()) != Fault::kNone, "a tree is refused for no reason");
    return;
  }
  AMANA_CHECK(tree->Encode() == encoded, "a tree is written in another way than it was read");
  tree->RootHash();
  const bool usable = tree->Verify().ok() && HasFullSize(*tree) && tree->members() <= kMaxMembers;
  Garden(usable ? *std::move(tree) : Garden::LeavesOf(*tree)).Run(FuzzInput(program));
}

}  // namespace
}  // namespace amana::mls

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  amana::mls::Fuzz(amana::mls::FuzzInput(data, size));
  return 0;
}
