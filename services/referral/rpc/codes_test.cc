// The domain's enums have the contract's numbers: what rpc/ and store/ cast by.
#include "services/referral/domain/codes.h"

#include <google/protobuf/descriptor.h>
#include <gtest/gtest.h>

#include "absl/strings/ascii.h"
#include "amana/common/v1/common.pb.h"
#include "amana/referral/v1/directory.pb.h"
#include "amana/referral/v1/referral.pb.h"

namespace amana::referral {
namespace {

// Every value of the contract but 0 has our name for its number, in lower case.
template <class Enum>
void ExpectSameNames(const google::protobuf::EnumDescriptor* proto, const std::string& prefix) {
  for (int i = 0; i < proto->value_count(); ++i) {
    const auto* value = proto->value(i);
    if (value->number() == 0) continue;
    EXPECT_EQ(prefix + absl::AsciiStrToUpper(std::string(Name(static_cast<Enum>(value->number())))),
              value->name());
  }
}

TEST(CodesTest, NamesAreTheContracts) {
  ExpectSameNames<domain::Priority>(common::v1::Priority_descriptor(), "PRIORITY_");
  ExpectSameNames<domain::ServiceStatus>(v1::ServiceStatus_descriptor(), "SERVICE_STATUS_");
  ExpectSameNames<domain::ReferralState>(v1::ReferralState_descriptor(), "REFERRAL_STATE_");
  ExpectSameNames<domain::OfferState>(v1::OfferState_descriptor(), "OFFER_STATE_");
  ExpectSameNames<domain::ReservationState>(v1::ReservationState_descriptor(),
                                            "RESERVATION_STATE_");
  ExpectSameNames<domain::DeclineReason>(v1::DeclineReason_descriptor(), "DECLINE_REASON_");
  ExpectSameNames<domain::SkipReason>(v1::SkipReason_descriptor(), "SKIP_REASON_");
}

#define EXPECT_SAME(ours, theirs) EXPECT_EQ(static_cast<int>(ours), static_cast<int>(theirs))

TEST(CodesTest, NumbersAreTheContracts) {
  EXPECT_SAME(domain::NeedCode::kFamilyMediation, common::v1::NEED_CODE_FAMILY_MEDIATION);
  EXPECT_SAME(domain::NeedCode::kEmergencyShelter, common::v1::NEED_CODE_EMERGENCY_SHELTER);
  EXPECT_SAME(domain::NeedCode::kTemporaryShelter, common::v1::NEED_CODE_TEMPORARY_SHELTER);
  EXPECT_SAME(domain::AgeBand::k0To5, common::v1::AGE_BAND_0_5);
  EXPECT_SAME(domain::AgeBand::k6To11, common::v1::AGE_BAND_6_11);
  EXPECT_SAME(domain::AgeBand::k12To14, common::v1::AGE_BAND_12_14);
  EXPECT_SAME(domain::AgeBand::k15To17, common::v1::AGE_BAND_15_17);
  EXPECT_SAME(domain::AgeBand::k18To24, common::v1::AGE_BAND_18_24);
  EXPECT_SAME(domain::AgeBand::k25To59, common::v1::AGE_BAND_25_59);
  EXPECT_SAME(domain::AgeBand::k60Plus, common::v1::AgeBand_MAX);
  EXPECT_SAME(domain::Gender::kMale, common::v1::GENDER_MALE);
  EXPECT_SAME(domain::AccessibilityNeed::kCognitive, common::v1::AccessibilityNeed_MAX);
  EXPECT_SAME(domain::Circumstance::kNoDocuments, common::v1::Circumstance_MAX);
  EXPECT_SAME(domain::Visibility::kSealed, v1::LOCATION_VISIBILITY_SEALED);
  EXPECT_SAME(domain::CapacityUnit::kBed, v1::CAPACITY_UNIT_BED);
  EXPECT_SAME(domain::CapacityUnit::kCot, v1::CAPACITY_UNIT_COT);
  EXPECT_SAME(domain::CapacityUnit::kFamilyRoom, v1::CAPACITY_UNIT_FAMILY_ROOM);
  EXPECT_SAME(domain::CapacityUnit::kCaseload, v1::CapacityUnit_MAX);
  EXPECT_SAME(domain::ReferralEnd::kEnteredInError, v1::ReferralEnd_MAX);
  EXPECT_SAME(domain::ReferralEnd::kDeclinedBySurvivor, v1::REFERRAL_END_DECLINED_BY_SURVIVOR);
  EXPECT_SAME(domain::SurvivorReason::kOther, v1::SurvivorReason_MAX);
  EXPECT_SAME(domain::Progress::kArrived, v1::PROGRESS_ARRIVED);
  EXPECT_SAME(domain::Progress::kNoShow, v1::PROGRESS_NO_SHOW);
  EXPECT_SAME(domain::Progress::kFailed, v1::Progress_MAX);
  EXPECT_SAME(domain::kMaxNeedCode, common::v1::NeedCode_MAX);
  EXPECT_SAME(domain::kMaxReferralState, v1::ReferralState_MAX);
  EXPECT_SAME(domain::kMaxExclusionReason, v1::ExclusionReason_MAX);
  EXPECT_SAME(domain::ExclusionReason::kNoCapacity, v1::EXCLUSION_REASON_NO_CAPACITY);
  EXPECT_SAME(domain::ExclusionReason::kChildAge, v1::EXCLUSION_REASON_CHILD_AGE);
  EXPECT_SAME(domain::ExclusionReason::kServiceArea, v1::EXCLUSION_REASON_SERVICE_AREA);
  EXPECT_SAME(domain::ExclusionReason::kTooFar, v1::EXCLUSION_REASON_TOO_FAR);
  EXPECT_SAME(domain::CostKind::kScarcity, v1::COST_KIND_SCARCITY);
  EXPECT_SAME(domain::CostKind::kNotVerified, v1::CostKind_MAX);
}

}  // namespace
}  // namespace amana::referral
