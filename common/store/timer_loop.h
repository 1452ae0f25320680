#pragma once
// Runs a service's due timers: sweeps the store and hands each to a handler, on threads of its own.

#include <compare>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/store/store.h"

namespace amana::store {

struct TimerLoopOptions {
  absl::Duration interval = absl::Milliseconds(100);
  uint32_t batch = 256;  // due timers taken up in one sweep
  int threads = 2;
  // Pauses before a failed timer runs again; they double up to the longest.
  absl::Duration first_pause = absl::Milliseconds(200);
  absl::Duration longest_pause = absl::Seconds(30);
};

// The timer stays due until the handler's commit disarms or re-arms it: a handler may run again
// after a crash, or in another process at the same time, and must be idempotent (Execute() is). One
// timer is never run by two threads of one loop at once, and one that fails does not hold up
// others.
class TimerLoop {
 public:
  using Handler = std::function<absl::Status(const DueTimer&)>;

  // Starts at once. `store` and `clock` outlive the loop. The handler must not throw.
  TimerLoop(Store& store, const Clock& clock, Handler handler, TimerLoopOptions options = {});
  ~TimerLoop();  // Stop()

  // Takes up no more timers, waits for those that run. What was not started stays due. Idempotent.
  void Stop();

 private:
  struct Name {
    Shard shard;
    std::string timer;
    friend auto operator<=>(const Name&, const Name&) = default;
  };
  // What is known about a timer between its sweeps.
  struct State {
    absl::Time due;
    bool taken = false;  // queued or running
    int failures = 0;
    Deadline pause = Deadline::Never();  // after a run: not again before this has passed
    uint64_t seen_sweep = 0;             // last sweep that found it due
  };

  void Sweep();
  void Offer(const std::vector<DueTimer>& due) AMANA_REQUIRES(mutex_);
  void SweepLoop();
  void RunLoop();
  void Finish(const DueTimer& timer, bool ok) AMANA_REQUIRES(mutex_);

  Store& store_;
  const Clock& clock_;
  const Handler handler_;
  const TimerLoopOptions options_;

  Mutex mutex_;
  CondVar changed_;
  bool stopping_ AMANA_GUARDED_BY(mutex_) = false;
  uint64_t sweep_ AMANA_GUARDED_BY(mutex_) = 0;
  std::map<Name, State> states_ AMANA_GUARDED_BY(mutex_);
  std::deque<DueTimer> queue_ AMANA_GUARDED_BY(mutex_);
  std::vector<std::thread> threads_;
};

}  // namespace amana::store
