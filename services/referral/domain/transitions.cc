#include "services/referral/domain/transitions.h"

namespace amana::referral::domain {
namespace {

using R = ReferralState;
using C = ReferralCommand;

// clang-format off
const std::vector<ReferralTransition> kReferral = {
    {R::kDraft, C::kSend, R::kConsented},
    {R::kDraft, C::kSurvivorDeclines, R::kDeclinedBySurvivor},
    {R::kDraft, C::kWithdraw, R::kWithdrawn},
    {R::kDraft, C::kEnterInError, R::kEnteredInError},

    {R::kConsented, C::kMatch, R::kMatching},

    {R::kMatching, C::kOffer, R::kOffered},
    {R::kMatching, C::kRunOut, R::kNoMatch},
    {R::kMatching, C::kWaitlist, R::kWaitlisted},
    {R::kMatching, C::kExtend, R::kMatching},
    {R::kMatching, C::kAccept, R::kAccepted},  // from a list
    {R::kMatching, C::kSurvivorDeclines, R::kDeclinedBySurvivor},
    {R::kMatching, C::kWithdraw, R::kWithdrawn},
    {R::kMatching, C::kEnterInError, R::kEnteredInError},

    {R::kOffered, C::kMatch, R::kMatching},  // a list is no refusal
    {R::kOffered, C::kOffer, R::kOffered},
    {R::kOffered, C::kExtend, R::kOffered},
    {R::kOffered, C::kAllRefused, R::kDeclinedByProvider},
    {R::kOffered, C::kRecall, R::kMatching},
    {R::kOffered, C::kAccept, R::kAccepted},
    {R::kOffered, C::kSurvivorDeclines, R::kDeclinedBySurvivor},
    {R::kOffered, C::kWithdraw, R::kWithdrawn},
    {R::kOffered, C::kEnterInError, R::kEnteredInError},

    {R::kDeclinedByProvider, C::kMatch, R::kMatching},

    // A supervisor looks, as for no match; a centre may still say yes from its list, or no.
    {R::kWaitlisted, C::kAllRefused, R::kDeclinedByProvider},
    {R::kWaitlisted, C::kRecall, R::kMatching},
    {R::kWaitlisted, C::kExtend, R::kMatching},
    {R::kWaitlisted, C::kAccept, R::kAccepted},
    {R::kWaitlisted, C::kSurvivorDeclines, R::kDeclinedBySurvivor},
    {R::kWaitlisted, C::kWithdraw, R::kWithdrawn},
    {R::kWaitlisted, C::kEnterInError, R::kEnteredInError},

    {R::kAccepted, C::kArrive, R::kArrived},
    {R::kAccepted, C::kNoShow, R::kNoShow},
    {R::kAccepted, C::kFail, R::kFailed},
    {R::kAccepted, C::kSurvivorDeclines, R::kDeclinedBySurvivor},
    {R::kAccepted, C::kWithdraw, R::kWithdrawn},
    {R::kAccepted, C::kEnterInError, R::kEnteredInError},
    {R::kAccepted, C::kRevokeConsent, R::kConsentRevoked},

    {R::kArrived, C::kStartService, R::kInService},
    {R::kArrived, C::kComplete, R::kCompleted},
    {R::kArrived, C::kFail, R::kFailed},

    {R::kInService, C::kComplete, R::kCompleted},
    {R::kInService, C::kFail, R::kFailed},

    // A supervisor looks: more candidates, or an end.
    {R::kNoMatch, C::kExtend, R::kMatching},
    {R::kNoMatch, C::kSurvivorDeclines, R::kDeclinedBySurvivor},
    {R::kNoMatch, C::kWithdraw, R::kWithdrawn},
    {R::kNoMatch, C::kEnterInError, R::kEnteredInError},
};

using O = OfferState;
using D = OfferCommand;

const std::vector<OfferTransition> kOffer = {
    {O::kPreparing, D::kMake, O::kPending},
    {O::kPreparing, D::kDrop, O::kDropped},

    {O::kPending, D::kClaim, O::kClaimed},
    {O::kPending, D::kDecline, O::kDeclined},
    {O::kPending, D::kWaitlist, O::kWaitlisted},
    {O::kPending, D::kExpire, O::kExpired},
    {O::kPending, D::kWithdraw, O::kWithdrawn},
    {O::kPending, D::kSupersede, O::kSuperseded},

    // A claim does not expire: the answer came in time.
    {O::kClaimed, D::kConfirm, O::kAccepted},
    {O::kClaimed, D::kLose, O::kExpired},
    {O::kClaimed, D::kReturn, O::kWaitlisted},
    {O::kClaimed, D::kWithdraw, O::kWithdrawn},

    {O::kAccepted, D::kWithdraw, O::kWithdrawn},

    // No clock runs on a list.
    {O::kWaitlisted, D::kClaim, O::kClaimed},
    {O::kWaitlisted, D::kDecline, O::kDeclined},
    {O::kWaitlisted, D::kWithdraw, O::kWithdrawn},
    {O::kWaitlisted, D::kSupersede, O::kSuperseded},
};

using S = ReservationState;
using E = ReservationCommand;

const std::vector<ReservationTransition> kReservation = {
    {S::kUnspecified, E::kHold, S::kHeld},
    {S::kUnspecified, E::kConfirm, S::kConfirmed},  // its hold ran out and was forgotten
    {S::kUnspecified, E::kRelease, S::kReleased},   // so that a late hold finds it released

    {S::kHeld, E::kHold, S::kHeld},
    {S::kHeld, E::kConfirm, S::kConfirmed},
    {S::kHeld, E::kRelease, S::kReleased},
    {S::kHeld, E::kExpire, S::kExpired},

    {S::kConfirmed, E::kConfirm, S::kConfirmed},
    {S::kConfirmed, E::kOccupy, S::kOccupied},
    {S::kConfirmed, E::kRelease, S::kReleased},

    {S::kOccupied, E::kConfirm, S::kOccupied},
    {S::kOccupied, E::kOccupy, S::kOccupied},
    {S::kOccupied, E::kRelease, S::kReleased},

    {S::kReleased, E::kRelease, S::kReleased},

    // Taken again only if there is still room (ledger.h).
    {S::kExpired, E::kHold, S::kHeld},
    {S::kExpired, E::kConfirm, S::kConfirmed},
    {S::kExpired, E::kRelease, S::kReleased},
};
// clang-format on

template <class State, class Command>
std::optional<State> Find(const std::vector<Transition<State, Command>>& table, State from,
                          Command command) {
  for (const auto& row : table) {
    if (row.from == from && row.command == command) return row.to;
  }
  return std::nullopt;
}

}  // namespace

const std::vector<ReferralTransition>& ReferralTransitions() { return kReferral; }
const std::vector<OfferTransition>& OfferTransitions() { return kOffer; }
const std::vector<ReservationTransition>& ReservationTransitions() { return kReservation; }

std::optional<ReferralState> Next(ReferralState from, ReferralCommand command) {
  return Find(kReferral, from, command);
}

std::optional<OfferState> Next(OfferState from, OfferCommand command) {
  return Find(kOffer, from, command);
}

std::optional<ReservationState> Next(ReservationState from, ReservationCommand command) {
  return Find(kReservation, from, command);
}

bool IsOpen(ReferralState state) {
  switch (state) {
    case ReferralState::kDraft:
    case ReferralState::kConsented:
    case ReferralState::kMatching:
    case ReferralState::kOffered:
    case ReferralState::kDeclinedByProvider:
    case ReferralState::kAccepted:
    case ReferralState::kWaitlisted:
    case ReferralState::kArrived:
    case ReferralState::kInService:
      return true;
    default:
      return false;
  }
}

}  // namespace amana::referral::domain
