#include "common/client/handoff.h"

#include <gtest/gtest.h>

#include "common/base/error.h"
#include "common/client/attachment.h"
#include "common/client/test_office.h"
#include "common/crypto/stream.h"

namespace amana::client {
namespace {

using messaging::v1::Package;

class HandoffTest : public testing::Test {
 protected:
  HandoffTest() {
    header_.network = kTestNetwork;
    header_.case_id = TestId<CaseId>('c');
    header_.handoff = NewHandoffId(header_.case_id);
    header_.referral_id = std::string(kIdSize, 'r');
    header_.sender_organisation = hotline_.id;
    header_.sender_device = hotline_.worker.id;
    header_.recipient_organisation = centre_.id;
    content_.set_story("She left this evening.");
    content_.set_contact("Between nine and eleven.");
    content_.add_attachments()->set_attachment_id(std::string(kIdSize, 'a'));
  }

  Package Seal() {
    return *SealHandoff(header_, content_,
                        {{centre_.manager.id, centre_.manager.hpke.public_key()},
                         {centre_.worker.id, centre_.worker.hpke.public_key()}},
                        hotline_.worker.signing);
  }

  // As messaging delivers it: with this device's entry alone.
  static Package For(const Package& package, int entry) {
    Package delivered = package;
    delivered.clear_recipients();
    *delivered.add_recipients() = package.recipients(entry);
    return delivered;
  }

  absl::StatusOr<OpenedHandoff> Open(const HandoffHeader& header, const Package& package,
                                     const TestDevice& device) {
    std::vector<crypto::HpkePrivateKey> keys;
    keys.push_back(crypto::HpkePrivateKey::Derive(std::string(32, 'n')));  // a newer key
    keys.push_back(*crypto::HpkePrivateKey::FromBytes(device.hpke.bytes().Expose()));
    return OpenHandoff(header, package, hotline_.Trusted(), device.id, keys);
  }

  Reason Refusal(const HandoffHeader& header, const Package& package) {
    return ReasonOf(Open(header, package, centre_.worker).status());
  }

