#include "common/store/outbox_wait.h"

#include <thread>

#include "common/base/status_macros.h"

namespace amana::store {
namespace {

constexpr absl::Duration kLongestBlindness = absl::Milliseconds(100);
constexpr absl::Duration kGathering = absl::Milliseconds(10);
// For one read, also for the last one at the end of the wait.
constexpr absl::Duration kReadTimeout = absl::Seconds(1);

}  // namespace

absl::StatusOr<std::vector<OutboxEntry>> ReadOutboxWaiting(Store& store,
                                                           const std::vector<uint64_t>& cursors,
                                                           uint32_t limit, Deadline wait_until) {
  CommitSignal& signal = store.commit_signal();
  for (;;) {
    const uint64_t seen = signal.count();
    AMANA_ASSIGN_OR_RETURN(std::vector<OutboxEntry> entries,
                           store.ReadOutbox(cursors, limit, Deadline::After(kReadTimeout)));
    if (!entries.empty() || wait_until.expired()) return entries;
    signal.WaitBeyond(seen, Deadline::Earlier(wait_until, Deadline::After(kLongestBlindness)));
    if (signal.count() > seen) {
      std::this_thread::sleep_until(
          Deadline::Earlier(wait_until, Deadline::After(kGathering)).steady_time());
    }
  }
}

}  // namespace amana::store
