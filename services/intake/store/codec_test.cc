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
  domain::Case closed = WholeCase();
  closed.untold_closure = IdOf<RequestId>('u');
  ExpectRoundTrip(closed);
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

constexpr char kGoldenCall[] =
    "0a106b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b12106f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f180220012880"
    "80e2c4f2a2990332106868686868686868686868686868686838809cfefdf2a29903";
constexpr char kGoldenConsent[] =
    "0a106e6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e1210636363636363636363636363636363631a106f6f6f6f"
    "6f6f6f6f6f6f6f6f6f6f6f6f20012a107272727272727272727272727272727232020104380140014a02"
    "61725004588080e2c4f2a29903608080d7beaaee99036801";
constexpr char kGoldenFollowUp[] =
    "0a10666666666666666666666666666666661210636363636363636363636363636363631a106f6f6f6f"
    "6f6f6f6f6f6f6f6f6f6f6f6f2210727272727272727272727272727272722802308080e2c4f2a2990338"
    "024005";
constexpr char kGoldenCase[] =
    "0a106363636363636363636363636363636312106f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f1a1061616161"
    "61616161616161616161616120032801323e0a020b0d10021a0630332e3233312208434f4d5f30303031"
    "2807320208023204080310013a0261723a037a67683a0566722d4d414201014a010450015801388080e2"
    "c4f2a29903408780e2c4f2a2990348075210626262626262626262626262626262625801";

// The bytes that earlier versions wrote. They may not change: data folders hold them.
TEST(Codec, GoldenBytes) {
  EXPECT_EQ(HexEncode(Encode(WholeCall())), kGoldenCall);
  EXPECT_EQ(HexEncode(Encode(WholeConsent())), kGoldenConsent);
  EXPECT_EQ(HexEncode(Encode(WholeFollowUp())), kGoldenFollowUp);
  EXPECT_EQ(HexEncode(Encode(WholeCase())), kGoldenCase);
}

TEST(Codec, RubbishIsUnreadable) {
  EXPECT_EQ(ReasonOf(Decode<domain::Case>("\xff\xff").status()), Reason::kStoredValueUnreadable);
  // A field of the right kind with an id of the wrong length.
  EXPECT_EQ(ReasonOf(Decode<domain::Call>("\x0a\x01k").status()), Reason::kStoredValueUnreadable);
  EXPECT_EQ(ReasonOf(Decode<ConsentIds>("\x0a\x02no").status()), Reason::kStoredValueUnreadable);
}

}  // namespace
}  // namespace amana::intake
