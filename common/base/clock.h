#pragma once

// The wall clock, as something to be passed in: what is decided by time is tested with a clock that
// stands still. For waiting and for timeouts use deadline.h, which no one can set back.

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "common/base/mutex.h"

namespace amana {

using Time = absl::Time;

// Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Time Now() const = 0;
};

class SystemClock final : public Clock {
 public:
  Time Now() const override { return absl::Now(); }

  // One for the whole process.
  static SystemClock& Instance();
};

// A clock that moves only when told to. It starts at 2026-01-01 00:00 UTC unless told otherwise.
class FakeClock final : public Clock {
 public:
  FakeClock();
  explicit FakeClock(Time start) : now_(start) {}

  Time Now() const override {
    MutexLock lock(mutex_);
    return now_;
  }

  // Negative durations set the clock back, as an operator's mistake would.
  void Advance(absl::Duration by) {
    MutexLock lock(mutex_);
    now_ += by;
  }

  void Set(Time now) {
    MutexLock lock(mutex_);
    now_ = now;
  }

 private:
  mutable Mutex mutex_;
  Time now_ AMANA_GUARDED_BY(mutex_);
};

}  // namespace amana
