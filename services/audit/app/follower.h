#pragma once
// Follows one service's outboxes into the log: read after the log's cursors, append (durable), and
// only then let the service forget. A crash anywhere repeats a read, never an entry.

#include <atomic>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/deadline.h"
#include "common/base/mutex.h"
#include "services/audit/app/log.h"

namespace amana::audit {

// The service's side, a port: rpc/outbox_client.h over gRPC, a fake in tests. Blocking.
class Outbox {
 public:
  virtual ~Outbox() = default;

  struct Batch {
    uint32_t shards = 0;
    std::vector<StreamEntry> entries;
  };
  // At most `limit` entries after `cursors` (by shard; missing ones are 0); waits up to `wait` for
  // the first. If there are more, each shard has its part of them.
  virtual absl::StatusOr<Batch> Read(const std::vector<uint64_t>& cursors, uint32_t limit,
                                     absl::Duration wait) = 0;
  virtual absl::Status Trim(const std::vector<uint64_t>& cursors) = 0;
};

// Told what each round appended.
using FollowerObserver = std::function<void(const AppendResult&)>;

// Owns its thread; both ports outlive it.
class Follower {
 public:
  Follower(std::string service, Outbox& outbox, Log& log, FollowerObserver observer);
  ~Follower();

  Follower(const Follower&) = delete;
  Follower& operator=(const Follower&) = delete;

  void Start();
  void Stop() AMANA_EXCLUDES(mutex_);

  // One round: read, append, trim what may go. What the thread does again and again. Returns how
  // long to rest before the next one.
  absl::StatusOr<absl::Duration> RunOnce(absl::Duration wait);

 private:
  void Loop() AMANA_EXCLUDES(mutex_);
  // What the service gave, unless it can't be what a service gives: then the observer hears of it
  // once, as `malformed`, and nothing of it is taken.
  absl::StatusOr<Outbox::Batch> Read(const std::vector<uint64_t>& cursors, uint32_t limit,
                                     absl::Duration wait);
  // Reads from one before the cursors and appends: what a round does once there is something.
  absl::StatusOr<AppendResult> Take();
  absl::Status CheckLastEntries();

  const std::string service_;
  Outbox& outbox_;
  Log& log_;
  const FollowerObserver observer_;
  uint32_t shards_ = 0;
  bool sound_ = true;  // what was read last
  Deadline next_check_ = Deadline::After(absl::ZeroDuration());

  Mutex mutex_;
  CondVar stopped_;
  bool stopping_ AMANA_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace amana::audit
