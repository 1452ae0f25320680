#pragma once
// The store: one generic commit, and the few reads that go with it.
//
// Every key belongs to a shard, a fixed number of them for the life of a data folder. What must
// change together lives in one shard; the first two bytes of an id choose it (ShardOf), and
// NewIdBeside() makes ids that share another one's shard. What crosses shards is a saga: a timer
// armed in the first commit drives it to its end, each step idempotent.
//
// Contract of Apply(), whatever implements it:
//   - All of a commit happens or nothing does, also when the process or Redis dies in between.
//   - Before anything else, if the commit names a request that this caller sent before, the reply
//     recorded then is returned (same digest) or kRequestIdReused (another digest).
//   - If any expected version differs from the stored one, nothing happens and the outcome is
//     kConflict: read and decide again.
//   - Every commit carries at least one audit record; it gets the shard's next outbox sequence,
//     dense from 1, and its event and opening are appended to the subject's history.
//   - It returns only after the change is durable (fsynced).
//   - kStoreUnavailable and kDeadlinePassed leave the outcome open: it may have happened. Send the
//     same request again to learn which.
// Values, recorded replies, histories and outbox bodies are sealed at rest (crypto::Sealer); keys,
// index members and timer names are not: put only ids and enum names there.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/call_context.h"
#include "common/base/deadline.h"
#include "common/base/ids.h"
#include "common/base/random.h"
#include "common/store/commit_signal.h"

namespace amana::store {

using Shard = uint32_t;

inline constexpr uint32_t kDefaultShards = 64;
inline constexpr absl::Duration kReplyLifetime = absl::Hours(24);
inline constexpr size_t kMaxValueBytes = 1 << 20;
// Of one commit: writes, checks and audit records each; index and timer edits each.
inline constexpr size_t kMaxCommitWrites = 64;
inline constexpr size_t kMaxCommitEdits = 256;

// Where a value is: `kind` is a fixed word of the service ("case"), `id` its id as text. Neither is
// empty, longer than 128 bytes or has a colon; a commit names a key once.
struct Key {
  std::string kind;
  std::string id;

  friend bool operator==(const Key&, const Key&) = default;
  friend auto operator<=>(const Key&, const Key&) = default;
};

// A stored value; version 0 means that there is none.
struct Row {
  std::string value;
  uint64_t version = 0;

  bool exists() const { return version != 0; }
};

// Sets a value, or deletes it where there is none, if the stored version is the expected one.
// The new version is expected_version + 1; a deleted key starts again at 0.
struct Write {
  Key key;
  uint64_t expected_version = 0;
  std::optional<std::string> value;
};

// Only checks a version, of something that was read to decide but does not change.
struct Check {
  Key key;
  uint64_t expected_version = 0;
};

// Puts a member into a sorted index, or takes it out where there is no score.
struct IndexEdit {
  std::string index;
  std::string member;
  std::optional<double> score;
};

// Arms a timer (again), or disarms it where there is no time.
struct TimerEdit {
  std::string timer;
  std::optional<absl::Time> due;
};

// One event of the audit log: made by MakeAuditRecord (audit_record.h) and by nothing else.
struct AuditRecord {
  std::string subject;  // 16 bytes: whose history it joins
  std::string event;    // serialised amana.audit.v1.Event
  std::string opening;  // 32 random bytes
  std::string leaf;     // 34 bytes, what the log gets
};

// A request that may come again.
struct RequestRecord {
  std::string caller;  // device id or service name
  RequestId request_id;
  std::string digest;  // SHA-256 of the request
};

struct Commit {
  Shard shard = 0;
  std::vector<Check> checks;
  std::vector<Write> writes;
  std::vector<IndexEdit> index_edits;
  std::vector<TimerEdit> timer_edits;
  std::vector<AuditRecord> audit;  // at least one
  std::string traceparent;
  std::optional<RequestRecord> request;
  // What a repetition of `request` gets.
  std::string reply;

