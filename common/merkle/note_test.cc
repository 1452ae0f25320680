#include "common/merkle/note.h"

#include <gtest/gtest.h>

#include "absl/strings/str_replace.h"
#include "common/base/error.h"
#include "common/merkle/test_keys.h"
#include "common/merkle/test_tree.h"
#include "common/merkle/text.h"

namespace amana::merkle {
namespace {

constexpr char kText[] = "first\n\nthird line, أمانة\n";

std::string Signed() { return *SignNote(kText, TestLog(), TestTime()); }

absl::Status OpenWithLogKey(std::string_view note) {
  const NoteKey known[] = {TestLog().key()};
  return OpenNote(note, known).status();
}

// One signature line with any blob after the key id.
std::string Line(const NoteKey& key, const std::string& signature) {
  return "— " + key.name() + " " + EncodeBase64(key.id() + signature) + "\n";
}

TEST(Note, TextEndsAtTheLastBlankLine) {
  const NoteKey known[] = {TestLog().key()};
  const absl::StatusOr<VerifiedNote> note = OpenNote(Signed(), known);
  ASSERT_TRUE(note.ok());
  EXPECT_EQ(note->text, kText);
  ASSERT_EQ(note->signatures.size(), 1u);
  EXPECT_EQ(note->signatures[0].key, 0u);
  EXPECT_EQ(note->signatures[0].time, absl::InfinitePast());
}

TEST(Note, EveryFlippedBitIsRefused) {
  const std::string good = Signed();
  for (size_t i = 0; i < good.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string bad = good;
      bad[i] = static_cast<char>(bad[i] ^ (1 << bit));
      EXPECT_FALSE(OpenWithLogKey(bad).ok()) << i << "." << bit;
    }
  }
}

TEST(Note, CosignatureCarriesItsTime) {
  const NoteSigner witness = TestWitness('a');
  const std::string note = Signed() + witness.SignatureLine(kText, TestTime());
  const NoteKey known[] = {TestLog().key(), witness.key()};
  const absl::StatusOr<VerifiedNote> opened = OpenNote(note, known);
  ASSERT_TRUE(opened.ok());
  ASSERT_EQ(opened->signatures.size(), 2u);
  EXPECT_EQ(opened->signatures[1].key, 1u);
  EXPECT_EQ(opened->signatures[1].time, TestTime());
}

TEST(Note, UnknownKeysArePassedOver) {
  const NoteSigner stranger = TestSigner("stranger", NoteKeyType::kEd25519, 'S');
  // The log's name with another id, and the log's id under another name.
  const NoteSigner namesake = TestSigner(kTestOrigin, NoteKeyType::kEd25519, 'X');
  const std::string borrowed_id =
      "— elsewhere " + EncodeBase64(TestLog().key().id() + "nonsense") + "\n";
  const std::string note = Signed() + stranger.SignatureLine(kText, TestTime()) +
                           Line(namesake.key(), "nonsense") + borrowed_id;
  EXPECT_TRUE(OpenWithLogKey(note).ok());
  const NoteKey other[] = {TestWitness('a').key()};
  EXPECT_EQ(ReasonOf(OpenNote(note, other).status()), Reason::kNoteSignatureInvalid);
  EXPECT_EQ(ReasonOf(OpenNote(note, {}).status()), Reason::kNoteSignatureInvalid);
}

TEST(Note, OneBadSignatureOfAKnownKeyRefusesTheNote) {
  const NoteKey key = TestLog().key();
  const std::string bad = Line(key, std::string(64, 'x'));
  for (const std::string& lines : {bad, bad + bad, Line(key, "short")}) {
    EXPECT_EQ(ReasonOf(OpenWithLogKey(Signed() + lines)), Reason::kNoteSignatureInvalid);
  }
}

TEST(Note, AKeySpeaksOnlyOnce) {
  const NoteSigner log = TestLog();
  const NoteKey known[] = {log.key(), log.key()};
  const absl::StatusOr<VerifiedNote> note =
      OpenNote(Signed() + log.SignatureLine(kText, TestTime()), known);
  ASSERT_TRUE(note.ok());
  EXPECT_EQ(note->signatures.size(), 1u);
}

TEST(Note, AHundredSignaturesAreTheLimit) {
  std::string note = Signed();
  for (int i = 1; i < 100; ++i) {
    note += TestSigner("s" + std::to_string(i), NoteKeyType::kEd25519, 'S')
                .SignatureLine(kText, TestTime());
  }
  EXPECT_TRUE(OpenWithLogKey(note).ok());
  note += TestWitness('z').SignatureLine(kText, TestTime());
  EXPECT_EQ(ReasonOf(OpenWithLogKey(note)), Reason::kNoteMalformed);
}

TEST(Note, MalformedOnesAreRefusedWithAReason) {
  const std::string good = Signed();
  const std::string line = TestLog().SignatureLine(kText, TestTime());
  const auto with_line = [&](const std::string& bad) { return std::string(kText) + "\n" + bad; };
  const std::pair<std::string, std::string> cases[] = {
      {"", "note"},
      {"text\n", "note"},
      {std::string(kMaxNoteBytes, 'x') + good, "note"},
      {absl::StrReplaceAll(good, {{"\n", "\r\n"}}), "note"},
      {"\xFF" + good, "note"},
      {with_line(""), "signatures"},
      {"text\n\n", "signatures"},
      {good.substr(0, good.size() - 1), "signatures"},
      {good + "— trailing", "signatures"},
      {good + "nonsense\n", "signature"},
      {with_line(absl::StrReplaceAll(line, {{"— ", "- "}})), "signature"},
      {with_line(absl::StrReplaceAll(line, {{"— ", "—"}})), "signature"},
      {with_line(absl::StrReplaceAll(line, {{"— ", "—  "}})), "signature"},
      {with_line(absl::StrReplaceAll(line, {{"\n", " \n"}})), "signature"},
      {with_line(absl::StrReplaceAll(line, {{"=\n", "\n"}})), "signature"},
      {with_line("— name\n"), "signature"},
      {with_line("— name \n"), "signature"},
      {with_line("— na+me AAAAAAA=\n"), "signature"},
      {with_line("— name AAAAAA==\n"), "signature"},  // a key id and nothing signed
      {with_line("— name AAAAAAB=\n"), "signature"},  // stray bits
  };
  for (const auto& [note, field] : cases) {
    const absl::Status status = OpenWithLogKey(note);
    EXPECT_EQ(ReasonOf(status), Reason::kNoteMalformed) << note.substr(0, 200);
    EXPECT_EQ(FieldOf(status), field) << note.substr(0, 200);
  }
}

TEST(Note, OnlyNoteTextIsSigned) {
  for (const char* text : {"", "no newline", "tab\t\n", "\xFF\n"}) {
    const absl::Status status = SignNote(text, TestLog(), TestTime()).status();
    EXPECT_EQ(ReasonOf(status), Reason::kNoteMalformed);
    EXPECT_EQ(FieldOf(status), "text");
  }
}

TEST(NoteKey, TextFormIsReadBackAndHasOneSpelling) {
  for (const NoteKey& key : {TestLog().key(), TestWitness('a').key()}) {
    const absl::StatusOr<NoteKey> parsed = NoteKey::Parse(key.Encode());
    ASSERT_TRUE(parsed.ok());
    EXPECT_TRUE(*parsed == key);
  }
  const std::string good =
      "witness1.example.org+a324ffbd+BOzf8sqjmCXLbbaUSnKckgvYYoP6OxkuGQXcRdONAON7";
  ASSERT_TRUE(NoteKey::Parse(good).ok());
  for (const std::string& bad :
       {std::string(), std::string("name"), std::string("name+00000000"),
        absl::StrReplaceAll(good, {{"a324ffbd", "a324ffbe"}}),  // another id
        absl::StrReplaceAll(good, {{"a324ffbd", "A324FFBD"}}),
        absl::StrReplaceAll(good, {{"a324ffbd", "a324ffb"}}),
        absl::StrReplaceAll(good, {{"+BOzf", "+BO0f"}}),      // another key
        absl::StrReplaceAll(good, {{"+BOzf", "+BuzfAAAA"}}),  // too long
        absl::StrReplaceAll(good, {{"+BOzf", "+Auzf"}}),      // ECDSA
        absl::StrReplaceAll(good, {{"witness1", "witness 1"}}), good + "\n"}) {
    EXPECT_EQ(ReasonOf(NoteKey::Parse(bad).status()), Reason::kNoteMalformed) << bad;
  }
  EXPECT_EQ(FieldOf(NoteKey::Create("a b", NoteKeyType::kEd25519, TestLog().key().key()).status()),
            "name");
}

}  // namespace
}  // namespace amana::merkle
