// Rules for the ratchet tree and for update paths (RFC 9420, sections 7.1, 7.5 to 7.9, 12.4.2 and
// 12.4.3.3).

#include <algorithm>

#include "common/mls/test_rules.h"

namespace amana::mls {
namespace {

// --- The form of a tree ------------------------------------------------------------------------

class TreeFormRules : public RulesTest {
 protected:
  using Nodes = std::vector<std::optional<Node>>;

  static Fault Decoded(const Nodes& nodes) { return FaultIn(RatchetTree::Decode(Encode(nodes))); }
  Node Leaf() { return {std::make_shared<LeafNode>(NewClient("one").leaf()), nullptr}; }
  Node Parent() { return {nullptr, std::make_shared<ParentNode>(ParentNode{NewKey(), "", {}})}; }
};

TEST_F(TreeFormRules, HasNodes) {
  EXPECT_EQ(Decoded({Leaf()}), Fault::kNone);
  EXPECT_EQ(Decoded({}), Fault::kTreeEmpty);
}

TEST_F(TreeFormRules, EndsWithANodeThatIsNotBlank) {
  EXPECT_EQ(Decoded({Leaf(), std::nullopt, Leaf()}), Fault::kNone);
  EXPECT_EQ(Decoded({Leaf(), Parent(), std::nullopt}), Fault::kTreeEndsBlank);
  EXPECT_EQ(Decoded({std::nullopt}), Fault::kTreeEndsBlank);
}

TEST_F(TreeFormRules, LeavesAndParentsStandWhereTheyMust) {
  EXPECT_EQ(Decoded({Leaf(), Parent(), Leaf()}), Fault::kNone);
  EXPECT_EQ(Decoded({Leaf(), Leaf(), Leaf()}), Fault::kNodeKindMisplaced);
  EXPECT_EQ(Decoded({Parent(), Parent(), Leaf()}), Fault::kNodeKindMisplaced);
}

TEST_F(TreeFormRules, HasAtMostKMaxLeaves) {
  Nodes nodes(2 * kMaxLeaves - 1);
  nodes.back() = Leaf();
  EXPECT_EQ(Decoded(nodes), Fault::kNone);
  nodes.emplace_back(Parent());
  EXPECT_EQ(Decoded(nodes), Fault::kTreeFull);

  RatchetTree tree(LeafCount{kMaxLeaves});
  const LeafNode leaf = NewClient("one").leaf();
  for (uint32_t i = 0; i + 1 < kMaxLeaves; ++i) tree.SetLeaf(LeafIndex{i}, leaf);
  EXPECT_EQ(FaultIn(tree.Add(leaf)), Fault::kNone);
  EXPECT_EQ(FaultIn(tree.Add(leaf)), Fault::kTreeFull);
}

// Of the largest leaves that there may be: a tree of 2,048 of them.
TEST_F(TreeFormRules, ByItselfItMayBeLargerThanAMessage) {
  LeafNode large = NewClient("one").leaf();
  large.extensions = {{kApplicationId, std::string(kMaxIdentitySize - 100, 'x')}};
  const Node leaf{std::make_shared<LeafNode>(large), nullptr};
  const auto decoded = [&](size_t leaves) {
    Nodes nodes(2 * leaves - 1);
    for (size_t i = 0; i < nodes.size(); i += 2) nodes[i] = leaf;
    return Decoded(nodes);
  };
  EXPECT_EQ(decoded(2048), Fault::kNone);
  EXPECT_EQ(decoded(2200), Fault::kMessageTooLarge);
}

// --- The tree of a group that is joined --------------------------------------------------------

// Eight leaves. Node 7 is the root; nodes 1, 3 and 7 were set by the first member's path, after
// which a member was added at leaf 3, unmerged at 3 and 7:
//
//               7 [3]
//           ____|____
//        3 [3]       _
//        _|_       _|_
//       1   _     _   _
//       0 1 2 3   4 5 . .
class JoinedTreeRules : public RulesTest {
 protected:
  JoinedTreeRules() {
    CommitAll(members_, 0, {.proposals = {{Remove{LeafIndex{3}}}}});
    members_.erase(members_.begin() + 3);
    std::vector<Client> clients;
    clients.push_back(NewClient("late"));
    AddAll(members_, std::move(clients));
  }

