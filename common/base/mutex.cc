#include "common/base/mutex.h"

namespace amana {

void CondVar::Wait(Mutex& mutex) {
  // Adopted and released: the mutex is held before and after, as the annotation says.
  std::unique_lock<std::mutex> lock(mutex.mutex_, std::adopt_lock);
  cv_.wait(lock);
  lock.release();
}

bool CondVar::WaitUntil(Mutex& mutex, Deadline deadline) {
  if (deadline.is_never()) {
    Wait(mutex);
    return true;
  }
  std::unique_lock<std::mutex> lock(mutex.mutex_, std::adopt_lock);
  const std::cv_status result = cv_.wait_until(lock, deadline.steady_time());
  lock.release();
  return result == std::cv_status::no_timeout;
}

}  // namespace amana
