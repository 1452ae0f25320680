#pragma once

// The driver of the saga: takes a referral's next step until there is none. Called at once after
// every command, and by the timer `drive.<referral>` after a crash or a failure, by any process, by
// several at a time: each step is idempotent, and each commit checks that it still applies
// (docs/decisions/0002-referral-saga.md).

#include "absl/status/status.h"
#include "common/base/call_context.h"
#include "common/base/ids.h"
#include "common/base/random.h"
#include "common/store/store.h"
#include "services/referral/app/ledgers.h"
#include "services/referral/app/ports.h"
#include "services/referral/app/referral_rows.h"
#include "services/referral/domain/offer_policy.h"

namespace amana::referral {

// Thread-safe.
class Driver {
 public:
  struct Parts {
    store::Store& store;
    const Clock& clock;
    Random& random;
    IntakePort& intake;
    ReferralRows& rows;
    Ledgers& ledgers;
    const domain::OfferPolicy& policy;
  };
  explicit Driver(const Parts& parts) : p_(parts) {}

  // OK when nothing is left to do now. An error leaves the timer armed: it goes on later.
  // `cause` gives deadline and trace; the steps have no actor of their own.
  absl::Status Drive(const ReferralId& id, const CallContext& cause);

  // The claim of a centre that said yes: confirms the places, then accepts in the context's name
  // (its request gets `render`'s reply). Without room: the referral goes on (an offer from a list
  // is back on it), kNoCapacity.
  absl::StatusOr<std::string> FinishClaim(const CallContext& context, const LoadedReferral& loaded,
                                          const OfferId& offer_id, const Render& render);

  // kUnspecified where the candidate can still be asked.
  absl::StatusOr<domain::SkipReason> ReasonToSkip(const CallContext& context,
                                                  const domain::Referral& referral,
                                                  const domain::Offer& offer);

 private:
  absl::Status Take(const CallContext& context, const LoadedReferral& loaded,
                    const domain::Step& step);
  absl::Status Settle(const CallContext& context, const LoadedReferral& loaded,
                      const domain::Step& step);
  absl::Status Prepare(const CallContext& context, const LoadedReferral& loaded,
                       const domain::Step& step);
  absl::Status Make(const CallContext& context, const LoadedReferral& loaded,
                    const domain::Step& step);
  absl::Status Drop(const CallContext& context, const LoadedReferral& loaded,
                    const OfferId& offer_id, domain::SkipReason reason);

  Parts p_;
};

}  // namespace amana::referral
