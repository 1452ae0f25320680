#include "services/audit/app/publisher.h"

#include "common/obs/log.h"

namespace amana::audit {

void Publisher::Start() {
  thread_ = std::thread([this] { Loop(); });
}

void Publisher::Stop() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    stopped_.NotifyAll();
  }
  if (!thread_.joinable()) return;
  thread_.join();
  PublishOnce();
}

void Publisher::Loop() {
  MutexLock lock(mutex_);
  while (!stopping_) {
    lock.Unlock();
    PublishOnce();
    lock.Lock();
    if (!stopping_) stopped_.WaitFor(mutex_, absl::Seconds(1));
  }
}

void Publisher::PublishOnce() {
  const absl::Status status = log_.Publish();
  if (!status.ok()) {
    obs::Log(obs::Level::kError, "the log can't be published",
             {obs::ReasonField(ReasonOf(status))});
  }
}

}  // namespace amana::audit
