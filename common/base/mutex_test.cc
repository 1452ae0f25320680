#include "common/base/mutex.h"

#include <deque>
#include <thread>

#include "gtest/gtest.h"

namespace amana {
namespace {

// The use that the header shows.
class Queue {
 public:
  void Push(int value) {
    MutexLock lock(mutex_);
    values_.push_back(value);
    lock.Unlock();
    not_empty_.NotifyOne();
  }

  int Pop() {
    MutexLock lock(mutex_);
    while (values_.empty()) not_empty_.Wait(mutex_);
    const int value = values_.front();
    values_.pop_front();
    return value;
  }

 private:
  Mutex mutex_;
  CondVar not_empty_;
  std::deque<int> values_ AMANA_GUARDED_BY(mutex_);
};

TEST(MutexTest, CarriesValuesBetweenThreads) {
  constexpr int kCount = 10000;
  Queue queue;
  std::thread writer([&queue] {
    for (int i = 0; i < kCount; ++i) queue.Push(i);
  });
  for (int i = 0; i < kCount; ++i) EXPECT_EQ(queue.Pop(), i);
  writer.join();
}

TEST(MutexTest, ALockCanBeTakenAgain) {
  Mutex mutex;
  MutexLock lock(mutex);
  lock.Unlock();
  lock.Lock();
}

TEST(CondVarTest, GivesUpAtTheDeadlineAndHoldsTheMutex) {
  Mutex mutex;
  CondVar cv;
  MutexLock lock(mutex);
  const Deadline deadline = Deadline::After(absl::Milliseconds(20));
  while (cv.WaitUntil(mutex, deadline)) {
  }
  EXPECT_TRUE(deadline.expired());
  bool timed_out = false;
  while (!timed_out) timed_out = !cv.WaitFor(mutex, absl::Milliseconds(1));
  EXPECT_FALSE(cv.WaitFor(mutex, -absl::Seconds(1)));
}

TEST(CondVarTest, NeverWaitsForANotification) {
  Mutex mutex;
  CondVar cv;
  bool done = false;  // under the mutex
  std::thread other([&] {
    MutexLock lock(mutex);
    done = true;
    cv.NotifyAll();
  });
  {
    MutexLock lock(mutex);
    while (!done) EXPECT_TRUE(cv.WaitUntil(mutex, Deadline::Never()));
  }
  other.join();
}

}  // namespace
}  // namespace amana
