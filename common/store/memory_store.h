#pragma once
// The store of unit tests: the whole contract in memory, values sealed as in Redis. Nothing in it
// outlives it.

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/base/mutex.h"
#include "common/crypto/sealer.h"
#include "common/store/codec.h"
#include "common/store/names.h"
#include "common/store/store.h"

namespace amana::store {

struct MemoryStoreOptions {
  std::string service = "test";
  uint32_t shards = kDefaultShards;
  absl::Duration reply_lifetime = kReplyLifetime;
};

class MemoryStore final : public Store {
 public:
  // With a storage key of its own.
  MemoryStore();
  MemoryStore(std::shared_ptr<const crypto::Sealer> sealer, MemoryStoreOptions options);

  uint32_t shards() const override { return names_.shards(); }
  absl::StatusOr<Outcome> Apply(const Commit& commit, Deadline deadline) override;
  absl::StatusOr<Row> Read(Shard shard, const Key& key, Deadline deadline) override;
  absl::StatusOr<std::vector<Row>> ReadMany(Shard shard, const std::vector<Key>& keys,
                                            Deadline deadline) override;
  absl::StatusOr<std::vector<IndexEntry>> ReadIndex(Shard shard, const std::string& index,
                                                    const IndexRange& range,
                                                    Deadline deadline) override;
  absl::StatusOr<std::vector<IndexEntry>> ReadIndexEverywhere(const std::string& index,
                                                              const IndexRange& range,
                                                              Deadline deadline) override;
  absl::StatusOr<std::optional<std::string>> FindReply(Shard shard, const RequestRecord& request,
                                                       Deadline deadline) override;
  absl::StatusOr<std::vector<DueTimer>> DueTimers(absl::Time now, uint32_t limit,
                                                  Deadline deadline) override;
  absl::StatusOr<std::vector<OutboxEntry>> ReadOutbox(const std::vector<uint64_t>& cursors,
                                                      uint32_t limit, Deadline deadline) override;
  absl::Status TrimOutbox(const std::vector<uint64_t>& cursors, Deadline deadline) override;
  absl::StatusOr<OutboxBacklog> ReadOutboxBacklog(Deadline deadline) override;
  absl::StatusOr<HistoryPage> ReadHistory(const std::string& subject, HistoryPosition from,
                                          uint32_t limit, Deadline deadline) override;
  absl::Status Ping(Deadline deadline) override;

 private:
  struct RecordedReply {
    std::string stored;
    Deadline lifetime;
  };
  struct Outbox {
    uint64_t last_sequence = 0;
    std::map<uint64_t, std::string> entries;
  };
  // Scores of one index (or a shard's timers) by member.
  using Scores = std::map<std::string, double>;

  bool VersionsAre(const Commit& commit) const AMANA_REQUIRES(mutex_);
  // Null if there is none, or no longer.
  const std::string* FindReplyBytes(const std::string& name) const AMANA_REQUIRES(mutex_);
  void AppendAudit(const Commit& commit) AMANA_REQUIRES(mutex_);
  void WriteAll(const Commit& commit) AMANA_REQUIRES(mutex_);
  void EditScore(const std::string& name, const std::string& member, std::optional<double> score)
      AMANA_REQUIRES(mutex_);
  // Appends what lies within the range's scores, in any order.
  void Select(const std::string& name, const IndexRange& range, std::vector<IndexEntry>& out) const
      AMANA_REQUIRES(mutex_);

  const std::shared_ptr<const crypto::Sealer> sealer_;
  const Names names_;
  const Codec codec_;
  const absl::Duration reply_lifetime_;

  mutable Mutex mutex_;
  std::map<std::string, std::string> rows_ AMANA_GUARDED_BY(mutex_);  // as in Redis, by name
  std::map<std::string, Scores> scores_ AMANA_GUARDED_BY(mutex_);
  std::map<std::string, RecordedReply> replies_ AMANA_GUARDED_BY(mutex_);
  std::map<std::string, std::vector<std::string>> histories_ AMANA_GUARDED_BY(mutex_);
  std::vector<Outbox> outboxes_ AMANA_GUARDED_BY(mutex_);
};

}  // namespace amana::store
