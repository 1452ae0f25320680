#pragma once
// The store of production: Redis over a Unix socket, one Redis Function call a commit
// (commit.lua has the layout of every key).
//
// Threads block in their call while a few connections carry everyone's commands pipelined. Broken
// connections come back by themselves; meanwhile calls fail at once with kStoreUnavailable. A
// commit whose answer was lost is never sent again by the store, a read once.
//
// Durability is Redis's: it must run with `appendonly yes` and `appendfsync always`.

#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/secret.h"
#include "common/crypto/sealer.h"
#include "common/store/codec.h"
#include "common/store/names.h"
#include "common/store/observer.h"
#include "common/store/store.h"

namespace amana::store {

// What a service's Redis user may do; for the ACL file:
//   user referral on ><password> ~referral:* resetchannels -@all <kRedisPermissions>
// k8s/README.md and scripts/lib/amana_cluster.py say the same; tests/k8s/policy.test.mjs compares.
inline constexpr std::string_view kRedisPermissions =
    "+auth +ping +get +mget +getrange +set +del +xadd +xrange +xtrim +xlen +zadd +zrem "
    "+zrangebyscore +zrevrangebyscore +rpush +lrange +llen +fcall +function|list +function|load";

struct RedisStoreOptions {
  std::string socket_path;
  std::string user;
  SecretBytes password;
  std::string service;  // the prefix of every key
  uint32_t shards = kDefaultShards;
  uint32_t connections = 3;
  // A command that takes longer fails with kStoreUnavailable, however late its deadline is.
  absl::Duration command_timeout = absl::Seconds(1);
  absl::Duration reply_lifetime = kReplyLifetime;
  // How long Open() waits for the first connection.
  absl::Duration open_wait = absl::Seconds(2);
};

class RedisPool;
struct Reply;
class Batch;

class RedisStore final : public Store {
 public:
  // Comes back connected, or after open_wait; Ping() tells which. A Redis whose data was written
  // with another storage key or another number of shards is refused: every call then fails with
  // kStoredValueUnreadable or kConfigurationInvalid. `observer` may be null and outlives the store.
  static std::unique_ptr<RedisStore> Open(RedisStoreOptions options,
                                          std::shared_ptr<const crypto::Sealer> sealer,
                                          StoreObserver* observer = nullptr);
  ~RedisStore() override;

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
  RedisStore(RedisStoreOptions options, std::shared_ptr<const crypto::Sealer> sealer,
             StoreObserver* observer);

  // Each does the work of the public method of its name, without telling the observer.
  absl::StatusOr<Outcome> DoApply(const Commit& commit, Deadline deadline);
  absl::StatusOr<std::vector<OutboxEntry>> DoReadOutbox(std::vector<uint64_t> cursors,
                                                        uint32_t limit, Deadline deadline);
  absl::Status LoadFunctions(Deadline deadline);
  // Sends a batch of reads; once again if its connection broke.
  absl::StatusOr<std::vector<Reply>> Query(const Batch& batch, Deadline deadline);

  template <class F>
  auto Observed(std::string_view operation, const F& work);

  const std::shared_ptr<const crypto::Sealer> sealer_;
  const Names names_;
  const Codec codec_;
  const std::string reply_lifetime_ms_;
  StoreObserver* const observer_;
  std::atomic<uint32_t> next_outbox_shard_ = 0;
  std::unique_ptr<RedisPool> pool_;
};

}  // namespace amana::store
