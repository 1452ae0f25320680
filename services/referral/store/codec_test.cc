#include "services/referral/store/codec.h"

#include <gtest/gtest.h>

#include "common/base/error.h"
#include "common/base/hex.h"

namespace amana::referral {
namespace {

template <class I>
I IdOf(char c) {
  return *I::FromBytes(std::string(kIdSize, c));
}

const absl::Time kNow = absl::FromUnixMicros(1'780'000'000'123'456);

domain::Referral FullReferral() {
  domain::Referral r;
  r.id = IdOf<ReferralId>('r');
  r.case_id = IdOf<CaseId>('k');
  r.organisation_id = IdOf<OrganisationId>('h');
  r.need = domain::NeedCode::kEmergencyShelter;
  r.card = {.needs = {domain::NeedCode::kEmergencyShelter},
            .priority = domain::Priority::kP0,
            .province_code = "04.421",
            .commune_code = "04.421.01",
            .age_band = domain::AgeBand::k25To59,
            .dependants = {{domain::AgeBand::k0To5, domain::Gender::kMale}},
            .languages = {"ar"},
            .accessibility = {domain::AccessibilityNeed::kHearing},
            .circumstances = {domain::Circumstance::kPregnant},
            .partner_violence = true,
            .mediation_requested = true};
  r.state = domain::ReferralState::kOffered;
  r.candidates = {IdOf<ServiceAtLocationId>('a'), IdOf<ServiceAtLocationId>('b')};
  r.next_candidate = 1;
  domain::Offer offer;
  offer.id = IdOf<OfferId>('o');
  offer.service_at_location_id = IdOf<ServiceAtLocationId>('a');
  offer.organisation_id = IdOf<OrganisationId>('x');
  offer.state = domain::OfferState::kClaimed;
  offer.places = domain::Places::kHeld;
  offer.turn = 2;
  offer.decline_reason = domain::DeclineReason::kOther;
  offer.offer_time = kNow;
  offer.expire_time = kNow + absl::Minutes(5);
  r.offers = {offer, domain::Offer{}};
  r.skipped = {{IdOf<ServiceAtLocationId>('z'), domain::SkipReason::kNotFound}};
  r.accepted_offer_id = IdOf<OfferId>('o');
  r.escalated = true;
  r.survivor_reason = domain::SurvivorReason::kTooFar;
  r.create_time = r.update_time = r.send_time = kNow;
  return r;
}

TEST(CodecTest, ReferralComesBackWhole) {
  const domain::Referral referral = FullReferral();
  EXPECT_EQ(*DecodeReferral(Encode(referral)), referral);
  EXPECT_EQ(*DecodeReferral(Encode(domain::Referral())), domain::Referral());
}

TEST(CodecTest, LedgerComesBackWhole) {
  domain::Ledger ledger;
  ledger.id = IdOf<ServiceAtLocationId>('s');
  ledger.pools = {{.pool_id = IdOf<PoolId>('p'),
                   .unit = domain::CapacityUnit::kCot,
                   .needs = {domain::NeedCode::kTemporaryShelter},
                   .maximum = 7,
                   .occupied_elsewhere = 3,
                   .update_time = kNow}};
  ledger.reservations = {{.id = {IdOf<OfferId>('o'), 1},
                          .case_id = IdOf<CaseId>('k'),
                          .lines = {{IdOf<PoolId>('p'), 2}},
                          .state = domain::ReservationState::kHeld,
                          .expire_time = kNow,
                          .change_time = kNow},
                         {}};
  EXPECT_EQ(*DecodeLedger(Encode(ledger)), ledger);
}

TEST(CodecTest, DirectoryRecordComesBackWhole) {
  domain::ServiceAtLocation s;
  s.id = IdOf<ServiceAtLocationId>('s');
  s.organisation_id = IdOf<OrganisationId>('o');
  s.organisation_name = "جمعية";
  s.service_name = "Écoute";
  s.status = domain::ServiceStatus::kPlanned;
  s.needs = {domain::NeedCode::kListening};
  s.visibility = domain::Visibility::kSealed;
  s.province_code = "04.421";
  s.coordinates = domain::Coordinates{34.5, -6.5};
  s.phone = "+212500000000";
  s.languages = {"ar", "fr"};
  s.accessibility = {domain::AccessibilityNeed::kWheelchair};
  s.eligibility = {.genders = {domain::Gender::kFemale},
                   .minimum_age = 18,
                   .maximum_age = 60,
                   .children_accepted = false,
                   .maximum_age_of_boys = 12,
                   .maximum_age_of_girls = 0,
                   .residence_province_codes = {"04.421"},
                   .not_accepted = {domain::Circumstance::kSubstanceUse}};
  s.hours = {{{1, 7}, 60, 120}};
  s.pools = {{.pool_id = IdOf<PoolId>('p'), .unit = domain::CapacityUnit::kBed, .needs = {}}};
  s.service_area_province_codes = {"04.421", "06.141"};
  s.mobile_unit = true;
  s.assured_date = "2026-05-01";
  const domain::DirectoryRecord record{.current = s, .imported = s};
  EXPECT_EQ(*DecodeDirectoryRecord(Encode(record)), record);
}

TEST(CodecTest, DamagedBytesAreNotRead) {
  EXPECT_EQ(ReasonOf(DecodeReferral("\xff").status()), Reason::kStoredValueUnreadable);
  EXPECT_EQ(*DecodeReference(EncodeReference(IdOf<ReferralId>('r'))), IdOf<ReferralId>('r'));
}

// What is stored today must be readable for ever: these bytes never change.
TEST(CodecTest, GoldenBytes) {
  EXPECT_EQ(HexEncode(EncodeReference(IdOf<ReferralId>('r'))),
            "0a1072727272727272727272727272727272");
  const auto old = HexDecode(
      "0a1072727272727272727272727272727272"  // referral_id
      "12106b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b"  // case_id
      "1a1068686868686868686868686868686868"  // organisation_id
      "200b3004");                            // need, state
  const auto referral = DecodeReferral(*old);
  ASSERT_TRUE(referral.ok());
  EXPECT_EQ(referral->id, IdOf<ReferralId>('r'));
  EXPECT_EQ(referral->case_id, IdOf<CaseId>('k'));
  EXPECT_EQ(referral->organisation_id, IdOf<OrganisationId>('h'));
  EXPECT_EQ(referral->need, domain::NeedCode::kEmergencyShelter);
  EXPECT_EQ(referral->state, domain::ReferralState::kOffered);
}

}  // namespace
}  // namespace amana::referral
