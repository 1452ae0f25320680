#include "common/mls/treekem.h"

#include "common/mls/test_rules.h"
#include "common/mls/test_vectors.h"

namespace amana::mls {
namespace {

using SharedKey = std::shared_ptr<const crypto::HpkePrivateKey>;

SharedKey KeyOfPathSecret(std::string_view path_secret) {
  return std::make_shared<const crypto::HpkePrivateKey>(
      crypto::HpkePrivateKey::Derive(DeriveSecret(path_secret, "node").Expose()));
}

// --- The official vectors ----------------------------------------------------------------------

class TreeKemVectors : public VectorTest {
 protected:
  RatchetTree Tree() const { return *RatchetTree::Decode(hex("ratchet_tree")); }

  GroupContext Context() const {
    return {.cipher_suite = suite().id,
            .group_id = hex("group_id"),
            .epoch = json()["epoch"].get<uint64_t>(),
            .tree_hash = "",
            .confirmed_transcript_hash = hex("confirmed_transcript_hash"),
            .extensions = {}};
  }

  const Json& PrivateOf(LeafIndex leaf) const {
    for (const Json& one : json()["leaves_private"]) {
      if (one["index"].get<uint32_t>() == leaf.value) return one;
    }
    ADD_FAILURE() << "nobody has leaf " << leaf.value;
    return json();
  }

  PrivateKeys KeysOf(LeafIndex leaf) const {
    const Json& known = PrivateOf(leaf);
    PrivateKeys keys;
    keys[NodeOf(leaf)] = std::make_shared<const crypto::HpkePrivateKey>(
        *crypto::HpkePrivateKey::FromBytes(HexIn(known, "encryption_priv")));
    for (const Json& one : known["path_secrets"]) {
      keys[NodeIndex{one["node"].get<uint32_t>()}] = KeyOfPathSecret(HexIn(one, "path_secret"));
    }
    return keys;
  }

