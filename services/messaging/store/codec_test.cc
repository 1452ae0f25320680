#include "services/messaging/store/codec.h"

#include <gtest/gtest.h>

#include <string>

#include "common/base/error.h"
#include "common/base/hex.h"

namespace amana::messaging {
namespace {

const absl::Time kTime = absl::FromUnixMicros(1'767'225'600'123'456);

template <class I>
I IdOf(char c) {
  return *I::FromBytes(std::string(kIdSize, c));
}

domain::Handoff AHandoff() {
  domain::Handoff h;
  h.id = IdOf<HandoffId>(1);
  h.case_id = IdOf<CaseId>(1);
  h.referral = IdOf<ReferralId>(2);
  h.sender = IdOf<OrganisationId>(3);
  h.sender_device = IdOf<DeviceId>(4);
  h.recipient = IdOf<OrganisationId>(5);
  h.state = domain::HandoffState::kOpened;
  h.seal_time = kTime;
  h.update_time = kTime + absl::Seconds(1);
  h.recipients = {{IdOf<DeviceId>(6), domain::HandoffState::kOpened, true},
                  {IdOf<DeviceId>(7), domain::HandoffState::kSealed, false}};
  h.attachments = {IdOf<BlobId>(8)};
  h.package_held = true;
  return h;
}

domain::Attachment AnAttachment() {
  return {.id = IdOf<BlobId>(8),
          .owner = IdOf<OrganisationId>(3),
          .digest = std::string(4, 'd'),
          .size = 1 << 20,
          .state = domain::AttachmentState::kFinished,
          .handoff = IdOf<HandoffId>(1),
          .expire_time = kTime};
}

TEST(Codec, WhatIsEncodedComesBack) {
  EXPECT_EQ(*Decode<domain::Handoff>(Encode(AHandoff())), AHandoff());
  EXPECT_EQ(*Decode<domain::Attachment>(Encode(AnAttachment())), AnAttachment());
  const domain::Usage usage = {.bytes = uint64_t{1} << 33, .attachments = 7};
  EXPECT_EQ(*Decode<domain::Usage>(Encode(usage)), usage);
  const domain::Mailbox mailbox = {.last_sequence = uint64_t{1} << 40, .waiting = 3};
  EXPECT_EQ(*Decode<domain::Mailbox>(Encode(mailbox)), mailbox);

  domain::Handoff alone = AHandoff();
  alone.referral = ReferralId();
  alone.attachments.clear();
  EXPECT_EQ(*Decode<domain::Handoff>(Encode(alone)), alone);
  domain::Attachment unclaimed = AnAttachment();
  unclaimed.handoff = HandoffId();
  EXPECT_EQ(*Decode<domain::Attachment>(Encode(unclaimed)), unclaimed);
}

// The bytes of data folders that exist: a change here loses them.
TEST(Codec, KeepsItsBytes) {
  EXPECT_EQ(HexEncode(Encode(AHandoff())),
            "0a10010101010101010101010101010101011210010101010101010101010101010101011a100202"
            "02020202020202020202020202022210030303030303030303030303030303032a10040404040404"
            "04040404040404040404321005050505050505050505050505050505380340c0c488b184e9910348"
            "80c9c5b184e9910352160a10060606060606060606060606060606061003180152140a1007070707"
            "07070707070707070707070710015a10080808080808080808080808080808086001");
  EXPECT_EQ(HexEncode(Encode(AnAttachment())),
            "0a10080808080808080808080808080808081210030303030303030303030303030303031a046464"
            "646420808040280232100101010101010101010101010101010138c0c488b184e99103");
  EXPECT_EQ(HexEncode(Encode(domain::Usage{.bytes = 300, .attachments = 2})), "08ac021002");
  EXPECT_EQ(HexEncode(Encode(domain::Mailbox{.last_sequence = 300, .waiting = 2})), "08ac021002");
}

TEST(Codec, RefusesOtherBytes) {
  for (const std::string& bytes : {std::string("\xff\xff"), std::string("\x0a\x01x")}) {
    EXPECT_EQ(ReasonOf(Decode<domain::Handoff>(bytes).status()), Reason::kStoredValueUnreadable);
    EXPECT_EQ(ReasonOf(Decode<domain::Attachment>(bytes).status()), Reason::kStoredValueUnreadable);
  }
  EXPECT_EQ(ReasonOf(Decode<domain::Mailbox>("\xff").status()), Reason::kStoredValueUnreadable);
  EXPECT_EQ(ReasonOf(Decode<domain::Usage>("\xff").status()), Reason::kStoredValueUnreadable);
}

}  // namespace
}  // namespace amana::messaging
