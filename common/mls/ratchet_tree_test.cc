#include "common/mls/ratchet_tree.h"

#include "common/mls/messages.h"
#include "common/mls/test_vectors.h"

namespace amana::mls {
namespace {

// --- The official vectors ----------------------------------------------------------------------

class TreeOperationVectors : public VectorTest {
 protected:
  RatchetTree TreeIn(std::string_view field) const {
    auto tree = RatchetTree::Decode(hex(field));
    EXPECT_TRUE(tree.ok()) << tree.status();
    return *std::move(tree);
  }
};

INSTANTIATE_TEST_SUITE_P(, TreeOperationVectors, CasesOf("tree-operations.json", {1, 3}),
                         NameOfCase);

TEST_P(TreeOperationVectors, GiveTheTreeAfterwards) {
  RatchetTree tree = TreeIn("tree_before");
  EXPECT_EQ(tree.RootHash(), hex("tree_hash_before"));
  const auto proposal = Decode<Proposal>(hex("proposal"));
  ASSERT_TRUE(proposal.ok()) << proposal.status();
  const LeafIndex sender{json()["proposal_sender"].get<uint32_t>()};
  if (const auto* add = proposal->As<Add>()) {
    const LeafIndex free = tree.NextFree();
    const auto index = tree.Add(add->key_package.leaf_node);
    ASSERT_TRUE(index.ok()) << index.status();
    EXPECT_EQ(*index, free);
  } else if (const auto* update = proposal->As<Update>()) {
    tree.Update(sender, update->leaf_node);
  } else if (const auto* remove = proposal->As<Remove>()) {
    tree.Remove(remove->removed);
  } else {
    FAIL() << "no proposal that changes a tree";
  }
  EXPECT_EQ(tree.RootHash(), hex("tree_hash_after"));
  EXPECT_EQ(tree.Encode(), hex("tree_after"));
  EXPECT_EQ(tree.leaves(), TreeIn("tree_after").leaves());
}

class TreeValidationVectors : public VectorTest {
 protected:
  void SetUp() override {
    VectorTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    auto tree = RatchetTree::Decode(hex("tree"));
    ASSERT_TRUE(tree.ok()) << tree.status();
    tree_ = *std::move(tree);
  }

  RatchetTree tree_{LeafCount{1}};
};

INSTANTIATE_TEST_SUITE_P(, TreeValidationVectors, CasesOf("tree-validation.json", {1, 3}),
                         NameOfCase);

TEST_P(TreeValidationVectors, EncodeToTheSameBytes) { EXPECT_EQ(tree_.Encode(), hex("tree")); }

TEST_P(TreeValidationVectors, GiveTheTreeHashes) {
  const Json& hashes = json()["tree_hashes"];
  ASSERT_EQ(hashes.size(), NodeCount(tree_.leaves()));
  for (uint32_t i = 0; i < hashes.size(); ++i) {
    EXPECT_EQ(tree_.TreeHash(NodeIndex{i}), FromHex(hashes[i].get<std::string>())) << i;
  }
  EXPECT_EQ(tree_.RootHash(), tree_.TreeHash(Root(tree_.leaves())));
}

TEST_P(TreeValidationVectors, GiveTheResolutions) {
  const Json& resolutions = json()["resolutions"];
  ASSERT_EQ(resolutions.size(), NodeCount(tree_.leaves()));
  for (uint32_t i = 0; i < resolutions.size(); ++i) {
    std::vector<uint32_t> ours;
    for (const NodeIndex node : tree_.Resolution(NodeIndex{i})) ours.push_back(node.value);
    EXPECT_EQ(ours, resolutions[i].get<std::vector<uint32_t>>()) << i;
  }
}

TEST_P(TreeValidationVectors, HaveParentHashesThatHold) {
  EXPECT_TRUE(tree_.Verify().ok()) << tree_.Verify();
  // And each of them is needed.
  for (uint32_t i = 1; i < NodeCount(tree_.leaves()); i += 2) {
    if (tree_.parent(NodeIndex{i}) == nullptr) continue;
    RatchetTree damaged = tree_;
    ParentNode parent = *damaged.parent(NodeIndex{i});
    parent.encryption_key[0] ^= 1;
    ASSERT_TRUE(
        damaged.Restore(NodeIndex{i}, {nullptr, std::make_shared<ParentNode>(parent)}).ok());
    EXPECT_EQ(FaultIn(damaged.Verify()), Fault::kParentHash) << i;
  }
}

TEST_P(TreeValidationVectors, HaveSignedLeaves) {
  tree_.ForEachLeaf([&](LeafIndex index, const LeafNode& leaf) {
    EXPECT_TRUE(VerifyWithLabel(leaf.signature_key, "LeafNodeTBS",
                                LeafNodeToBeSigned(leaf, hex("group_id"), index), leaf.signature))
        << index.value;
  });
}

// --- What is kept between changes --------------------------------------------------------------

// Hashes, counts of keys and of credential types are carried along; here against a tree that is
// read afresh after each change.
TEST(RatchetTree, KeepsItsBooksThroughChanges) {
  const auto leaf_of = [](uint32_t number) {
    LeafNode leaf;
    leaf.encryption_key = std::string(32, static_cast<char>(number + 1));
    leaf.signature_key = std::string(32, static_cast<char>(number + 101));
    leaf.capabilities.credentials = {kBasicCredential};
    return leaf;
  };
  RatchetTree tree = RatchetTree::Of(leaf_of(0));
  uint32_t number = 1;
  const auto check = [&] {
    const auto afresh = RatchetTree::Decode(tree.Encode());
    ASSERT_TRUE(afresh.ok()) << afresh.status();
    EXPECT_EQ(tree.RootHash(), afresh->RootHash());
    EXPECT_EQ(tree.members(), afresh->members());
    EXPECT_EQ(tree.NextFree(), afresh->NextFree());
    EXPECT_TRUE(tree.CheckCredentialTypes().ok());
  };
  for (int i = 0; i < 9; ++i) {
    ASSERT_TRUE(tree.Add(leaf_of(number++)).ok());
    check();
  }
  for (const uint32_t sender : {0u, 5u, 8u}) {
    const auto path = tree.FilteredDirectPath(LeafIndex{sender});
    std::vector<std::string> keys;
    keys.reserve(path.size());
    for (size_t i = 0; i < path.size(); ++i) keys.emplace_back(32, static_cast<char>(200 + i));
    LeafNode leaf = leaf_of(number++);
    leaf.source = LeafNodeSource::kCommit;
    leaf.parent_hash = tree.SetPath(LeafIndex{sender}, path, keys);
    tree.SetLeaf(LeafIndex{sender}, leaf);
    check();
  }
  tree.Update(LeafIndex{3}, leaf_of(number++));
  check();
  LeafNode other = leaf_of(number++);
  other.credential.type = kX509Credential;
  const LeafNode before = *tree.leaf(LeafIndex{2});
  tree.Update(LeafIndex{2}, other);
  EXPECT_EQ(FaultIn(tree.CheckCredentialTypes()), Fault::kCredentialTypeNotSupportedByAll);
  tree.Update(LeafIndex{2}, before);
  check();
  for (const uint32_t leaf : {9u, 8u, 1u, 7u, 6u, 5u, 4u}) {
    tree.Remove(LeafIndex{leaf});
    check();
  }
  EXPECT_EQ(tree.leaves(), LeafCount{4});
}

}  // namespace
}  // namespace amana::mls
