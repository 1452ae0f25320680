#include "services/audit/app/log.h"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/check.h"
#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "common/merkle/leaf.h"
#include "common/merkle/note.h"
#include "common/merkle/proof.h"
#include "common/merkle/tile.h"
#include "common/merkle/tile_hash_source.h"
#include "common/merkle/tlog_proof.h"

namespace amana::audit {
namespace {

using store::v1::WalEntry;
using store::v1::WalRecord;

// A snapshot of what is to be written, so that appending goes on meanwhile.
struct Publication {
  uint64_t size = 0;
  merkle::Hash root;
  FullTiles tiles;
  size_t full_tiles = 0;  // how many of them are full, the first ones
  std::vector<std::string> leaves;
  uint64_t first = 0;  // index of the first of them
};

// Writes the bundles over `leaves`, whose first index is a multiple of a bundle's width.
absl::Status WriteBundles(const LogFiles& files, const Publication& publication) {
  for (size_t start = 0; start < publication.leaves.size(); start += merkle::kTileWidth) {
    const size_t width = std::min<size_t>(merkle::kTileWidth, publication.leaves.size() - start);
    std::string bundle;
    for (size_t i = start; i < start + width; ++i) {
      AMANA_RETURN_IF_ERROR(merkle::AppendToBundle(bundle, publication.leaves[i]));
    }
    const merkle::TileId id{0, (publication.first + start) / merkle::kTileWidth,
                            static_cast<unsigned>(width)};
    AMANA_RETURN_IF_ERROR(files.Write(merkle::BundlePath(id), bundle));
  }
  return absl::OkStatus();
}

absl::Status WriteTiles(const LogFiles& files, const Publication& publication) {
  for (const auto& [id, hashes] : publication.tiles) {
    AMANA_RETURN_IF_ERROR(files.Write(merkle::TilePath(id), merkle::EncodeTile(hashes)));
  }
  return absl::OkStatus();
}

// The root, from what is really on disk.
absl::Status ReadBack(const LogFiles& files, const Publication& publication) {
  AMANA_ASSIGN_OR_RETURN(const merkle::TileBuilder tree,
                         merkle::TileBuilder::Load(publication.size, [&](const std::string& path) {
                           return files.Read(path);
                         }));
  return tree.Root() == publication.root ? absl::OkStatus() : Error(Reason::kLogCorrupt);
}

// A way in which a stream can be at fault, in all the words there are for it.
struct FaultRow {
  domain::Verdict verdict;
  domain::Fault fault;
  WalEntry::Fault stored;
  const char* control;  // the first line of the log's own entry
  uint64_t AppendResult::* count;
};
constexpr FaultRow kFaults[] = {
    {domain::Verdict::kGap, domain::Fault::kGap, WalEntry::FAULT_GAP, "stream-gap",
     &AppendResult::gaps},
    {domain::Verdict::kFork, domain::Fault::kFork, WalEntry::FAULT_FORK, "stream-fork",
     &AppendResult::forks},
    {domain::Verdict::kMalformed, domain::Fault::kMalformed, WalEntry::FAULT_MALFORMED,
     "stream-malformed", &AppendResult::malformed},
};

const FaultRow* FaultOf(domain::Verdict verdict) {
  const auto* row = std::ranges::find(kFaults, verdict, &FaultRow::verdict);
  return row == std::end(kFaults) ? nullptr : row;
}

bool IsEventLeaf(std::string_view leaf) {
  const absl::StatusOr<merkle::Leaf> parsed = merkle::ParseLeaf(leaf);
  return parsed.ok() && parsed->type == merkle::LeafType::kEvent;
}

}  // namespace

Log::Log(const std::string& directory, merkle::NoteSigner signer, const Clock& clock)
    : files_(directory + "/public"), signer_(std::move(signer)), clock_(clock) {}

absl::StatusOr<std::unique_ptr<Log>> Log::Open(const std::string& directory,
                                               merkle::NoteSigner signer, const Clock& clock) {
  std::error_code error;
  std::filesystem::create_directories(directory + "/public", error);
  if (error) return Error(Reason::kFileUnreadable);
  std::unique_ptr<Log> log(new Log(directory, std::move(signer), clock));
  AMANA_ASSIGN_OR_RETURN(
      std::unique_ptr<Wal> wal,
      Wal::Open(directory + "/wal", [&](const WalRecord& record) { return log->Replay(record); }));
  {
    MutexLock lock(log->mutex_);
    log->wal_ = std::move(wal);
    if (log->tree_.size() == 0) {
      WalRecord record;
      log->AddControl(absl::StrCat("genesis\n", log->signer_.key().name(), "\n"), record);
      log->Commit(record);
    }
  }
  AMANA_RETURN_IF_ERROR(log->CheckOwnCheckpoint());
  AMANA_RETURN_IF_ERROR(log->Publish());
  return log;
}

absl::Status Log::Replay(const WalRecord& record) {
  MutexLock lock(mutex_);
  if (record.first_index() != tree_.size()) return Error(Reason::kLogCorrupt);
  for (const WalEntry& entry : record.entries()) {
    AddLeaf(entry.leaf());
    if (entry.service().empty()) continue;
    domain::Stream& stream = streams_[{entry.service(), entry.shard()}];
    if (entry.fault() == WalEntry::FAULT_UNSPECIFIED) {
      stream.last = {entry.sequence(), entry.leaf()};
    } else {
      const auto* row = std::ranges::find(kFaults, entry.fault(), &FaultRow::stored);
      if (row == std::end(kFaults)) return Error(Reason::kLogCorrupt);
      stream.fault = row->fault;
    }
  }
  return absl::OkStatus();
}

// A checkpoint that says more than the write-ahead log holds, or something else, means that the
// folder was put back to an older state: signing on from here would fork the log.
absl::Status Log::CheckOwnCheckpoint() {
  absl::StatusOr<std::string> note = files_.Read("checkpoint");
  if (!note.ok()) return absl::OkStatus();  // never published
  AMANA_ASSIGN_OR_RETURN(const merkle::TrustPolicy policy,
                         merkle::TrustPolicy::Create(signer_.key(), {}, 0));
  AMANA_ASSIGN_OR_RETURN(const merkle::VerifiedCheckpoint checkpoint,
                         merkle::OpenCheckpoint(*note, policy));
  const auto read = [this](const std::string& path) { return files_.Read(path); };
  AMANA_ASSIGN_OR_RETURN(const merkle::TileBuilder published,
                         merkle::TileBuilder::Load(checkpoint.size(), read));
  if (published.Root() != checkpoint.root()) return Error(Reason::kLogCorrupt);
  MutexLock lock(mutex_);
  if (checkpoint.size() > tree_.size()) return Error(Reason::kLogCorrupt);
  // The replayed tree must be that tree, grown. Nothing is published yet, so all leaves are
  // pending.
  merkle::CompactRange replayed;
  for (uint64_t i = 0; i < checkpoint.size(); ++i) {
    replayed.Append(merkle::LeafHash(pending_leaves_[i]));
  }
  return replayed.Root() == checkpoint.root() ? absl::OkStatus() : Error(Reason::kLogCorrupt);
}

void Log::AddLeaf(const std::string& leaf) {
  index_.emplace(leaf, tree_.size());
  pending_leaves_.push_back(leaf);
  FullTiles full;  // the analysis of locks does not look into a lambda
  tree_.Append(merkle::LeafHash(leaf),
               [&full](const merkle::TileId& tile, std::vector<merkle::Hash> hashes) {
                 full.emplace_back(tile, std::move(hashes));
               });
  std::move(full.begin(), full.end(), std::back_inserter(full_tiles_));
}

void Log::AddControl(std::string_view text, WalRecord& record) {
  absl::StatusOr<std::string> leaf = merkle::MakeControlLeaf(text);
  AMANA_CHECK(leaf.ok(), "a control entry of our own is malformed");
  record.add_entries()->set_leaf(*std::move(leaf));
}

void Log::Commit(const WalRecord& record) {
  WalRecord numbered = record;
  numbered.set_first_index(tree_.size());
  wal_->Append(numbered);
  for (const WalEntry& entry : numbered.entries()) AddLeaf(entry.leaf());
}

AppendResult Log::Append(const std::string& service, uint32_t shards,
                         const std::vector<StreamEntry>& entries) {
  AppendResult result;
  WalRecord record;
  MutexLock lock(mutex_);
  for (const StreamEntry& item : entries) {
    const domain::StreamId id{service, item.shard};
    domain::Stream& stream = streams_[id];
    uint64_t& shown = result.shown[item.shard];
    const domain::Verdict verdict = IsEventLeaf(item.entry.leaf)
                                        ? domain::Judge(stream, shown, item.entry)
                                        : domain::JudgeMalformed(stream);
    Note(verdict, id, item.entry, record, result);
    const bool is_last =
        stream.fault == domain::Fault::kNone && item.entry.sequence == stream.last.sequence;
    shown = is_last ? item.entry.sequence : 0;
  }
  for (uint32_t shard = 0; shard < shards; ++shard) {
    const auto stream = streams_.find({service, shard});
    if (stream == streams_.end() || result.shown.contains(shard)) continue;
    Note(domain::JudgeNothing(stream->second), stream->first, stream->second.last, record, result);
  }
  if (record.entries_size() > 0) Commit(record);
  return result;
}

void Log::Note(domain::Verdict verdict, const domain::StreamId& stream, const domain::Entry& entry,
               WalRecord& record, AppendResult& result) {
  if (verdict == domain::Verdict::kAppend) {
    WalEntry* appended = record.add_entries();
    appended->set_leaf(entry.leaf);
    appended->set_service(stream.service);
    appended->set_shard(stream.shard);
    appended->set_sequence(entry.sequence);
    ++result.appended;
    return;
  }
  const FaultRow* row = FaultOf(verdict);
  if (row == nullptr) return;  // known, or stopped before
  AddControl(absl::StrCat(row->control, "\n", stream.service, " ", stream.shard, " ",
                          entry.sequence, "\n"),
             record);
  WalEntry* fault = record.mutable_entries(record.entries_size() - 1);
  fault->set_service(stream.service);
  fault->set_shard(stream.shard);
  fault->set_fault(row->stored);
  ++(result.*row->count);
}

absl::Status Log::Publish() {
  MutexLock publishing(publish_mutex_);
  Publication publication;
  {
    MutexLock lock(mutex_);
    if (tree_.size() == published_size_ && clock_.Now() - checkpoint_time_ < kHeartbeat) {
      return absl::OkStatus();
    }
    publication.size = tree_.size();
    publication.root = tree_.Root();
    publication.tiles = full_tiles_;
    publication.full_tiles = full_tiles_.size();
    for (merkle::TileBuilder::Partial& partial : tree_.Partials()) {
      publication.tiles.emplace_back(partial.tile, std::move(partial.hashes));
    }
    publication.leaves = pending_leaves_;
    publication.first = pending_first_;
  }
  AMANA_RETURN_IF_ERROR(WriteBundles(files_, publication));
  AMANA_RETURN_IF_ERROR(WriteTiles(files_, publication));
  AMANA_RETURN_IF_ERROR(ReadBack(files_, publication));
  const absl::Time now = clock_.Now();
  const merkle::Checkpoint checkpoint{signer_.key().name(), publication.size, publication.root};
  AMANA_ASSIGN_OR_RETURN(std::string note, merkle::SignNote(checkpoint.ToText(), signer_, now));
  AMANA_RETURN_IF_ERROR(files_.WriteCheckpoint(note));

  MutexLock lock(mutex_);
  published_size_ = publication.size;
  checkpoint_ = std::move(note);
  checkpoint_time_ = now;
  full_tiles_.erase(full_tiles_.begin(),
                    full_tiles_.begin() + static_cast<ptrdiff_t>(publication.full_tiles));
  // The leaves of full bundles are on disk for good.
  const uint64_t keep_from = publication.size / merkle::kTileWidth * merkle::kTileWidth;
  pending_leaves_.erase(
      pending_leaves_.begin(),
      pending_leaves_.begin() + static_cast<ptrdiff_t>(keep_from - pending_first_));
  pending_first_ = keep_from;
  return absl::OkStatus();
}

std::vector<uint64_t> Log::Cursors(const std::string& service, uint32_t shards) const {
  std::vector<uint64_t> cursors(shards, 0);
  MutexLock lock(mutex_);
  for (uint32_t shard = 0; shard < shards; ++shard) {
    const auto stream = streams_.find({service, shard});
    if (stream != streams_.end()) cursors[shard] = stream->second.last.sequence;
  }
  return cursors;
}

absl::StatusOr<std::string> Log::Prove(std::string_view leaf) const {
  uint64_t index = 0;
  uint64_t size = 0;
  merkle::TlogProof proof;
  {
    MutexLock lock(mutex_);
    const auto found = index_.find(std::string(leaf));
    if (found == index_.end() || found->second >= published_size_) {
      return Error(Reason::kLeafNotInLog);
    }
    index = found->second;
    size = published_size_;
    proof.checkpoint = checkpoint_;
  }
  merkle::TileHashSource source(size,
                                [this](const std::string& path) { return files_.Read(path); });
  AMANA_ASSIGN_OR_RETURN(proof.hashes, merkle::BuildInclusionProof(source, index, size));
  proof.index = index;
  return proof.Encode();
}

uint64_t Log::size() const {
  MutexLock lock(mutex_);
  return tree_.size();
}

absl::Duration Log::checkpoint_age() const {
  MutexLock lock(mutex_);
  return clock_.Now() - checkpoint_time_;
}

}  // namespace amana::audit
