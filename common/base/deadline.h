#pragma once

// A point on the steady clock until which something must be done. Setting the wall clock does not
// move it. A value: cheap to copy, safe to share.

#include <chrono>

#include "absl/time/time.h"

namespace amana {

class Deadline {
 public:
  using SteadyTime = std::chrono::steady_clock::time_point;

  // Never.
  constexpr Deadline() : at_(SteadyTime::max()) {}
  static constexpr Deadline Never() { return Deadline(); }

  explicit constexpr Deadline(SteadyTime at) : at_(at) {}

  // `d` from now; an infinite (or absurdly long) `d` is Never(), a negative one has passed.
  static Deadline After(absl::Duration d);

  // When the wall clock will show `at`, reckoned from now: for deadlines that gRPC gives as wall
  // time.
  static Deadline AtWallTime(absl::Time at);

  // Zero once passed, absl::InfiniteDuration() for Never().
  absl::Duration Remaining() const;

  bool expired() const { return !is_never() && std::chrono::steady_clock::now() >= at_; }
  constexpr bool is_never() const { return at_ == SteadyTime::max(); }
  constexpr SteadyTime steady_time() const { return at_; }

  // This deadline, `d` sooner: what is kept back for the way home. Never() stays.
  Deadline Sooner(absl::Duration d) const;

  static constexpr Deadline Earlier(Deadline a, Deadline b) { return a.at_ <= b.at_ ? a : b; }

  friend constexpr auto operator<=>(const Deadline&, const Deadline&) = default;

 private:
  SteadyTime at_;
};

}  // namespace amana
