#pragma once

// A referral with all of its offers: one aggregate, in the shard of its case.
//
// Commands change a copy that the caller commits or throws away. What must happen elsewhere (in the
// ledger of a centre's shard, which can be another one) is never done by a command: NextStep() says
// what is left to do, and the driver (app/driver.h) does it, step by step, until nothing is. A
// crash between two steps only means that NextStep() says the same again.

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/ids.h"
#include "services/referral/domain/card.h"
#include "services/referral/domain/codes.h"
#include "services/referral/domain/ledger.h"
#include "services/referral/domain/offer_policy.h"
#include "services/referral/domain/transitions.h"

namespace amana::referral::domain {

// What the ledger last said it keeps for an offer.
enum class Places : int32_t { kNone = 0, kHeld = 1, kConfirmed = 2, kOccupied = 3, kReleased = 4 };

struct Offer {
  OfferId id;
  ServiceAtLocationId service_at_location_id;
  OrganisationId organisation_id;
  OfferState state = OfferState::kPreparing;
  Places places = Places::kNone;
  uint32_t turn = 0;  // of its reservation: goes up with each yes from a list
  DeclineReason decline_reason = DeclineReason::kUnspecified;
  absl::Time offer_time = absl::InfinitePast();  // when it was made
  absl::Time expire_time = absl::InfiniteFuture();
  absl::Time answer_time = absl::InfinitePast();

  // Whether the centre has ever been asked: only then is it shown to anyone.
  bool made() const { return offer_time != absl::InfinitePast(); }
  ReservationId reservation_id() const { return {id, turn}; }
  // The state that others see: a yes is one only when its places are confirmed.
  OfferState shown() const;

  friend bool operator==(const Offer&, const Offer&) = default;
};

struct Skipped {
  ServiceAtLocationId service_at_location_id;
  SkipReason reason = SkipReason::kUnspecified;

  friend bool operator==(const Skipped&, const Skipped&) = default;
};

struct Referral {
  ReferralId id;
  CaseId case_id;
  OrganisationId organisation_id;
  NeedCode need = NeedCode::kUnspecified;
  RoutingCard card;  // as it was when something was last asked or held for her
  ReferralState state = ReferralState::kUnspecified;
  std::vector<ServiceAtLocationId> candidates;  // in the order of asking
  uint32_t next_candidate = 0;                  // the first that has not been looked at
  std::vector<Offer> offers;                    // oldest first
  std::vector<Skipped> skipped;
  OfferId accepted_offer_id;  // zero: none
  bool escalated = false;
  SurvivorReason survivor_reason = SurvivorReason::kUnspecified;
  absl::Time create_time = absl::UnixEpoch();
  absl::Time update_time = absl::UnixEpoch();
  absl::Time send_time = absl::InfinitePast();
  absl::Time first_answer_time = absl::InfinitePast();

  Offer* Find(const OfferId& offer_id);
  const Offer* Find(const OfferId& offer_id) const;
  // The one whose places are being confirmed, or null.
  const Offer* Claimed() const;

