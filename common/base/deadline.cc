#include "common/base/deadline.h"

#include "absl/time/clock.h"

namespace amana {
namespace {

// Longer than any process lives, and far from the end of the clock's range.
constexpr absl::Duration kLongest = absl::Hours(24 * 365 * 10);

}  // namespace

Deadline Deadline::After(absl::Duration d) {
  if (d > kLongest) return Never();
  if (d < -kLongest) d = -kLongest;
  return Deadline(std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(d));
}

Deadline Deadline::AtWallTime(absl::Time at) { return After(at - absl::Now()); }

absl::Duration Deadline::Remaining() const {
  if (is_never()) return absl::InfiniteDuration();
  const auto now = std::chrono::steady_clock::now();
  return now >= at_ ? absl::ZeroDuration() : absl::FromChrono(at_ - now);
}

Deadline Deadline::Sooner(absl::Duration d) const {
  return is_never() ? *this : Deadline(at_ - absl::ToChronoNanoseconds(d));
}

}  // namespace amana
