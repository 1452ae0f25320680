#include "services/referral/domain/referral.h"

#include <algorithm>

#include "common/base/error.h"
#include "common/base/status_macros.h"

namespace amana::referral::domain {
namespace {

using Kind = Step::Kind;

bool Active(const Offer& offer) {
  return offer.state == OfferState::kPreparing || offer.state == OfferState::kPending ||
         offer.state == OfferState::kClaimed;
}

bool Asked(const Offer& offer) {
  return offer.state == OfferState::kPending || offer.state == OfferState::kClaimed;
}

bool OnList(const Offer& offer) { return offer.shown() == OfferState::kWaitlisted; }

// Nobody who needs help tonight is helped by a list.
bool TooUrgentToWaitlist(Priority priority) {
  return priority == Priority::kP0 || priority == Priority::kP1;
}

// Whether a yes to it may still come.
bool IsOpen(const Offer& offer) { return Asked(offer) || OnList(offer); }

bool AnyAsked(const Referral& referral) { return std::ranges::any_of(referral.offers, Asked); }

bool AnyOnList(const Referral& referral) { return std::ranges::any_of(referral.offers, OnList); }

// Whether the referral's state still is what its offers say.
bool StillTrue(const Referral& referral) {
  if (referral.state == ReferralState::kOffered) return AnyAsked(referral);
  if (referral.state == ReferralState::kWaitlisted) return AnyOnList(referral);
  return true;
}

// Every change of a referral's state goes through here.
absl::Status Move(Referral& referral, ReferralCommand command, std::string_view action,
                  absl::Time now, Events& events) {
  const auto to = Next(referral.state, command);
  if (!to) return Error(Reason::kReferralStateInvalid);
  referral.state = *to;
  referral.update_time = now;
  events.push_back({action, referral.id.bytes(), Name(*to), ""});
  return absl::OkStatus();
}

// Every change of an offer's state goes through here.
absl::Status Move(Referral& referral, Offer& offer, OfferCommand command, std::string_view action,
                  std::string_view reason, absl::Time now, Events& events) {
  const auto to = Next(offer.state, command);
  if (!to) return Error(Reason::kOfferStateInvalid);
  offer.state = *to;
  referral.update_time = now;
  events.push_back({action, offer.id.bytes(), Name(*to), reason});
  return absl::OkStatus();
}

void NoteAnswer(Referral& referral, Offer& offer, absl::Time now) {
  offer.answer_time = now;
  if (referral.first_answer_time == absl::InfinitePast()) referral.first_answer_time = now;
}

// After an answer other than yes: while somebody else is still asked nothing more happens, else
// matching goes on. If nobody has her on a list, the providers' no is noted.
absl::Status GoOn(Referral& referral, absl::Time now, Events& events) {
  if (StillTrue(referral)) return absl::OkStatus();
  if (!AnyOnList(referral)) {
    AMANA_RETURN_IF_ERROR(
        Move(referral, ReferralCommand::kAllRefused, "referral.declined_by_provider", now, events));
  }
  return Move(referral, ReferralCommand::kMatch, "referral.matching", now, events);
}

// Ends what a yes may still come to.
absl::Status CallBack(Referral& referral, OfferCommand command, std::string_view action,
                      std::string_view reason, absl::Time now, Events& events) {
  for (Offer& offer : referral.offers) {
    if (offer.state == OfferState::kPreparing) {
      AMANA_RETURN_IF_ERROR(
          Move(referral, offer, OfferCommand::kDrop, "offer.dropped", reason, now, events));
    } else if (IsOpen(offer)) {
      AMANA_RETURN_IF_ERROR(Move(referral, offer, command, action, reason, now, events));
    }
  }
  return absl::OkStatus();
}

// For an answer to it.
absl::StatusOr<Offer*> FindMade(Referral& referral, const OfferId& offer_id) {
  Offer* offer = referral.Find(offer_id);
  if (offer == nullptr || !offer->made()) return Error(Reason::kOfferNotFound);
  if (offer->state == OfferState::kExpired) return Error(Reason::kOfferExpired);
  if (offer->state == OfferState::kSuperseded) return Error(Reason::kOfferSuperseded);
  return offer;
}

absl::StatusOr<Offer*> FindIn(Referral& referral, const OfferId& offer_id, OfferState state) {
  Offer* offer = referral.Find(offer_id);
  if (offer == nullptr || offer->state != state) return Error(Reason::kContended);
  return offer;
}

absl::Status AddCandidates(Referral& referral, const std::vector<ServiceAtLocationId>& candidates) {
  // Not asked twice at a time, nor while she is on their list, unless she can't wait there any
  // more; somebody who was silent may be asked again.
  const bool urgent = TooUrgentToWaitlist(referral.card.priority);
  for (const ServiceAtLocationId& candidate : candidates) {
    const bool being_asked = std::ranges::any_of(referral.offers, [&](const Offer& offer) {
      return (Active(offer) || (OnList(offer) && !urgent)) &&
             offer.service_at_location_id == candidate;
    });
    const auto open = referral.candidates.begin() + referral.next_candidate;
    const bool waiting =
        std::find(open, referral.candidates.end(), candidate) != referral.candidates.end();
    if (!being_asked && !waiting) referral.candidates.push_back(candidate);
  }
  if (referral.candidates.size() > kMaxCandidates) return Error(Reason::kTooManyCandidates);
  return absl::OkStatus();
}

absl::Status CheckNeed(const RoutingCard& card, NeedCode need) {
  if (std::ranges::find(card.needs, need) == card.needs.end()) {
    return Error(Reason::kInvalidField, {.field = "need"});
  }
  return MediationBarred(card, need) ? Error(Reason::kCandidateNotEligible) : absl::OkStatus();
}

absl::Status EnsureNext(const Referral& referral, const ServiceAtLocationId& candidate) {
  const bool looking =
      referral.state == ReferralState::kMatching || referral.state == ReferralState::kOffered;
  if (!looking || referral.next_candidate >= referral.candidates.size() ||
      referral.candidates[referral.next_candidate] != candidate) {
    return Error(Reason::kContended);
  }
  return absl::OkStatus();
}

}  // namespace

OfferState Offer::shown() const {
  if (state != OfferState::kClaimed) return state;
  return turn == 0 ? OfferState::kPending : OfferState::kWaitlisted;
}

Offer* Referral::Find(const OfferId& offer_id) {
  const auto it = std::ranges::find(offers, offer_id, &Offer::id);
  return it == offers.end() ? nullptr : &*it;
}

const Offer* Referral::Find(const OfferId& offer_id) const {
  const auto it = std::ranges::find(offers, offer_id, &Offer::id);
  return it == offers.end() ? nullptr : &*it;
}

const Offer* Referral::Claimed() const {
  const auto it = std::ranges::find(offers, OfferState::kClaimed, &Offer::state);
  return it == offers.end() ? nullptr : &*it;
}

absl::StatusOr<Referral> Create(const Draft& draft, absl::Time now, Events& events) {
  AMANA_RETURN_IF_ERROR(CheckNeed(draft.card, draft.need));
  Referral referral;
  referral.id = draft.id;
  referral.case_id = draft.case_id;
  referral.organisation_id = draft.organisation_id;
  referral.need = draft.need;
  referral.card = draft.card;
  referral.state = ReferralState::kDraft;
  referral.create_time = referral.update_time = now;
  AMANA_RETURN_IF_ERROR(AddCandidates(referral, draft.candidates));
  events.push_back({"referral.created", referral.id.bytes(), Name(referral.state), ""});
  return referral;
}

absl::Status Renew(Referral& referral, const RoutingCard& card) {
  AMANA_RETURN_IF_ERROR(CheckNeed(card, referral.need));
  referral.card = card;
  return absl::OkStatus();
}

absl::Status Send(Referral& referral, absl::Time now, Events& events) {
  AMANA_RETURN_IF_ERROR(Move(referral, ReferralCommand::kSend, "referral.sent", now, events));
  referral.send_time = now;
  return Move(referral, ReferralCommand::kMatch, "referral.matching", now, events);
}

absl::Status Extend(Referral& referral, const std::vector<ServiceAtLocationId>& candidates,
                    absl::Time now, Events& events) {
  AMANA_RETURN_IF_ERROR(Move(referral, ReferralCommand::kExtend, "referral.extended", now, events));
  AMANA_RETURN_IF_ERROR(AddCandidates(referral, candidates));
  referral.escalated = false;
  return absl::OkStatus();
}

absl::Status End(Referral& referral, ReferralEnd end, SurvivorReason reason, absl::Time now,
                 Events& events) {
  ReferralCommand command = ReferralCommand::kWithdraw;
  if (end == ReferralEnd::kDeclinedBySurvivor) command = ReferralCommand::kSurvivorDeclines;
  if (end == ReferralEnd::kEnteredInError) command = ReferralCommand::kEnterInError;
  AMANA_RETURN_IF_ERROR(Move(referral, command, "referral.ended", now, events));
  AMANA_RETURN_IF_ERROR(CallBack(referral, OfferCommand::kWithdraw, "offer.withdrawn",
                                 Name(referral.state), now, events));
  if (Offer* accepted = referral.Find(referral.accepted_offer_id)) {
    AMANA_RETURN_IF_ERROR(Move(referral, *accepted, OfferCommand::kWithdraw, "offer.withdrawn",
                               Name(referral.state), now, events));
  }
  referral.escalated = false;
  if (end == ReferralEnd::kDeclinedBySurvivor) referral.survivor_reason = reason;
  return absl::OkStatus();
}

absl::Status CloseCase(Referral& referral, absl::Time now, Events& events) {
  if (referral.state != ReferralState::kNoMatch) {
    return End(referral, ReferralEnd::kWithdrawn, SurvivorReason::kUnspecified, now, events);
  }
  if (!referral.escalated) return Error(Reason::kReferralStateInvalid);
  referral.escalated = false;
  referral.update_time = now;
  events.push_back({"referral.ended", referral.id.bytes(), Name(referral.state), ""});
  return absl::OkStatus();
}

absl::Status Claim(Referral& referral, const OfferId& offer_id, absl::Time now, Events& events) {
  AMANA_ASSIGN_OR_RETURN(Offer * offer, FindMade(referral, offer_id));
  // The same yes, said twice at once: to be looked at again, not refused.
  if (offer->state == OfferState::kClaimed || offer->state == OfferState::kAccepted) {
    return Error(Reason::kContended);
  }
  const bool from_list = offer->state == OfferState::kWaitlisted;
  if (!from_list && offer->state != OfferState::kPending) return Error(Reason::kOfferStateInvalid);
  if (!from_list && now >= offer->expire_time) return Error(Reason::kOfferExpired);
  if (referral.Claimed() != nullptr) return Error(Reason::kContended);
  if (from_list && offer->places != Places::kReleased) return Error(Reason::kContended);
  AMANA_RETURN_IF_ERROR(
      Move(referral, *offer, OfferCommand::kClaim, "offer.claimed", "", now, events));
  if (from_list) {
    ++offer->turn;
    offer->places = Places::kNone;
  }
  NoteAnswer(referral, *offer, now);
  return absl::OkStatus();
}

absl::Status Accept(Referral& referral, const OfferId& offer_id, absl::Time now, Events& events) {
  AMANA_ASSIGN_OR_RETURN(Offer * offer, FindIn(referral, offer_id, OfferState::kClaimed));
  AMANA_RETURN_IF_ERROR(
      Move(referral, *offer, OfferCommand::kConfirm, "offer.accepted", "", now, events));
  offer->places = Places::kConfirmed;
  AMANA_RETURN_IF_ERROR(
      CallBack(referral, OfferCommand::kSupersede, "offer.superseded", "", now, events));
  referral.accepted_offer_id = offer_id;
  referral.escalated = false;
  return Move(referral, ReferralCommand::kAccept, "referral.accepted", now, events);
}

absl::Status AcceptAgain(const Referral& referral, const OfferId& offer_id, Events& events) {
  const Offer* offer = referral.Find(offer_id);
  if (offer == nullptr || offer->state != OfferState::kAccepted) return Error(Reason::kContended);
  events.push_back({"offer.accepted_again", offer_id.bytes(), Name(offer->state), ""});
  return absl::OkStatus();
}

absl::Status Lose(Referral& referral, const OfferId& offer_id, absl::Time now, Events& events) {
  AMANA_ASSIGN_OR_RETURN(Offer * offer, FindIn(referral, offer_id, OfferState::kClaimed));
  const bool from_list = OnList(*offer);
  AMANA_RETURN_IF_ERROR(Move(referral, *offer,
                             from_list ? OfferCommand::kReturn : OfferCommand::kLose,
                             from_list ? "offer.waitlisted" : "offer.expired",
                             Name(SkipReason::kNoCapacity), now, events));
  return GoOn(referral, now, events);
}

absl::Status Decline(Referral& referral, const OfferId& offer_id, DeclineReason reason,
                     absl::Time now, Events& events) {
  AMANA_ASSIGN_OR_RETURN(Offer * offer, FindMade(referral, offer_id));
  AMANA_RETURN_IF_ERROR(
      Move(referral, *offer, OfferCommand::kDecline, "offer.declined", Name(reason), now, events));
  offer->decline_reason = reason;
  NoteAnswer(referral, *offer, now);
  return GoOn(referral, now, events);
}

absl::Status Waitlist(Referral& referral, const OfferId& offer_id, absl::Time now, Events& events) {
  AMANA_ASSIGN_OR_RETURN(Offer * offer, FindMade(referral, offer_id));
  // First: whoever has answered already is not told how urgent it is by now.
  if (!Next(offer->state, OfferCommand::kWaitlist)) return Error(Reason::kOfferStateInvalid);
  if (TooUrgentToWaitlist(referral.card.priority)) return Error(Reason::kTooUrgentToWaitlist);
  if (std::ranges::count_if(referral.offers, OnList) >= static_cast<ptrdiff_t>(kMaxLists)) {
    return Error(Reason::kOfferStateInvalid);
  }
  AMANA_RETURN_IF_ERROR(
      Move(referral, *offer, OfferCommand::kWaitlist, "offer.waitlisted", "", now, events));
  NoteAnswer(referral, *offer, now);
  return GoOn(referral, now, events);
}

absl::Status Report(Referral& referral, const OfferId& offer_id, Progress progress, absl::Time now,
                    Events& events) {
  const Offer* offer = referral.Find(offer_id);
  if (offer == nullptr || !offer->made()) return Error(Reason::kOfferNotFound);
  if (referral.accepted_offer_id != offer_id || offer->state != OfferState::kAccepted) {
    return Error(Reason::kOfferStateInvalid);
  }
  constexpr std::string_view kAction = "referral.progress_reported";
  switch (progress) {
    case Progress::kArrived:
      return Move(referral, ReferralCommand::kArrive, kAction, now, events);
    case Progress::kInService:
      return Move(referral, ReferralCommand::kStartService, kAction, now, events);
    case Progress::kCompleted:
      return Move(referral, ReferralCommand::kComplete, kAction, now, events);
    case Progress::kNoShow:
      return Move(referral, ReferralCommand::kNoShow, kAction, now, events);
    case Progress::kFailed:
      return Move(referral, ReferralCommand::kFail, kAction, now, events);
    case Progress::kUnspecified:
      break;
  }
  return Error(Reason::kInvalidField, {.field = "progress"});
}

uint32_t RevokeConsent(Referral& referral, const OrganisationId& recipient, absl::Time now,
                       Events& events) {
  constexpr std::string_view kReason = "consent_revoked";
  uint32_t withdrawn = 0;
  for (Offer& offer : referral.offers) {
    if (offer.organisation_id != recipient) continue;
    if (offer.state == OfferState::kPreparing) {
      static_cast<void>(
          Move(referral, offer, OfferCommand::kDrop, "offer.dropped", kReason, now, events));
      referral.skipped.push_back({offer.service_at_location_id, SkipReason::kConsentMissing});
    } else if (IsOpen(offer) || (offer.id == referral.accepted_offer_id &&
                                 Move(referral, ReferralCommand::kRevokeConsent,
                                      "referral.consent_revoked", now, events)
                                     .ok())) {
      static_cast<void>(
          Move(referral, offer, OfferCommand::kWithdraw, "offer.withdrawn", kReason, now, events));
      ++withdrawn;
    }
  }
  if (!StillTrue(referral)) {
    static_cast<void>(Move(referral, ReferralCommand::kRecall, "referral.matching", now, events));
  }
  return withdrawn;
}

absl::Status Expire(Referral& referral, const OfferId& offer_id, absl::Time now, Events& events) {
  Offer* offer = referral.Find(offer_id);
  if (offer == nullptr || offer->expire_time > now) return Error(Reason::kOfferStateInvalid);
  AMANA_RETURN_IF_ERROR(
      Move(referral, *offer, OfferCommand::kExpire, "offer.expired", "", now, events));
  return GoOn(referral, now, events);
}

Places WantedPlaces(const Referral& referral, const Offer& offer) {
  switch (offer.state) {
    case OfferState::kPreparing:
    case OfferState::kPending:
      return Places::kHeld;
    case OfferState::kClaimed:
      return Places::kConfirmed;
    case OfferState::kAccepted:
      break;
    default:
      return Places::kReleased;
  }
  switch (referral.state) {
    case ReferralState::kAccepted:
      return Places::kConfirmed;
    case ReferralState::kArrived:
    case ReferralState::kInService:
      return Places::kOccupied;
    default:
      return Places::kReleased;
  }
}

Step NextStep(const Referral& referral, const OfferPolicy& policy) {
  if (const Offer* claimed = referral.Claimed())
    return {.kind = Kind::kConfirm, .offer_id = claimed->id};
  for (const Offer& offer : referral.offers) {
    const Places wanted = WantedPlaces(referral, offer);
    if (offer.state != OfferState::kPreparing && offer.places != wanted) {
      return {.kind = Kind::kSettle, .offer_id = offer.id, .places = wanted};
    }
  }
  for (const Offer& offer : referral.offers) {
    if (offer.state == OfferState::kPreparing) return {.kind = Kind::kMake, .offer_id = offer.id};
  }
  if (referral.state != ReferralState::kMatching && referral.state != ReferralState::kOffered) {
    return {};
  }
  const auto active = std::ranges::count_if(referral.offers, Active);
  if (referral.next_candidate < referral.candidates.size()) {
    if (active >= policy.AtOnce(referral.card.priority)) return {};
    return {.kind = Kind::kPrepare, .candidate = referral.candidates[referral.next_candidate]};
  }
  if (active == 0 && !referral.escalated) return {.kind = Kind::kRunOut};
  return {};
}

absl::Status Prepare(Referral& referral, const ServiceAtLocationId& candidate,
                     const OfferId& offer_id, const OrganisationId& organisation_id, absl::Time now,
                     Events& events) {
  AMANA_RETURN_IF_ERROR(EnsureNext(referral, candidate));
  Offer offer;
  offer.id = offer_id;
  offer.service_at_location_id = candidate;
  offer.organisation_id = organisation_id;
  referral.offers.push_back(offer);
  ++referral.next_candidate;
  referral.update_time = now;
  events.push_back({"offer.prepared", offer_id.bytes(), Name(OfferState::kPreparing), ""});
  return absl::OkStatus();
}

absl::Status Skip(Referral& referral, const ServiceAtLocationId& candidate, SkipReason reason,
                  absl::Time now, Events& events) {
  AMANA_RETURN_IF_ERROR(EnsureNext(referral, candidate));
  referral.skipped.push_back({candidate, reason});
  ++referral.next_candidate;
  referral.update_time = now;
  events.push_back(
      {"referral.candidate_skipped", candidate.bytes(), Name(referral.state), Name(reason)});
  return absl::OkStatus();
}

absl::Status Make(Referral& referral, const OfferId& offer_id, absl::Time expire_time,
                  absl::Time now, Events& events) {
  AMANA_ASSIGN_OR_RETURN(Offer * offer, FindIn(referral, offer_id, OfferState::kPreparing));
  AMANA_RETURN_IF_ERROR(Move(referral, *offer, OfferCommand::kMake, "offer.made", "", now, events));
  offer->places = Places::kHeld;
  offer->offer_time = now;
  offer->expire_time = expire_time;
  // Asked anew for somebody who can't wait on its list any more: two offers would compete for the
  // same bed.
  for (Offer& other : referral.offers) {
    if (other.state == OfferState::kWaitlisted &&
        other.service_at_location_id == offer->service_at_location_id) {
      AMANA_RETURN_IF_ERROR(
          Move(referral, other, OfferCommand::kSupersede, "offer.superseded", "", now, events));
    }
  }
  return Move(referral, ReferralCommand::kOffer, "referral.offered", now, events);
}

absl::Status Drop(Referral& referral, const OfferId& offer_id, SkipReason reason, absl::Time now,
                  Events& events) {
  AMANA_ASSIGN_OR_RETURN(Offer * offer, FindIn(referral, offer_id, OfferState::kPreparing));
  referral.skipped.push_back({offer->service_at_location_id, reason});
  return Move(referral, *offer, OfferCommand::kDrop, "offer.dropped", Name(reason), now, events);
}

absl::Status Settle(Referral& referral, const OfferId& offer_id, Places places, absl::Time now,
                    Events& events) {
  Offer* offer = referral.Find(offer_id);
  if (offer == nullptr || offer->places == places || WantedPlaces(referral, *offer) != places) {
    return Error(Reason::kContended);
  }
  offer->places = places;
  referral.update_time = now;
  events.push_back({"offer.places_settled", offer_id.bytes(), Name(offer->state), ""});
  std::erase_if(referral.offers, [](const Offer& o) {
    return o.state == OfferState::kDropped && o.places == Places::kReleased;
  });
  return absl::OkStatus();
}

absl::Status RunOut(Referral& referral, absl::Time now, Events& events) {
  const bool out = referral.state == ReferralState::kMatching && !referral.escalated &&
                   referral.next_candidate >= referral.candidates.size() &&
                   std::ranges::none_of(referral.offers, Active);
  if (!out) return Error(Reason::kContended);
  referral.escalated = true;
  referral.update_time = now;
  if (std::ranges::none_of(referral.offers, &Offer::made)) {
    return Move(referral, ReferralCommand::kRunOut, "referral.escalated", now, events);
  }
  if (AnyOnList(referral)) {
    return Move(referral, ReferralCommand::kWaitlist, "referral.escalated", now, events);
  }
  events.push_back({"referral.escalated", referral.id.bytes(), Name(referral.state), ""});
  return absl::OkStatus();
}

}  // namespace amana::referral::domain
