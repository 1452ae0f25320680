#include "common/mls/ratchet_tree.h"

#include <algorithm>
#include <bitset>
#include <cstring>
#include <functional>
#include <set>
#include <utility>

#include "common/base/check.h"
#include "common/base/status_macros.h"
#include "common/crypto/hpke.h"
#include "common/mls/fault.h"

namespace amana::mls {
namespace {

enum class NodeType : uint8_t { kLeaf = 1, kParent = 2 };

uint64_t Prefix(std::string_view key) {
  uint64_t prefix = 0;
  std::memcpy(&prefix, key.data(), std::min(sizeof(prefix), key.size()));
  return prefix;
}

// How many entries of `side` begin like a key of `keys` and, by `key_at`, are one.
template <class KeyAt>
size_t CountKeys(const std::vector<uint64_t>& side, std::vector<std::string_view> keys,
                 KeyAt key_at) {
  std::vector<uint64_t> prefixes;
  prefixes.reserve(keys.size());
  std::bitset<256> first_bytes;  // of few keys few: most entries need no search
  for (const std::string_view key : keys) {
    prefixes.push_back(Prefix(key));
    first_bytes.set(prefixes.back() % 256);
  }
  std::sort(prefixes.begin(), prefixes.end());
  std::sort(keys.begin(), keys.end());
  size_t count = 0;
  for (uint32_t i = 0; i < side.size(); ++i) {
    if (!first_bytes[side[i] % 256]) continue;
    if (!std::binary_search(prefixes.begin(), prefixes.end(), side[i])) continue;
    const std::string* key = key_at(i);
    if (key != nullptr && std::binary_search(keys.begin(), keys.end(), std::string_view(*key))) {
      ++count;
    }
  }
  return count;
}

// Whether two entries have the same key.
template <class KeyAt>
bool HasTwins(const std::vector<uint64_t>& side, KeyAt key_at) {
  std::vector<std::pair<uint64_t, uint32_t>> entries;
  entries.reserve(side.size());
  for (uint32_t i = 0; i < side.size(); ++i) {
    if (key_at(i) != nullptr) entries.emplace_back(side[i], i);
  }
  // By prefix first: whole keys lie all over the memory.
  std::sort(entries.begin(), entries.end(), [&](const auto& a, const auto& b) {
    return a.first != b.first ? a.first < b.first : *key_at(a.second) < *key_at(b.second);
  });
  return std::adjacent_find(entries.begin(), entries.end(), [&](const auto& a, const auto& b) {
           return a.first == b.first && *key_at(a.second) == *key_at(b.second);
         }) != entries.end();
}

bool Contains(const std::vector<LeafIndex>& ascending, LeafIndex leaf) {
  return std::binary_search(ascending.begin(), ascending.end(), leaf);
}

// Those of `ascending` that stand below `index`.
std::vector<LeafIndex> Below(NodeIndex index, const std::vector<LeafIndex>& ascending) {
  return {std::lower_bound(ascending.begin(), ascending.end(), FirstLeafBelow(index)),
          std::lower_bound(ascending.begin(), ascending.end(), EndLeafBelow(index))};
}

template <size_t N>
std::string_view View(const std::array<char, N>& bytes) {
  return {bytes.data(), N};
}

}  // namespace

void Node::EncodeTo(Writer& writer) const {
  EncodeInto(writer, leaf != nullptr ? NodeType::kLeaf : NodeType::kParent);
  if (leaf != nullptr) {
    EncodeInto(writer, *leaf);
  } else {
    EncodeInto(writer, *parent);
  }
}

void Node::DecodeFrom(Reader& reader) {
  NodeType type{};
  mls::DecodeFrom(reader, type);
  if (!reader.ok()) return;
  if (type == NodeType::kLeaf) {
    auto read = std::make_shared<LeafNode>();
    mls::DecodeFrom(reader, *read);
    leaf = std::move(read);
  } else if (type == NodeType::kParent) {
    auto read = std::make_shared<ParentNode>();
    mls::DecodeFrom(reader, *read);
    parent = std::move(read);
  } else {
    reader.Fail(Fault::kValueUnknown);
  }
}

// --- Making, reading and writing whole trees.

RatchetTree RatchetTree::Of(LeafNode first) {
  RatchetTree tree(LeafCount{1});
  tree.SetLeaf(LeafIndex{0}, std::move(first));
  return tree;
}

absl::StatusOr<RatchetTree> RatchetTree::Decode(std::string_view encoded) {
  AMANA_ASSIGN_OR_RETURN(auto nodes,
                         mls::Decode<std::vector<std::optional<Node>>>(encoded, kMaxTreeSize));
  if (nodes.empty()) return Refuse(Fault::kTreeEmpty);
  if (!nodes.back().has_value()) return Refuse(Fault::kTreeEndsBlank);
  const auto leaves = static_cast<uint32_t>((nodes.size() + 1) / 2);
  // A full tree ends in a leaf; one that ends in a parent lacks the leaf to its right.
  const LeafCount room = RoomFor(nodes.size() % 2 == 1 ? leaves : leaves + 1);
  if (room.value > kMaxLeaves) return Refuse(Fault::kTreeFull);
  RatchetTree tree(room);
  for (uint32_t i = 0; i < nodes.size(); ++i) {
    std::optional<Node>& node = nodes[i];
    if (node.has_value() && !tree.Restore(NodeIndex{i}, *std::move(node)).ok()) {
      return Refuse(Fault::kNodeKindMisplaced);
    }
  }
  return tree;
}

absl::Status RatchetTree::Restore(NodeIndex index, Node node) {
  const bool fits = IsLeaf(index) ? node.parent == nullptr : node.leaf == nullptr;
  if (index.value >= NodeCount(leaves()) || !fits) return Refuse(Fault::kStateDamaged);
  if (IsLeaf(index)) {
    PutLeaf(LeafOf(index), std::move(node.leaf));
  } else {
    PutParent(index, std::move(node.parent));
  }
  return absl::OkStatus();
}

Node RatchetTree::node(NodeIndex index) const {
  if (index.value >= NodeCount(leaves())) return {};
  if (IsLeaf(index)) return {.leaf = leaves_[index.value / 2], .parent = nullptr};
  return {.leaf = nullptr, .parent = parents_[index.value / 2]};
}

std::string RatchetTree::Encode() const {
  uint32_t end = NodeCount(leaves());
  while (end > 0 && encryption_key(NodeIndex{end - 1}) == nullptr) --end;
  Writer writer;
  writer.Reserve(end * size_t{200});
  for (uint32_t i = 0; i < end; ++i) {
    const Node at = node(NodeIndex{i});
    const bool present = at.leaf != nullptr || at.parent != nullptr;
    writer.U8(present ? 1 : 0);
    if (present) at.EncodeTo(writer);
  }
  writer.PrefixLength(0);
  return std::move(writer).Take();
}

const LeafNode* RatchetTree::leaf(LeafIndex index) const {
  return index.value < leaves_.size() ? leaves_[index.value].get() : nullptr;
}

const ParentNode* RatchetTree::parent(NodeIndex index) const {
  const bool stands = !IsLeaf(index) && index.value / 2 < parents_.size();
  return stands ? parents_[index.value / 2].get() : nullptr;
}

const std::string* RatchetTree::encryption_key(NodeIndex index) const {
  if (IsLeaf(index)) {
    const LeafNode* at = leaf(LeafOf(index));
    return at != nullptr ? &at->encryption_key : nullptr;
  }
  const ParentNode* at = parent(index);
  return at != nullptr ? &at->encryption_key : nullptr;
}

const std::string* RatchetTree::signature_key(LeafIndex index) const {
  const LeafNode* at = leaf(index);
  return at != nullptr ? &at->signature_key : nullptr;
}

// --- Changing single nodes.

void RatchetTree::SetSize(LeafCount leaves) {
  for (uint32_t i = leaves.value; i < leaves_.size(); ++i) {
    if (leaves_[i] != nullptr) PutLeaf(LeafIndex{i}, nullptr);
  }
  const size_t nodes = NodeCount(leaves);
  // Parents that are cut off are rows that must be deleted.
  for (auto i = static_cast<uint32_t>(nodes); i < encryption_prefixes_.size(); ++i) {
    if (encryption_key(NodeIndex{i}) != nullptr) changed_.push_back(NodeIndex{i});
  }
  leaves_.Resize(leaves.value);
  parents_.Resize(leaves.value - 1);
  encryption_prefixes_.resize(nodes);
  signature_prefixes_.resize(leaves.value);
  hashes_.resize(nodes);
  hash_known_.resize(nodes);
}

void RatchetTree::Touch(NodeIndex index) {
  changed_.push_back(index);
  // A known hash has only known hashes below it, so the first unknown one ends the way up.
  const NodeIndex root = Root(leaves());
  while (hash_known_[index.value] != 0) {
    hash_known_[index.value] = 0;
    if (index == root) break;
    index = Parent(index);
  }
}

void RatchetTree::Count(const LeafNode& leaf, int by) {
  members_ += by;
  credentials_in_use_[leaf.credential.type] += by;
  std::set<CredentialType> listed(leaf.capabilities.credentials.begin(),
                                  leaf.capabilities.credentials.end());
  for (const CredentialType type : listed) credential_support_[type] += by;
}

void RatchetTree::PutLeaf(LeafIndex index, std::shared_ptr<const LeafNode> leaf) {
  if (const LeafNode* before = leaves_[index.value].get()) Count(*before, -1);
  if (leaf != nullptr) Count(*leaf, 1);
  if (leaf == nullptr) maybe_free_ = std::min(maybe_free_, index.value);
  signature_prefixes_[index.value] = leaf == nullptr ? 0 : Prefix(leaf->signature_key);
  encryption_prefixes_[NodeOf(index).value] = leaf == nullptr ? 0 : Prefix(leaf->encryption_key);
  leaves_.Set(index.value, std::move(leaf));
  Touch(NodeOf(index));
}

void RatchetTree::PutParent(NodeIndex index, std::shared_ptr<const ParentNode> parent) {
  if (parents_[index.value / 2] == nullptr && parent == nullptr) return;
  encryption_prefixes_[index.value] = parent == nullptr ? 0 : Prefix(parent->encryption_key);
  parents_.Set(index.value / 2, std::move(parent));
  Touch(index);
}

void RatchetTree::SetLeaf(LeafIndex index, LeafNode leaf) {
  PutLeaf(index, std::make_shared<const LeafNode>(std::move(leaf)));
}

void RatchetTree::BlankDirectPath(LeafIndex index) {
  for (const NodeIndex above : DirectPath(NodeOf(index), leaves())) PutParent(above, nullptr);
}

void RatchetTree::ExtendTo(LeafIndex index) {
  if (index.value < leaves_.size()) return;
  SetSize(LeafCount{2 * leaves().value});
}

LeafIndex RatchetTree::NextFree() const {
  uint32_t index = maybe_free_;
  while (index < leaves_.size() && leaves_[index] != nullptr) ++index;
  return {index};
}

absl::StatusOr<LeafIndex> RatchetTree::Add(LeafNode leaf) {
  const LeafIndex index = NextFree();
  if (index.value >= kMaxLeaves) return Refuse(Fault::kTreeFull);
  maybe_free_ = index.value;
  ExtendTo(index);
  for (const NodeIndex above : DirectPath(NodeOf(index), leaves())) {
    const ParentNode* at = parent(above);
    if (at == nullptr) continue;
    auto changed = std::make_shared<ParentNode>(*at);
    auto& unmerged = changed->unmerged_leaves;
    unmerged.insert(std::lower_bound(unmerged.begin(), unmerged.end(), index), index);
    PutParent(above, std::move(changed));
  }
  SetLeaf(index, std::move(leaf));
  return index;
}

void RatchetTree::Update(LeafIndex index, LeafNode leaf) {
  SetLeaf(index, std::move(leaf));
  BlankDirectPath(index);
}

void RatchetTree::Remove(LeafIndex index) {
  PutLeaf(index, nullptr);
  BlankDirectPath(index);
  Truncate();
}

void RatchetTree::Truncate() {
  uint32_t used = leaves().value;
  while (used > 1 && leaves_[used - 1] == nullptr) --used;
  const LeafCount room = RoomFor(used);
  if (room != leaves()) SetSize(room);
}

// --- Paths and resolutions.

bool RatchetTree::HasAnybody(NodeIndex index) const {
  if (encryption_key(index) != nullptr) return true;
  return !IsLeaf(index) && (HasAnybody(Left(index)) || HasAnybody(Right(index)));
}

std::vector<NodeIndex> RatchetTree::FilteredDirectPath(LeafIndex index) const {
  std::vector<NodeIndex> path;
  NodeIndex below = NodeOf(index);
  for (const NodeIndex above : DirectPath(below, leaves())) {
    if (HasAnybody(Sibling(below))) path.push_back(above);
    below = above;
  }
  return path;
}

void RatchetTree::AppendResolution(NodeIndex index, const std::vector<LeafIndex>& excluded,
                                   std::vector<NodeIndex>& out) const {
  if (IsLeaf(index)) {
    if (leaf(LeafOf(index)) != nullptr && !Contains(excluded, LeafOf(index))) out.push_back(index);
    return;
  }
  const ParentNode* at = parent(index);
  if (at == nullptr) {
    AppendResolution(Left(index), excluded, out);
    AppendResolution(Right(index), excluded, out);
    return;
  }
  out.push_back(index);
  for (const LeafIndex unmerged : at->unmerged_leaves) {
    if (!Contains(excluded, unmerged)) out.push_back(NodeOf(unmerged));
  }
}

std::vector<NodeIndex> RatchetTree::Resolution(NodeIndex index,
                                               const std::vector<LeafIndex>& excluded) const {
  std::vector<NodeIndex> resolution;
  AppendResolution(index, excluded, resolution);
  return resolution;
}

std::string RatchetTree::SetPath(LeafIndex sender, const std::vector<NodeIndex>& filtered_path,
                                 const std::vector<std::string>& keys) {
  AMANA_CHECK(filtered_path.size() == keys.size(), "a path needs one key for each of its nodes");
  BlankDirectPath(sender);
  std::string parent_hash;  // of the root: empty
  for (size_t i = keys.size(); i-- > 0;) {
    ParentNode node{.encryption_key = keys[i], .parent_hash = parent_hash, .unmerged_leaves = {}};
    const bool sender_is_left = NodeOf(sender) < filtered_path[i];
    const NodeIndex sibling = sender_is_left ? Right(filtered_path[i]) : Left(filtered_path[i]);
    parent_hash = ParentHash(node, sibling);
    PutParent(filtered_path[i], std::make_shared<const ParentNode>(std::move(node)));
  }
  return parent_hash;
}

// --- Hashes.

// struct { NodeType node_type; select { LeafNodeHashInput; ParentNodeHashInput; }; } TreeHashInput;
RatchetTree::Digest RatchetTree::ComputeHash(NodeIndex index, const std::vector<LeafIndex>& without,
                                             std::string_view left, std::string_view right) const {
  Writer writer;
  writer.Reserve(512);
  if (IsLeaf(index)) {
    // struct { uint32 leaf_index; optional<LeafNode> leaf_node; } LeafNodeHashInput;
    EncodeInto(writer, NodeType::kLeaf);
    EncodeInto(writer, LeafOf(index));
    const LeafNode* at = leaf(LeafOf(index));
    const bool present = at != nullptr && !Contains(without, LeafOf(index));
    writer.U8(present ? 1 : 0);
    if (present) EncodeInto(writer, *at);
  } else {
    // struct { optional<ParentNode> parent_node; opaque left_hash<V>; opaque right_hash<V>; }
    // ParentNodeHashInput;
    EncodeInto(writer, NodeType::kParent);
    const ParentNode* at = parent(index);
    writer.U8(at != nullptr ? 1 : 0);
    if (at != nullptr && without.empty()) {
      EncodeInto(writer, *at);
    } else if (at != nullptr) {
      ParentNode original = *at;
      std::erase_if(original.unmerged_leaves, [&](LeafIndex l) { return Contains(without, l); });
      EncodeInto(writer, original);
    }
    writer.Opaque(left);
    writer.Opaque(right);
  }
  Digest digest;
  const std::string hash = Hash(std::move(writer).Take());
  std::memcpy(digest.data(), hash.data(), digest.size());
  return digest;
}

const RatchetTree::Digest& RatchetTree::HashOf(NodeIndex index) const {
  Digest& digest = hashes_[index.value];
  if (hash_known_[index.value] != 0) return digest;
  if (IsLeaf(index)) {
    digest = ComputeHash(index, {}, "", "");
  } else {
    const Digest& left = HashOf(Left(index));
    const Digest& right = HashOf(Right(index));
    digest = ComputeHash(index, {}, View(left), View(right));
  }
  hash_known_[index.value] = 1;
  return digest;
}

std::string RatchetTree::TreeHash(NodeIndex index) const {
  return std::string(View(HashOf(index)));
}

RatchetTree::Digest RatchetTree::OriginalHash(NodeIndex index,
                                              const std::vector<LeafIndex>& without) const {
  const std::vector<LeafIndex> concerned = Below(index, without);
  if (concerned.empty()) return HashOf(index);
  if (IsLeaf(index)) return ComputeHash(index, concerned, "", "");
  const Digest left = OriginalHash(Left(index), concerned);
  const Digest right = OriginalHash(Right(index), concerned);
  return ComputeHash(index, concerned, View(left), View(right));
}

// struct { HPKEPublicKey encryption_key; opaque parent_hash<V>; opaque
// original_sibling_tree_hash<V>; } ParentHashInput;
std::string RatchetTree::ParentHash(const ParentNode& parent, NodeIndex sibling) const {
  Writer writer;
  EncodeInto(writer, parent.encryption_key);
  EncodeInto(writer, parent.parent_hash);
  writer.Opaque(View(OriginalHash(sibling, parent.unmerged_leaves)));
  return Hash(std::move(writer).Take());
}

// --- What must hold.

size_t RatchetTree::CountEncryptionKeys(const std::vector<std::string_view>& keys) const {
  return CountKeys(encryption_prefixes_, keys, [&](uint32_t i) { return encryption_key({i}); });
}

size_t RatchetTree::CountSignatureKeys(const std::vector<std::string_view>& keys) const {
  return CountKeys(signature_prefixes_, keys, [&](uint32_t i) { return signature_key({i}); });
}

absl::Status RatchetTree::CheckCredentialTypes() const {
  for (const auto& [type, users] : credentials_in_use_) {
    if (users == 0) continue;
    const auto support = credential_support_.find(type);
    if (support == credential_support_.end() || support->second != members_) {
      return Refuse(Fault::kCredentialTypeNotSupportedByAll);
    }
  }
  return absl::OkStatus();
}

absl::Status RatchetTree::CheckCredentialTypesOf(const LeafNode& leaf) const {
  for (const auto& [type, users] : credentials_in_use_) {
    const auto& listed = leaf.capabilities.credentials;
    if (users > 0 && std::find(listed.begin(), listed.end(), type) == listed.end()) {
      return Refuse(Fault::kCredentialsInUseNotSupported);
    }
  }
  return CheckCredentialTypes();
}

std::string_view RatchetTree::ParentHashIn(NodeIndex index) const {
  if (IsLeaf(index)) {
    const LeafNode* node = leaf(LeafOf(index));
    return node == nullptr ? std::string_view() : node->parent_hash;
  }
  const ParentNode* node = parent(index);
  return node == nullptr ? std::string_view() : node->parent_hash;
}

// Whether `index`, which is not blank, was set together with a node below `child` (section 7.9.2):
// with the one node of the child's resolution that is not unmerged at `index`.
bool RatchetTree::ChainsThrough(NodeIndex index, NodeIndex child) const {
  const ParentNode& at = *parent(index);
  const std::vector<LeafIndex> unmerged = Below(child, at.unmerged_leaves);
  const std::vector<NodeIndex> resolution = Resolution(child);
  if (resolution.size() != unmerged.size() + 1) return false;
  std::optional<NodeIndex> descendant;
  for (const NodeIndex node : resolution) {
    if (IsLeaf(node) && Contains(unmerged, LeafOf(node))) continue;
    if (descendant.has_value()) return false;
    descendant = node;
  }
  return descendant.has_value() && ParentHashIn(*descendant) == ParentHash(at, Sibling(child));
}

absl::Status RatchetTree::VerifyUnmerged(NodeIndex index) const {
  const auto& unmerged = parent(index)->unmerged_leaves;
  // Strictly, so that none is named twice.
  if (std::adjacent_find(unmerged.begin(), unmerged.end(), std::greater_equal<>()) !=
      unmerged.end()) {
    return Refuse(Fault::kUnmergedLeavesOrder);
  }
  for (const LeafIndex one : unmerged) {
    if (leaf(one) == nullptr || !IsInSubtree(NodeOf(one), index)) {
      return Refuse(Fault::kUnmergedLeafInvalid);
    }
    for (NodeIndex between = Parent(NodeOf(one)); between != index; between = Parent(between)) {
      const ParentNode* at = parent(between);
      if (at != nullptr && !Contains(at->unmerged_leaves, one)) {
        return Refuse(Fault::kUnmergedLeafMissingBetween);
      }
    }
  }
  return absl::OkStatus();
}

absl::Status RatchetTree::CheckUnmergedLeaves() const {
  for (uint32_t i = 1; i < NodeCount(leaves()); i += 2) {
    const NodeIndex index{i};
    if (parent(index) != nullptr) AMANA_RETURN_IF_ERROR(VerifyUnmerged(index));
  }
  return absl::OkStatus();
}

absl::Status RatchetTree::Verify() const {
  for (uint32_t i = 1; i < NodeCount(leaves()); i += 2) {
    const ParentNode* at = parent(NodeIndex{i});
    // Nobody could commit who has to seal something to it.
    if (at != nullptr && at->encryption_key.size() != crypto::kHpkeKeySize) {
      return Refuse(Fault::kKeyMalformed);
    }
  }
  // Before any parent hash, which relies on unmerged leaves being in order.
  AMANA_RETURN_IF_ERROR(CheckUnmergedLeaves());
  for (uint32_t i = 1; i < NodeCount(leaves()); i += 2) {
    const NodeIndex index{i};
    if (parent(index) == nullptr) continue;
    if (ChainsThrough(index, Left(index)) == ChainsThrough(index, Right(index))) {
      return Refuse(Fault::kParentHash);
    }
  }
  if (HasTwins(encryption_prefixes_, [&](uint32_t i) { return encryption_key({i}); })) {
    return Refuse(Fault::kEncryptionKeyNotUnique);
  }
  if (HasTwins(signature_prefixes_, [&](uint32_t i) { return signature_key({i}); })) {
    return Refuse(Fault::kSignatureKeyNotUnique);
  }
  return absl::OkStatus();
}

}  // namespace amana::mls