  template <class Use>
  void ForEachReceiver(LeafIndex sender, Use use) const {
    for (const Json& one : json()["leaves_private"]) {
      const LeafIndex leaf{one["index"].get<uint32_t>()};
      if (leaf == sender) continue;
      SCOPED_TRACE("leaf " + std::to_string(leaf.value));
      use(leaf);
    }
  }
  template <class Use>
  void ForEachPath(Use use) const {
    for (const Json& one : json()["update_paths"]) {
      const LeafIndex sender{one["sender"].get<uint32_t>()};
      SCOPED_TRACE("sender " + std::to_string(sender.value));
      use(sender, one);
    }
  }
};

INSTANTIATE_TEST_SUITE_P(, TreeKemVectors, CasesOf("treekem.json", {1, 3}), NameOfCase);

// The keys that each member is said to have are the tree's.
TEST_P(TreeKemVectors, GiveTheKeysOfTheTree) {
  const RatchetTree tree = Tree();
  ForEachReceiver(LeafIndex{UINT32_MAX}, [&](LeafIndex leaf) {
    PrivateKeys keys = KeysOf(leaf);
    const size_t all = keys.size();
    DropOutdated(keys, tree);
    EXPECT_EQ(keys.size(), all);
  });
}

TEST_P(TreeKemVectors, OpenTheirPathsForEveryLeaf) {
  ForEachPath([&](LeafIndex sender, const Json& given) {
    const auto path = Decode<UpdatePath>(HexIn(given, "update_path"));
    ASSERT_TRUE(path.ok()) << path.status();
    RatchetTree tree = Tree();
    GroupContext context = Context();
    const auto merged = MergePath(tree, sender, *path, {}, context);
    ASSERT_TRUE(merged.ok()) << merged;
    EXPECT_EQ(context.tree_hash, HexIn(given, "tree_hash_after"));
    EXPECT_EQ(tree.RootHash(), context.tree_hash);
    EXPECT_TRUE(tree.Verify().ok()) << tree.Verify();
    EXPECT_TRUE(VerifyWithLabel(path->leaf_node.signature_key, "LeafNodeTBS",
                                LeafNodeToBeSigned(path->leaf_node, context.group_id, sender),
                                path->leaf_node.signature));
    ForEachReceiver(sender, [&](LeafIndex leaf) {
      const auto opened = OpenPath(suite(), tree, sender, *path, {}, context, leaf, KeysOf(leaf));
      ASSERT_TRUE(opened.ok()) << opened.status();
      EXPECT_EQ(opened->commit_secret.Expose(), HexIn(given, "commit_secret"));
      const Json& secret = given["path_secrets"][leaf.value];
      ASSERT_TRUE(secret.is_string());
      const NodeIndex meeting = CommonAncestor(NodeOf(leaf), NodeOf(sender));
      ASSERT_TRUE(opened->keys.contains(meeting));
      EXPECT_EQ(opened->keys.at(meeting)->public_key(),
                KeyOfPathSecret(FromHex(secret.get<std::string>()))->public_key());
      // As a newcomer would be told it.
      const auto followed =
          FollowPath(tree, sender, leaf, SecretBytes::CopyOf(FromHex(secret.get<std::string>())));
      ASSERT_TRUE(followed.ok()) << followed.status();
      EXPECT_EQ(followed->commit_secret.Expose(), HexIn(given, "commit_secret"));
    });
  });
}

TEST_P(TreeKemVectors, OpenOurPathsForEveryLeaf) {
  SeededRandom random(1);
  ForEachPath([&](LeafIndex sender, const Json&) {
    const auto signer = *crypto::SigningKey::FromSeed(HexIn(PrivateOf(sender), "signature_priv"));
    RatchetTree ours = Tree();
    GroupContext our_context = Context();
    const auto created =
        CreatePath(suite(), ours, sender, *ours.leaf(sender), signer, our_context, {}, random);
    ASSERT_TRUE(created.ok()) << created.status();
    EXPECT_TRUE(ours.Verify().ok()) << ours.Verify();

    RatchetTree tree = Tree();
    GroupContext context = Context();
    const auto merged = MergePath(tree, sender, created->path, {}, context);
    ASSERT_TRUE(merged.ok()) << merged;
    EXPECT_EQ(context.tree_hash, our_context.tree_hash);
    ForEachReceiver(sender, [&](LeafIndex leaf) {
      const auto opened =
          OpenPath(suite(), tree, sender, created->path, {}, context, leaf, KeysOf(leaf));
      ASSERT_TRUE(opened.ok()) << opened.status();
      EXPECT_EQ(opened->commit_secret.Expose(), created->commit_secret.Expose());
    });
  });
}

// --- Where the root is off the filtered direct path (mlswg/mls-protocol, issue 690) -------------

// Leaf 2 removes 0 and 1: nobody is left below the root's other child, so that the path has node 5
// alone, and the commit secret comes after that node's path secret, not after one of the root.
class NarrowPath : public RulesTest {
 protected:
  std::vector<Member> members_ = NewGroup(4, /*with_path=*/true);
};

TEST_F(NarrowPath, ItsCommitSecretFollowsTheLastSecretOfThePath) {
  RatchetTree tree = members_[2].group.tree();
  tree.Remove(LeafIndex{0});
  tree.Remove(LeafIndex{1});
  ASSERT_EQ(tree.leaves(), LeafCount{4});
  RatchetTree others = tree;
  GroupContext context = members_[2].group.context();
  GroupContext their_context = context;
  const auto created = CreatePath(kSuite3, tree, LeafIndex{2}, members_[2].group.own_leaf_node(),
                                  members_[2].signer, context, {}, random_);
  ASSERT_TRUE(created.ok()) << created.status();
  ASSERT_EQ(created->path_secrets.size(), 1u);
  const auto& [node, path_secret] = *created->path_secrets.begin();
  EXPECT_EQ(node, NodeIndex{5});
  EXPECT_EQ(created->commit_secret.Expose(), DeriveSecret(path_secret.Expose(), "path").Expose());
  EXPECT_EQ(tree.parent(NodeIndex{3}), nullptr);

  ASSERT_TRUE(MergePath(others, LeafIndex{2}, created->path, {}, their_context).ok());
  const auto opened = OpenPath(kSuite3, others, LeafIndex{2}, created->path, {}, their_context,
                               LeafIndex{3}, GroupTestPeer::epoch(members_[3].group).keys);
  ASSERT_TRUE(opened.ok()) << opened.status();
  EXPECT_EQ(opened->commit_secret.Expose(), created->commit_secret.Expose());
}

TEST_F(NarrowPath, TheGroupGoesOn) {
  CommitAll(members_, 2, {.proposals = {{Remove{LeafIndex{0}}}, {Remove{LeafIndex{1}}}}});
  members_.erase(members_.begin(), members_.begin() + 2);
  const auto expect_one_view = [&] {
    for (const Member& member : members_) {
      EXPECT_EQ(member.group.epoch_authenticator(), members_[0].group.epoch_authenticator());
    }
  };
  expect_one_view();
  CommitAll(members_, 1);
  expect_one_view();
  // Leaves 0 and 1 are given to others, and the root is on everybody's path again.
  std::vector<Client> clients;
  for (const char* name : {"new", "newer"}) clients.push_back(NewClient(name));
  AddAll(members_, std::move(clients), /*with_path=*/true);
  for (size_t i = 0; i < members_.size(); ++i) {
    CommitAll(members_, i);
    expect_one_view();
  }
}

}  // namespace
}  // namespace amana::mls
