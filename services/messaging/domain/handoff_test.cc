#include "services/messaging/domain/handoff.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <string>

#include "common/base/error.h"

namespace amana::messaging::domain {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'767'225'600);
const absl::Time kLater = kNow + absl::Minutes(1);
// On the wire a state is a number, and there may be one that has no name.
constexpr auto kNoState = std::bit_cast<HandoffState>(int32_t{99});

template <class I>
I IdOf(char c) {
  return *I::FromBytes(std::string(kIdSize, c));
}

const OrganisationId kHotline = IdOf<OrganisationId>(1);
const OrganisationId kCentre = IdOf<OrganisationId>(2);
const DeviceId kOperator = IdOf<DeviceId>(3);
const DeviceId kWorker = IdOf<DeviceId>(4);
const DeviceId kColleague = IdOf<DeviceId>(5);

Caller CallerOf(const DeviceId& device, const OrganisationId& organisation) {
  return {.role = Role::kCaseWorker, .device = device, .organisation = organisation, .service = {}};
}
Caller Sender() { return CallerOf(kOperator, kHotline); }
Caller Worker() { return CallerOf(kWorker, kCentre); }
Caller Colleague() { return CallerOf(kColleague, kCentre); }

NewHandoff Given() {
  NewHandoff given;
  given.id = IdOf<HandoffId>(7);
  given.case_id = IdOf<CaseId>(7);
  given.recipient = kCentre;
  given.package_device = kOperator;
  given.package_organisation = kHotline;
  given.devices = {kWorker, kColleague};
  given.attachments = {IdOf<BlobId>(9)};
  return given;
}

Handoff In(HandoffState state) {
  Handoff handoff = *Seal(Sender(), Given(), kNow);
  handoff.state = state;
  if (state == HandoffState::kRevoked) handoff.package_held = false;
  return handoff;
}

TEST(Seal, TakesDownWhoSentWhatToWhom) {
  const Handoff handoff = *Seal(Sender(), Given(), kNow);
  EXPECT_EQ(handoff.state, HandoffState::kSealed);
  EXPECT_EQ(handoff.sender, kHotline);
  EXPECT_EQ(handoff.sender_device, kOperator);
  EXPECT_EQ(handoff.recipients.size(), 2u);
  EXPECT_TRUE(handoff.package_held);
  EXPECT_TRUE(IsUnopened(handoff));
}

struct BadSeal {
  const char* name;
  void (*spoil)(NewHandoff&);
  Reason reason;
  const char* field;
};

class SealRefuses : public testing::TestWithParam<BadSeal> {};

TEST_P(SealRefuses, WithAReason) {
  NewHandoff given = Given();
  GetParam().spoil(given);
  const absl::Status status = Seal(Sender(), given, kNow).status();
  EXPECT_EQ(ReasonOf(status), GetParam().reason);
  EXPECT_EQ(DetailOf(status).field, GetParam().field);
}

INSTANTIATE_TEST_SUITE_P(
    All, SealRefuses,
    testing::Values(BadSeal{"OtherShard", [](NewHandoff& g) { g.id = IdOf<HandoffId>(8); },
                            Reason::kInvalidField, "handoff_id"},
                    BadSeal{"OtherDevice", [](NewHandoff& g) { g.package_device = kColleague; },
                            Reason::kInvalidField, "package.sender_device_id"},
                    BadSeal{"OtherOrganisation",
                            [](NewHandoff& g) { g.package_organisation = kCentre; },
                            Reason::kInvalidField, "package.sender_organisation_id"},
                    BadSeal{"NoRecipient", [](NewHandoff& g) { g.devices.clear(); },
                            Reason::kRecipientInvalid, "package.recipients"},
                    BadSeal{"RecipientTwice", [](NewHandoff& g) { g.devices.push_back(kWorker); },
                            Reason::kRecipientInvalid, "package.recipients"},
                    BadSeal{"AttachmentTwice",
                            [](NewHandoff& g) { g.attachments.push_back(g.attachments[0]); },
                            Reason::kInvalidField, "package.attachment_ids"}),
    [](const auto& test) { return test.param.name; });

// Every state × every command.
TEST(Transitions, AreThoseOfTheTableAndNoOthers) {
  using S = HandoffState;
  const S states[] = {S::kSealed, S::kDelivered, S::kOpened, S::kAcknowledged, S::kRevoked};
  const S reports[] = {S::kDelivered, S::kOpened, S::kAcknowledged};
  for (const S from : states) {
    for (const S report : reports) {
      const auto after = Report(In(from), Worker(), report, kLater);
      const bool unread = from == S::kSealed || from == S::kDelivered;
      if (from == S::kRevoked || (unread && report == S::kAcknowledged)) {
        EXPECT_EQ(ReasonOf(after.status()), Reason::kHandoffStateInvalid);
      } else {
        EXPECT_EQ(after->state, std::max(from, report));
        EXPECT_EQ(after->update_time, after->state == from ? kNow : kLater);
      }
    }
    const auto revoked = Revoke(In(from), Sender(), kLater);
    const bool unopened = from == S::kSealed || from == S::kDelivered;
    EXPECT_EQ(revoked.ok(), unopened);
    EXPECT_EQ(Destroy(In(from), kLater).has_value(), unopened);
    EXPECT_EQ(IsUnopened(In(from)), unopened);
    if (unopened) {
      EXPECT_EQ(revoked->state, S::kRevoked);
      EXPECT_FALSE(revoked->package_held);
    } else {
      EXPECT_EQ(ReasonOf(revoked.status()),
                from == S::kRevoked ? Reason::kHandoffStateInvalid : Reason::kHandoffAlreadyOpened);
    }
  }
}

TEST(Report, OnlyOfStatesThatAPersonCauses) {
  for (const auto state :
       {HandoffState::kUnspecified, HandoffState::kSealed, HandoffState::kRevoked, kNoState}) {
    const absl::Status status = Report(In(HandoffState::kSealed), Worker(), state, kNow).status();
    EXPECT_EQ(ReasonOf(status), Reason::kInvalidField);
  }
}

TEST(Report, OnlyByDevicesItWasSealedFor) {
  const Caller stranger = CallerOf(IdOf<DeviceId>(11), kCentre);
  const Caller moved = CallerOf(kWorker, IdOf<OrganisationId>(12));
  for (const Caller& caller : {Sender(), stranger, moved, Caller{}}) {
    EXPECT_EQ(
        ReasonOf(Report(In(HandoffState::kSealed), caller, HandoffState::kOpened, kNow).status()),
        Reason::kHandoffNotFound);
  }
}

TEST(Report, TheHandoffIsAsFarAsItsFurthestDevice) {
  Handoff handoff = *Report(In(HandoffState::kSealed), Worker(), HandoffState::kOpened, kLater);
  handoff = *Report(handoff, Colleague(), HandoffState::kDelivered, kLater);
  EXPECT_EQ(handoff.state, HandoffState::kOpened);
  EXPECT_EQ(FindRecipient(handoff, kWorker)->state, HandoffState::kOpened);
  EXPECT_EQ(FindRecipient(handoff, kColleague)->state, HandoffState::kDelivered);
  // A late word about an earlier state does not set a device back.
  handoff = *Report(handoff, Worker(), HandoffState::kDelivered, kLater);
  EXPECT_EQ(FindRecipient(handoff, kWorker)->state, HandoffState::kOpened);
}

TEST(Report, ThePackageGoesOnceEveryDeviceHasIt) {
  Handoff handoff =
      *Report(In(HandoffState::kOpened), Worker(), HandoffState::kAcknowledged, kLater);
  EXPECT_TRUE(handoff.package_held);
  EXPECT_TRUE(IsOver(handoff, kWorker));
  EXPECT_FALSE(IsOver(handoff, kColleague));
  handoff = *Report(handoff, Colleague(), HandoffState::kAcknowledged, kLater);
  EXPECT_FALSE(handoff.package_held);
  EXPECT_EQ(handoff.state, HandoffState::kAcknowledged);
}

TEST(Revoke, OnlyByTheSendersOrganisation) {
  const Caller colleague = CallerOf(IdOf<DeviceId>(11), kHotline);
  EXPECT_TRUE(Revoke(In(HandoffState::kSealed), colleague, kNow).ok());
  EXPECT_EQ(ReasonOf(Revoke(In(HandoffState::kSealed), Worker(), kNow).status()),
            Reason::kHandoffNotFound);
}

TEST(Access, IsForBothSidesAndAttachmentsForThoseItWasSealedFor) {
  const Handoff handoff = In(HandoffState::kSealed);
  const Caller desk = CallerOf(IdOf<DeviceId>(11), kCentre);
  const Caller stranger = CallerOf(kWorker, IdOf<OrganisationId>(12));
  EXPECT_TRUE(MayRead(handoff, Sender()));
  EXPECT_TRUE(MayRead(handoff, desk));
  EXPECT_FALSE(MayRead(handoff, stranger));
  EXPECT_FALSE(MayRead(handoff, Caller{}));
  EXPECT_TRUE(MayReadAttachments(handoff, Sender()));
  EXPECT_TRUE(MayReadAttachments(handoff, Worker()));
  EXPECT_FALSE(MayReadAttachments(handoff, desk));
  EXPECT_FALSE(MayReadAttachments(handoff, stranger));
  EXPECT_FALSE(MayReadAttachments(In(HandoffState::kRevoked), Worker()));
  EXPECT_FALSE(MayReadAttachments(DropPackage(handoff), Sender()));
}

TEST(Names, AreTheAuditLogs) {
  EXPECT_EQ(NameOf(HandoffState::kAcknowledged), "acknowledged");
  EXPECT_EQ(NameOf(HandoffState::kUnspecified), "");
  EXPECT_EQ(NameOf(kNoState), "");
}

}  // namespace
}  // namespace amana::messaging::domain
