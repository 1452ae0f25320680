#pragma once

// Streams of messages: who listens, and one thread that sends them what comes. A stream holds no
// worker.
//
// The thread looks into a mailbox when its bell rings, and into all every second, for what another
// process put in. It sends a little at a time, so that a backlog does not count as a subscriber who
// does not read; one who really does not is ended by its writer (kStreamLagged) and resumes. Before
// anything is sent the device is looked up again: one that was removed meanwhile gets nothing.

#include <cstdint>
#include <memory>
#include <set>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "common/base/call_context.h"
#include "common/base/mutex.h"
#include "common/rpc/stream_writer.h"
#include "services/messaging/app/bell.h"
#include "services/messaging/app/inbox.h"
#include "services/messaging/app/ports.h"

namespace amana::messaging {

struct SubscriptionLimits {
  size_t streams = 4096;
  size_t streams_of_device = 4;
  absl::Duration look_again = absl::Seconds(1);
  // Of one mailbox at once, and the pause before the next part.
  uint32_t messages = 16;
  size_t bytes = size_t{1} << 20;
  absl::Duration pause = absl::Milliseconds(50);
};

// Thread-safe.
class Subscriptions {
 public:
  // All outlive this.
  Subscriptions(Inbox& inbox, Bell& bell, Devices& devices, SubscriptionLimits limits = {});
  ~Subscriptions();  // Stop()

  void Start();
  // Ends the thread; streams end with the server. Idempotent.
  void Stop();

  // Sends what comes after that sequence to `writer`, until it closes. kOverloaded: too many
  // streams.
  absl::Status Add(const Caller& caller, uint64_t after, std::shared_ptr<rpc::StreamWriter> writer);

  size_t size() const;

 private:
  struct Stream {
    DeviceId device;
    OrganisationId organisation;
    uint64_t after = 0;  // of the thread alone, once added
    std::shared_ptr<rpc::StreamWriter> writer;
  };
  using StreamPtr = std::shared_ptr<Stream>;

  void Run();
  // Sleeps until something rang, the time to look at all has come, or the end.
  std::vector<StreamPtr> WaitForWork() AMANA_EXCLUDES(mutex_);
  void ForgetClosed() AMANA_REQUIRES(mutex_);
  // False if the store or identity does not answer: then the rest is left for the next round.
  bool Serve(Stream& stream);
  void Mark(const DeviceId& device);

  Inbox& inbox_;
  Devices& devices_;
  const SubscriptionLimits limits_;

  mutable Mutex mutex_;
  CondVar work_;
  std::vector<StreamPtr> streams_ AMANA_GUARDED_BY(mutex_);
  std::set<DeviceId> rung_ AMANA_GUARDED_BY(mutex_);
  Deadline next_look_ AMANA_GUARDED_BY(mutex_);
  bool stopping_ AMANA_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace amana::messaging
