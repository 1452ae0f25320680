#include "common/merkle/tlog_proof.h"

#include <gtest/gtest.h>

#include "absl/strings/str_replace.h"
#include "common/base/error.h"
#include "common/merkle/test_keys.h"
#include "common/merkle/test_tree.h"

namespace amana::merkle {
namespace {

const NaiveTree& Tree() {
  static const auto* const tree = new NaiveTree(20);
  return *tree;
}

TrustPolicy Policy() { return *TrustPolicy::Create(TestLog().key(), {TestWitness('a').key()}, 1); }

TlogProof Receipt(uint64_t index) {
  const Checkpoint checkpoint{.origin = kTestOrigin, .size = 20, .root = Tree().Root(20)};
  const std::string text = checkpoint.ToText();
  return {.extra = std::nullopt,
          .index = index,
          .hashes = Tree().Path(index, 0, 20),
          .checkpoint = *SignNote(text, TestLog(), TestTime()) +
                        TestWitness('a').SignatureLine(text, TestTime())};
}

TEST(TlogProof, IsReadBackAndVerifies) {
  for (uint64_t index = 0; index < 20; ++index) {
    TlogProof receipt = Receipt(index);
    if (index % 2 == 1) receipt.extra = "opening";
    const absl::StatusOr<TlogProof> decoded = TlogProof::Decode(receipt.Encode());
    ASSERT_TRUE(decoded.ok());
    EXPECT_EQ(*decoded, receipt);
    const auto checkpoint = VerifyTlogProof(*decoded, Tree().entries()[index], Policy());
    ASSERT_TRUE(checkpoint.ok());
    EXPECT_EQ(checkpoint->size(), 20u);
  }
}

TEST(TlogProof, EveryFlippedBitIsRefused) {
  const std::string good = Receipt(7).Encode();
  for (size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ (1 << (i % 8)));
    const absl::StatusOr<TlogProof> decoded = TlogProof::Decode(bad);
    EXPECT_FALSE(decoded.ok() && VerifyTlogProof(*decoded, Tree().entries()[7], Policy()).ok())
        << i;
  }
}

TEST(TlogProof, AnotherEntryIsRefused) {
  const absl::Status status = VerifyTlogProof(Receipt(7), Tree().entries()[8], Policy()).status();
  EXPECT_EQ(ReasonOf(status), Reason::kProofInvalid);
  EXPECT_EQ(FieldOf(status), "root");
}

TEST(TlogProof, MalformedOnesAreRefusedWithAReason) {
  const std::string good = Receipt(7).Encode();
  const std::string hash = Tree().leaf(0).ToBase64();
  std::string many;
  for (size_t i = 0; i <= kMaxProofHashes; ++i) many += hash + "\n";
  const std::pair<std::string, std::string> cases[] = {
      {"", "header"},
      {absl::StrReplaceAll(good, {{"@v1", "@v2"}}), "header"},
      {absl::StrReplaceAll(good, {{"\n", "\r\n"}}), "header"},
      {absl::StrReplaceAll(good, {{"index 7", "extra b3BlbmluZw\nindex 7"}}), "extra"},
      {absl::StrReplaceAll(good, {{"index 7", "extra AA==\nextra AA==\nindex 7"}}), "index"},
      {absl::StrReplaceAll(good, {{"index 7", "index 7\nextra AA=="}}), "proof"},
      {absl::StrReplaceAll(good, {{"index 7", "index 07"}}), "index"},
      {absl::StrReplaceAll(good, {{"index 7", "index  7"}}), "index"},
      {absl::StrReplaceAll(good, {{"index 7", "index"}}), "index"},
      {absl::StrReplaceAll(good, {{"index 7\n", ""}}), "index"},
      {absl::StrReplaceAll(good, {{"index 7", "index 7\nAAAA"}}), "proof"},
      {absl::StrReplaceAll(good, {{"index 7", "index 7\n" + hash.substr(0, 43)}}), "proof"},
      {absl::StrReplaceAll(good, {{"index 7\n", "index 7\n" + many}}), "proof"},
      {good.substr(0, good.find("\n\n") + 1), "proof"},
      {good.substr(0, good.find("\n\n") + 2), "checkpoint"},
  };
  for (const auto& [text, field] : cases) {
    const absl::Status status = TlogProof::Decode(text).status();
    EXPECT_EQ(ReasonOf(status), Reason::kProofInvalid) << text;
    EXPECT_EQ(FieldOf(status), field) << text;
  }
}

}  // namespace
}  // namespace amana::merkle
