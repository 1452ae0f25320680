#pragma once

// Which timer is whose.

#include "absl/status/status.h"
#include "common/base/deadline.h"
#include "common/store/store.h"
#include "services/referral/app/driver.h"
#include "services/referral/app/ledgers.h"
#include "services/referral/app/referrals.h"

namespace amana::referral {

// Thread-safe. An error leaves the timer armed. kUnexpected for a name that is none of ours.
class Timers {
 public:
  Timers(Referrals& referrals, Driver& driver, Ledgers& ledgers)
      : referrals_(referrals), driver_(driver), ledgers_(ledgers) {}

  absl::Status Run(const store::DueTimer& timer, Deadline deadline);

 private:
  Referrals& referrals_;
  Driver& driver_;
  Ledgers& ledgers_;
};

}  // namespace amana::referral
