#pragma once

// Mailboxes: what comes in, what a device reads, what goes.
//
// An entry is only a reference; what a device gets is made of the handoff as it is now, so that a
// revoked package is never given out. An entry goes once its device has acknowledged the handoff,
// or has seen that the package is gone.

#include <atomic>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "amana/messaging/v1/messaging.pb.h"
#include "common/base/call_context.h"
#include "services/messaging/app/context.h"

namespace amana::messaging {

// One answer holds at most so many bytes of messages (but always one): half of what gRPC takes.
inline constexpr size_t kMaxAnswerBytes = size_t{2} << 20;
inline constexpr uint32_t kMaxFetched = 64;

struct InboxOptions {
  // Calls of FetchMessages that may wait at once, each on a worker; others are answered at once.
  int max_waiting = 4;
  // Entries that another process put in are seen after this.
  absl::Duration look_again = absl::Seconds(1);
};

// A part of a mailbox.
struct InboxRange {
  uint64_t after = 0;  // sequence
  uint32_t limit = kMaxFetched;
  size_t max_bytes = kMaxAnswerBytes;
};

// Thread-safe.
class Inbox {
 public:
  explicit Inbox(const Deps& deps, InboxOptions options = {}) : deps_(deps), options_(options) {}

  // Waits up to request.wait_ms where there is nothing yet.
  absl::StatusOr<v1::FetchMessagesResponse> Fetch(const CallContext& context,
                                                  const v1::FetchMessagesRequest& request);

  // What a device has after range.after, in order.
  absl::StatusOr<std::vector<v1::Message>> Read(const DeviceId& device, const InboxRange& range,
                                                Deadline deadline);

  // Puts the handoff into the mailboxes of devices of one shard, once each: at most kMaxAdded.
  // Those in whose mailbox it is (now or already) are answered; a full mailbox leaves its device
  // out.
  static constexpr size_t kMaxAdded = 24;
  absl::StatusOr<std::vector<DeviceId>> Add(const CallContext& context,
                                            const domain::Handoff& handoff,
                                            const std::vector<DeviceId>& devices);

  // Takes entries of one device out; fine if they are gone.
  absl::Status Remove(const CallContext& context, const DeviceId& device,
                      const std::vector<domain::Handoff>& handoffs);

 private:
  struct Entry {
    uint64_t sequence = 0;
    HandoffId handoff;
  };
  absl::StatusOr<std::vector<Entry>> ReadEntries(const DeviceId& device, uint64_t after,
                                                 uint64_t upto, uint32_t limit,
                                                 Deadline deadline) const;
  // One message; nothing if the entry is over for this device (then the handoff joins `over`).
  absl::StatusOr<std::optional<v1::Message>> MakeMessage(const DeviceId& device, const Entry& entry,
                                                         std::vector<domain::Handoff>* over,
                                                         Deadline deadline) const;
  // Takes out what the device has seen the end of.
  absl::Status Tidy(const CallContext& context, uint64_t seen);
  absl::StatusOr<std::optional<store::Commit>> DecideRemove(
      const CallContext& context, const DeviceId& device,
      const std::vector<domain::Handoff>& handoffs) const;

  const Deps& deps_;
  const InboxOptions options_;
  std::atomic<int> waiting_{0};
};

}  // namespace amana::messaging
