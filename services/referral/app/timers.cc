#include "services/referral/app/timers.h"

#include <string_view>

#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "services/referral/app/names.h"

namespace amana::referral {
namespace {

// What follows the prefix; empty where the name does not begin with it.
std::string_view After(std::string_view name, std::string_view prefix) {
  return name.starts_with(prefix) ? name.substr(prefix.size()) : std::string_view();
}

}  // namespace

absl::Status Timers::Run(const store::DueTimer& timer, Deadline deadline) {
  if (const auto id = After(timer.timer, kExpireTimer); !id.empty()) {
    AMANA_ASSIGN_OR_RETURN(const OfferId offer, OfferId::Parse(id));
    return referrals_.Expire(CallContext::ForTimer("offer.expired", deadline), offer);
  }
  if (const auto id = After(timer.timer, kDriveTimer); !id.empty()) {
    AMANA_ASSIGN_OR_RETURN(const ReferralId referral, ReferralId::Parse(id));
    return driver_.Drive(referral, CallContext::ForTimer("referral.driven", deadline));
  }
  if (const auto id = After(timer.timer, kHoldsTimer); !id.empty()) {
    AMANA_ASSIGN_OR_RETURN(const auto place, ServiceAtLocationId::Parse(id));
    return ledgers_.ExpireHolds(CallContext::ForTimer("place.expired", deadline), place);
  }
  return Error(Reason::kUnexpected);
}

}  // namespace amana::referral
