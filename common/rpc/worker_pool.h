#pragma once

// A fixed number of threads behind a bounded queue.

#include <cstddef>
#include <thread>
#include <vector>

#include "common/base/mutex.h"

namespace amana::rpc {

// A piece of work that waits in a queue without being copied. Whoever submits it keeps it alive
// until Run() is called; Run() may delete it.
class Work {
 public:
  virtual ~Work() = default;
  virtual void Run() = 0;

 private:
  friend class WorkerPool;
  Work* next_ = nullptr;
};

// Thread-safe.
class WorkerPool {
 public:
  WorkerPool(size_t threads, size_t queue_limit);
  ~WorkerPool();  // Stop()

  // False if the queue is full or the pool has stopped: the work is not run.
  bool TrySubmit(Work* work);

  // Runs what is queued, then ends the threads. Idempotent.
  void Stop();

  size_t queue_depth() const;

 private:
  void Loop();

  const size_t queue_limit_;
  mutable Mutex mutex_;
  CondVar not_empty_;
  Work* head_ AMANA_GUARDED_BY(mutex_) = nullptr;
  Work* tail_ AMANA_GUARDED_BY(mutex_) = nullptr;
  size_t depth_ AMANA_GUARDED_BY(mutex_) = 0;
  size_t idle_ AMANA_GUARDED_BY(mutex_) = 0;
  bool stopping_ AMANA_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace amana::rpc
