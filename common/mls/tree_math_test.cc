#include "common/mls/tree_math.h"

#include <gtest/gtest.h>

#include "common/mls/test_vectors.h"

namespace amana::mls {
namespace {

class TreeMathVectors : public VectorTest {
 protected:
  LeafCount leaves() const { return {json()["n_leaves"].get<uint32_t>()}; }

  // The list `field` has an index for each node: nothing where `is_there` says so, else Of(node).
  template <class IsThere, class Of>
  void ExpectEach(const std::string& field, IsThere is_there, Of of) {
    const Json& list = json()[field];
    ASSERT_EQ(list.size(), NodeCount(leaves()));
    for (uint32_t i = 0; i < list.size(); ++i) {
      ASSERT_EQ(is_there(NodeIndex{i}), !list[i].is_null()) << field << " of " << i;
      if (list[i].is_null()) continue;
      EXPECT_EQ(of(NodeIndex{i}).value, list[i].get<uint32_t>()) << field << " of " << i;
    }
  }
};
INSTANTIATE_TEST_SUITE_P(, TreeMathVectors, CasesOf("tree-math.json"), NameOfCase);

TEST_P(TreeMathVectors, GiveTheNodes) {
  EXPECT_EQ(NodeCount(leaves()), json()["n_nodes"].get<uint32_t>());
  EXPECT_EQ(Root(leaves()).value, json()["root"].get<uint32_t>());
  const auto is_parent = [](NodeIndex node) { return !IsLeaf(node); };
  const auto is_below_root = [this](NodeIndex node) { return node != Root(leaves()); };
  ExpectEach("left", is_parent, Left);
  ExpectEach("right", is_parent, Right);
  ExpectEach("parent", is_below_root, Parent);
  ExpectEach("sibling", is_below_root, Sibling);
}

// --- What the vectors do not say, against the definition --------------------------------------

constexpr LeafCount kSixteen{16};

bool StandsBelow(NodeIndex node, NodeIndex ancestor) {
  if (node == ancestor) return true;
  return !IsLeaf(ancestor) &&
         (StandsBelow(node, Left(ancestor)) || StandsBelow(node, Right(ancestor)));
}

std::vector<NodeIndex> AllNodes() {
  std::vector<NodeIndex> nodes(NodeCount(kSixteen));
  for (uint32_t i = 0; i < nodes.size(); ++i) nodes[i].value = i;
  return nodes;
}

TEST(TreeMath, RoomIsAPowerOfTwo) {
  EXPECT_EQ(RoomFor(0).value, 1u);
  EXPECT_EQ(RoomFor(1).value, 1u);
  EXPECT_EQ(RoomFor(3).value, 4u);
  EXPECT_EQ(RoomFor(4).value, 4u);
  EXPECT_EQ(RoomFor(5).value, 8u);
  EXPECT_EQ(RoomFor(kMaxLeaves).value, kMaxLeaves);
}

TEST(TreeMath, SubtreesHoldWhatStandsBelow) {
  for (const NodeIndex ancestor : AllNodes()) {
    for (const NodeIndex node : AllNodes()) {
      const bool below = StandsBelow(node, ancestor);
      EXPECT_EQ(IsInSubtree(node, ancestor), below) << node.value << " " << ancestor.value;
      if (!IsLeaf(node)) continue;
      const LeafIndex leaf = LeafOf(node);
      EXPECT_EQ(leaf >= FirstLeafBelow(ancestor) && leaf < EndLeafBelow(ancestor), below);
    }
  }
}

TEST(TreeMath, TheCommonAncestorIsTheLowestOne) {
  for (const NodeIndex a : AllNodes()) {
    for (const NodeIndex b : AllNodes()) {
      const NodeIndex common = CommonAncestor(a, b);
      EXPECT_TRUE(StandsBelow(a, common) && StandsBelow(b, common));
      if (IsLeaf(common)) continue;
      for (const NodeIndex lower : {Left(common), Right(common)}) {
        EXPECT_FALSE(StandsBelow(a, lower) && StandsBelow(b, lower)) << a.value << " " << b.value;
      }
    }
  }
}

TEST(TreeMath, TheDirectPathLeadsUpToTheRoot) {
  const auto values = [](NodeIndex node) {
    std::vector<uint32_t> path;
    for (const NodeIndex above : DirectPath(node, LeafCount{8})) path.push_back(above.value);
    return path;
  };
  EXPECT_EQ(values({0}), (std::vector<uint32_t>{1, 3, 7}));
  EXPECT_EQ(values({10}), (std::vector<uint32_t>{9, 11, 7}));
  EXPECT_EQ(values({5}), (std::vector<uint32_t>{3, 7}));
  EXPECT_EQ(values({7}), (std::vector<uint32_t>{}));
  EXPECT_TRUE(DirectPath({0}, LeafCount{1}).empty());
}

TEST(TreeMath, TheLargestTreeDoesNotOverflow) {
  const LeafCount most{kMaxLeaves};
  const NodeIndex last = NodeOf({kMaxLeaves - 1});
  EXPECT_EQ(last.value, NodeCount(most) - 1);
  EXPECT_EQ(DirectPath(last, most).back(), Root(most));
  EXPECT_EQ(CommonAncestor({0}, last), Root(most));
  EXPECT_EQ(EndLeafBelow(Root(most)).value, kMaxLeaves);
}

}  // namespace
}  // namespace amana::mls