  // The newcomer is unmerged at the root, too, as [3, 6].
  Fault JoinedTree(Edit<RatchetTree> change) {
    return Joined(members_[0], NewClient("new"), {.with_path = false, .tree = std::move(change)});
  }
  Fault JoinedWithParent(NodeIndex index, Edit<ParentNode> change) {
    return JoinedTree([&](RatchetTree& tree) {
      ASSERT_NE(tree.parent(index), nullptr);
      ParentNode parent = *tree.parent(index);
      change(parent);
      ASSERT_TRUE(tree.Restore(index, {nullptr, std::make_shared<ParentNode>(parent)}).ok());
    });
  }

  static constexpr NodeIndex kRoot{7};
  static constexpr NodeIndex kMiddle{3};
  std::vector<Member> members_ = NewGroup(6);
};

TEST_F(JoinedTreeRules, AValidOneIsJoined) {
  EXPECT_EQ(JoinedTree([](RatchetTree& tree) {
              const std::vector<LeafIndex> both = {{3}, {6}};
              EXPECT_EQ(tree.parent(kRoot)->unmerged_leaves, both);
              EXPECT_EQ(tree.parent(kMiddle)->unmerged_leaves, std::vector<LeafIndex>{{3}});
            }),
            Fault::kNone);
}

TEST_F(JoinedTreeRules, ParentsChainBackToALeaf) {
  EXPECT_EQ(JoinedWithParent(kMiddle, [](ParentNode& p) { p.parent_hash[0] ^= 1; }),
            Fault::kParentHash);
  EXPECT_EQ(JoinedWithParent(kMiddle, [&](ParentNode& p) { p.encryption_key = NewKey(); }),
            Fault::kParentHash);
  EXPECT_EQ(JoinedWithParent(kRoot, [](ParentNode& p) { p.parent_hash = "x"; }),
            Fault::kParentHash);
}

TEST_F(JoinedTreeRules, ParentsThatNobodySetAreRefused) {
  EXPECT_EQ(JoinedTree([&](RatchetTree& tree) {
              const auto chosen = std::make_shared<ParentNode>(ParentNode{NewKey(), "", {}});
              ASSERT_TRUE(tree.Restore(NodeIndex{9}, {nullptr, chosen}).ok());
            }),
            Fault::kParentHash);
}

// The parent hash of the committer's leaf covers the other side of each node of its path.
TEST_F(JoinedTreeRules, LeavesOnTheOtherSideAreCovered) {
  EXPECT_EQ(JoinedTree([&](RatchetTree& tree) {
              LeafNode leaf = *tree.leaf(LeafIndex{5});
              leaf.encryption_key = NewKey();
              Sign(leaf, members_[4]);
              tree.SetLeaf(LeafIndex{5}, leaf);
            }),
            Fault::kParentHash);
}

// A leaf that joined later is no part of what was hashed then; one that is not marked so is.
TEST_F(JoinedTreeRules, WhoJoinedLaterIsUnmerged) {
  EXPECT_EQ(
      JoinedTree([&](RatchetTree& tree) {
        for (const NodeIndex index : {kRoot, kMiddle}) {
          ParentNode parent = *tree.parent(index);
          std::erase(parent.unmerged_leaves, LeafIndex{3});
          ASSERT_TRUE(tree.Restore(index, {nullptr, std::make_shared<ParentNode>(parent)}).ok());
        }
      }),
      Fault::kParentHash);
}

// A node and the one below that was set with it have the same unmerged leaves there (section
// 7.9.2). Leaf 3, unmerged at the middle alone, came between the two. All hashes fit.
TEST_F(JoinedTreeRules, WhoIsUnmergedBelowIsUnmergedAbove) {
  EXPECT_EQ(
      JoinedWithParent(kRoot, [](ParentNode& p) { std::erase(p.unmerged_leaves, LeafIndex{3}); }),
      Fault::kParentHash);
}

TEST_F(JoinedTreeRules, UnmergedLeavesAreMembersBelow) {
  // Blank, outside the tree, and not below the node.
  for (const uint32_t leaf : {7u, 100u, 5u}) {
    EXPECT_EQ(
        JoinedWithParent(kMiddle, [&](ParentNode& p) { p.unmerged_leaves.push_back({leaf}); }),
        Fault::kUnmergedLeafInvalid);
  }
}

TEST_F(JoinedTreeRules, UnmergedLeavesAreUnmergedOnTheWayDown) {
  EXPECT_EQ(JoinedWithParent(kMiddle, [](ParentNode& p) { p.unmerged_leaves.clear(); }),
            Fault::kUnmergedLeafMissingBetween);
}

TEST_F(JoinedTreeRules, UnmergedLeavesAreInOrder) {
  EXPECT_EQ(JoinedWithParent(kRoot,
                             [](ParentNode& p) {
                               std::reverse(p.unmerged_leaves.begin(), p.unmerged_leaves.end());
                             }),
            Fault::kUnmergedLeavesOrder);
  EXPECT_EQ(JoinedWithParent(kMiddle, [](ParentNode& p) { p.unmerged_leaves = {{3}, {3}}; }),
            Fault::kUnmergedLeavesOrder);
}

TEST_F(JoinedTreeRules, ParentsHaveKeysOfTheSuitesSize) {
  EXPECT_EQ(JoinedWithParent(kMiddle, [](ParentNode& p) { p.encryption_key.pop_back(); }),
            Fault::kKeyMalformed);
}

// The first member sets its path with a key that somebody has already: the hashes fit.
TEST_F(JoinedTreeRules, ParentsHaveTheirKeysForThemselves) {
  const auto joined_with = [&](const std::string& key) {
    return Joined(members_[0], NewClient("new"),
                  {.path_keys = [&](std::vector<std::string>& keys) { keys[0] = key; }});
  };
  EXPECT_EQ(joined_with(NewKey()), Fault::kNone);
  EXPECT_EQ(joined_with(members_[4].group.own_leaf_node().encryption_key),
            Fault::kEncryptionKeyNotUnique);
}

TEST_F(JoinedTreeRules, TheTreeIsTheOneThatTheGroupAgreedOn) {
  EXPECT_EQ(Joined(members_[0], NewClient("new"),
                   {.context = [](GroupContext& c) { c.tree_hash[0] ^= 1; }}),
            Fault::kTreeHash);
  // It comes beside the welcome, and is the one of an epoch before.
  const std::string before = members_[0].group.EncodeTree();
  std::string now;
  Client client = NewClient("new");
  const Forgery apart{.proposals = ByValue({{Add{client.key_package()}}}),
                      .with_path = false,
                      .tree = [&](RatchetTree& tree) { now = tree.Encode(); },
                      .info = [](GroupInfo& i) { i.extensions.clear(); }};
  const std::string welcome = Forge(members_[0].group, members_[0].signer, apart, random_).welcome;
  EXPECT_EQ(JoinedBy(welcome, client, {.ratchet_tree = now}), Fault::kNone);
  EXPECT_EQ(JoinedBy(welcome, client, {.ratchet_tree = before}), Fault::kTreeHash);
  EXPECT_EQ(JoinedBy(welcome, client), Fault::kTreeMissing);
}

// --- The path of a commit ----------------------------------------------------------------------

class PathRules : public RulesTest {
 protected:
  // Of the first member, at the fourth one, who meets it at the root.
  Fault Followed(const Forgery& forgery) { return Committed(members_[0], members_[3], forgery); }
  Fault FollowedWithKeys(Edit<std::vector<std::string>> change) {
    return Followed({.path_keys = std::move(change)});
  }

