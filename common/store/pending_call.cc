#include "common/store/pending_call.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>

namespace amana::store {
namespace {

static_assert(sizeof(std::atomic<uint32_t>) == sizeof(uint32_t));

// False if the deadline passed. The steady clock is CLOCK_MONOTONIC, which FUTEX_WAIT_BITSET counts
// by.
bool FutexWait(std::atomic<uint32_t>& word, uint32_t value, Deadline deadline) {
  timespec until{};
  if (!deadline.is_never()) {
    const auto since = deadline.steady_time().time_since_epoch();
    const auto seconds = std::chrono::floor<std::chrono::seconds>(since);
    until.tv_sec = seconds.count();
    until.tv_nsec = std::chrono::nanoseconds(since - seconds).count();
  }
  const long result =
      syscall(SYS_futex, &word, FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG, value,
              deadline.is_never() ? nullptr : &until, nullptr, FUTEX_BITSET_MATCH_ANY);
  return result == 0 || errno != ETIMEDOUT;
}

}  // namespace

PendingCall::Outcome PendingCall::Wait(Deadline deadline) {
  uint32_t state = kUnfinished;
  if (!state_.compare_exchange_strong(state, kAsleep)) return static_cast<Outcome>(state);
  while ((state = state_.load(std::memory_order_acquire)) == kAsleep) {
    if (!FutexWait(state_, kAsleep, deadline)) {
      state = state_.load(std::memory_order_acquire);
      return state == kAsleep ? kUnfinished : static_cast<Outcome>(state);
    }
  }
  return static_cast<Outcome>(state);
}

void PendingCall::Finish(Outcome outcome) {
  if (state_.exchange(outcome, std::memory_order_acq_rel) != kAsleep) return;
  syscall(SYS_futex, &state_, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1, nullptr, nullptr, 0);
}

}  // namespace amana::store