  void Put(Key key, uint64_t expected_version, std::string value) {
    writes.push_back({std::move(key), expected_version, std::move(value)});
  }
  void Delete(Key key, uint64_t expected_version) {
    writes.push_back({std::move(key), expected_version, std::nullopt});
  }
  void Arm(std::string timer, absl::Time due) { timer_edits.push_back({std::move(timer), due}); }
  void Disarm(std::string timer) { timer_edits.push_back({std::move(timer), std::nullopt}); }
};

struct Outcome {
  enum class Kind { kCommitted, kConflict, kReplayed };
  Kind kind = Kind::kCommitted;
  // The recorded one, with kReplayed.
  std::string reply;
};

struct IndexEntry {
  std::string member;
  double score = 0;
};

// A part of an index, in the order of scores (members break ties).
struct IndexRange {
  double minimum = -1e300;  // inclusive
  double maximum = 1e300;   // inclusive
  uint32_t limit = 500;
  bool descending = false;
};

struct DueTimer {
  Shard shard = 0;
  std::string timer;
  absl::Time due;
};

struct OutboxEntry {
  Shard shard = 0;
  uint64_t sequence = 0;  // dense from 1 in its shard
  std::string leaf;
  std::string traceparent;
};

struct HistoryEntry {
  std::string event;
  std::string opening;
};

// A place in a history, which is read shard by shard: what was recorded there before is counted.
struct HistoryPosition {
  Shard shard = 0;
  uint64_t index = 0;
};

struct HistoryPage {
  std::vector<HistoryEntry> entries;
  std::optional<HistoryPosition> next;  // none: this was the last
};

// How much is waiting to get into the log.
struct OutboxBacklog {
  uint64_t entries = 0;
};

// Thread-safe. Calls block until they are answered or the deadline passes.
class Store {
 public:
  virtual ~Store() = default;

  virtual uint32_t shards() const = 0;

  virtual absl::StatusOr<Outcome> Apply(const Commit& commit, Deadline deadline) = 0;

  virtual absl::StatusOr<Row> Read(Shard shard, const Key& key, Deadline deadline) = 0;
  // One row for each key, in order; keys of one shard.
  virtual absl::StatusOr<std::vector<Row>> ReadMany(Shard shard, const std::vector<Key>& keys,
                                                    Deadline deadline) = 0;
  virtual absl::StatusOr<std::vector<IndexEntry>> ReadIndex(Shard shard, const std::string& index,
                                                            const IndexRange& range,
                                                            Deadline deadline) = 0;
  // The same index of every shard, merged in order, at most range.limit entries in all.
  virtual absl::StatusOr<std::vector<IndexEntry>> ReadIndexEverywhere(const std::string& index,
                                                                      const IndexRange& range,
                                                                      Deadline deadline) = 0;
  // The reply recorded for a request; nothing if there is none, kRequestIdReused if its digest
  // differs.
  virtual absl::StatusOr<std::optional<std::string>> FindReply(Shard shard,
                                                               const RequestRecord& request,
                                                               Deadline deadline) = 0;
  // Timers of all shards that are due at `now`, earliest first. A timer stays until a commit
  // disarms or re-arms it, so that a crash only repeats it.
  virtual absl::StatusOr<std::vector<DueTimer>> DueTimers(absl::Time now, uint32_t limit,
                                                          Deadline deadline) = 0;
  // Entries after each shard's cursor (cursors[shard]; missing ones are 0), in order within a
  // shard, at most `limit` in all.
  virtual absl::StatusOr<std::vector<OutboxEntry>> ReadOutbox(const std::vector<uint64_t>& cursors,
                                                              uint32_t limit,
                                                              Deadline deadline) = 0;
  // Forgets entries up to and including each shard's cursor.
  virtual absl::Status TrimOutbox(const std::vector<uint64_t>& cursors, Deadline deadline) = 0;
  virtual absl::StatusOr<OutboxBacklog> ReadOutboxBacklog(Deadline deadline) = 0;
  // Events about one subject (16 bytes) in all shards, each shard's in order: at most `limit` from
  // a position on. A history only grows, so nothing of it is left out or given twice.
  virtual absl::StatusOr<HistoryPage> ReadHistory(const std::string& subject, HistoryPosition from,
                                                  uint32_t limit, Deadline deadline) = 0;
  // OK while the store answers and its functions are loaded: readiness.
  virtual absl::Status Ping(Deadline deadline) = 0;

  // Rings at every commit made through this object.
  CommitSignal& commit_signal() { return commit_signal_; }

 private:
  CommitSignal commit_signal_;
};

// The shard of an id: its first two bytes, big-endian, modulo `shards`.
template <class I>
Shard ShardOf(const I& id, uint32_t shards) {
  const std::string_view b = id.view();
  return ((static_cast<uint32_t>(static_cast<unsigned char>(b[0])) << 8) |
          static_cast<unsigned char>(b[1])) %
         shards;
}

// A new random id in the shard of `other`, for whatever number of shards: it shares its first two
// bytes. A thing made by a request lives beside something the request names, or beside its
// request_id, so that a repetition finds the recorded reply.
template <class I, class Other>
I NewIdBeside(Random& random, const Other& other) {
  std::string bytes = NewId<I>(random).bytes();
  bytes.replace(0, 2, other.view().substr(0, 2));
  return *I::FromBytes(bytes);
}

}  // namespace amana::store
