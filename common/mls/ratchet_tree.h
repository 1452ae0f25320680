#pragma once

// The ratchet tree (RFC 9420, sections 4, 7 and 12.4.3.3): the public side of a group, which
// everybody in it shares. Who is a member at which leaf, and one key for each part of the tree.
//
// A value: a commit is worked out on a copy. Copies share the nodes, which never change once they
// are in a tree, so that one costs some microseconds for thousands of members. Hashes are kept and
// only computed again above what changed. Not thread-safe, not even for two readers: a hash may be
// computed by whoever asks for it first.

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/mls/codec.h"
#include "common/mls/shared_array.h"
#include "common/mls/suite.h"
#include "common/mls/tree_math.h"
#include "common/mls/types.h"

namespace amana::mls {

// A leaf of the largest size, with its place in the encoding and the node above it. What it says of
// its client (credential, capabilities and extensions, encoded) is bounded by itself, and
// certificates of post-quantum signatures have room; the rest is as long in each, but for 4 bytes
// for each node above it where it is unmerged.
inline constexpr size_t kMaxIdentitySize = size_t{31} << 10;
inline constexpr size_t kMaxRestOfLeaf = 512;

// An encoded tree that comes by itself: 2,048 leaves of the largest size, or more that are smaller.
// A tree in a welcome or a group info is bounded by their message. Nobody can join a group whose
// tree is larger: to keep groups smaller than that is up to the application.
inline constexpr size_t kMaxTreeSize = 2048 * (size_t{32} << 10);
static_assert(2048 * (kMaxIdentitySize + kMaxRestOfLeaf) <= kMaxTreeSize);

// struct {
//     NodeType node_type;
//     select (Node.node_type) {
//         case leaf:   LeafNode leaf_node;
//         case parent: ParentNode parent_node;
//     };
// } Node;
//
// Exactly one of the two.
struct Node {
  std::shared_ptr<const LeafNode> leaf;
  std::shared_ptr<const ParentNode> parent;

  void EncodeTo(Writer& writer) const;
  void DecodeFrom(Reader& reader);
};

class RatchetTree {
 public:
  // A group's first member.
  static RatchetTree Of(LeafNode first);

  // From `optional<Node> ratchet_tree<V>`. Looks at the form alone: kTreeEmpty, kTreeEndsBlank,
  // kNodeKindMisplaced, kTreeFull, and what decoding can refuse. Verify() looks at the rest.
  static absl::StatusOr<RatchetTree> Decode(std::string_view encoded);
  std::string Encode() const;

  LeafCount leaves() const { return {static_cast<uint32_t>(leaves_.size())}; }
  uint32_t members() const { return members_; }

  // Null of a blank node and outside the tree. Lives as long as any tree has it.
  const LeafNode* leaf(LeafIndex index) const;
  const ParentNode* parent(NodeIndex index) const;
  // The encryption key of either kind; null if blank.
  const std::string* encryption_key(NodeIndex index) const;
  // One of both kinds, to be saved; empty pointers if blank.
  Node node(NodeIndex index) const;

  // The first member for which `matches` holds.
  template <class Predicate>
  std::optional<LeafIndex> FindLeaf(Predicate matches) const {
    for (uint32_t i = 0; i < leaves_.size(); ++i) {
      if (leaves_[i] != nullptr && matches(*leaves_[i])) return LeafIndex{i};
    }
    return std::nullopt;
  }
  template <class Function>
  void ForEachLeaf(Function function) const {
    for (uint32_t i = 0; i < leaves_.size(); ++i) {
      if (leaves_[i] != nullptr) function(LeafIndex{i}, *leaves_[i]);
    }
  }

  // Section 12.1.1: at the leftmost blank leaf, unmerged above. kTreeFull.
  absl::StatusOr<LeafIndex> Add(LeafNode leaf);
  // Where the next Add will stand.
  LeafIndex NextFree() const;
  // Section 12.1.2. `index` is a member.
  void Update(LeafIndex index, LeafNode leaf);
  // Section 12.1.3. `index` is a member, and not the only one.
  void Remove(LeafIndex index);

  // Section 4.1.2: the direct path without the nodes whose copath child has nobody in it.
  std::vector<NodeIndex> FilteredDirectPath(LeafIndex index) const;
  // Section 4.1.1, without those of `excluded` (ascending).
  std::vector<NodeIndex> Resolution(NodeIndex index,
                                    const std::vector<LeafIndex>& excluded = {}) const;