  TestOffice hotline_{'A'};
  TestOffice centre_{'M'};
  HandoffHeader header_;
  v1::HandoffContent content_;
};

TEST_F(HandoffTest, EachDeviceOpensWithItsOwnEntry) {
  const Package package = Seal();
  EXPECT_EQ(header_.handoff.bytes().substr(0, 2), header_.case_id.bytes().substr(0, 2));
  for (const auto& [device, entry] : {std::pair(&centre_.manager, 0), {&centre_.worker, 1}}) {
    const auto opened = Open(header_, For(package, entry), *device);
    ASSERT_TRUE(opened.ok());
    EXPECT_EQ(opened->content.story(), content_.story());
    EXPECT_EQ(opened->content.recipients_size(), 2);
    EXPECT_FALSE(opened->sender_revoked);
  }
  EXPECT_EQ(ReasonOf(Open(header_, For(package, 0), centre_.worker).status()),
            Reason::kDecryptionFailed);
}

TEST_F(HandoffTest, NothingAroundItCanBeChanged) {
  const Package package = For(Seal(), 1);
  const auto changed = [&](auto change) {
    HandoffHeader header = header_;
    change(header);
    return Refusal(header, package);
  };
  EXPECT_EQ(changed([](auto& h) { h.network = "other.amana"; }), Reason::kTrustChainBroken);
  EXPECT_EQ(changed([](auto& h) { h.handoff = TestId<HandoffId>('h'); }),
            Reason::kSignatureInvalid);
  EXPECT_EQ(changed([](auto& h) { h.case_id = TestId<CaseId>('d'); }), Reason::kSignatureInvalid);
  EXPECT_EQ(changed([](auto& h) { h.referral_id.clear(); }), Reason::kSignatureInvalid);
  EXPECT_EQ(changed([](auto& h) { h.recipient_organisation = h.sender_organisation; }),
            Reason::kSignatureInvalid);
  EXPECT_EQ(changed([&](auto& h) { h.sender_device = hotline_.manager.id; }),
            Reason::kSignatureInvalid);
  EXPECT_EQ(changed([&](auto& h) { h.sender_device = centre_.manager.id; }),
            Reason::kTrustChainBroken);
}

TEST_F(HandoffTest, NothingInItCanBeChanged) {
  const Package package = For(Seal(), 1);
  Package damaged = package;
  damaged.mutable_ciphertext()->back() ^= 1;
  EXPECT_EQ(Refusal(header_, damaged), Reason::kSignatureInvalid);
  damaged = package;
  damaged.add_attachment_ids(std::string(kIdSize, 'b'));
  EXPECT_EQ(Refusal(header_, damaged), Reason::kSignatureInvalid);
  damaged = package;
  damaged.clear_attachment_ids();
  EXPECT_EQ(Refusal(header_, damaged), Reason::kSignatureInvalid);
  damaged = package;
  damaged.mutable_recipients(0)->mutable_sealed_key()->back() ^= 1;
  EXPECT_EQ(Refusal(header_, damaged), Reason::kDecryptionFailed);
}

// A colleague who can read it seals the key once more for someone the sender did not choose.
TEST_F(HandoffTest, AnEntryThatTheSenderDidNotMakeIsRefused) {
  const Package package = Seal();
  Package other =
      *SealHandoff(header_, content_, {{centre_.worker.id, centre_.worker.hpke.public_key()}},
                   hotline_.worker.signing);
  Package mixed = For(package, 1);
  *mixed.mutable_recipients(0) = other.recipients(0);
  EXPECT_EQ(Refusal(header_, mixed), Reason::kDecryptionFailed);
}

TEST_F(HandoffTest, SaysWhenTheSendersDeviceWasRemoved) {
  auto certificates = hotline_.Certificates();
  certificates.add_revoked_device_ids(hotline_.worker.id.bytes());
  std::vector<crypto::HpkePrivateKey> keys;
  keys.push_back(*crypto::HpkePrivateKey::FromBytes(centre_.worker.hpke.bytes().Expose()));
  const auto opened =
      OpenHandoff(header_, For(Seal(), 1), *hotline_.Verify(certificates), centre_.worker.id, keys);
  ASSERT_TRUE(opened.ok());
  EXPECT_TRUE(opened->sender_revoked);
}

TEST_F(HandoffTest, SizesAreBuckets) {
  const size_t small = Seal().ciphertext().size();
  content_.set_contact("Another text of another length.");
  EXPECT_EQ(Seal().ciphertext().size(), small);
  content_.set_story(std::string(10'000, 's'));
  const size_t large = Seal().ciphertext().size();
  content_.set_story(std::string(10'100, 's'));
  EXPECT_EQ((Seal().ciphertext().size() - large) % 1024, 0u);
  EXPECT_NE(Seal().ciphertext(), Seal().ciphertext());
}

TEST_F(HandoffTest, NeedsARecipientAndRoom) {
  EXPECT_EQ(ReasonOf(SealHandoff(header_, content_, {}, hotline_.worker.signing).status()),
            Reason::kRecipientKeyMissing);
  content_.set_story(std::string(300'000, 's'));
  EXPECT_EQ(ReasonOf(SealHandoff(header_, content_,
                                 {{centre_.worker.id, centre_.worker.hpke.public_key()}},
                                 hotline_.worker.signing)
                         .status()),
            Reason::kInvalidField);
}

TEST(AttachmentTest, OpensToTheSameBytesWhateverTheSize) {
  for (const size_t size :
       {size_t{0}, size_t{1}, size_t{65'535}, size_t{65'536}, size_t{65'537}, size_t{300'000}}) {
    const std::string plaintext(size, 'd');
    const auto sealed = SealAttachment("certificate.pdf", plaintext);
    ASSERT_TRUE(sealed.ok());
    EXPECT_EQ((sealed->ciphertext.size() - crypto::kStreamHeaderSize) %
                  (crypto::kStreamChunkSize + crypto::kStreamOverhead),
              0u);
    EXPECT_EQ(*OpenAttachment(sealed->attachment, sealed->ciphertext), plaintext);
  }
}

TEST(AttachmentTest, NoticesAnotherCiphertextAndBadNames) {
  const auto sealed = *SealAttachment("a", "text");
  std::string damaged = sealed.ciphertext;
  damaged[100] ^= 1;
  EXPECT_EQ(ReasonOf(OpenAttachment(sealed.attachment, damaged).status()),
            Reason::kAttachmentDigestMismatch);
  v1::Attachment longer = sealed.attachment;
  longer.set_size(1 << 20);
  EXPECT_EQ(ReasonOf(OpenAttachment(longer, sealed.ciphertext).status()),
            Reason::kDecryptionFailed);
  for (const char* name : {"", ".", "..", "a/b", "a\\b", "a\nb"}) {
    EXPECT_EQ(ReasonOf(SealAttachment(name, "text").status()), Reason::kInvalidField) << name;
  }
  EXPECT_EQ(ReasonOf(SealAttachment("big", std::string(33 << 20, 'x')).status()),
            Reason::kAttachmentTooLarge);
}

}  // namespace
}  // namespace amana::client
