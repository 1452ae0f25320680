#pragma once

// Referrals as rows: read one, change one. Everything that must stay true beside a referral (its
// indexes, its guard, its timers) is derived here from the difference between before and after, so
// that no command can forget it.

#include <functional>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/call_context.h"
#include "common/base/clock.h"
#include "common/base/random.h"
#include "common/store/store.h"
#include "services/referral/app/ports.h"
#include "services/referral/domain/offer_policy.h"
#include "services/referral/domain/referral.h"

namespace amana::referral {

// A step of the saga whose process died is taken up again after this.
inline constexpr absl::Duration kDriveDelay = absl::Seconds(5);

struct LoadedReferral {
  domain::Referral referral;
  uint64_t version = 0;
};

// The serialised answer to a command, from the referral as it will be. Made by rpc/.
using Render = std::function<std::string(const domain::Referral&)>;

// Thread-safe.
class ReferralRows {
 public:
  ReferralRows(store::Store& store, const Clock& clock, Random& random, ReferralMetrics& metrics,
               const domain::OfferPolicy& policy)
      : store_(store), clock_(clock), random_(random), metrics_(metrics), policy_(policy) {}

  // kReferralNotFound.
  absl::StatusOr<LoadedReferral> Load(const ReferralId& id, Deadline deadline) const;
  // The referral that this offer belongs to; kOfferNotFound.
  absl::StatusOr<ReferralId> FindByOffer(const OfferId& id, Deadline deadline) const;
  // All of a case.
  absl::StatusOr<std::vector<LoadedReferral>> LoadCase(const CaseId& id, Deadline deadline) const;

  using Mutate = std::function<absl::Status(domain::Referral&, absl::Time now, domain::Events&)>;
  // Load, mutate, commit; again on a conflict. The reply is what `render` makes of the result.
  absl::StatusOr<std::string> Change(const CallContext& context, const ReferralId& id,
                                     const Mutate& mutate, const Render& render);

  // A change of several referrals of one shard in one commit, built by hand.
  struct Difference {
    std::optional<LoadedReferral> before;  // nothing: it is new
    domain::Referral after;
    domain::Events events;
  };
  // kReferralDuplicate where `after` opens and another one of that need is open.
  absl::Status AddTo(store::Commit& commit, const CallContext& context,
                     const Difference& difference, absl::Time now) const;
  // To be called once the commit has happened.
  void Count(const Difference& difference) const;

  store::Shard ShardOf(const ReferralId& id) const { return store::ShardOf(id, store_.shards()); }

 private:
  absl::Status AddGuard(store::Commit& commit, const CallContext& context,
                        const Difference& difference) const;
  void AddOffers(store::Commit& commit, const Difference& difference) const;

  store::Store& store_;
  const Clock& clock_;
  Random& random_;
  ReferralMetrics& metrics_;
  const domain::OfferPolicy& policy_;
};

}  // namespace amana::referral
