#pragma once

// A call that waits for someone to take it.
//
//   waiting → claimed → completed        claimed → waiting, when the lease runs out
//   waiting → abandoned, when nobody took it for so long that nobody can be on the line any more
//
// Whoever claims a call holds it under a lease and renews that while talking. A lease past its time
// is lost at that instant, whether or not the timer has put the call back.

#include <cstdint>
#include <optional>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/ids.h"
#include "services/intake/domain/words.h"

namespace amana::intake::domain {

inline constexpr absl::Duration kCallLease = absl::Minutes(2);
inline constexpr absl::Duration kLongestWait = absl::Hours(12);
// Waiting calls of one organisation.
inline constexpr size_t kMaxWaitingCalls = 1000;

enum class CallState : int32_t { kUnspecified = 0, kWaiting, kClaimed, kCompleted, kAbandoned };

struct Call {
  CallId id;
  OrganisationId organisation;
  CallState state = CallState::kUnspecified;
  Priority priority = Priority::kUnspecified;
  absl::Time enqueue_time;
  // While claimed.
  DeviceId claimed_by;
  absl::Time lease_expire_time;

  friend bool operator==(const Call&, const Call&) = default;
};

absl::StatusOr<Call> Enqueue(const CallId& id, const OrganisationId& organisation,
                             Priority priority, absl::Time now);

// kCallStateInvalid unless it waits.
absl::StatusOr<Call> Claim(const Call& before, const DeviceId& device, absl::Time now);

// Both only for the holder of a lease that still runs: else kCallLeaseLost, or kCallStateInvalid
// for a completed call.
absl::StatusOr<Call> Renew(const Call& before, const DeviceId& device, absl::Time now);
absl::StatusOr<Call> Complete(const Call& before, const DeviceId& device, absl::Time now);

// By the timer: back to its old place when the lease is over, out of the queue when nobody took it.
// Nothing while the lease or the wait goes on, or for a call that is over.
std::optional<Call> AtItsTime(const Call& before, absl::Time now);
// When that is.
std::optional<absl::Time> TimeOf(const Call& call);

// Its place in the queue: the more urgent first, then the one that waits longer. Exact as a double.
double PlaceOf(const Call& call);
// Whether two places belong to calls of the same priority.
bool SamePriority(double a, double b);

std::string_view NameOf(CallState state);

}  // namespace amana::intake::domain
