#include "common/base/clock.h"

#include "absl/time/civil_time.h"

namespace amana {

SystemClock& SystemClock::Instance() {
  static SystemClock clock;
  return clock;
}

FakeClock::FakeClock()
    : now_(absl::FromCivil(absl::CivilSecond(2026, 1, 1), absl::UTCTimeZone())) {}

}  // namespace amana
