#include "common/merkle/leaf.h"

#include <gtest/gtest.h>

#include "common/base/error.h"
#include "common/base/hex.h"
#include "common/merkle/test_tree.h"

namespace amana::merkle {
namespace {

const std::string kOpening(32, 'o');

TEST(Leaf, IsTheFormatsVector) {
  // Computed apart, with Python's hmac and hashlib.
  EXPECT_EQ(HexEncode(CommitmentKey()),
            "77ca892d21a5459ef60bd8bf6c2bc198afdf7535d2b0029c3d4bd87f65dc4d89");
  EXPECT_EQ(HexEncode(*MakeEventLeaf(kOpening, "event")),
            "0101e890cb4d5985493bd22846424528bc4109b74e7f8906af2c85b816790530f9d8");
}

TEST(Leaf, OpensOnlyToItsOwnEventAndOpening) {
  const std::string leaf = *MakeEventLeaf(kOpening, "event");
  EXPECT_TRUE(OpensLeaf(leaf, kOpening, "event"));
  EXPECT_FALSE(OpensLeaf(leaf, kOpening, "events"));
  EXPECT_FALSE(OpensLeaf(leaf, kOpening, ""));
  EXPECT_FALSE(OpensLeaf(leaf, std::string(32, 'p'), "event"));
  EXPECT_FALSE(OpensLeaf(leaf, kOpening + "e", "vent"));
  EXPECT_FALSE(OpensLeaf(leaf.substr(1), kOpening, "event"));
  for (size_t i = 0; i < leaf.size(); ++i) {
    std::string bad = leaf;
    bad[i] ^= 1;
    EXPECT_FALSE(OpensLeaf(bad, kOpening, "event")) << i;
  }
}

TEST(Leaf, IsReadBack) {
  const absl::StatusOr<Leaf> event = ParseLeaf(*MakeEventLeaf(kOpening, "event"));
  ASSERT_TRUE(event.ok());
  EXPECT_EQ(event->type, LeafType::kEvent);
  EXPECT_EQ(event->body.size(), 32u);
  const absl::StatusOr<Leaf> control = ParseLeaf(*MakeControlLeaf("genesis\nlog1\n"));
  ASSERT_TRUE(control.ok());
  EXPECT_EQ(control->type, LeafType::kControl);
  EXPECT_EQ(control->body, "genesis\nlog1\n");
}

TEST(Leaf, MalformedOnesAreRefusedWithAReason) {
  const std::string event = *MakeEventLeaf(kOpening, "event");
  for (const std::string& bad :
       {std::string(), std::string("\x01"), std::string("\x02") + event.substr(1),
        std::string("\x01\x03") + event.substr(2), event + "x", event.substr(0, 33),
        std::string("\x01\x02"), std::string("\x01\x02\t"),
        std::string("\x01\x02") + std::string(kMaxControlBytes + 1, 'x')}) {
    EXPECT_EQ(ReasonOf(ParseLeaf(bad).status()), Reason::kLeafMismatch) << HexEncode(bad);
  }
}

TEST(Leaf, ArgumentsOutsideTheFormatAreRefusedWithAReason) {
  const auto field = [](const absl::StatusOr<std::string>& leaf) {
    EXPECT_EQ(ReasonOf(leaf.status()), Reason::kInvalidField);
    return FieldOf(leaf.status());
  };
  EXPECT_EQ(field(MakeEventLeaf("short", "event")), "opening");
  EXPECT_EQ(field(MakeEventLeaf(kOpening, "")), "event");
  EXPECT_EQ(field(MakeEventLeaf(kOpening, std::string(kMaxEventBytes + 1, 'x'))), "event");
  EXPECT_EQ(field(MakeControlLeaf("")), "text");
  EXPECT_EQ(field(MakeControlLeaf("\xFF")), "text");
}

}  // namespace
}  // namespace amana::merkle
