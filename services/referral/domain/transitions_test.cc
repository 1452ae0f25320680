#include "services/referral/domain/transitions.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

#include "services/referral/domain/status_map.h"

namespace amana::referral::domain {
namespace {

// The tables as a person reads them: for each state what every command leads to, "-" where it is
// refused. Columns are in the order of the enum.

TEST(TransitionsTest, EveryReferralStateWithEveryCommand) {
  //                      send match offer refused recall runout extend accept arrive start
  //                      complete noshow fail her withdraw error revoke
  const std::map<ReferralState, std::string> expected = {
      {ReferralState::kDraft, "2 - - - - - - - - - - - - 11 12 17 -"},
      {ReferralState::kConsented, "- 3 - - - - - - - - - - - - - - -"},
      {ReferralState::kMatching, "- - 4 - - 14 3 - - - - - - 11 12 17 -"},
      {ReferralState::kOffered, "- - 4 10 3 - 4 5 - - - - - 11 12 17 -"},
      {ReferralState::kAccepted, "- - - - - - - - 7 - - 15 16 11 12 17 13"},
      {ReferralState::kWaitlisted, "- - - - - - - - - - - - - - - - -"},
      {ReferralState::kArrived, "- - - - - - - - - 8 9 - 16 - - - -"},
      {ReferralState::kInService, "- - - - - - - - - - 9 - 16 - - - -"},
      {ReferralState::kCompleted, "- - - - - - - - - - - - - - - - -"},
      {ReferralState::kDeclinedByProvider, "- 3 - - - - - - - - - - - - - - -"},
      {ReferralState::kDeclinedBySurvivor, "- - - - - - - - - - - - - - - - -"},
      {ReferralState::kWithdrawn, "- - - - - - - - - - - - - - - - -"},
      {ReferralState::kConsentRevoked, "- - - - - - - - - - - - - - - - -"},
      {ReferralState::kNoMatch, "- - - - - - 3 - - - - - - 11 12 17 -"},
      {ReferralState::kNoShow, "- - - - - - - - - - - - - - - - -"},
      {ReferralState::kFailed, "- - - - - - - - - - - - - - - - -"},
      {ReferralState::kEnteredInError, "- - - - - - - - - - - - - - - - -"},
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
  //                                   make drop claim confirm lose decline expire withdraw
  //                                   supersede
  const std::map<OfferState, std::string> expected = {
      {OfferState::kPreparing, "1 103 - - - - - - -"},
      {OfferState::kPending, "- - 102 - - 3 4 5 6"},
      {OfferState::kClaimed, "- - - 2 4 - - 5 -"},
      {OfferState::kAccepted, "- - - - - - - 5 -"},
      {OfferState::kDeclined, "- - - - - - - - -"},
      {OfferState::kExpired, "- - - - - - - - -"},
      {OfferState::kWithdrawn, "- - - - - - - - -"},
      {OfferState::kSuperseded, "- - - - - - - - -"},
      {OfferState::kDropped, "- - - - - - - - -"},
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
  EXPECT_EQ(OfferTransitions().size(), 11u);
  EXPECT_EQ(ReservationTransitions().size(), 17u);
}

// Each state in the words of FHIR and Primero, as domain.md has them.
TEST(StatusMapTest, EveryStateHasItsWords) {
  const std::map<std::string, std::pair<std::string, std::string>> expected = {
      {"draft", {"draft", ""}},
      {"consented", {"draft", ""}},
      {"matching", {"draft", ""}},
      {"offered", {"requested", "in_progress"}},
      {"accepted", {"accepted", "accepted"}},
      {"waitlisted", {"on-hold", ""}},
      {"arrived", {"in-progress", "accepted"}},
      {"in_service", {"in-progress", "accepted"}},
      {"completed", {"completed", "done"}},
      {"declined_by_provider", {"rejected", "rejected"}},
      {"declined_by_survivor", {"cancelled", "referral_declined_by_survivor"}},
      {"withdrawn", {"cancelled", "revoked"}},
      {"consent_revoked", {"cancelled", "revoked"}},
      {"no_match", {"failed", "service_unavailable"}},
      {"no_show", {"failed", "done"}},
      {"failed", {"failed", "done"}},
      {"entered_in_error", {"entered-in-error", ""}},
  };
  ASSERT_EQ(StatusMappings().size(), static_cast<size_t>(kMaxReferralState));
  std::set<ReferralState> states;
  for (const StatusMapping& row : StatusMappings()) {
    EXPECT_TRUE(states.insert(row.state).second);
    const auto& [fhir, primero] = expected.at(std::string(Name(row.state)));
    EXPECT_EQ(row.fhir, fhir) << Name(row.state);
    EXPECT_EQ(row.primero, primero) << Name(row.state);
    // Declined is the provider's word, cancelled the survivor's.
    const bool failed_or_refused =
        row.fhir == "rejected" || row.fhir == "cancelled" || row.fhir == "failed";
    EXPECT_EQ(failed_or_refused, !row.fhir_reason.empty()) << Name(row.state);
  }
}

}  // namespace
}  // namespace amana::referral::domain