  // Section 7.5: blanks the direct path of `sender`, gives the nodes of its filtered direct path
  // these keys and their parent hashes, and returns the parent hash that its leaf must have.
  std::string SetPath(LeafIndex sender, const std::vector<NodeIndex>& filtered_path,
                      const std::vector<std::string>& keys);
  // Puts a leaf in place and touches nothing else; a blank leaf within the tree becomes a member.
  void SetLeaf(LeafIndex index, LeafNode leaf);
  // Makes room for a leaf at `index`, at most one doubling away.
  void ExtendTo(LeafIndex index);

  // Section 7.8. The root's is what a group agrees on.
  std::string TreeHash(NodeIndex index) const;
  std::string RootHash() const { return TreeHash(Root(leaves())); }

  // How many nodes (leaves) have one of these keys. `keys` may be in any order.
  size_t CountEncryptionKeys(const std::vector<std::string_view>& keys) const;
  size_t CountSignatureKeys(const std::vector<std::string_view>& keys) const;

  // Whether every member supports the type of every member's credential: kept up to date with each
  // change, so that it costs nothing to ask after each commit. kCredentialTypeNotSupportedByAll.
  absl::Status CheckCredentialTypes() const;
  // The same for one leaf that is in the tree: says which side is at fault.
  absl::Status CheckCredentialTypesOf(const LeafNode& leaf) const;

  // What a newcomer checks of the whole tree besides its leaves (section 12.4.3.1): parent hashes,
  // unmerged leaves, unique keys of the right size. kKeyMalformed, kParentHash,
  // kUnmergedLeafInvalid, kUnmergedLeafMissingBetween, kUnmergedLeavesOrder,
  // kEncryptionKeyNotUnique, kSignatureKeyNotUnique.
  absl::Status Verify() const;

  // The part of it that paths rely on: whoever is named as unmerged is a member. kUnmergedLeaf….
  absl::Status CheckUnmergedLeaves() const;

  // For the saved state: which nodes may have changed since the last ClearChanged(), also ones that
  // are outside by now. In no order, with repetitions.
  const std::vector<NodeIndex>& changed() const { return changed_; }
  void ClearChanged() { changed_.clear(); }

  // From saved nodes: a tree of blanks, and then each node that is not, or is not any more.
  explicit RatchetTree(LeafCount leaves) { SetSize(leaves); }
  void SetSize(LeafCount leaves);
  // kStateDamaged if the node can't stand there.
  absl::Status Restore(NodeIndex index, Node node);

 private:
  using Digest = std::array<char, kHashSize>;

  void PutLeaf(LeafIndex index, std::shared_ptr<const LeafNode> leaf);
  void PutParent(NodeIndex index, std::shared_ptr<const ParentNode> parent);
  void BlankDirectPath(LeafIndex index);
  void Touch(NodeIndex index);
  void Truncate();
  void Count(const LeafNode& leaf, int by);

  const std::string* signature_key(LeafIndex index) const;
  bool HasAnybody(NodeIndex index) const;
  void AppendResolution(NodeIndex index, const std::vector<LeafIndex>& excluded,
                        std::vector<NodeIndex>& out) const;
  const Digest& HashOf(NodeIndex index) const;
  // The tree hash of a subtree as it was before these leaves (ascending) joined (section 7.9).
  Digest OriginalHash(NodeIndex index, const std::vector<LeafIndex>& without) const;
  Digest ComputeHash(NodeIndex index, const std::vector<LeafIndex>& without, std::string_view left,
                     std::string_view right) const;
  std::string ParentHash(const ParentNode& parent, NodeIndex sibling) const;
  // What the node says of its parent; empty if it is blank.
  std::string_view ParentHashIn(NodeIndex index) const;
  bool ChainsThrough(NodeIndex index, NodeIndex child) const;
  absl::Status VerifyUnmerged(NodeIndex index) const;

  SharedArray<std::shared_ptr<const LeafNode>> leaves_;
  SharedArray<std::shared_ptr<const ParentNode>> parents_;  // the node at 2 i + 1
  uint32_t members_ = 0;
  uint32_t maybe_free_ = 0;  // no leaf before it is blank

  // The first bytes of each key, side by side, so that looking for a key is a walk along memory.
  std::vector<uint64_t> encryption_prefixes_;  // by node; 0 if blank
  std::vector<uint64_t> signature_prefixes_;   // by leaf; 0 if blank

  std::map<CredentialType, uint32_t>
      credentials_in_use_;  // members whose credential is of the type
  std::map<CredentialType, uint32_t> credential_support_;  // members that list the type

  mutable std::vector<Digest> hashes_;
  mutable std::vector<char> hash_known_;

  std::vector<NodeIndex> changed_;
};

}  // namespace amana::mls
