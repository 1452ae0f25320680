#include "services/messaging/domain/attachment.h"

#include <algorithm>
#include <utility>

#include "common/base/error.h"
#include "services/messaging/domain/handoff.h"

namespace amana::messaging::domain {

std::string_view NameOf(AttachmentState state) {
  switch (state) {
    case AttachmentState::kBegun:
      return "begun";
    case AttachmentState::kFinished:
      return "finished";
    case AttachmentState::kUnspecified:
      break;
  }
  return "";
}

absl::StatusOr<Begun> Begin(const Caller& caller, const BlobId& id, std::string digest,
                            uint64_t size, const Usage& usage, absl::Time now) {
  if (size == 0) return Error(Reason::kInvalidField, {.field = "size"});
  if (size > kMaxAttachmentBytes) return Error(Reason::kAttachmentTooLarge);
  if (usage.attachments >= kQuotaAttachments || usage.bytes + size > kQuotaBytes) {
    return Error(Reason::kAttachmentQuotaExceeded);
  }
  Begun begun;
  begun.attachment.id = id;
  begun.attachment.owner = caller.organisation;
  begun.attachment.digest = std::move(digest);
  begun.attachment.size = size;
  begun.attachment.state = AttachmentState::kBegun;
  begun.attachment.expire_time = now + kUnclaimedLifetime;
  begun.usage = {.bytes = usage.bytes + size, .attachments = usage.attachments + 1};
  return begun;
}

Attachment Finish(const Attachment& before, absl::Time now) {
  Attachment after = before;
  if (before.state == AttachmentState::kFinished) return after;
  after.state = AttachmentState::kFinished;
  after.expire_time = now + kUnclaimedLifetime;
  return after;
}

absl::StatusOr<Attachment> Claim(const Attachment& before, const Caller& caller,
                                 const HandoffId& handoff, absl::Time now) {
  if (!caller.Owns(before.owner) || before.expire_time <= now) {
    return Error(Reason::kAttachmentNotFound);
  }
  if (before.state != AttachmentState::kFinished) return Error(Reason::kAttachmentIncomplete);
  if (!before.handoff.is_zero() && before.handoff != handoff) {
    return Error(Reason::kInvalidField, {.field = "package.attachment_ids"});
  }
  Attachment after = before;
  after.handoff = handoff;
  // The handoff may still be refused: it is kept for longer once the handoff is seen to be there.
  after.expire_time = now + kUnclaimedLifetime;
  return after;
}

Attachment Keep(const Attachment& before, absl::Time now) {
  Attachment after = before;
  // Longer than the handoff, which takes it away at its own end.
  after.expire_time = now + kRetention;
  return after;
}

Usage Release(const Usage& before, const Attachment& attachment) {
  return {.bytes = before.bytes - std::min(before.bytes, attachment.size),
          .attachments = before.attachments - std::min(before.attachments, 1u)};
}

}  // namespace amana::messaging::domain
