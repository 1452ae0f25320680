#pragma once
// Publishes the log once a second, on a thread of its own. A log that can't be published goes on
// accepting; its checkpoint's age tells (amana_audit_checkpoint_age_seconds).

#include <thread>

#include "common/base/mutex.h"
#include "services/audit/app/log.h"

namespace amana::audit {

class Publisher {
 public:
  explicit Publisher(Log& log) : log_(log) {}
  ~Publisher() { Stop(); }

  Publisher(const Publisher&) = delete;
  Publisher& operator=(const Publisher&) = delete;

  void Start();
  // Publishes once more, so that what was accepted before a drain can be proved.
  void Stop() AMANA_EXCLUDES(mutex_);

 private:
  void Loop() AMANA_EXCLUDES(mutex_);
  void PublishOnce();

  Log& log_;
  Mutex mutex_;
  CondVar stopped_;
  bool stopping_ AMANA_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace amana::audit
