#pragma once

// One transition table per entity. Every command goes through its table; what a table does not list
// is refused. transitions_test.cc enumerates every state with every command.

#include <optional>
#include <string_view>
#include <vector>

#include "services/referral/domain/codes.h"

namespace amana::referral::domain {

enum class ReferralCommand {
  kSend,        // she agreed: the referral leaves the draft
  kMatch,       // look for somebody to ask
  kOffer,       // somebody is asked
  kAllRefused,  // everybody who was asked refused or did not answer
  kRecall,      // everybody who was asked was un-asked: consent withdrawn
  kRunOut,      // nobody could be asked at all
  kWaitlist,    // nobody is left to ask, but somebody has her on a list
  kExtend,      // more candidates
  kAccept,      // a centre said yes, its places are confirmed
  kArrive,
  kStartService,
  kComplete,
  kNoShow,
  kFail,
  kSurvivorDeclines,
  kWithdraw,
  kEnterInError,
  kRevokeConsent,
};
inline constexpr int kReferralCommands = 18;

enum class OfferCommand {
  kMake,     // places are held: ask
  kDrop,     // could not or must not be made
  kClaim,    // yes, in time
  kConfirm,  // the claim's places are confirmed
  kLose,     // the claim's places are gone
  kReturn,   // the same of a claim from a list: back on it
  kDecline,
  kWaitlist,  // no place now: on the centre's list
  kExpire,
  kWithdraw,
  kSupersede,
};
inline constexpr int kOfferCommands = 11;

enum class ReservationCommand { kHold, kConfirm, kOccupy, kRelease, kExpire };
inline constexpr int kReservationCommands = 5;

template <class State, class Command>
struct Transition {
  State from;
  Command command;
  State to;
};

using ReferralTransition = Transition<ReferralState, ReferralCommand>;
using OfferTransition = Transition<OfferState, OfferCommand>;
using ReservationTransition = Transition<ReservationState, ReservationCommand>;

const std::vector<ReferralTransition>& ReferralTransitions();
const std::vector<OfferTransition>& OfferTransitions();
const std::vector<ReservationTransition>& ReservationTransitions();

// The state after `command`, or nothing where the table has no such row. A reservation that is not
// there yet is in kUnspecified.
std::optional<ReferralState> Next(ReferralState from, ReferralCommand command);
std::optional<OfferState> Next(OfferState from, OfferCommand command);
std::optional<ReservationState> Next(ReservationState from, ReservationCommand command);

// Whether a referral still wants an answer or a person: it then counts for the guard of one open
// referral per need, and is listed.
bool IsOpen(ReferralState state);

}  // namespace amana::referral::domain
