#include "services/messaging/domain/attachment.h"

#include <gtest/gtest.h>

#include <string>

#include "common/base/error.h"
#include "services/messaging/domain/handoff.h"

namespace amana::messaging::domain {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'767'225'600);

template <class I>
I IdOf(char c) {
  return *I::FromBytes(std::string(kIdSize, c));
}

Caller CallerOf(char device, char organisation) {
  Caller caller;
  caller.device = IdOf<DeviceId>(device);
  caller.organisation = IdOf<OrganisationId>(organisation);
  return caller;
}

Caller Owner() { return CallerOf(1, 2); }

absl::StatusOr<Begun> BeginOf(uint64_t size, const Usage& usage = {}) {
  return Begin(Owner(), IdOf<BlobId>(3), std::string(32, 'd'), size, usage, kNow);
}

TEST(Begin, CountsAgainstTheQuota) {
  const auto begun = BeginOf(100, {.bytes = 5, .attachments = 1});
  EXPECT_EQ(begun->usage, (Usage{.bytes = 105, .attachments = 2}));
  EXPECT_EQ(begun->attachment.state, AttachmentState::kBegun);
  EXPECT_EQ(begun->attachment.expire_time, kNow + kUnclaimedLifetime);
  EXPECT_EQ(Release(begun->usage, begun->attachment), (Usage{.bytes = 5, .attachments = 1}));
}

TEST(Begin, KeepsItsLimits) {
  EXPECT_TRUE(BeginOf(kMaxAttachmentBytes).ok());
  EXPECT_EQ(ReasonOf(BeginOf(0).status()), Reason::kInvalidField);
  EXPECT_EQ(ReasonOf(BeginOf(kMaxAttachmentBytes + 1).status()), Reason::kAttachmentTooLarge);
  EXPECT_TRUE(BeginOf(100, {.bytes = kQuotaBytes - 100}).ok());
  EXPECT_EQ(ReasonOf(BeginOf(101, {.bytes = kQuotaBytes - 100}).status()),
            Reason::kAttachmentQuotaExceeded);
  EXPECT_EQ(ReasonOf(BeginOf(1, {.attachments = kQuotaAttachments}).status()),
            Reason::kAttachmentQuotaExceeded);
}

TEST(Release, NeverGoesBelowNothing) { EXPECT_EQ(Release({}, BeginOf(100)->attachment), Usage{}); }

TEST(Finish, TwiceIsOnce) {
  const Attachment finished = Finish(BeginOf(1)->attachment, kNow);
  EXPECT_EQ(finished.expire_time, kNow + kUnclaimedLifetime);
  EXPECT_EQ(Finish(finished, kNow + absl::Hours(1)), finished);
}

TEST(Claim, TakesItAlongWithOneHandoff) {
  const Attachment finished = Finish(BeginOf(1)->attachment, kNow);
  const absl::Time later = kNow + absl::Hours(47);
  const Attachment claimed = *Claim(finished, Owner(), IdOf<HandoffId>(5), later);
  EXPECT_EQ(claimed.expire_time, later + kUnclaimedLifetime);
  EXPECT_EQ(Keep(claimed, later).expire_time, later + kRetention);
  EXPECT_TRUE(Claim(claimed, Owner(), IdOf<HandoffId>(5), later).ok());
  EXPECT_EQ(ReasonOf(Claim(claimed, Owner(), IdOf<HandoffId>(6), later).status()),
            Reason::kInvalidField);
}

TEST(Claim, OnlyOfWhatIsWholeOwnAndNotExpired) {
  const Attachment begun = BeginOf(1)->attachment;
  const Attachment finished = Finish(begun, kNow);
  const Caller other = CallerOf(8, 9);
  const HandoffId handoff = IdOf<HandoffId>(5);
  EXPECT_EQ(ReasonOf(Claim(begun, Owner(), handoff, kNow).status()), Reason::kAttachmentIncomplete);
  EXPECT_EQ(ReasonOf(Claim(finished, other, handoff, kNow).status()), Reason::kAttachmentNotFound);
  EXPECT_EQ(ReasonOf(Claim(finished, Owner(), handoff, finished.expire_time).status()),
            Reason::kAttachmentNotFound);
}

}  // namespace
}  // namespace amana::messaging::domain
