#include "common/store/timer_loop.h"

#include <algorithm>

namespace amana::store {
namespace {

// For one sweep's read of the store.
constexpr absl::Duration kSweepTimeout = absl::Seconds(1);

}  // namespace

TimerLoop::TimerLoop(Store& store, const Clock& clock, Handler handler, TimerLoopOptions options)
    : store_(store), clock_(clock), handler_(std::move(handler)), options_(options) {
  threads_.emplace_back([this] { SweepLoop(); });
  for (int i = 0; i < options_.threads; ++i) threads_.emplace_back([this] { RunLoop(); });
}

TimerLoop::~TimerLoop() { Stop(); }

void TimerLoop::Stop() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    changed_.NotifyAll();
  }
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

void TimerLoop::SweepLoop() {
  for (;;) {
    Sweep();
    const Deadline next = Deadline::After(options_.interval);
    MutexLock lock(mutex_);
    while (!stopping_ && !next.expired()) changed_.WaitUntil(mutex_, next);
    if (stopping_) return;
  }
}

void TimerLoop::Sweep() {
  uint32_t limit;
  {
    MutexLock lock(mutex_);
    // Those that pause or run are found again: ask for as many more, or they would hide the others.
    limit = options_.batch + static_cast<uint32_t>(states_.size());
  }
  const absl::StatusOr<std::vector<DueTimer>> due =
      store_.DueTimers(clock_.Now(), limit, Deadline::After(kSweepTimeout));
  if (!due.ok()) return;  // the store's own metrics tell; the next sweep tries again
  MutexLock lock(mutex_);
  ++sweep_;
  Offer(*due);
  std::erase_if(states_, [this](const auto& entry) AMANA_NO_THREAD_SAFETY_ANALYSIS {
    return !entry.second.taken && entry.second.seen_sweep != sweep_;
  });
}

void TimerLoop::Offer(const std::vector<DueTimer>& due) {
  for (const DueTimer& timer : due) {
    const auto [entry, is_new] = states_.try_emplace(Name{timer.shard, timer.timer});
    State& state = entry->second;
    state.seen_sweep = sweep_;
    if (state.taken) continue;
    const bool armed_again = is_new || state.due != timer.due;
    if (!armed_again && !state.pause.expired()) continue;
    if (armed_again) state = State{.due = timer.due, .pause = {}, .seen_sweep = sweep_};
    state.taken = true;
    queue_.push_back(timer);
    changed_.NotifyAll();
  }
}

void TimerLoop::RunLoop() {
  MutexLock lock(mutex_);
  for (;;) {
    while (!stopping_ && queue_.empty()) changed_.Wait(mutex_);
    if (stopping_) return;
    const DueTimer timer = std::move(queue_.front());
    queue_.pop_front();
    lock.Unlock();
    const bool ok = handler_(timer).ok();
    lock.Lock();
    Finish(timer, ok);
  }
}

void TimerLoop::Finish(const DueTimer& timer, bool ok) {
  State& state = states_[Name{timer.shard, timer.timer}];
  state.taken = false;
  state.failures = ok ? 0 : std::min(state.failures + 1, 16);
  // Also after success: a sweep that read before the commit may still bring it once more.
  const absl::Duration pause = options_.first_pause * (1 << std::max(state.failures - 1, 0));
  state.pause = Deadline::After(std::min(pause, options_.longest_pause));
}

}  // namespace amana::store
