#include "services/referral/domain/transitions.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

namespace amana::referral::domain {
namespace {

// The tables as a person reads them: for each state what every command leads to, "-" where it is
// refused. Columns are in the order of the enum.

TEST(TransitionsTest, EveryReferralStateWithEveryCommand) {
  //                      send match offer refused recall runout waitlist extend accept arrive
  //                      start complete noshow fail her withdraw error revoke
  const std::map<ReferralState, std::string> expected = {
      {ReferralState::kDraft, "2 - - - - - - - - - - - - - 11 12 17 -"},
      {ReferralState::kConsented, "- 3 - - - - - - - - - - - - - - - -"},
      {ReferralState::kMatching, "- - 4 - - 14 6 3 5 - - - - - 11 12 17 -"},
      {ReferralState::kOffered, "- 3 4 10 3 - - 4 5 - - - - - 11 12 17 -"},
      {ReferralState::kAccepted, "- - - - - - - - - 7 - - 15 16 11 12 17 13"},
      {ReferralState::kWaitlisted, "- - - 10 3 - - 3 5 - - - - - 11 12 17 -"},
      {ReferralState::kArrived, "- - - - - - - - - - 8 9 - 16 - - - -"},
      {ReferralState::kInService, "- - - - - - - - - - - 9 - 16 - - - -"},
      {ReferralState::kCompleted, "- - - - - - - - - - - - - - - - - -"},
      {ReferralState::kDeclinedByProvider, "- 3 - - - - - - - - - - - - - - - -"},
      {ReferralState::kDeclinedBySurvivor, "- - - - - - - - - - - - - - - - - -"},
      {ReferralState::kWithdrawn, "- - - - - - - - - - - - - - - - - -"},
      {ReferralState::kConsentRevoked, "- - - - - - - - - - - - - - - - - -"},
      {ReferralState::kNoMatch, "- - - - - - - 3 - - - - - - 11 12 17 -"},
      {ReferralState::kNoShow, "- - - - - - - - - - - - - - - - - -"},
      {ReferralState::kFailed, "- - - - - - - - - - - - - - - - - -"},
      {ReferralState::kEnteredInError, "- - - - - - - - - - - - - - - - - -"},
  };
  ASSERT_EQ(expected.size(), kMaxReferralState);
  for (const auto& [state, row] : expected) {
    std::string actual;
    for (int c = 0; c < kReferralCommands; ++c) {
      const auto to = Next(state, static_cast<ReferralCommand>(c));
      actual += (c == 0 ? "" : " ") + (to ? std::to_string(static_cast<int>(*to)) : "-");
    }
    EXPECT_EQ(actual, row) << Name(state);
  }
}

TEST(TransitionsTest, EveryOfferStateWithEveryCommand) {
  //                                   make drop claim confirm lose return decline waitlist
  //                                   expire withdraw supersede
  const std::map<OfferState, std::string> expected = {
      {OfferState::kPreparing, "1 103 - - - - - - - - -"},
      {OfferState::kPending, "- - 102 - - - 3 7 4 5 6"},
      {OfferState::kClaimed, "- - - 2 4 7 - - - 5 -"},
      {OfferState::kAccepted, "- - - - - - - - - 5 -"},
      {OfferState::kDeclined, "- - - - - - - - - - -"},
      {OfferState::kExpired, "- - - - - - - - - - -"},
      {OfferState::kWithdrawn, "- - - - - - - - - - -"},
      {OfferState::kSuperseded, "- - - - - - - - - - -"},
      {OfferState::kWaitlisted, "- - 102 - - - 3 - - 5 6"},
      {OfferState::kDropped, "- - - - - - - - - - -"},
  };
  for (const auto& [state, row] : expected) {
    std::string actual;
    for (int c = 0; c < kOfferCommands; ++c) {
      const auto to = Next(state, static_cast<OfferCommand>(c));
      actual += (c == 0 ? "" : " ") + (to ? std::to_string(static_cast<int>(*to)) : "-");
    }
    EXPECT_EQ(actual, row) << Name(state);
  }
}

TEST(TransitionsTest, EveryReservationStateWithEveryCommand) {
  //                                         hold confirm occupy release expire
  const std::map<ReservationState, std::string> expected = {
      {ReservationState::kUnspecified, "1 2 - 4 -"}, {ReservationState::kHeld, "1 2 - 4 5"},
      {ReservationState::kConfirmed, "- 2 3 4 -"},   {ReservationState::kOccupied, "- 3 3 4 -"},
      {ReservationState::kReleased, "- - - 4 -"},    {ReservationState::kExpired, "1 2 - 4 -"},
  };
  for (const auto& [state, row] : expected) {
    std::string actual;
    for (int c = 0; c < kReservationCommands; ++c) {
      const auto to = Next(state, static_cast<ReservationCommand>(c));
      actual += (c == 0 ? "" : " ") + (to ? std::to_string(static_cast<int>(*to)) : "-");
    }
    EXPECT_EQ(actual, row) << Name(state);
  }
}

TEST(TransitionsTest, NoTableSaysTwoThings) {
  std::set<std::pair<ReferralState, ReferralCommand>> seen;
  for (const auto& row : ReferralTransitions()) {
    EXPECT_TRUE(seen.insert({row.from, row.command}).second);
  }
  EXPECT_EQ(OfferTransitions().size(), 17u);
  EXPECT_EQ(ReservationTransitions().size(), 17u);
}

}  // namespace
}  // namespace amana::referral::domain
