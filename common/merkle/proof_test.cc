#include "common/merkle/proof.h"

#include <gtest/gtest.h>

#include "common/base/error.h"
#include "common/base/hex.h"
#include "common/merkle/compact_range.h"
#include "common/merkle/test_tree.h"

namespace amana::merkle {
namespace {

constexpr uint64_t kSizes = 130;

const NaiveTree& Tree() {
  static const auto* const tree = new NaiveTree(kSizes + 1);
  return *tree;
}

Hash Flipped(const Hash& hash) {
  std::string bytes(hash.bytes());
  bytes[17] ^= 0x10;
  return *Hash::FromBytes(bytes);
}

TEST(Hash, IsRfc6962s) {
  EXPECT_EQ(HexEncode(EmptyRoot().bytes()),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(HexEncode(LeafHash("").bytes()),
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
  EXPECT_FALSE(Hash::FromBytes(std::string(31, 'x')).has_value());
  EXPECT_FALSE(Hash::FromBytes(std::string(33, 'x')).has_value());
}

TEST(CompactRange, HasTheNaiveRootAtEverySize) {
  CompactRange range;
  for (uint64_t size = 0; size <= kSizes; ++size) {
    ASSERT_EQ(range.size(), size);
    ASSERT_EQ(range.Root(), Tree().Root(size)) << size;
    range.Append(Tree().leaf(size));
  }
}

TEST(CompactRange, ShowsEachNodeOnceAndRight) {
  CompactRange range;
  uint64_t shown = 0;
  for (uint64_t i = 0; i < 128; ++i) {
    range.Append(Tree().leaf(i), [&](unsigned level, uint64_t index, const Hash& node) {
      ++shown;
      EXPECT_EQ(node, Tree().Root(index << level, (index + 1) << level));
    });
  }
  EXPECT_EQ(shown, 255u);
}

TEST(CompactRange, GoesOnFromItsPeaks) {
  EXPECT_FALSE(CompactRange::FromPeaks(7, {Tree().Root(0, 4), Tree().Root(4, 6)}).has_value());
  std::optional<CompactRange> range =
      CompactRange::FromPeaks(7, {Tree().Root(0, 4), Tree().Root(4, 6), Tree().leaf(6)});
  ASSERT_TRUE(range.has_value());
  EXPECT_EQ(range->Root(), Tree().Root(7));
  range->Append(Tree().leaf(7));
  EXPECT_EQ(range->Root(), Tree().Root(8));
}

TEST(Inclusion, EveryProofUpTo130IsTheNaiveOneAndVerifies) {
  NaiveSource source(Tree());
  for (uint64_t size = 1; size <= kSizes; ++size) {
    const Hash root = Tree().Root(size);
    for (uint64_t index = 0; index < size; ++index) {
      const absl::StatusOr<Proof> proof = BuildInclusionProof(source, index, size);
      ASSERT_TRUE(proof.ok());
      ASSERT_EQ(*proof, Tree().Path(index, 0, size));
      ASSERT_TRUE(VerifyInclusion(Tree().leaf(index), index, size, *proof, root).ok());
    }
  }
}

TEST(Inclusion, EveryChangeToAProofIsRefused) {
  for (uint64_t size = 1; size <= kSizes; size += 3) {
    const Hash root = Tree().Root(size);
    for (uint64_t index = 0; index < size; ++index) {
      const Hash& leaf = Tree().leaf(index);
      const Proof proof = Tree().Path(index, 0, size);
      const auto refused = [&](const Hash& l, uint64_t i, const Proof& p, const Hash& r) {
        return ReasonOf(VerifyInclusion(l, i, size, p, r)) == Reason::kProofInvalid;
      };
      EXPECT_TRUE(refused(Flipped(leaf), index, proof, root));
      EXPECT_TRUE(refused(leaf, index, proof, Flipped(root)));
      EXPECT_TRUE(refused(leaf, index + 1, proof, root));
      EXPECT_TRUE(refused(leaf, index - 1, proof, root));
      for (size_t i = 0; i < proof.size(); ++i) {
        Proof changed = proof;
        changed[i] = Flipped(changed[i]);
        EXPECT_TRUE(refused(leaf, index, changed, root));
        changed.erase(changed.begin() + i);
        EXPECT_TRUE(refused(leaf, index, changed, root));
      }
      Proof longer = proof;
      longer.push_back(root);
      EXPECT_TRUE(refused(leaf, index, longer, root));
      longer = proof;
      longer.insert(longer.begin(), leaf);
      EXPECT_TRUE(refused(leaf, index, longer, root));
    }
  }
}

TEST(Consistency, EveryProofUpTo130IsTheNaiveOneAndVerifies) {
  NaiveSource source(Tree());
  for (uint64_t size = 1; size <= kSizes; ++size) {
    for (uint64_t old = 1; old <= size; ++old) {
      const absl::StatusOr<Proof> proof = BuildConsistencyProof(source, old, size);
      ASSERT_TRUE(proof.ok());
      ASSERT_EQ(*proof, Tree().SubProof(old, 0, size, true));
      ASSERT_TRUE(VerifyConsistency(old, size, Tree().Root(old), Tree().Root(size), *proof).ok());
    }
  }
}

TEST(Consistency, EveryChangeToAProofIsRefused) {
  for (uint64_t size = 2; size <= kSizes; size += 3) {
    const Hash root = Tree().Root(size);
    for (uint64_t old = 1; old < size; ++old) {
      const Hash old_root = Tree().Root(old);
      const Proof proof = Tree().SubProof(old, 0, size, true);
      const auto refused = [&](const Hash& from, const Hash& to, const Proof& p) {
        return ReasonOf(VerifyConsistency(old, size, from, to, p)) == Reason::kProofInvalid;
      };
      EXPECT_TRUE(refused(Flipped(old_root), root, proof));
      EXPECT_TRUE(refused(old_root, Flipped(root), proof));
      EXPECT_TRUE(refused(root, old_root, proof));
      EXPECT_TRUE(refused(old_root, root, {}));
      for (size_t i = 0; i < proof.size(); ++i) {
        Proof changed = proof;
        changed[i] = Flipped(changed[i]);
        EXPECT_TRUE(refused(old_root, root, changed));
        changed.erase(changed.begin() + i);
        EXPECT_TRUE(refused(old_root, root, changed));
      }
      Proof longer = proof;
      longer.push_back(root);
      EXPECT_TRUE(refused(old_root, root, longer));
      longer = proof;
      longer.insert(longer.begin(), old_root);
      EXPECT_TRUE(refused(old_root, root, longer));
    }
  }
}

TEST(Proof, SaysWhatWasWrong) {
  const Hash leaf = Tree().leaf(2);
  const Hash root = Tree().Root(5);
  const Proof proof = Tree().Path(2, 0, 5);
  EXPECT_EQ(FieldOf(VerifyInclusion(leaf, 5, 5, proof, root)), "index");
  EXPECT_EQ(FieldOf(VerifyInclusion(leaf, 0, 0, {}, EmptyRoot())), "index");
  EXPECT_EQ(FieldOf(VerifyInclusion(leaf, 2, 5, Proof(proof.begin(), proof.end() - 1), root)),
            "proof");
  EXPECT_EQ(FieldOf(VerifyInclusion(leaf, 2, 5, proof, leaf)), "root");
  EXPECT_EQ(FieldOf(VerifyConsistency(0, 5, EmptyRoot(), root, {})), "size");
  EXPECT_EQ(FieldOf(VerifyConsistency(6, 5, root, root, {})), "size");
  EXPECT_EQ(FieldOf(VerifyConsistency(5, 5, root, root, Proof{root})), "proof");
  EXPECT_EQ(FieldOf(VerifyConsistency(5, 5, root, leaf, {})), "root");
}

TEST(Proof, CantBeBuiltOfWhatIsNotThere) {
  NaiveSource source(Tree());
  EXPECT_EQ(ReasonOf(BuildInclusionProof(source, 5, 5).status()), Reason::kLeafNotInLog);
  EXPECT_EQ(ReasonOf(BuildConsistencyProof(source, 0, 5).status()), Reason::kProofInvalid);
  EXPECT_EQ(ReasonOf(BuildConsistencyProof(source, 6, 5).status()), Reason::kProofInvalid);
}

TEST(Proof, SizesNearTheEndOf64BitsDoNotWrap) {
  const Proof proof(kMaxProofHashes, Tree().leaf(0));
  const Hash root = Tree().Root(5);
  for (const uint64_t size : {UINT64_MAX, UINT64_MAX - 1, uint64_t{1} << 63}) {
    EXPECT_FALSE(VerifyInclusion(root, size - 1, size, proof, root).ok());
    EXPECT_FALSE(VerifyConsistency(size - 1, size, root, root, proof).ok());
    EXPECT_FALSE(VerifyConsistency(1, size, root, root, proof).ok());
  }
}

}  // namespace
}  // namespace amana::merkle
