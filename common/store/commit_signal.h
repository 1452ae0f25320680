#pragma once
// Tells waiters of the same process that something was committed. Costs a commit one atomic
// addition while nobody waits.

#include <atomic>
#include <cstdint>

#include "common/base/deadline.h"
#include "common/base/mutex.h"

namespace amana::store {

// Thread-safe.
class CommitSignal {
 public:
  // How many commits there were.
  uint64_t count() const { return count_.load(); }

  void Ring() {
    count_.fetch_add(1);
    if (waiters_.load() == 0) return;
    MutexLock lock(mutex_);
    rung_.NotifyAll();
  }

  // Until there were more than `seen` commits, or the deadline passes.
  void WaitBeyond(uint64_t seen, Deadline deadline) {
    MutexLock lock(mutex_);
    waiters_.fetch_add(1);
    while (count() <= seen && rung_.WaitUntil(mutex_, deadline)) {
    }
    waiters_.fetch_sub(1);
  }

 private:
  std::atomic<uint64_t> count_ = 0;
  std::atomic<uint32_t> waiters_ = 0;
  Mutex mutex_;
  CondVar rung_;
};

}  // namespace amana::store
