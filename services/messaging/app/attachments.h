#pragma once

// Commands and reads about attachments. Rows are in the store, ciphertext is in the blob store;
// whatever touches both of one attachment is done under its lock, so that no bytes outlive their
// row.

#include <array>
#include <string>

#include "absl/status/statusor.h"
#include "amana/messaging/v1/messaging.pb.h"
#include "common/base/call_context.h"
#include "common/base/mutex.h"
#include "services/messaging/app/context.h"

namespace amana::messaging {

// Thread-safe. Requests have passed the validator.
class Attachments {
 public:
  explicit Attachments(const Deps& deps) : deps_(deps) {}

  // kAttachmentTooLarge, kAttachmentQuotaExceeded.
  absl::StatusOr<std::string> Begin(const CallContext& context,
                                    const v1::BeginAttachmentRequest& request);
  // kAttachmentNotFound, kChunkOutOfOrder, kAttachmentTooLarge: more bytes than were declared.
  absl::StatusOr<v1::PutChunkResponse> PutChunk(const CallContext& context,
                                                const v1::PutChunkRequest& request);
  // kAttachmentNotFound, kAttachmentIncomplete, kAttachmentDigestMismatch (the bytes are dropped,
  // the upload begins again at 0).
  absl::StatusOr<std::string> Finish(const CallContext& context,
                                     const v1::FinishAttachmentRequest& request);
  // kHandoffNotFound; kAttachmentNotFound: not of this handoff, not for this device, or gone.
  absl::StatusOr<v1::GetChunkResponse> GetChunk(const CallContext& context,
                                                const v1::GetChunkRequest& request);

  // Takes it along with the caller's handoff. The reasons of domain::Claim. It comes before the
  // handoff's own commit: where that is refused after all, the attachment expires like any that
  // nothing was sent with.
  absl::Status Claim(const CallContext& context, const BlobId& id, const HandoffId& handoff);

  // Deletes bytes and row; fine if they are gone.
  absl::Status Remove(const CallContext& context, const BlobId& id);

  // The timer expire/<id>: the same, unless it is kept for longer by now, or its handoff holds it:
  // then it is kept as long as that.
  absl::Status Expire(const CallContext& context, const BlobId& id);

 private:
  using LoadedAttachment = Loaded<domain::Attachment>;

  // kAttachmentNotFound also where it is another organisation's.
  absl::StatusOr<LoadedAttachment> LoadOwn(const CallContext& context, const BlobId& id) const;
  absl::StatusOr<store::Commit> DecideBegin(const CallContext& context,
                                            const v1::BeginAttachmentRequest& request) const;
  absl::StatusOr<store::Commit> DecideFinish(const CallContext& context, const BlobId& id) const;
  absl::StatusOr<store::Commit> DecideRemove(const CallContext& context, const BlobId& id) const;
  // Whether a handoff that still has its package lists it.
  absl::StatusOr<bool> IsHeld(const domain::Attachment& attachment, Deadline deadline) const;
  // Removes it unless it expires after that time.
  absl::Status RemoveUnless(const CallContext& context, const BlobId& id, absl::Time kept_after);
  Mutex& LockOf(const BlobId& id);

  const Deps& deps_;
  std::array<Mutex, 64> locks_;
};

}  // namespace amana::messaging
