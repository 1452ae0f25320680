#pragma once

// A std::mutex that clang's -Wthread-safety understands (absl::Mutex gives false reports under
// Debian's ThreadSanitizer).
//
//   Mutex mutex_;
//   std::deque<Job> jobs_ AMANA_GUARDED_BY(mutex_);
//   CondVar not_empty_;
//
//   MutexLock lock(mutex_);
//   while (jobs_.empty()) not_empty_.Wait(mutex_);
//
// Conditions are written as loops, not as predicates: the analysis does not look into a lambda.

#include <chrono>
#include <condition_variable>
#include <mutex>

#include "absl/time/time.h"
#include "common/base/deadline.h"

#if defined(__clang__)
#define AMANA_TSA_(x) __attribute__((x))
#else
#define AMANA_TSA_(x)
#endif

#define AMANA_CAPABILITY(x) AMANA_TSA_(capability(x))
#define AMANA_SCOPED_CAPABILITY AMANA_TSA_(scoped_lockable)
#define AMANA_GUARDED_BY(x) AMANA_TSA_(guarded_by(x))
#define AMANA_ACQUIRED_BEFORE(...) AMANA_TSA_(acquired_before(__VA_ARGS__))
#define AMANA_REQUIRES(...) AMANA_TSA_(requires_capability(__VA_ARGS__))
#define AMANA_ACQUIRE(...) AMANA_TSA_(acquire_capability(__VA_ARGS__))
#define AMANA_RELEASE(...) AMANA_TSA_(release_capability(__VA_ARGS__))
#define AMANA_EXCLUDES(...) AMANA_TSA_(locks_excluded(__VA_ARGS__))
#define AMANA_NO_THREAD_SAFETY_ANALYSIS AMANA_TSA_(no_thread_safety_analysis)

namespace amana {

class AMANA_CAPABILITY("mutex") Mutex {
 public:
  Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

  void Lock() AMANA_ACQUIRE() { mutex_.lock(); }
  void Unlock() AMANA_RELEASE() { mutex_.unlock(); }

 private:
  friend class CondVar;
  std::mutex mutex_;
};

// Holds the mutex for its own lifetime; Unlock() lets go early, Lock() takes it again.
class AMANA_SCOPED_CAPABILITY MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) AMANA_ACQUIRE(mutex) : mutex_(mutex) { mutex_.Lock(); }
  ~MutexLock() AMANA_RELEASE() {
    if (held_) mutex_.Unlock();
  }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

  void Unlock() AMANA_RELEASE() {
    held_ = false;
    mutex_.Unlock();
  }
  void Lock() AMANA_ACQUIRE() {
    mutex_.Lock();
    held_ = true;
  }

 private:
  Mutex& mutex_;
  bool held_ = true;
};

// Waits can wake without a reason: ask for the condition again.
class CondVar {
 public:
  CondVar() = default;
  CondVar(const CondVar&) = delete;
  CondVar& operator=(const CondVar&) = delete;

  void Wait(Mutex& mutex) AMANA_REQUIRES(mutex);

  // False if the deadline passed before anyone called Notify.
  bool WaitUntil(Mutex& mutex, Deadline deadline) AMANA_REQUIRES(mutex);
  bool WaitFor(Mutex& mutex, absl::Duration timeout) AMANA_REQUIRES(mutex) {
    return WaitUntil(mutex, Deadline::After(timeout));
  }

  void NotifyOne() { cv_.notify_one(); }
  void NotifyAll() { cv_.notify_all(); }

 private:
  std::condition_variable cv_;
};

}  // namespace amana
