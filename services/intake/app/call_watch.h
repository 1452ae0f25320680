#pragma once

// How long callers have been waiting for somebody to take them, over all organisations: what an
// alert looks at while nobody looks at the queue. Used by one thread.

#include <array>
#include <string>

#include "common/base/deadline.h"
#include "common/obs/metrics.h"
#include "services/intake/app/context.h"
#include "services/intake/domain/words.h"

namespace amana::intake {

// The calls of a priority that wait, of all organisations of a shard, by the time since when.
std::string WaitingIndex(domain::Priority priority);

class CallWatch {
 public:
  CallWatch(Deps deps, obs::Metrics& metrics);

  // Reads the longest waiting call of each priority; where the store does not answer, the last
  // figures stand.
  void Look(Deadline deadline);

 private:
  struct Oldest {
    domain::Priority priority;
    obs::Gauge& wait_seconds;
  };

  const Deps deps_;
  const std::array<Oldest, 4> oldest_;
};

}  // namespace amana::intake
