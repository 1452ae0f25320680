#pragma once

// The centre's half of the saga: places held, confirmed, occupied, given back, each in one commit
// on the shard of the service_at_location. All idempotent; audited under the case they are for.

#include <functional>

#include "absl/status/status.h"
#include "common/base/call_context.h"
#include "common/base/clock.h"
#include "common/base/random.h"
#include "common/store/store.h"
#include "services/referral/app/snapshot.h"
#include "services/referral/domain/ledger.h"
#include "services/referral/domain/referral.h"

namespace amana::referral {

// Thread-safe. Errors: those of domain/ledger.h; kServiceAtLocationNotFound; those of the store.
class Ledgers {
 public:
  Ledgers(store::Store& store, const Clock& clock, Random& random, DirectorySnapshot& snapshot)
      : store_(store), clock_(clock), random_(random), snapshot_(snapshot) {}

  absl::Status Hold(const CallContext& context, const domain::Referral& referral,
                    const domain::Offer& offer, absl::Time expire_time);
  absl::Status Confirm(const CallContext& context, const domain::Referral& referral,
                       const domain::Offer& offer);
  // To kOccupied or kReleased.
  absl::Status Bring(const CallContext& context, const domain::Referral& referral,
                     const domain::Offer& offer, domain::Places places);
  // The timer under the holds of one service_at_location.
  absl::Status ExpireHolds(const CallContext& context, const ServiceAtLocationId& id);

 private:
  using Change = std::function<absl::StatusOr<domain::Events>(domain::Ledger&, absl::Time now)>;
  absl::Status Apply(const CallContext& context, const ServiceAtLocationId& id,
                     const Change& change);

  store::Store& store_;
  const Clock& clock_;
  Random& random_;
  DirectorySnapshot& snapshot_;
};

// The timer edit that goes with every write of a ledger.
store::TimerEdit HoldsTimer(const domain::Ledger& ledger);

}  // namespace amana::referral
