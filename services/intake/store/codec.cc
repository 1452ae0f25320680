#include "services/intake/store/codec.h"

#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "services/intake/store/card.h"
#include "services/intake/store/state.pb.h"

namespace amana::intake {
namespace {

namespace v1 = amana::intake::store::v1;

// A time that was never set is stored as 0, like one in 1970: nothing here happens then.
int64_t Micros(absl::Time time) { return absl::ToUnixMicros(time); }
absl::Time FromMicros(int64_t micros) { return absl::FromUnixMicros(micros); }

absl::Status Unreadable() { return Error(Reason::kStoredValueUnreadable); }

// A zero id is stored as no bytes.
template <class I>
std::string Bytes(const I& id) {
  return id.is_zero() ? std::string() : id.bytes();
}

template <class I>
absl::Status Take(std::string_view bytes, I* out) {
  if (bytes.empty()) return absl::OkStatus();
  const absl::StatusOr<I> id = I::FromBytes(bytes);
  if (!id.ok()) return Unreadable();
  *out = *id;
  return absl::OkStatus();
}

template <class Message>
absl::StatusOr<Message> Parse(std::string_view bytes) {
  Message message;
  if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return Unreadable();
  return message;
}

}  // namespace

std::string Encode(const domain::Case& value) {
  v1::Case out;
  out.set_case_id(value.id.bytes());
  out.set_organisation_id(value.organisation.bytes());
  out.set_assigned_device_id(value.assigned_device.bytes());
  out.set_state(static_cast<int32_t>(value.state));
  out.set_channel(static_cast<int32_t>(value.channel));
  ToProto(value.card, out.mutable_card());
  out.set_open_time(Micros(value.open_time));
  out.set_update_time(Micros(value.update_time));
  out.set_closure_reason(static_cast<int32_t>(value.closure_reason));
  out.set_closure_requested_by_device_id(Bytes(value.closure_requested_by));
  out.set_state_before_request(static_cast<int32_t>(value.state_before_request));
  out.set_untold_closure(Bytes(value.untold_closure));
  return out.SerializeAsString();
}

template <>
absl::StatusOr<domain::Case> Decode(std::string_view bytes) {
  AMANA_ASSIGN_OR_RETURN(const v1::Case in, Parse<v1::Case>(bytes));
  domain::Case out;
  AMANA_RETURN_IF_ERROR(Take(in.case_id(), &out.id));
  AMANA_RETURN_IF_ERROR(Take(in.organisation_id(), &out.organisation));
  AMANA_RETURN_IF_ERROR(Take(in.assigned_device_id(), &out.assigned_device));
  AMANA_RETURN_IF_ERROR(Take(in.closure_requested_by_device_id(), &out.closure_requested_by));
  AMANA_RETURN_IF_ERROR(Take(in.untold_closure(), &out.untold_closure));
  out.state = static_cast<domain::CaseState>(in.state());
  out.channel = static_cast<domain::IntakeChannel>(in.channel());
  out.card = FromProto(in.card());
  out.open_time = FromMicros(in.open_time());
  out.update_time = FromMicros(in.update_time());
  out.closure_reason = static_cast<domain::ClosureReason>(in.closure_reason());
  out.state_before_request = static_cast<domain::CaseState>(in.state_before_request());
  return out;
}

std::string Encode(const domain::Consent& value) {
  v1::Consent out;
  out.set_consent_id(value.id.bytes());
  out.set_case_id(value.case_id.bytes());
  out.set_organisation_id(value.organisation.bytes());
  out.set_purpose(static_cast<int32_t>(value.terms.purpose));
  out.set_recipient_organisation_id(Bytes(value.terms.recipient));
  for (const domain::FieldGroup group : value.terms.field_groups) {
    out.add_field_groups(static_cast<int32_t>(group));
  }
  out.set_manner(static_cast<int32_t>(value.terms.manner));
  out.set_giver(static_cast<int32_t>(value.terms.giver));
  out.set_language(value.terms.language);
  out.set_state(static_cast<int32_t>(value.state));
  out.set_record_time(Micros(value.record_time));
  out.set_expire_time(Micros(value.terms.expire_time));
  out.set_revocation_pending(value.revocation_pending);
  return out.SerializeAsString();
}

template <>
absl::StatusOr<domain::Consent> Decode(std::string_view bytes) {
  AMANA_ASSIGN_OR_RETURN(const v1::Consent in, Parse<v1::Consent>(bytes));
  domain::Consent out;
  AMANA_RETURN_IF_ERROR(Take(in.consent_id(), &out.id));
  AMANA_RETURN_IF_ERROR(Take(in.case_id(), &out.case_id));
  AMANA_RETURN_IF_ERROR(Take(in.organisation_id(), &out.organisation));
  AMANA_RETURN_IF_ERROR(Take(in.recipient_organisation_id(), &out.terms.recipient));
  out.terms.purpose = static_cast<domain::ConsentPurpose>(in.purpose());
  for (const int32_t group : in.field_groups()) {
    out.terms.field_groups.push_back(static_cast<domain::FieldGroup>(group));
  }
  out.terms.manner = static_cast<domain::ConsentManner>(in.manner());
  out.terms.giver = static_cast<domain::ConsentGiver>(in.giver());
  out.terms.language = in.language();
  out.state = static_cast<domain::ConsentState>(in.state());
  out.record_time = FromMicros(in.record_time());
  out.terms.expire_time = FromMicros(in.expire_time());
  out.revocation_pending = in.revocation_pending();
  return out;
}

std::string Encode(const domain::Call& value) {
  v1::Call out;
  out.set_call_id(value.id.bytes());
  out.set_organisation_id(value.organisation.bytes());
  out.set_state(static_cast<int32_t>(value.state));
  out.set_priority(static_cast<int32_t>(value.priority));
  out.set_enqueue_time(Micros(value.enqueue_time));
  out.set_claimed_by_device_id(Bytes(value.claimed_by));
  out.set_lease_expire_time(Micros(value.lease_expire_time));
  return out.SerializeAsString();
}

template <>
absl::StatusOr<domain::Call> Decode(std::string_view bytes) {
  AMANA_ASSIGN_OR_RETURN(const v1::Call in, Parse<v1::Call>(bytes));
  domain::Call out;
  AMANA_RETURN_IF_ERROR(Take(in.call_id(), &out.id));
  AMANA_RETURN_IF_ERROR(Take(in.organisation_id(), &out.organisation));
  AMANA_RETURN_IF_ERROR(Take(in.claimed_by_device_id(), &out.claimed_by));
  out.state = static_cast<domain::CallState>(in.state());
  out.priority = static_cast<domain::Priority>(in.priority());
  out.enqueue_time = FromMicros(in.enqueue_time());
  out.lease_expire_time = FromMicros(in.lease_expire_time());
  return out;
}

std::string Encode(const domain::FollowUp& value) {
  v1::FollowUp out;
  out.set_follow_up_id(value.id.bytes());
  out.set_case_id(value.case_id.bytes());
  out.set_organisation_id(value.organisation.bytes());
  out.set_referral_id(Bytes(value.referral_id));
  out.set_state(static_cast<int32_t>(value.state));
  out.set_due_time(Micros(value.due_time));
  out.set_outcome(static_cast<int32_t>(value.outcome));
  out.set_reason(static_cast<int32_t>(value.reason));
  return out.SerializeAsString();
}

template <>
absl::StatusOr<domain::FollowUp> Decode(std::string_view bytes) {
  AMANA_ASSIGN_OR_RETURN(const v1::FollowUp in, Parse<v1::FollowUp>(bytes));
  domain::FollowUp out;
  AMANA_RETURN_IF_ERROR(Take(in.follow_up_id(), &out.id));
  AMANA_RETURN_IF_ERROR(Take(in.case_id(), &out.case_id));
  AMANA_RETURN_IF_ERROR(Take(in.organisation_id(), &out.organisation));
  AMANA_RETURN_IF_ERROR(Take(in.referral_id(), &out.referral_id));
  out.state = static_cast<domain::FollowUpState>(in.state());
  out.due_time = FromMicros(in.due_time());
  out.outcome = static_cast<domain::FollowUpOutcome>(in.outcome());
  out.reason = static_cast<domain::FollowUpReason>(in.reason());
  return out;
}

std::string Encode(const ConsentIds& value) {
  v1::ConsentList out;
  for (const ConsentId& id : value) out.add_consent_ids(id.bytes());
  return out.SerializeAsString();
}

template <>
absl::StatusOr<ConsentIds> Decode(std::string_view bytes) {
  AMANA_ASSIGN_OR_RETURN(const v1::ConsentList in, Parse<v1::ConsentList>(bytes));
  ConsentIds out;
  out.reserve(static_cast<size_t>(in.consent_ids_size()));
  for (const std::string& id : in.consent_ids()) {
    AMANA_RETURN_IF_ERROR(Take(id, &out.emplace_back()));
  }
  return out;
}

}  // namespace amana::intake
