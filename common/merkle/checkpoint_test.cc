#include "common/merkle/checkpoint.h"

#include <gtest/gtest.h>

#include "common/base/error.h"
#include "common/merkle/test_keys.h"
#include "common/merkle/test_tree.h"

namespace amana::merkle {
namespace {

const Checkpoint& Sample() {
  static const auto* const sample =
      new Checkpoint{.origin = kTestOrigin, .size = 42, .root = LeafHash("root")};
  return *sample;
}

TrustPolicy Policy(size_t quorum) {
  return *TrustPolicy::Create(
      TestLog().key(), {TestWitness('a').key(), TestWitness('b').key(), TestWitness('c').key()},
      quorum);
}

// The text signed by the log and cosigned by each of `witnesses`.
std::string Published(const std::string& text, std::string_view witnesses) {
  std::string note = *SignNote(text, TestLog(), TestTime());
  for (const char seed : witnesses) note += TestWitness(seed).SignatureLine(text, TestTime());
  return note;
}

TEST(Checkpoint, IsReadBack) {
  const absl::StatusOr<Checkpoint> parsed = Checkpoint::Parse(Sample().ToText());
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(*parsed, Sample());
  EXPECT_TRUE(Checkpoint::Parse("log\n0\n" + EmptyRoot().ToBase64() + "\n").ok());
}

TEST(Checkpoint, MalformedOnesAreRefusedWithAReason) {
  const std::string root = Sample().root.ToBase64();
  const std::pair<std::string, std::string> cases[] = {
      {"", "origin"},
      {"log", "origin"},
      {"\n1\n" + root + "\n", "origin"},
      {"log\n", "size"},
      {"log\n\n" + root + "\n", "size"},
      {"log\n01\n" + root + "\n", "size"},
      {"log\n-1\n" + root + "\n", "size"},
      {"log\n18446744073709551616\n" + root + "\n", "size"},
      {"log\n1\n", "root"},
      {"log\n1\n" + root, "root"},
      {"log\n1\n\n", "root"},
      {"log\n1\n" + root.substr(0, root.size() - 1) + "\n", "root"},
      {"log\n1\n" + root + " \n", "root"},
      {"log\n1\nAAAA\n", "root"},
      {"log\n0\n" + root + "\n", "root"},
      {"log\n1\n" + root + "\nextension\n", "extension"},
      {"log\n1\n" + root + "\n\n", "extension"},
  };
  for (const auto& [text, field] : cases) {
    const absl::Status status = Checkpoint::Parse(text).status();
    EXPECT_EQ(ReasonOf(status), Reason::kCheckpointMalformed) << text;
    EXPECT_EQ(FieldOf(status), field) << text;
  }
}

TEST(OpenCheckpoint, NeedsTheLogAndAQuorum) {
  const std::string text = Sample().ToText();
  const absl::StatusOr<VerifiedCheckpoint> opened =
      OpenCheckpoint(Published(text, "ac"), Policy(2));
  ASSERT_TRUE(opened.ok());
  EXPECT_EQ(opened->checkpoint(), Sample());
  EXPECT_EQ(opened->cosigned_at(), std::vector<absl::Time>(2, TestTime()));

  EXPECT_TRUE(OpenCheckpoint(Published(text, ""), Policy(0)).ok());
  for (const char* too_few : {"", "a", "aa", "aaz"}) {
    const absl::Status status = OpenCheckpoint(Published(text, too_few), Policy(2)).status();
    EXPECT_EQ(ReasonOf(status), Reason::kNoteSignatureInvalid) << too_few;
    EXPECT_EQ(FieldOf(status), "witnesses") << too_few;
  }
  const std::string not_by_the_log = *SignNote(text, TestWitness('a'), TestTime()) +
                                     TestWitness('b').SignatureLine(text, TestTime());
  EXPECT_EQ(FieldOf(OpenCheckpoint(not_by_the_log, Policy(2)).status()), "log");
}

TEST(OpenCheckpoint, BelievesOnlyItsOwnLog) {
  Checkpoint other = Sample();
  other.origin = "audit.example.org/log2";
  const absl::Status status = OpenCheckpoint(Published(other.ToText(), ""), Policy(0)).status();
  EXPECT_EQ(ReasonOf(status), Reason::kCheckpointMalformed);
  EXPECT_EQ(FieldOf(status), "origin");
  EXPECT_EQ(ReasonOf(OpenCheckpoint(Published("no checkpoint\n", ""), Policy(0)).status()),
            Reason::kCheckpointMalformed);
}

TEST(TrustPolicy, RefusesWhatWouldCountOneWitnessTwice) {
  const NoteKey log = TestLog().key();
  const NoteKey a = TestWitness('a').key();
  const NoteKey a_renamed = TestSigner("other.example.org", NoteKeyType::kCosignature, 'a').key();
  const NoteKey a_rekeyed = TestSigner(a.name(), NoteKeyType::kCosignature, 'q').key();
  const auto field = [](const absl::StatusOr<TrustPolicy>& policy) {
    EXPECT_EQ(ReasonOf(policy.status()), Reason::kConfigurationInvalid);
    return FieldOf(policy.status());
  };
  EXPECT_EQ(field(TrustPolicy::Create(log, {a, a}, 2)), "witnesses");
  EXPECT_EQ(field(TrustPolicy::Create(log, {a, a_renamed}, 2)), "witnesses");
  EXPECT_EQ(field(TrustPolicy::Create(log, {a, a_rekeyed}, 2)), "witnesses");
  EXPECT_EQ(field(TrustPolicy::Create(log, {log}, 1)), "witnesses");
  EXPECT_EQ(field(TrustPolicy::Create(log, {a}, 2)), "quorum");
  EXPECT_EQ(field(TrustPolicy::Create(a, {}, 0)), "log");
}

}  // namespace
}  // namespace amana::merkle
