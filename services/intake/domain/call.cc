#include "services/intake/domain/call.h"

#include "common/base/error.h"
#include "common/base/status_macros.h"

namespace amana::intake::domain {
namespace {

// Places count in units of 10 µs within a block for each priority: 1e15 units reach to the year
// 2286, and five blocks stay below 2^53.
constexpr int64_t kPlacesPerPriority = 1'000'000'000'000'000;
constexpr absl::Duration kPlaceUnit = absl::Microseconds(10);

absl::Status CheckHolder(const Call& call, const DeviceId& device, absl::Time now) {
  if (call.state == CallState::kCompleted || call.state == CallState::kAbandoned) {
    return Error(Reason::kCallStateInvalid);
  }
  const bool holds = call.state == CallState::kClaimed && call.claimed_by == device &&
                     now < call.lease_expire_time;
  if (!holds) return Error(Reason::kCallLeaseLost);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Call> Enqueue(const CallId& id, const OrganisationId& organisation,
                             Priority priority, absl::Time now) {
  if (!IsKnown(priority)) return Error(Reason::kInvalidField, {.field = "priority"});
  Call call;
  call.id = id;
  call.organisation = organisation;
  call.state = CallState::kWaiting;
  call.priority = priority;
  call.enqueue_time = now;
  return call;
}

absl::StatusOr<Call> Claim(const Call& before, const DeviceId& device, absl::Time now) {
  if (before.state != CallState::kWaiting) return Error(Reason::kCallStateInvalid);
  Call after = before;
  after.state = CallState::kClaimed;
  after.claimed_by = device;
  after.lease_expire_time = now + kCallLease;
  return after;
}

absl::StatusOr<Call> Renew(const Call& before, const DeviceId& device, absl::Time now) {
  AMANA_RETURN_IF_ERROR(CheckHolder(before, device, now));
  Call after = before;
  after.lease_expire_time = now + kCallLease;
  return after;
}

absl::StatusOr<Call> Complete(const Call& before, const DeviceId& device, absl::Time now) {
  AMANA_RETURN_IF_ERROR(CheckHolder(before, device, now));
  Call after = before;
  after.state = CallState::kCompleted;
  after.lease_expire_time = {};
  return after;
}

std::optional<absl::Time> TimeOf(const Call& call) {
  if (call.state == CallState::kWaiting) return call.enqueue_time + kLongestWait;
  if (call.state == CallState::kClaimed) return call.lease_expire_time;
  return std::nullopt;
}

std::optional<Call> AtItsTime(const Call& before, absl::Time now) {
  const std::optional<absl::Time> time = TimeOf(before);
  if (!time || now < *time) return std::nullopt;
  Call after = before;
  after.state = before.state == CallState::kClaimed ? CallState::kWaiting : CallState::kAbandoned;
  after.claimed_by = {};
  after.lease_expire_time = {};
  return after;
}

double PlaceOf(const Call& call) {
  const int64_t waited = (call.enqueue_time - absl::UnixEpoch()) / kPlaceUnit;
  return static_cast<double>(static_cast<int64_t>(call.priority) * kPlacesPerPriority + waited);
}

bool SamePriority(double a, double b) {
  return static_cast<int64_t>(a) / kPlacesPerPriority ==
         static_cast<int64_t>(b) / kPlacesPerPriority;
}

std::string_view NameOf(CallState state) {
  switch (state) {
    case CallState::kUnspecified:
      break;
    case CallState::kWaiting:
      return "waiting";
    case CallState::kClaimed:
      return "claimed";
    case CallState::kCompleted:
      return "completed";
    case CallState::kAbandoned:
      return "abandoned";
  }
  return "unspecified";
}

}  // namespace amana::intake::domain
