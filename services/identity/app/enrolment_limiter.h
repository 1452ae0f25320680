#pragma once

// How often the enrolment door may be knocked at: at all, since each knock costs an Argon2id, and
// with one code. Held in memory by each process: with several, each has its own count.

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/base/mutex.h"

namespace amana::identity {

struct EnrolmentLimits {
  double calls_per_second = 10;  // in the long run
  double burst = 20;             // at once, after a quiet while
  int attempts_per_code = 10;    // right or wrong, within `window`
  absl::Duration window = absl::Minutes(15);
  // Codes remembered; above what calls_per_second lets in within `window`, so that no crowd of
  // wrong codes makes it forget one.
  size_t max_codes = 16384;
};

// Thread-safe.
class EnrolmentLimiter {
 public:
  explicit EnrolmentLimiter(const EnrolmentLimits& limits)
      : limits_(limits), tokens_(limits.burst) {}

  // kRateLimited, with how long to wait.
  absl::Status AdmitCall(absl::Time now);
  // For the code's selector, whether such a code exists or not.
  absl::Status AdmitCode(std::string_view selector, absl::Time now);

 private:
  struct Attempts {
    int count = 0;
    absl::Time end;  // of the window
  };

  const EnrolmentLimits limits_;
  Mutex mutex_;
  double tokens_ AMANA_GUARDED_BY(mutex_);
  absl::Time filled_ AMANA_GUARDED_BY(mutex_) = absl::InfinitePast();
  std::map<std::string, Attempts, std::less<>> codes_ AMANA_GUARDED_BY(mutex_);
};

}  // namespace amana::identity
