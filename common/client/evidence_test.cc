#include "common/client/evidence.h"

#include <gtest/gtest.h>

#include <fstream>

#include "absl/strings/str_format.h"
#include "common/base/error.h"
#include "common/base/files.h"
#include "common/client/audit_mirror.h"
#include "common/client/test_folder.h"
#include "common/merkle/leaf.h"
#include "common/merkle/note.h"
#include "common/merkle/tile_builder.h"
#include "common/merkle/tile_hash_source.h"
#include "common/merkle/tlog_proof.h"

namespace amana::client {
namespace {

constexpr char kOrigin[] = "test.amana/log";

merkle::NoteSigner Signer(char seed) {
  return *merkle::NoteSigner::Create(
      kOrigin, merkle::NoteKeyType::kEd25519,
      *crypto::SigningKey::FromSeed(std::string(crypto::kSeedSize, seed)));
}

// A mirror of a log of 300 entries, three of which are a case's, and that case's evidence.
class EvidenceTest : public testing::Test {
 protected:
  EvidenceTest() {
    for (int i = 0; i < 300; ++i) {
      audit::v1::Event event;
      event.set_service("intake");
      event.set_action("case.opened");
      event.set_state(absl::StrFormat("state_%d", i));
      events_.push_back(event.SerializeAsString());
      openings_.push_back(std::string(merkle::kOpeningBytes, static_cast<char>(i)));
      entries_.push_back(*merkle::MakeEventLeaf(openings_.back(), events_.back()));
    }
    WriteMirror();
    for (const int index : {7, 255, 299}) WriteEvidence(index);
  }

  void Write(const std::string& path, std::string_view data) {
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    ASSERT_TRUE(WritePrivateFile(path, data).ok());
  }

  void WriteTile(const merkle::TileId& tile, const std::vector<merkle::Hash>& hashes) {
    Write(folder_ / ("mirror/" + merkle::TilePath(tile)), merkle::EncodeTile(hashes));
  }

  void WriteMirror() {
    merkle::TileBuilder builder;
    for (const std::string& entry : entries_) {
      builder.Append(merkle::LeafHash(entry), [&](const merkle::TileId& tile, const auto& hashes) {
        WriteTile(tile, hashes);
      });
    }
    for (const auto& partial : builder.Partials()) WriteTile(partial.tile, partial.hashes);
    for (const merkle::TileId& bundle : merkle::NewBundles(0, entries_.size())) {
      std::string bytes;
      for (unsigned i = 0; i < bundle.width; ++i) {
        const size_t at = bundle.index * merkle::kTileWidth + i;
        ASSERT_TRUE(merkle::AppendToBundle(bytes, entries_[at]).ok());
      }
      Write(folder_ / ("mirror/" + merkle::BundlePath(bundle)), bytes);
    }
    const merkle::Checkpoint checkpoint{kOrigin, entries_.size(), builder.Root()};
    checkpoint_ = *merkle::SignNote(checkpoint.ToText(), Signer('L'), absl::UnixEpoch());
    Write(folder_ / "mirror/checkpoint", checkpoint_);
  }

  void WriteEvidence(int index) {
    const auto read = [&](const std::string& path) {
      return ReadFile(folder_ / ("mirror/" + path), size_t{1} << 20);
    };
    merkle::TileHashSource source(entries_.size(), read);
    merkle::TlogProof proof;
    proof.index = static_cast<uint64_t>(index);
    proof.hashes = *merkle::BuildInclusionProof(source, proof.index, entries_.size());
    proof.checkpoint = checkpoint_;
    const std::string stem = folder_ / absl::StrFormat("evidence/%04d", ++written_);
    Write(stem + ".event", events_[static_cast<size_t>(index)]);
    Write(stem + ".opening", openings_[static_cast<size_t>(index)]);
    Write(stem + ".tlog-proof", proof.Encode());
  }

  absl::StatusOr<VerifiedEvidence> Verify(char log = 'L') {
    return VerifyEvidence(folder_ / "evidence", folder_ / "mirror",
                          *LogPolicy(Signer(log).key().Encode()));
  }

  void Flip(const std::string& name) {
    std::string bytes = *ReadFile(folder_ / name, size_t{1} << 20);
    bytes[bytes.size() / 2] ^= 1;
    Write(folder_ / name, bytes);
  }

  TestFolder folder_;
  std::vector<std::string> events_;
  std::vector<std::string> openings_;
  std::vector<std::string> entries_;
  std::string checkpoint_;
  int written_ = 0;
};

TEST_F(EvidenceTest, VerifiesFromFilesAndAKey) {
  const auto verified = Verify();
  ASSERT_TRUE(verified.ok());
  ASSERT_EQ(verified->events.size(), 3u);
  EXPECT_EQ(verified->events[1].index, 255u);
  EXPECT_EQ(verified->events[1].event.state(), "state_255");
  EXPECT_EQ(verified->checkpoint.size(), 300u);
  EXPECT_EQ(VerifyMirror(folder_ / "mirror", *LogPolicy(Signer('L').key().Encode()))->size(), 300u);
}

TEST_F(EvidenceTest, AnotherLogsKeyIsRefused) {
  EXPECT_EQ(ReasonOf(Verify('X').status()), Reason::kNoteSignatureInvalid);
}

TEST_F(EvidenceTest, NoPartOfTheEvidenceCanBeChangedOrLeftOut) {
  for (const char* part : {"0002.event", "0002.opening", "0002.tlog-proof"}) {
    const std::string name = std::string("evidence/") + part;
    Flip(name);
    EXPECT_FALSE(Verify().ok()) << part;
    Flip(name);
  }
  ASSERT_TRUE(Verify().ok());
  std::filesystem::remove(folder_ / "evidence/0003.opening");
  EXPECT_EQ(ReasonOf(Verify().status()), Reason::kLeafMismatch);
}

TEST_F(EvidenceTest, OfNothingNothingIsProved) {
  std::filesystem::remove_all(folder_ / "evidence");
  std::filesystem::create_directory(folder_ / "evidence");
  EXPECT_EQ(ReasonOf(Verify().status()), Reason::kLeafMismatch);
}

TEST_F(EvidenceTest, NoFileOfTheMirrorCanBeChangedOrLeftOut) {
  for (const char* name : {"mirror/tile/0/000", "mirror/tile/0/001.p/44", "mirror/tile/1/000.p/1",
                           "mirror/tile/entries/000", "mirror/tile/entries/001.p/44"}) {
    Flip(name);
    EXPECT_FALSE(Verify().ok()) << name;
    Flip(name);
  }
  ASSERT_TRUE(Verify().ok());
  std::filesystem::remove(folder_ / "mirror/tile/0/000");
  EXPECT_EQ(ReasonOf(Verify().status()), Reason::kTileNotFound);
}

// A service that makes an event up can open it, but no log has it.
TEST_F(EvidenceTest, AnEventThatIsNotInTheLogIsRefused) {
  events_.push_back(events_[0] + events_[1]);
  Write(folder_ / "evidence/0001.event", events_.back());
  EXPECT_EQ(ReasonOf(Verify().status()), Reason::kProofInvalid);
}

}  // namespace
}  // namespace amana::client