  friend bool operator==(const Referral&, const Referral&) = default;
};

using Events = std::vector<Event>;

inline constexpr size_t kMaxCandidates = 100;
// Offers made to centres are kept for the history; candidates bound them.
// Lists that she may be on at once: a yes, an end and a withdrawn consent change all of them in one
// commit, which has room for store::kMaxCommitWrites events.
inline constexpr size_t kMaxLists = 20;

struct Draft {
  ReferralId id;
  CaseId case_id;
  OrganisationId organisation_id;
  NeedCode need;
  RoutingCard card;
  std::vector<ServiceAtLocationId> candidates;
};

// --- Commands of people. Each checks the transition table; kReferralStateInvalid or
// kOfferStateInvalid where it has no row. `events` gets what happened.

// kInvalidField where the need is not one of the card's; kCandidateNotEligible for mediation that
// she did not ask for; kTooManyCandidates. Candidates named twice count once.
absl::StatusOr<Referral> Create(const Draft& draft, absl::Time now, Events& events);

// Her card as it is now, before anything leaves by it. Refuses where Create() would.
absl::Status Renew(Referral& referral, const RoutingCard& card);

// From draft to matching: consent was seen for at least one candidate.
absl::Status Send(Referral& referral, absl::Time now, Events& events);

absl::Status Extend(Referral& referral, const std::vector<ServiceAtLocationId>& candidates,
                    absl::Time now, Events& events);

absl::Status End(Referral& referral, ReferralEnd end, SurvivorReason reason, absl::Time now,
                 Events& events);

// Her case is closed: withdraws what she has not arrived by. That nobody could take her is not
// unsaid (no_match is counted as unmet need); only a supervisor need not look any more.
// kReferralStateInvalid where there is nothing to end.
absl::Status CloseCase(Referral& referral, absl::Time now, Events& events);

// First half of an acceptance: the yes is noted, the clock of this offer stops, nobody is told yet.
// kOfferExpired, kOfferSuperseded for late ones; from a list no yes is late while she is looked
// for. kContended while a sibling's claim is open, or while what the offer had before it was on a
// list is not given back: take those steps first (app/driver.h) and come again.
absl::Status Claim(Referral& referral, const OfferId& offer_id, absl::Time now, Events& events);

// Second half, after the ledger confirmed: accepted, all siblings superseded.
absl::Status Accept(Referral& referral, const OfferId& offer_id, absl::Time now, Events& events);

// Another yes to what is accepted already changes nothing but is an event, so that its reply can be
// recorded. kContended where it is not accepted (any more).
absl::Status AcceptAgain(const Referral& referral, const OfferId& offer_id, Events& events);

// Second half, after the ledger had no room any more: the referral goes on, and an offer from a
// list is back on it.
absl::Status Lose(Referral& referral, const OfferId& offer_id, absl::Time now, Events& events);

absl::Status Decline(Referral& referral, const OfferId& offer_id, DeclineReason reason,
                     absl::Time now, Events& events);

// No place now, but she stays on the centre's list: it may accept as long as nobody else has. None
// is kept for her; the next is asked as after a no. kTooUrgentToWaitlist for P0 and P1: nobody who
// needs help tonight is helped by a list. kOfferStateInvalid where she is on kMaxLists already.
absl::Status Waitlist(Referral& referral, const OfferId& offer_id, absl::Time now, Events& events);

absl::Status Report(Referral& referral, const OfferId& offer_id, Progress progress, absl::Time now,
                    Events& events);

// Un-asks this organisation; returns how many offers it had. Never refuses: revoking twice is 0.
uint32_t RevokeConsent(Referral& referral, const OrganisationId& recipient, absl::Time now,
                       Events& events);

// --- The clock.

// kOfferStateInvalid unless it is pending and its time is over.
absl::Status Expire(Referral& referral, const OfferId& offer_id, absl::Time now, Events& events);

// --- Steps of the driver. Each refuses with kContended where it no longer applies: somebody else
// took it.

// What is left to do, one step at a time.
struct Step {
  enum class Kind {
    kNothing,
    kConfirm,  // the claim: confirm its places, then Accept or Lose
    kSettle,   // bring the ledger to `places` for this offer, then Settle
    kMake,     // check the candidate, hold its places, then Make or Drop
    kPrepare,  // look up `candidate`, then Prepare or Skip
    kRunOut,   // RunOut
  };
  Kind kind = Kind::kNothing;
  OfferId offer_id = {};
  ServiceAtLocationId candidate = {};
  Places places = Places::kNone;
};
Step NextStep(const Referral& referral, const OfferPolicy& policy);

// What the ledger should keep for an offer, by the state of both.
Places WantedPlaces(const Referral& referral, const Offer& offer);

absl::Status Prepare(Referral& referral, const ServiceAtLocationId& candidate,
                     const OfferId& offer_id, const OrganisationId& organisation_id, absl::Time now,
                     Events& events);
absl::Status Skip(Referral& referral, const ServiceAtLocationId& candidate, SkipReason reason,
                  absl::Time now, Events& events);
absl::Status Make(Referral& referral, const OfferId& offer_id, absl::Time expire_time,
                  absl::Time now, Events& events);
absl::Status Drop(Referral& referral, const OfferId& offer_id, SkipReason reason, absl::Time now,
                  Events& events);
absl::Status Settle(Referral& referral, const OfferId& offer_id, Places places, absl::Time now,
                    Events& events);
// Escalates: to a list where she is on one.
absl::Status RunOut(Referral& referral, absl::Time now, Events& events);

}  // namespace amana::referral::domain