  std::vector<Member> members_ = NewGroup(4, /*with_path=*/true);
};

TEST_F(PathRules, AValidOneIsFollowed) {
  EXPECT_EQ(Followed({}), Fault::kNone);
  EXPECT_EQ(Followed({.path = [](UpdatePath& p) { ASSERT_EQ(p.nodes.size(), 2u); }}), Fault::kNone);
}

TEST_F(PathRules, HasTheNodesOfTheFilteredDirectPath) {
  EXPECT_EQ(Followed({.path = [](UpdatePath& p) { p.nodes.pop_back(); }}), Fault::kPathLength);
  EXPECT_EQ(Followed({.path = [](UpdatePath& p) { p.nodes.push_back(p.nodes[0]); }}),
            Fault::kPathLength);
}

TEST_F(PathRules, HasASecretForEachNodeOfTheResolution) {
  EXPECT_EQ(Followed({.path = [](UpdatePath& p) { p.nodes[1].encrypted_path_secret.pop_back(); }}),
            Fault::kPathSecretCount);
  EXPECT_EQ(Followed({.path =
                          [](UpdatePath& p) {
                            auto& secrets = p.nodes[0].encrypted_path_secret;
                            secrets.push_back(secrets[0]);
                          }}),
            Fault::kPathSecretCount);
}

// A newcomer learns its secret from the welcome and has none in the path.
TEST_F(PathRules, HasNoSecretForNewcomers) {
  const std::vector<ProposalOrRef> list = ByValue({{Add{NewClient("new").key_package()}}});
  EXPECT_EQ(Followed({.proposals = list}), Fault::kNone);
  EXPECT_EQ(Followed({.proposals = list,
                      .path =
                          [](UpdatePath& p) {
                            auto& secrets = p.nodes.back().encrypted_path_secret;
                            EXPECT_TRUE(secrets.empty());
                            secrets.push_back(p.nodes[0].encrypted_path_secret[0]);
                          }}),
            Fault::kPathSecretCount);
}

TEST_F(PathRules, TheLeafHasThePathsParentHash) {
  EXPECT_EQ(Followed({.leaf = [](LeafNode& l) { l.parent_hash[0] ^= 1; }}),
            Fault::kPathLeafParentHash);
  EXPECT_EQ(Followed({.leaf = [](LeafNode& l) { l.parent_hash.clear(); }}),
            Fault::kPathLeafParentHash);
}

TEST_F(PathRules, ItsKeysAreNew) {
  const RatchetTree& tree = members_[0].group.tree();
  const std::string leafs = tree.leaf(LeafIndex{2})->encryption_key;
  const std::string roots = *tree.encryption_key(NodeIndex{3});
  EXPECT_EQ(FollowedWithKeys([&](auto& keys) { keys[0] = leafs; }), Fault::kPathKeyInTree);
  EXPECT_EQ(FollowedWithKeys([&](auto& keys) { keys[1] = roots; }), Fault::kPathKeyInTree);
  EXPECT_EQ(FollowedWithKeys([&](auto& keys) { keys[0] = keys[1]; }), Fault::kPathKeyInTree);
  EXPECT_EQ(Followed({.leaf = [&](LeafNode& l) { l.encryption_key = leafs; }}),
            Fault::kPathKeyInTree);
}

TEST_F(PathRules, ItsKeysHaveTheSuitesSize) {
  EXPECT_EQ(FollowedWithKeys([](auto& keys) { keys[0].pop_back(); }), Fault::kKeyMalformed);
}

// Also those that the fourth member can't derive: it must seal to them when it commits.
TEST_F(PathRules, ItsKeysCanBeSealedTo) {
  EXPECT_EQ(FollowedWithKeys([](auto& keys) { keys[0] = kPointOfSmallOrder; }),
            Fault::kKeyMalformed);
  EXPECT_EQ(Followed({.leaf = [](LeafNode& l) { l.encryption_key = kPointOfSmallOrder; }}),
            Fault::kKeyMalformed);
}

TEST_F(PathRules, ItsKeysFollowFromItsSecrets) {
  EXPECT_EQ(FollowedWithKeys([&](auto& keys) { keys[1] = NewKey(); }), Fault::kPathSecretKey);
  // Node 1 is not above the fourth member, who can't see it; the second one can.
  const Forgery low{.path_keys = [&](auto& keys) { keys[0] = NewKey(); }};
  EXPECT_EQ(Followed(low), Fault::kNone);
  EXPECT_EQ(Committed(members_[0], members_[1], low), Fault::kPathSecretKey);
}

TEST_F(PathRules, ItsSecretsOpen) {
  EXPECT_EQ(
      Followed(
          {.path = [](UpdatePath& p) { p.nodes[1].encrypted_path_secret[1].ciphertext[0] ^= 1; }}),
      Fault::kDecryptionFailed);
}

// A newcomer who was told no path secret lacks the keys of the committer's path, and is lost once
// something is sealed to one of them.
TEST_F(PathRules, AMemberHasAKeyForItsSecret) {
  const auto followed_by_newcomer = [&](Edit<GroupSecrets> secrets) {
    std::vector<Member> members = NewGroup(2);
    Client client = NewClient("third");
    const Forged forged =
        Forge(members[0].group, members[0].signer,
              {.proposals = ByValue({{Add{client.key_package()}}}), .secrets = std::move(secrets)},
              random_);
    Follow(members[1], forged.message);
    auto joined =
        Group::Join(kSuite3, forged.welcome, std::move(client.own), policy_, psks_, InNoGroup);
    AMANA_CHECK(joined.ok(), "the newcomer can't see what it was not told");
    members[0] = {std::move(client.signer), *std::move(joined)};
    std::swap(members[0], members[1]);
    // Two more, the second of whom is on the other side of the root.
    std::vector<Client> more;
    more.push_back(NewClient("fourth"));
    more.push_back(NewClient("fifth"));
    AddAll(members, std::move(more));
    return Committed(members.back(), members[1], Forgery{});
  };
  EXPECT_EQ(followed_by_newcomer(nullptr), Fault::kNone);
  EXPECT_EQ(followed_by_newcomer([](GroupSecrets& s) { s.path_secret.reset(); }),
            Fault::kPathSecretNotOurs);
}

}  // namespace
}  // namespace amana::mls
