#include "services/messaging/store/codec.h"

#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "services/messaging/store/state.pb.h"

namespace amana::messaging {
namespace {

namespace state = amana::messaging::store::v1;

template <class I>
std::string OptionalBytes(const I& id) {
  return id.is_zero() ? std::string() : id.bytes();
}

// An id, or none where the field is empty.
template <class I>
absl::StatusOr<I> OptionalId(const std::string& bytes) {
  if (bytes.empty()) return I();
  return I::FromBytes(bytes);
}

absl::StatusOr<domain::Recipient> FromState(const state::Recipient& from) {
  domain::Recipient to;
  AMANA_ASSIGN_OR_RETURN(to.device, DeviceId::FromBytes(from.device_id()));
  to.state = static_cast<domain::HandoffState>(from.state());
  to.queued = from.queued();
  return to;
}

absl::StatusOr<domain::Handoff> FromState(const state::Handoff& from) {
  domain::Handoff to;
  AMANA_ASSIGN_OR_RETURN(to.id, HandoffId::FromBytes(from.handoff_id()));
  AMANA_ASSIGN_OR_RETURN(to.case_id, CaseId::FromBytes(from.case_id()));
  AMANA_ASSIGN_OR_RETURN(to.referral, OptionalId<ReferralId>(from.referral_id()));
  AMANA_ASSIGN_OR_RETURN(to.sender, OrganisationId::FromBytes(from.sender_organisation_id()));
  AMANA_ASSIGN_OR_RETURN(to.sender_device, DeviceId::FromBytes(from.sender_device_id()));
  AMANA_ASSIGN_OR_RETURN(to.recipient, OrganisationId::FromBytes(from.recipient_organisation_id()));
  to.state = static_cast<domain::HandoffState>(from.state());
  to.seal_time = absl::FromUnixMicros(from.seal_time_us());
  to.update_time = absl::FromUnixMicros(from.update_time_us());
  for (const state::Recipient& recipient : from.recipients()) {
    AMANA_ASSIGN_OR_RETURN(to.recipients.emplace_back(), FromState(recipient));
  }
  for (const std::string& attachment : from.attachment_ids()) {
    AMANA_ASSIGN_OR_RETURN(to.attachments.emplace_back(), BlobId::FromBytes(attachment));
  }
  to.package_held = from.package_held();
  return to;
}

absl::StatusOr<domain::Attachment> FromState(const state::Attachment& from) {
  domain::Attachment to;
  AMANA_ASSIGN_OR_RETURN(to.id, BlobId::FromBytes(from.attachment_id()));
  AMANA_ASSIGN_OR_RETURN(to.owner, OrganisationId::FromBytes(from.organisation_id()));
  AMANA_ASSIGN_OR_RETURN(to.handoff, OptionalId<HandoffId>(from.handoff_id()));
  to.digest = from.digest();
  to.size = from.size();
  to.state = static_cast<domain::AttachmentState>(from.state());
  to.expire_time = absl::FromUnixMicros(from.expire_time_us());
  return to;
}

absl::StatusOr<domain::Usage> FromState(const state::Usage& from) {
  return domain::Usage{.bytes = from.bytes(), .attachments = from.attachments()};
}

absl::StatusOr<domain::Mailbox> FromState(const state::Mailbox& from) {
  return domain::Mailbox{.last_sequence = from.last_sequence(), .waiting = from.waiting()};
}

template <class Message, class T>
absl::StatusOr<T> DecodeAs(std::string_view bytes) {
  Message message;
  if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return Error(Reason::kStoredValueUnreadable);
  }
  absl::StatusOr<T> value = FromState(message);
  if (!value.ok()) return Error(Reason::kStoredValueUnreadable);
  return value;
}

}  // namespace

std::string Encode(const domain::Handoff& value) {
  state::Handoff to;
  to.set_handoff_id(value.id.bytes());
  to.set_case_id(value.case_id.bytes());
  to.set_referral_id(OptionalBytes(value.referral));
  to.set_sender_organisation_id(value.sender.bytes());
  to.set_sender_device_id(value.sender_device.bytes());
  to.set_recipient_organisation_id(value.recipient.bytes());
  to.set_state(static_cast<int32_t>(value.state));
  to.set_seal_time_us(absl::ToUnixMicros(value.seal_time));
  to.set_update_time_us(absl::ToUnixMicros(value.update_time));
  for (const domain::Recipient& recipient : value.recipients) {
    state::Recipient* out = to.add_recipients();
    out->set_device_id(recipient.device.bytes());
    out->set_state(static_cast<int32_t>(recipient.state));
    out->set_queued(recipient.queued);
  }
  for (const BlobId& attachment : value.attachments) to.add_attachment_ids(attachment.bytes());
  to.set_package_held(value.package_held);
  return to.SerializeAsString();
}

std::string Encode(const domain::Attachment& value) {
  state::Attachment to;
  to.set_attachment_id(value.id.bytes());
  to.set_organisation_id(value.owner.bytes());
  to.set_digest(value.digest);
  to.set_size(value.size);
  to.set_state(static_cast<int32_t>(value.state));
  to.set_handoff_id(OptionalBytes(value.handoff));
  to.set_expire_time_us(absl::ToUnixMicros(value.expire_time));
  return to.SerializeAsString();
}

std::string Encode(const domain::Usage& value) {
  state::Usage to;
  to.set_bytes(value.bytes);
  to.set_attachments(value.attachments);
  return to.SerializeAsString();
}

std::string Encode(const domain::Mailbox& value) {
  state::Mailbox to;
  to.set_last_sequence(value.last_sequence);
  to.set_waiting(value.waiting);
  return to.SerializeAsString();
}

template <>
absl::StatusOr<domain::Handoff> Decode(std::string_view bytes) {
  return DecodeAs<state::Handoff, domain::Handoff>(bytes);
}

template <>
absl::StatusOr<domain::Attachment> Decode(std::string_view bytes) {
  return DecodeAs<state::Attachment, domain::Attachment>(bytes);
}

template <>
absl::StatusOr<domain::Usage> Decode(std::string_view bytes) {
  return DecodeAs<state::Usage, domain::Usage>(bytes);
}

template <>
absl::StatusOr<domain::Mailbox> Decode(std::string_view bytes) {
  return DecodeAs<state::Mailbox, domain::Mailbox>(bytes);
}

}  // namespace amana::messaging
