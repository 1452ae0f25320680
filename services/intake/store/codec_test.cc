#include "services/intake/store/codec.h"

#include <gtest/gtest.h>

#include "common/base/error.h"
#include "common/base/hex.h"
#include "services/intake/domain/test_values.h"

namespace amana::intake {
namespace {

using domain::IdOf;
using domain::kNow;

domain::Case WholeCase() {
  domain::Case value = *domain::Open(IdOf<CaseId>('c'), domain::Person('a', Role::kOperator),
                                     domain::IntakeChannel::kHotline, domain::Card(), kNow);
  value.card.commune_code = "COM_0001";
  value.card.mediation_requested = true;
  value.card.dependants.push_back({domain::AgeBand::k6To11, domain::Gender::kFemale});
  return *domain::Move(value, domain::CaseCommand::kRequestClosure,
                       domain::ClosureReason::kDuplicate, domain::Person('b', Role::kSupervisor),
                       kNow + absl::Microseconds(7));
}

domain::Consent WholeConsent() {
  const domain::Consent given = *domain::Record(
      IdOf<ConsentId>('n'), IdOf<CaseId>('c'), IdOf<OrganisationId>('o'), domain::Terms(),
      domain::ConsentState::kActive, domain::AgeBand::kUnknown, kNow);
  return *domain::Withdraw(given, kNow);
}

domain::Call WholeCall() {
  return *domain::Claim(
      *domain::Enqueue(IdOf<CallId>('k'), IdOf<OrganisationId>('o'), domain::Priority::kP0, kNow),
      IdOf<DeviceId>('h'), kNow);
}

domain::FollowUp WholeFollowUp() {
  return *domain::RecordOutcome(
      *domain::Schedule(IdOf<FollowUpId>('f'), IdOf<CaseId>('c'), IdOf<OrganisationId>('o'),
                        IdOf<ReferralId>('r'), kNow, kNow),
      domain::FollowUpOutcome::kPartly, domain::FollowUpReason::kTooFar);
}

template <class T>
void ExpectRoundTrip(const T& value) {
  const auto again = Decode<T>(Encode(value));
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(*again, value);
}

TEST(Codec, WhatIsStoredComesBack) {
  ExpectRoundTrip(WholeCase());
  ExpectRoundTrip(WholeConsent());
  ExpectRoundTrip(WholeCall());
  ExpectRoundTrip(WholeFollowUp());
  ExpectRoundTrip(ConsentIds{IdOf<ConsentId>('n'), IdOf<ConsentId>('m')});
  ExpectRoundTrip(ConsentIds{});
}

TEST(Codec, WhatIsEmptyStaysEmpty) {
  ExpectRoundTrip(
      *domain::Enqueue(IdOf<CallId>('k'), IdOf<OrganisationId>('o'), domain::Priority::kP3, kNow));
  ExpectRoundTrip(*domain::Schedule(IdOf<FollowUpId>('f'), IdOf<CaseId>('c'),
                                    IdOf<OrganisationId>('o'), {}, kNow, kNow));
  domain::Consent consent = WholeConsent();
  consent.terms.recipient = {};
  consent.revocation_pending = false;
  ExpectRoundTrip(consent);
}

// The bytes that earlier versions wrote. They may not change: data folders hold them.
TEST(Codec, GoldenBytes) {
  EXPECT_EQ(HexEncode(Encode(WholeCall())), AMANA_GOLDEN_CALL);
  EXPECT_EQ(HexEncode(Encode(WholeConsent())), AMANA_GOLDEN_CONSENT);
  EXPECT_EQ(HexEncode(Encode(WholeFollowUp())), AMANA_GOLDEN_FOLLOW_UP);
  EXPECT_EQ(HexEncode(Encode(WholeCase())), AMANA_GOLDEN_CASE);
}

TEST(Codec, RubbishIsUnreadable) {
  EXPECT_EQ(ReasonOf(Decode<domain::Case>("\xff\xff").status()), Reason::kStoredValueUnreadable);
  // A field of the right kind with an id of the wrong length.
  EXPECT_EQ(ReasonOf(Decode<domain::Call>("\x0a\x01k").status()), Reason::kStoredValueUnreadable);
  EXPECT_EQ(ReasonOf(Decode<ConsentIds>("\x0a\x02no").status()), Reason::kStoredValueUnreadable);
}

}  // namespace
}  // namespace amana::intake
