// The library against what other people's code made: ../shared/vectors/tlog, or AMANA_SHARED. Each
// test prints how many cases it ran; none is a failure. Skipped where the vectors are absent.
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/merkle/checkpoint.h"
#include "common/merkle/proof.h"
#include "common/merkle/text.h"
#include "common/merkle/tile_builder.h"
#include "common/merkle/tile_hash_source.h"
#include "common/merkle/tile_verifier.h"
#include "common/merkle/tlog_proof.h"

namespace amana::merkle {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

fs::path Vectors() {
  const char* shared = std::getenv("AMANA_SHARED");
  return fs::path(shared ? shared : AMANA_SOURCE_DIR "/../shared") / "vectors" / "tlog";
}

std::string Contents(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

ReadFile ReaderOf(const fs::path& log) {
  return [log](const std::string& path) -> absl::StatusOr<std::string> {
    if (!fs::is_regular_file(log / path)) return Error(Reason::kTileNotFound);
    return Contents(log / path);
  };
}

class TlogVectors : public testing::Test {
 protected:
  void SetUp() override {
    if (!fs::exists(Vectors())) GTEST_SKIP() << "no test vectors at " << Vectors();
  }
  void TearDown() override {
    if (IsSkipped()) return;
    std::cout << "cases run: " << cases_ << "\n";
    EXPECT_GT(cases_, 0) << "no case ran: are the vectors complete?";
  }
  int cases_ = 0;
};

// --- transparency-dev/merkle: proofs, and many ways to break them
// ---------------------------------

std::optional<Hash> HashIn(const Json& value) {
  const std::optional<std::string> bytes = DecodeBase64(value.get<std::string>());
  return bytes ? Hash::FromBytes(*bytes) : std::nullopt;
}

// nullopt if one of them is no hash; a missing proof is an empty one.
std::optional<Proof> ProofIn(const Json& value) {
  Proof proof;
  for (const Json& item : value) {
    const std::optional<Hash> hash = HashIn(item);
    if (!hash) return std::nullopt;
    proof.push_back(*hash);
  }
  return proof;
}

bool Includes(const Json& c, uint64_t index, uint64_t size) {
  const auto leaf = HashIn(c["leafHash"]);
  const auto root = HashIn(c["root"]);
  const auto proof = ProofIn(c["proof"]);
  return leaf && root && proof && VerifyInclusion(*leaf, index, size, *proof, *root).ok();
}

// Some cases have a word for a root, where only its being the same as the other one matters.
std::optional<Hash> RootIn(const Json& value) {
  const std::optional<Hash> hash = HashIn(value);
  return hash ? hash : LeafHash(value.get<std::string>());
}

bool IsConsistent(const Json& c, uint64_t old_size, uint64_t new_size) {
  const auto old_root = RootIn(c["root1"]);
  const auto new_root = RootIn(c["root2"]);
  const auto proof = ProofIn(c["proof"]);
  return old_root && new_root && proof &&
         VerifyConsistency(old_size, new_size, *old_root, *new_root, *proof).ok();
}

// Calls `run` with each JSON file under `folder`; it says whether the proof was accepted, or
// nullopt for a case that is not about what this library does. Gives the number of those that ran.
template <class Run>
int RunCases(const std::string& folder, Run run) {
  int ran = 0;
  int passed_over = 0;
  for (const fs::directory_entry& file :
       fs::recursive_directory_iterator(Vectors() / "merkle-proofs" / folder)) {
    if (file.path().extension() != ".json") continue;
    const Json c = Json::parse(Contents(file.path()));
    const std::optional<bool> accepted = run(c);
    if (!accepted) {
      ++passed_over;
      continue;
    }
    EXPECT_EQ(*accepted, !c["wantErr"].get<bool>()) << file.path();
    ++ran;
  }
  std::cout << folder << ": " << ran << " run, " << passed_over << " not about this library\n";
  return ran;
}

TEST_F(TlogVectors, Inclusion) {
  cases_ = RunCases("inclusion", [](const Json& c) -> std::optional<bool> {
    return Includes(c, c["leafIdx"].get<uint64_t>(), c["treeSize"].get<uint64_t>());
  });
}

TEST_F(TlogVectors, Consistency) {
  cases_ = RunCases("consistency", [](const Json& c) -> std::optional<bool> {
    return IsConsistent(c, c["size1"].get<uint64_t>(), c["size2"].get<uint64_t>());
  });
}

// A leaf in a subtree [start, end) is proved like a leaf in a tree of that many leaves.
TEST_F(TlogVectors, SubtreeInclusion) {
  cases_ = RunCases("subtreeinclusion", [](const Json& c) -> std::optional<bool> {
    const auto index = c["leafIdx"].get<uint64_t>();
    const auto start = c["start"].get<uint64_t>();
    const auto end = c["end"].get<uint64_t>();
    if (start >= end || index < start || end - start > uint64_t{1} << 63) return false;
    if (start % std::bit_ceil(end - start) != 0) return false;
    return Includes(c, index - start, end - start);
  });
}

// Only subtrees that start with the first leaf are what VerifyConsistency is about; the empty one,
// which the subtree form allows, it refuses.
TEST_F(TlogVectors, SubtreeConsistencyFromTheFirstLeaf) {
  cases_ = RunCases("subtreeconsistency", [](const Json& c) -> std::optional<bool> {
    if (c["start"].get<uint64_t>() != 0 || c["end"].get<uint64_t>() == 0) return std::nullopt;
    return IsConsistent(c, c["end"].get<uint64_t>(), c["size"].get<uint64_t>());
  });
}

// --- A log written by transparency-dev/tessera, with its published test key
// ------------------------

constexpr char kTesseraKey[] =
    "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx";

TEST_F(TlogVectors, TesseraLogAtEverySize) {
  const fs::path log = Vectors() / "tessera-log";
  const TrustPolicy policy = *TrustPolicy::Create(*NoteKey::Parse(kTesseraKey), {}, 0);
  for (const fs::directory_entry& file : fs::directory_iterator(log)) {
    if (!file.path().filename().string().starts_with("checkpoint")) continue;
    const auto checkpoint = OpenCheckpoint(Contents(file.path()), policy);
    ASSERT_TRUE(checkpoint.ok()) << file.path() << " " << checkpoint.status();
    const absl::Status status = VerifyTiles(checkpoint->size(), checkpoint->root(), ReaderOf(log));
    EXPECT_TRUE(status.ok()) << file.path() << " " << status;
    ++cases_;
  }
}

// --- gen70000: three tile levels, receipts good and bad, a fork
// ------------------------------------

class Gen70000 : public TlogVectors {
 protected:
  fs::path log() const { return Vectors() / "gen70000"; }

  TrustPolicy Policy(size_t quorum) const {
    std::istringstream vkeys(Contents(log() / "vkeys.txt"));
    std::vector<NoteKey> keys;
    for (std::string line; std::getline(vkeys, line);) keys.push_back(*NoteKey::Parse(line));
    return *TrustPolicy::Create(keys.at(0), {keys.begin() + 1, keys.end()}, quorum);
  }
};

TEST_F(Gen70000, EveryTileVerifies) {
  const auto checkpoint = OpenCheckpoint(Contents(log() / "checkpoint"), Policy(2));
  ASSERT_TRUE(checkpoint.ok()) << checkpoint.status();
  ASSERT_EQ(checkpoint->size(), 70'000u);
  const absl::Status status = VerifyTiles(checkpoint->size(), checkpoint->root(), ReaderOf(log()),
                                          [this](uint64_t index, std::string_view entry) {
                                            EXPECT_EQ(entry, absl::StrCat("record ", index));
                                            ++cases_;
                                            return absl::OkStatus();
                                          });
  EXPECT_TRUE(status.ok()) << status;
}

TEST_F(Gen70000, EveryTileIsReadByTheVerifier) {
  const auto checkpoint = *OpenCheckpoint(Contents(log() / "checkpoint"), Policy(2));
  std::vector<std::string> read;
  const ReadFile reader = ReaderOf(log());
  ASSERT_TRUE(VerifyTiles(checkpoint.size(), checkpoint.root(), [&](const std::string& path) {
                read.push_back(path);
                return reader(path);
              }).ok());
  for (const fs::directory_entry& file : fs::recursive_directory_iterator(log() / "tile")) {
    if (!file.is_regular_file()) continue;
    const std::string path = fs::relative(file.path(), log()).string();
    EXPECT_EQ(std::count(read.begin(), read.end(), path), 1) << path;
    ++cases_;
  }
}

TEST_F(Gen70000, GoodReceiptsVerifyAndAreWhatWeWouldWrite) {
  TileHashSource source(70'000, ReaderOf(log()));
  for (const fs::directory_entry& file : fs::directory_iterator(log() / "proofs")) {
    if (!file.path().filename().string().starts_with("good-")) continue;
    const std::string text = Contents(file.path());
    const absl::StatusOr<TlogProof> proof = TlogProof::Decode(text);
    ASSERT_TRUE(proof.ok()) << file.path();
    const auto verified = VerifyTlogProof(*proof, absl::StrCat("record ", proof->index), Policy(2));
    EXPECT_TRUE(verified.ok()) << file.path() << " " << verified.status();
    EXPECT_EQ(proof->Encode(), text);
    EXPECT_EQ(*BuildInclusionProof(source, proof->index, 70'000), proof->hashes);
    ++cases_;
  }
}

TEST_F(Gen70000, BadReceiptsAreRefusedForTheirReason) {
  const std::map<std::string, std::pair<Reason, std::string>> why = {
      {"bad-checkpoint-size", {Reason::kNoteSignatureInvalid, ""}},
      {"bad-cosig-time", {Reason::kNoteSignatureInvalid, ""}},
      {"bad-hash", {Reason::kProofInvalid, "root"}},
      {"bad-index", {Reason::kProofInvalid, "root"}},
      {"bad-index-leading-zero", {Reason::kProofInvalid, "index"}},
      {"bad-long", {Reason::kProofInvalid, "proof"}},
      {"bad-one-witness", {Reason::kNoteSignatureInvalid, "witnesses"}},
      {"bad-short", {Reason::kProofInvalid, "proof"}},
  };
  for (const fs::directory_entry& file : fs::directory_iterator(log() / "proofs")) {
    const std::string name = file.path().stem().string();
    if (!name.starts_with("bad-")) continue;
    ASSERT_TRUE(why.contains(name)) << name;
    const absl::StatusOr<TlogProof> proof = TlogProof::Decode(Contents(file.path()));
    const absl::Status status =
        proof.ok() ? VerifyTlogProof(*proof, "record 42", Policy(2)).status() : proof.status();
    EXPECT_EQ(ReasonOf(status), why.at(name).first) << name;
    EXPECT_EQ(DetailOf(status).field, why.at(name).second) << name;
    ++cases_;
  }
  EXPECT_EQ(cases_, static_cast<int>(why.size()));
}

TEST_F(Gen70000, ConsistencyProofsVerifyAndAreWhatWeWouldWrite) {
  TileHashSource source(70'000, ReaderOf(log()));
  for (const Json& c : Json::parse(Contents(log() / "consistency.json"))) {
    const auto old_size = c["old"].get<uint64_t>();
    const auto new_size = c["new"].get<uint64_t>();
    const Proof proof = *ProofIn(c["proof"]);
    EXPECT_TRUE(
        VerifyConsistency(old_size, new_size, *HashIn(c["oldRoot"]), *HashIn(c["newRoot"]), proof)
            .ok());
    EXPECT_EQ(*BuildConsistencyProof(source, old_size, new_size), proof);
    ++cases_;
  }
}

// A checkpoint that the log's key and a witness have signed, and that can't be true beside the
// other.
TEST_F(Gen70000, TheForkIsCaught) {
  const auto fork = OpenCheckpoint(Contents(log() / "fork-65537.checkpoint"), Policy(1));
  ASSERT_TRUE(fork.ok()) << fork.status();
  EXPECT_FALSE(OpenCheckpoint(Contents(log() / "fork-65537.checkpoint"), Policy(2)).ok());
  const auto now = *OpenCheckpoint(Contents(log() / "checkpoint"), Policy(2));

  TileHashSource source(now.size(), ReaderOf(log()));
  const Proof proof = *BuildConsistencyProof(source, fork->size(), now.size());
  const Hash honest = TileBuilder::Load(fork->size(), ReaderOf(log()))->Root();
  EXPECT_TRUE(VerifyConsistency(fork->size(), now.size(), honest, now.root(), proof).ok());
  EXPECT_EQ(ReasonOf(VerifyConsistency(fork->size(), now.size(), fork->root(), now.root(), proof)),
            Reason::kProofInvalid);
  EXPECT_EQ(ReasonOf(VerifyTiles(fork->size(), fork->root(), ReaderOf(log()))),
            Reason::kTileCorrupt);
  cases_ = 1;
}

}  // namespace
}  // namespace amana::merkle
