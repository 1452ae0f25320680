#include "services/referral/rpc/render.h"

#include <gtest/gtest.h>

namespace amana::referral {
namespace {

template <class I>
I IdOf(char c) {
  return *I::FromBytes(std::string(kIdSize, c));
}

domain::Referral ReferralWith(domain::OfferState state) {
  domain::Referral referral;
  referral.id = IdOf<ReferralId>('r');
  referral.need = domain::NeedCode::kEmergencyShelter;
  referral.card.needs = {domain::NeedCode::kEmergencyShelter, domain::NeedCode::kPrimaryHealthCare};
  referral.card.commune_code = "04.421.01";
  domain::Offer offer;
  offer.id = IdOf<OfferId>('o');
  offer.state = state;
  if (state != domain::OfferState::kPreparing) offer.offer_time = absl::FromUnixSeconds(1);
  offer.expire_time = absl::FromUnixSeconds(2);
  referral.offers = {offer};
  return referral;
}

TEST(RenderTest, WhatNobodyWasAskedIsNotShown) {
  EXPECT_EQ(ToProto(ReferralWith(domain::OfferState::kPreparing)).offers_size(), 0);
  const v1::Referral claimed = ToProto(ReferralWith(domain::OfferState::kClaimed));
  ASSERT_EQ(claimed.offers_size(), 1);
  EXPECT_EQ(claimed.offers(0).state(), v1::OFFER_STATE_PENDING);
  EXPECT_FALSE(claimed.offers(0).has_answer_time());
  EXPECT_FALSE(claimed.offers(0).has_card());

  domain::Referral from_list = ReferralWith(domain::OfferState::kClaimed);
  from_list.offers[0].turn = 1;
  EXPECT_EQ(ToProto(from_list).offers(0).state(), v1::OFFER_STATE_WAITLISTED);
}

TEST(RenderTest, ACentreSeesWhatItNeedsAndNotForLonger) {
  using domain::ReferralState;
  const auto offer_of = [](domain::OfferState state,
                           ReferralState referral_state = ReferralState::kOffered) {
    domain::Referral referral = ReferralWith(state);
    referral.state = referral_state;
    return ToProto(referral, referral.offers[0]);
  };
  const v1::Offer pending = offer_of(domain::OfferState::kPending);
  EXPECT_EQ(pending.card().needs_size(), 1);
  EXPECT_TRUE(pending.card().commune_code().empty());
  EXPECT_TRUE(offer_of(domain::OfferState::kClaimed).has_card());
  EXPECT_FALSE(offer_of(domain::OfferState::kWaitlisted, ReferralState::kWaitlisted).has_card());
  for (const ReferralState state :
       {ReferralState::kAccepted, ReferralState::kArrived, ReferralState::kInService}) {
    EXPECT_TRUE(offer_of(domain::OfferState::kAccepted, state).has_card());
  }
  for (const ReferralState state :
       {ReferralState::kCompleted, ReferralState::kNoShow, ReferralState::kFailed}) {
    EXPECT_FALSE(offer_of(domain::OfferState::kAccepted, state).has_card());
  }
  EXPECT_FALSE(offer_of(domain::OfferState::kWithdrawn, ReferralState::kWithdrawn).has_card());
  EXPECT_FALSE(offer_of(domain::OfferState::kDeclined).has_card());
  EXPECT_FALSE(offer_of(domain::OfferState::kExpired).has_card());
  EXPECT_FALSE(offer_of(domain::OfferState::kSuperseded).has_card());
}

}  // namespace
}  // namespace amana::referral
