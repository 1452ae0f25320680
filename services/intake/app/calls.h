#pragma once

// The queue of waiting calls, one for each organisation, all of it in the organisation's shard: an
// index in the order in which calls are to be taken, and a timer for each call
// (docs/decisions/0003-call-queue.md). Thread-safe.

#include <string>

#include "absl/status/statusor.h"
#include "common/base/call_context.h"
#include "services/intake/app/context.h"
#include "services/intake/domain/call.h"

namespace amana::intake {

// Looks at the queue's head by one claim, before it gives up with kContended.
inline constexpr int kMaxClaimTries = 64;

// Runs at the end of a lease, and of the longest wait.
std::string CallTimer(const CallId& id);

class Calls {
 public:
  explicit Calls(Deps deps) : deps_(deps) {}

  // kCallQueueFull with domain::kMaxWaitingCalls waiting; those who come at the very same instant
  // may pass the limit by as many as there are workers.
  absl::StatusOr<std::string> Enqueue(const CallContext& context, domain::Priority priority);

  // Takes the most urgent, longest waiting call. Where several claim at once, each gets another
  // call of the head's priority; never the same one, never a less urgent one. kCallQueueEmpty.
  absl::StatusOr<std::string> Claim(const CallContext& context);

  // The organisation's waiting calls in the order in which they will be taken.
  absl::StatusOr<Page<domain::Call>> List(const CallContext& context, uint32_t page_size,
                                          const std::string& page_token) const;

  absl::StatusOr<std::string> RenewLease(const CallContext& context, const CallId& id);
  absl::StatusOr<std::string> Complete(const CallContext& context, const CallId& id);

  // The timer: puts the call back at its old place, or out of the queue when nobody took it.
  absl::Status RunTimer(const CallId& id, Deadline deadline);

 private:
  absl::StatusOr<Loaded<domain::Call>> FindNext(const CallContext& context, int* tries);
  store::Commit Change(const CallContext& context, const domain::Call& after, uint64_t version,
                       absl::Time now) const;

  const Deps deps_;
};

}  // namespace amana::intake
