#include "common/mls/treekem.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "common/base/status_macros.h"
#include "common/mls/fault.h"

namespace amana::mls {
namespace {

constexpr std::string_view kPathLabel = "UpdatePathNode";

using SharedKey = std::shared_ptr<const crypto::HpkePrivateKey>;

SharedKey NodeKey(const SecretBytes& path_secret) {
  const SecretBytes node_secret = DeriveSecret(path_secret.Expose(), "node");
  return std::make_shared<const crypto::HpkePrivateKey>(
      crypto::HpkePrivateKey::Derive(node_secret.Expose()));
}

SecretBytes NextPathSecret(const SecretBytes& path_secret) {
  return DeriveSecret(path_secret.Expose(), "path");
}

// The child of `above` that `leaf` is not below.
NodeIndex CopathChild(NodeIndex above, LeafIndex leaf) {
  return NodeOf(leaf) < above ? Right(above) : Left(above);
}

// Derives the keys of `nodes`, lowest first, from the secret of the first one.
absl::StatusOr<AppliedPath> DeriveUpwards(const RatchetTree& tree,
                                          const std::vector<NodeIndex>& nodes, SecretBytes secret) {
  AppliedPath applied;
  for (const NodeIndex node : nodes) {
    SharedKey key = NodeKey(secret);
    const std::string* expected = tree.encryption_key(node);
    if (expected == nullptr || *expected != key->public_key().bytes()) {
      return Refuse(Fault::kPathSecretKey);
    }
    applied.keys[node] = std::move(key);
    secret = NextPathSecret(secret);
  }
  applied.commit_secret = std::move(secret);
  return applied;
}

// Those of the filtered path that `own` is below too, lowest first.
std::vector<NodeIndex> SharedPart(const std::vector<NodeIndex>& filtered_path, LeafIndex own) {
  std::vector<NodeIndex> shared;
  std::copy_if(filtered_path.begin(), filtered_path.end(), std::back_inserter(shared),
               [&](NodeIndex node) { return IsInSubtree(NodeOf(own), node); });
  return shared;
}

absl::StatusOr<std::vector<HpkeCiphertext>> EncryptTo(const RatchetTree& tree,
                                                      const std::vector<NodeIndex>& nodes,
                                                      const crypto::HpkeInfo& context,
                                                      const SecretBytes& path_secret,
                                                      Random& random) {
  std::vector<HpkeCiphertext> sealed;
  sealed.reserve(nodes.size());
  for (const NodeIndex node : nodes) {
    AMANA_ASSIGN_OR_RETURN(
        sealed.emplace_back(),
        EncryptWithLabel(context, *tree.encryption_key(node), path_secret.Expose(), random));
  }
  return sealed;
}

absl::Status CheckPathKeys(const RatchetTree& tree, const UpdatePath& path) {
  std::vector<std::string_view> keys = {path.leaf_node.encryption_key};
  for (const UpdatePathNode& node : path.nodes) keys.emplace_back(node.encryption_key);
  for (const std::string_view key : keys) {
    if (key.size() != crypto::kHpkeKeySize) return Refuse(Fault::kKeyMalformed);
  }
  if (tree.CountEncryptionKeys(keys) > 0) return Refuse(Fault::kPathKeyInTree);
  std::sort(keys.begin(), keys.end());
  if (std::adjacent_find(keys.begin(), keys.end()) != keys.end()) {
    return Refuse(Fault::kPathKeyInTree);
  }
  return absl::OkStatus();
}

}  // namespace

void DropOutdated(PrivateKeys& keys, const RatchetTree& tree) {
  std::erase_if(keys, [&](const auto& entry) {
    const std::string* current = tree.encryption_key(entry.first);
    return current == nullptr || *current != entry.second->public_key().bytes();
  });
}

absl::StatusOr<CreatedPath> CreatePath(const Suite& suite, RatchetTree& tree, LeafIndex committer,
                                       LeafNode leaf, const crypto::SigningKey& signer,
                                       GroupContext& context,
                                       const std::vector<LeafIndex>& newcomers, Random& random) {
  const std::vector<NodeIndex> filtered_path = tree.FilteredDirectPath(committer);
  CreatedPath created;
  std::vector<std::string> public_keys;
  SecretBytes path_secret = RandomSecret(random);
  for (const NodeIndex node : filtered_path) {
    SharedKey key = NodeKey(path_secret);
    public_keys.push_back(key->public_key().bytes());
    created.keys[node] = std::move(key);
    SecretBytes next = NextPathSecret(path_secret);
    created.path_secrets.emplace(node, std::exchange(path_secret, std::move(next)));
  }
  created.commit_secret = std::move(path_secret);

  auto leaf_key =
      std::make_shared<const crypto::HpkePrivateKey>(crypto::HpkePrivateKey::Generate(random));
  leaf.encryption_key = leaf_key->public_key().bytes();
  created.keys[NodeOf(committer)] = std::move(leaf_key);
  leaf.source = LeafNodeSource::kCommit;
  leaf.parent_hash = tree.SetPath(committer, filtered_path, public_keys);
  leaf.signature =
      SignWithLabel(signer, "LeafNodeTBS", LeafNodeToBeSigned(leaf, context.group_id, committer));
  created.path.leaf_node = leaf;
  tree.SetLeaf(committer, std::move(leaf));

  context.tree_hash = tree.RootHash();
  const crypto::HpkeInfo sealing = EncryptContext(suite, kPathLabel, Encode(context));
  for (size_t i = 0; i < filtered_path.size(); ++i) {
    const NodeIndex node = filtered_path[i];
    UpdatePathNode& told = created.path.nodes.emplace_back();
    told.encryption_key = std::move(public_keys[i]);
    AMANA_ASSIGN_OR_RETURN(told.encrypted_path_secret,
                           EncryptTo(tree, tree.Resolution(CopathChild(node, committer), newcomers),
                                     sealing, created.path_secrets.at(node), random));
  }
  return created;
}

absl::Status MergePath(RatchetTree& tree, LeafIndex committer, const UpdatePath& path,
                       const std::vector<LeafIndex>& newcomers, GroupContext& context) {
  const std::vector<NodeIndex> filtered_path = tree.FilteredDirectPath(committer);
  if (path.nodes.size() != filtered_path.size()) return Refuse(Fault::kPathLength);
  for (size_t i = 0; i < filtered_path.size(); ++i) {
    const auto resolution = tree.Resolution(CopathChild(filtered_path[i], committer), newcomers);
    if (path.nodes[i].encrypted_path_secret.size() != resolution.size()) {
      return Refuse(Fault::kPathSecretCount);
    }
  }
  AMANA_RETURN_IF_ERROR(CheckPathKeys(tree, path));
  std::vector<std::string> keys;
  keys.reserve(path.nodes.size());
  for (const UpdatePathNode& node : path.nodes) keys.push_back(node.encryption_key);
  if (tree.SetPath(committer, filtered_path, keys) != path.leaf_node.parent_hash) {
    return Refuse(Fault::kPathLeafParentHash);
  }
  tree.SetLeaf(committer, path.leaf_node);
  context.tree_hash = tree.RootHash();
  return absl::OkStatus();
}

absl::StatusOr<AppliedPath> OpenPath(const Suite& suite, const RatchetTree& tree,
                                     LeafIndex committer, const UpdatePath& path,
                                     const std::vector<LeafIndex>& newcomers,
                                     const GroupContext& context, LeafIndex own,
                                     const PrivateKeys& own_keys) {
  const std::vector<NodeIndex> filtered_path = tree.FilteredDirectPath(committer);
  const std::vector<NodeIndex> shared = SharedPart(filtered_path, own);
  if (shared.empty()) return Refuse(Fault::kPathSecretNotOurs);
  const auto at = std::find(filtered_path.begin(), filtered_path.end(), shared.front());
  const auto meeting = static_cast<size_t>(at - filtered_path.begin());
  const UpdatePathNode& told = path.nodes[meeting];
  const auto resolution = tree.Resolution(CopathChild(shared.front(), committer), newcomers);
  for (size_t i = 0; i < resolution.size() && i < told.encrypted_path_secret.size(); ++i) {
    const auto key = own_keys.find(resolution[i]);
    if (key == own_keys.end()) continue;
    if (key->second->public_key().bytes() != *tree.encryption_key(resolution[i])) continue;
    AMANA_ASSIGN_OR_RETURN(SecretBytes path_secret,
                           DecryptWithLabel(EncryptContext(suite, kPathLabel, Encode(context)),
                                            *key->second, told.encrypted_path_secret[i]));
    // Below the meeting nothing is derived here. The highest node is the one that this member seals
    // to next; looking at each would make following a commit three times as dear in a large group.
    if (meeting > 0 && !crypto::HpkePublicKey::IsUsable(path.nodes[meeting - 1].encryption_key)) {
      return Refuse(Fault::kKeyMalformed);
    }
    return DeriveUpwards(tree, shared, std::move(path_secret));
  }
  return Refuse(Fault::kPathSecretNotOurs);
}

absl::StatusOr<AppliedPath> FollowPath(const RatchetTree& tree, LeafIndex committer, LeafIndex own,
                                       SecretBytes path_secret) {
  const std::vector<NodeIndex> shared = SharedPart(tree.FilteredDirectPath(committer), own);
  return DeriveUpwards(tree, shared, std::move(path_secret));
}

}  // namespace amana::mls
