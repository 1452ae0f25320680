#include "common/rpc/worker_pool.h"

namespace amana::rpc {

WorkerPool::WorkerPool(size_t threads, size_t queue_limit) : queue_limit_(queue_limit) {
  threads_.reserve(threads);
  for (size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { Loop(); });
}

WorkerPool::~WorkerPool() { Stop(); }

bool WorkerPool::TrySubmit(Work* work) {
  bool wake = false;
  {
    MutexLock lock(mutex_);
    if (stopping_ || depth_ >= queue_limit_) return false;
    work->next_ = nullptr;
    (tail_ == nullptr ? head_ : tail_->next_) = work;
    tail_ = work;
    ++depth_;
    wake = idle_ > 0;
  }
  if (wake) not_empty_.NotifyOne();
  return true;
}

void WorkerPool::Stop() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
  }
  not_empty_.NotifyAll();
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

size_t WorkerPool::queue_depth() const {
  MutexLock lock(mutex_);
  return depth_;
}

void WorkerPool::Loop() {
  while (true) {
    Work* work = nullptr;
    {
      MutexLock lock(mutex_);
      while (head_ == nullptr && !stopping_) {
        ++idle_;
        not_empty_.Wait(mutex_);
        --idle_;
      }
      if (head_ == nullptr) return;
      work = head_;
      head_ = work->next_;
      if (head_ == nullptr) tail_ = nullptr;
      --depth_;
    }
    work->Run();
  }
}

}  // namespace amana::rpc
