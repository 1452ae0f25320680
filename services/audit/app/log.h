#pragma once
// The log: takes entries of outboxes exactly once, in one order for ever, and publishes what it has
// under a signed checkpoint.
//
//   Append()   durable when it returns: only then may a service forget its entries
//   Publish()  every second: new tiles and bundles, read back and recomputed, then the checkpoint
//
// An entry can be proved once a checkpoint covers it.

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/merkle/checkpoint.h"
#include "common/merkle/note_key.h"
#include "common/merkle/tile_builder.h"
#include "services/audit/domain/streams.h"
#include "services/audit/store/log_files.h"
#include "services/audit/store/wal.h"

namespace amana::audit {

// A log signs again after this long without new entries, so that a reader can tell a quiet log
// from a stuck one.
inline constexpr absl::Duration kHeartbeat = absl::Seconds(60);

using FullTiles = std::vector<std::pair<merkle::TileId, std::vector<merkle::Hash>>>;

struct StreamEntry {
  uint32_t shard = 0;
  domain::Entry entry;
};

struct AppendResult {
  uint64_t appended = 0;
  uint64_t gaps = 0;
  uint64_t forks = 0;
  uint64_t malformed = 0;
  // By shard, of all that brought anything: the log's last entry, if it was among what came and
  // the stream goes on; else 0. What is before it, the service may forget.
  std::map<uint32_t, uint64_t> shown;
};

// Thread-safe.
class Log {
 public:
  // Recovers what is in `directory` (made if it is missing): replays the write-ahead log, checks
  // its own checkpoint against it, and publishes what was accepted but not published.
  // kLogCorrupt: refuse to start.
  static absl::StatusOr<std::unique_ptr<Log>> Open(const std::string& directory,
                                                   merkle::NoteSigner signer, const Clock& clock);

  // Takes entries of one service's outboxes, read from one before the cursors: the first `shards`
  // of them were looked at. Known ones are passed over; a gap, a fork or what is no event stops
  // its stream, and that is written into the log for all to see.
  AppendResult Append(const std::string& service, uint32_t shards,
                      const std::vector<StreamEntry>& entries) AMANA_EXCLUDES(mutex_);

  absl::Status Publish() AMANA_EXCLUDES(mutex_, publish_mutex_);

  // The last sequence taken of each of a service's shards: cursors[shard].
  std::vector<uint64_t> Cursors(const std::string& service, uint32_t shards) const
      AMANA_EXCLUDES(mutex_);

  // A c2sp.org/tlog-proof@v1 under the latest checkpoint; kLeafNotInLog until it covers the leaf.
  absl::StatusOr<std::string> Prove(std::string_view leaf) const AMANA_EXCLUDES(mutex_);

  absl::StatusOr<std::string> ReadFile(std::string_view path) const { return files_.Read(path); }

  uint64_t size() const AMANA_EXCLUDES(mutex_);
  absl::Duration checkpoint_age() const AMANA_EXCLUDES(mutex_);

 private:
  Log(const std::string& directory, merkle::NoteSigner signer, const Clock& clock);

  absl::Status Replay(const store::v1::WalRecord& record) AMANA_EXCLUDES(mutex_);
  absl::Status CheckOwnCheckpoint() AMANA_EXCLUDES(mutex_);
  void AddLeaf(const std::string& leaf) AMANA_REQUIRES(mutex_);
  void AddControl(std::string_view text, store::v1::WalRecord& record) AMANA_REQUIRES(mutex_);
  // Writes down what `verdict` says of entry `sequence` of a stream.
  void Note(domain::Verdict verdict, const domain::StreamId& stream, const domain::Entry& entry,
            store::v1::WalRecord& record, AppendResult& result) AMANA_REQUIRES(mutex_);
  void Commit(const store::v1::WalRecord& record) AMANA_REQUIRES(mutex_);

  LogFiles files_;
  const merkle::NoteSigner signer_;
  const Clock& clock_;

  // Publishing is slow and must not hold up appending: it works on a copy.
  Mutex publish_mutex_ AMANA_ACQUIRED_BEFORE(mutex_);

  mutable Mutex mutex_;
  std::unique_ptr<Wal> wal_ AMANA_GUARDED_BY(mutex_);
  merkle::TileBuilder tree_ AMANA_GUARDED_BY(mutex_);
  domain::Streams streams_ AMANA_GUARDED_BY(mutex_);
  // Where each leaf is. An event's leaf has 256 random bits in it: two are never equal.
  absl::flat_hash_map<std::string, uint64_t> index_ AMANA_GUARDED_BY(mutex_);
  // What the next Publish() writes: tiles that became full, and all leaves since the last one,
  // from the start of the last bundle that was not full.
  FullTiles full_tiles_ AMANA_GUARDED_BY(mutex_);
  std::vector<std::string> pending_leaves_ AMANA_GUARDED_BY(mutex_);
  uint64_t pending_first_ AMANA_GUARDED_BY(mutex_) = 0;
  uint64_t published_size_ AMANA_GUARDED_BY(mutex_) = 0;
  std::string checkpoint_ AMANA_GUARDED_BY(mutex_);
  absl::Time checkpoint_time_ AMANA_GUARDED_BY(mutex_) = absl::InfinitePast();
};

}  // namespace amana::audit
