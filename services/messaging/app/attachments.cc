#include "services/messaging/app/attachments.h"

#include <algorithm>
#include <functional>

#include "services/messaging/app/handoff_rows.h"

namespace amana::messaging {
namespace {

// The row, its timer, and the audit record of a change.
void PutAttachment(const Deps& deps, const CallContext& context, const domain::Attachment& after,
                   uint64_t version, store::Commit* commit) {
  commit->Put(KeyOf(after.id), version, Encode(after));
  commit->Arm(TimerOf(kExpireTimer, after.id), after.expire_time);
  Audit(deps, context, after.owner, after.id.bytes(), domain::NameOf(after.state), commit);
}

absl::StatusOr<Loaded<domain::Usage>> ReadUsage(const Deps& deps, const OrganisationId& owner,
                                                Deadline deadline) {
  AMANA_ASSIGN_OR_RETURN(const store::Row row,
                         deps.store.Read(deps.ShardOf(owner), UsageKey(owner), deadline));
  return DecodeOrDefault<domain::Usage>(row);
}

}  // namespace

Mutex& Attachments::LockOf(const BlobId& id) {
  return locks_[std::hash<BlobId>()(id) % locks_.size()];
}

absl::StatusOr<Attachments::LoadedAttachment> Attachments::LoadOwn(const CallContext& context,
                                                                   const BlobId& id) const {
  AMANA_ASSIGN_OR_RETURN(
      LoadedAttachment loaded,
      Load<domain::Attachment>(deps_, id, Reason::kAttachmentNotFound, context.deadline));
  if (!context.caller.Owns(loaded.value.owner)) return Error(Reason::kAttachmentNotFound);
  return loaded;
}

absl::StatusOr<store::Commit> Attachments::DecideBegin(
    const CallContext& context, const v1::BeginAttachmentRequest& request) const {
  const OrganisationId& owner = context.caller.organisation;
  AMANA_ASSIGN_OR_RETURN(const auto usage, ReadUsage(deps_, owner, context.deadline));
  // Beside its organisation, so that the quota is kept by the same commit.
  const auto id = store::NewIdBeside<BlobId>(deps_.random, owner);
  AMANA_ASSIGN_OR_RETURN(const domain::Begun begun,
                         domain::Begin(context.caller, id, request.ciphertext_digest(),
                                       request.size(), usage.value, deps_.Now()));
  store::Commit commit;
  PutAttachment(deps_, context, begun.attachment, 0, &commit);
  commit.Put(UsageKey(owner), usage.version, Encode(begun.usage));
  v1::BeginAttachmentResponse response;
  response.set_attachment_id(id.bytes());
  commit.reply = response.SerializeAsString();
  return commit;
}

absl::StatusOr<std::string> Attachments::Begin(const CallContext& context,
                                               const v1::BeginAttachmentRequest& request) {
  return store::Execute(deps_.store, context, deps_.ShardOf(context.caller.organisation),
                        [&] { return DecideBegin(context, request); });
}

absl::StatusOr<v1::PutChunkResponse> Attachments::PutChunk(const CallContext& context,
                                                           const v1::PutChunkRequest& request) {
  AMANA_ASSIGN_OR_RETURN(const BlobId id, IdFrom<BlobId>(request.attachment_id(), "attachment_id"));
  if (request.data().size() > domain::kChunkBytes) {
    return Error(Reason::kInvalidField, {.field = "data"});
  }
  MutexLock lock(LockOf(id));
  AMANA_ASSIGN_OR_RETURN(const LoadedAttachment loaded, LoadOwn(context, id));
  const domain::Attachment& attachment = loaded.value;
  if (request.offset() > attachment.size ||
      request.data().size() > attachment.size - request.offset()) {
    return Error(Reason::kAttachmentTooLarge);
  }
  v1::PutChunkResponse response;
  if (attachment.state == domain::AttachmentState::kFinished) {
    response.set_size(attachment.size);
    return response;
  }
  AMANA_ASSIGN_OR_RETURN(const uint64_t size,
                         deps_.blobs.Append(id, request.offset(), request.data()));
  response.set_size(size);
  return response;
}

absl::StatusOr<store::Commit> Attachments::DecideFinish(const CallContext& context,
                                                        const BlobId& id) const {
  AMANA_ASSIGN_OR_RETURN(const LoadedAttachment loaded, LoadOwn(context, id));
  const domain::Attachment& before = loaded.value;
  if (before.state != domain::AttachmentState::kFinished) {
    AMANA_RETURN_IF_ERROR(deps_.blobs.Seal(id, before.size, before.digest));
  }
  store::Commit commit;
  PutAttachment(deps_, context, domain::Finish(before, deps_.Now()), loaded.version, &commit);
  commit.reply = v1::FinishAttachmentResponse().SerializeAsString();
  return commit;
}

absl::StatusOr<std::string> Attachments::Finish(const CallContext& context,
                                                const v1::FinishAttachmentRequest& request) {
  AMANA_ASSIGN_OR_RETURN(const BlobId id, IdFrom<BlobId>(request.attachment_id(), "attachment_id"));
  MutexLock lock(LockOf(id));
  AMANA_ASSIGN_OR_RETURN(std::string reply,
                         store::Execute(deps_.store, context, deps_.ShardOf(id),
                                        [&] { return DecideFinish(context, id); }));
  return reply;
}

absl::StatusOr<v1::GetChunkResponse> Attachments::GetChunk(const CallContext& context,
                                                           const v1::GetChunkRequest& request) {
  AMANA_ASSIGN_OR_RETURN(const HandoffId handoff_id,
                         IdFrom<HandoffId>(request.handoff_id(), "handoff_id"));
  AMANA_ASSIGN_OR_RETURN(const BlobId id, IdFrom<BlobId>(request.attachment_id(), "attachment_id"));
  AMANA_ASSIGN_OR_RETURN(
      const auto loaded,
      Load<domain::Handoff>(deps_, handoff_id, Reason::kHandoffNotFound, context.deadline));
  const domain::Handoff& handoff = loaded.value;
  if (!domain::MayRead(handoff, context.caller)) return Error(Reason::kHandoffNotFound);
  const bool carried = std::find(handoff.attachments.begin(), handoff.attachments.end(), id) !=
                       handoff.attachments.end();
  if (!carried || !domain::MayReadAttachments(handoff, context.caller)) {
    return Error(Reason::kAttachmentNotFound);
  }
  AMANA_ASSIGN_OR_RETURN(BlobPart part,
                         deps_.blobs.Read(id, request.offset(), domain::kChunkBytes));
  v1::GetChunkResponse response;
  response.set_data(std::move(part.data));
  response.set_total_size(part.total_size);
  return response;
}

absl::Status Attachments::Claim(const CallContext& context, const BlobId& id,
                                const HandoffId& handoff) {
  const CallContext part = PartOf(context, "attachment.attached");
  MutexLock lock(LockOf(id));
  return store::Execute(deps_.store, part, deps_.ShardOf(id),
                        [&]() -> absl::StatusOr<store::Commit> {
                          AMANA_ASSIGN_OR_RETURN(const auto loaded, LoadOwn(part, id));
                          AMANA_ASSIGN_OR_RETURN(
                              const domain::Attachment after,
                              domain::Claim(loaded.value, part.caller, handoff, deps_.Now()));
                          store::Commit commit;
                          PutAttachment(deps_, part, after, loaded.version, &commit);
                          return commit;
                        })
      .status();
}

absl::StatusOr<store::Commit> Attachments::DecideRemove(const CallContext& context,
                                                        const BlobId& id) const {
  AMANA_ASSIGN_OR_RETURN(
      const auto loaded,
      Load<domain::Attachment>(deps_, id, Reason::kAttachmentNotFound, context.deadline));
  const domain::Attachment& attachment = loaded.value;
  AMANA_ASSIGN_OR_RETURN(const auto usage, ReadUsage(deps_, attachment.owner, context.deadline));
  store::Commit commit;
  commit.Delete(KeyOf(id), loaded.version);
  commit.Put(UsageKey(attachment.owner), usage.version,
             Encode(domain::Release(usage.value, attachment)));
  commit.Disarm(TimerOf(kExpireTimer, id));
  Audit(deps_, context, attachment.owner, id.bytes(), "deleted", &commit);
  return commit;
}

absl::Status Attachments::RemoveUnless(const CallContext& context, const BlobId& id,
                                       absl::Time kept_after) {
  MutexLock lock(LockOf(id));
  const auto loaded =
      Load<domain::Attachment>(deps_, id, Reason::kAttachmentNotFound, context.deadline);
  if (ReasonOf(loaded.status()) == Reason::kAttachmentNotFound) return absl::OkStatus();
  AMANA_RETURN_IF_ERROR(loaded.status());
  if (loaded->value.expire_time > kept_after) return absl::OkStatus();
  // First the bytes, then the row: a crash in between only repeats this.
  AMANA_RETURN_IF_ERROR(deps_.blobs.Remove(id));
  const absl::StatusOr<std::string> removed = store::Execute(
      deps_.store, context, deps_.ShardOf(id), [&] { return DecideRemove(context, id); });
  // Another process was faster.
  if (ReasonOf(removed.status()) == Reason::kAttachmentNotFound) return absl::OkStatus();
  return removed.status();
}

absl::Status Attachments::Remove(const CallContext& context, const BlobId& id) {
  return RemoveUnless(PartOf(context, "attachment.destroyed"), id, absl::InfiniteFuture());
}

absl::StatusOr<bool> Attachments::IsHeld(const domain::Attachment& attachment,
                                         Deadline deadline) const {
  if (attachment.handoff.is_zero()) return false;
  const auto handoff = LoadHandoff(deps_, attachment.handoff, deadline);
  if (ReasonOf(handoff.status()) == Reason::kHandoffNotFound) return false;
  AMANA_RETURN_IF_ERROR(handoff.status());
  const std::vector<BlobId>& listed = handoff->value.attachments;
  return handoff->value.package_held && std::ranges::find(listed, attachment.id) != listed.end();
}

absl::Status Attachments::Expire(const CallContext& context, const BlobId& id) {
  const CallContext part = PartOf(context, "attachment.expired");
  const auto loaded =
      Load<domain::Attachment>(deps_, id, Reason::kAttachmentNotFound, context.deadline);
  if (ReasonOf(loaded.status()) == Reason::kAttachmentNotFound) return absl::OkStatus();
  AMANA_RETURN_IF_ERROR(loaded.status());
  AMANA_ASSIGN_OR_RETURN(const bool held, IsHeld(loaded->value, context.deadline));
  if (!held) return RemoveUnless(part, id, deps_.Now());
  const CallContext kept = PartOf(context, "attachment.kept");
  return store::Execute(deps_.store, kept, deps_.ShardOf(id),
                        [&]() -> absl::StatusOr<store::Commit> {
                          store::Commit commit;
                          PutAttachment(deps_, kept, domain::Keep(loaded->value, deps_.Now()),
                                        loaded->version, &commit);
                          return commit;
                        })
      .status();
}

}  // namespace amana::messaging
