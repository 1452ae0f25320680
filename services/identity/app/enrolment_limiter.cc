#include "services/identity/app/enrolment_limiter.h"

#include <algorithm>

#include "common/base/error.h"

namespace amana::identity {
namespace {

absl::Status Limited(absl::Duration wait) {
  return Error(Reason::kRateLimited, {.field = {}, .retry_after = wait});
}

}  // namespace

absl::Status EnrolmentLimiter::AdmitCall(absl::Time now) {
  MutexLock lock(mutex_);
  // A clock that was set back fills nothing and takes nothing away.
  if (filled_ != absl::InfinitePast() && now > filled_) {
    tokens_ = std::min(limits_.burst,
                       tokens_ + absl::ToDoubleSeconds(now - filled_) * limits_.calls_per_second);
  }
  filled_ = now;
  if (tokens_ < 1) return Limited(absl::Seconds((1 - tokens_) / limits_.calls_per_second));
  tokens_ -= 1;
  return absl::OkStatus();
}

absl::Status EnrolmentLimiter::AdmitCode(std::string_view selector, absl::Time now) {
  MutexLock lock(mutex_);
  auto known = codes_.find(selector);
  if (known == codes_.end()) {
    if (codes_.size() >= limits_.max_codes) {
      std::erase_if(codes_, [now](const auto& entry) { return entry.second.end <= now; });
    }
    if (codes_.size() >= limits_.max_codes) return Limited(limits_.window);
    known = codes_.emplace(std::string(selector), Attempts{0, now + limits_.window}).first;
  }
  Attempts& attempts = known->second;
  if (attempts.end <= now) attempts = {0, now + limits_.window};
  if (attempts.count >= limits_.attempts_per_code) return Limited(attempts.end - now);
  ++attempts.count;
  return absl::OkStatus();
}

}  // namespace amana::identity
