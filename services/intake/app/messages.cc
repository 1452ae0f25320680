#include "services/intake/app/messages.h"

#include "google/protobuf/util/time_util.h"
#include "services/intake/store/card.h"

namespace amana::intake {
namespace {

void SetTime(absl::Time time, google::protobuf::Timestamp* out) {
  *out = google::protobuf::util::TimeUtil::MicrosecondsToTimestamp(absl::ToUnixMicros(time));
}

}  // namespace

void ToProto(const domain::Case& value, v1::Case* out) {
  out->set_case_id(value.id.bytes());
  out->set_organisation_id(value.organisation.bytes());
  out->set_assigned_device_id(value.assigned_device.bytes());
  out->set_state(static_cast<v1::CaseState>(value.state));
  out->set_channel(static_cast<v1::IntakeChannel>(value.channel));
  ToProto(value.card, out->mutable_card());
  SetTime(value.open_time, out->mutable_open_time());
  SetTime(value.update_time, out->mutable_update_time());
  out->set_closure_reason(static_cast<v1::ClosureReason>(value.closure_reason));
}

void ToProto(const domain::Consent& value, absl::Time now, v1::Consent* out) {
  out->set_consent_id(value.id.bytes());
  out->set_case_id(value.case_id.bytes());
  out->set_purpose(static_cast<amana::common::v1::ConsentPurpose>(value.terms.purpose));
  if (!value.terms.recipient.is_zero()) {
    out->set_recipient_organisation_id(value.terms.recipient.bytes());
  }
  for (const domain::FieldGroup group : value.terms.field_groups) {
    out->add_field_groups(static_cast<v1::FieldGroup>(group));
  }
  out->set_manner(static_cast<v1::ConsentManner>(value.terms.manner));
  out->set_giver(static_cast<v1::ConsentGiver>(value.terms.giver));
  out->set_language(value.terms.language);
  out->set_state(static_cast<v1::ConsentState>(domain::StateAt(value, now)));
  SetTime(value.record_time, out->mutable_record_time());
  SetTime(value.terms.expire_time, out->mutable_expire_time());
}

void ToProto(const domain::Call& value, v1::Call* out) {
  out->set_call_id(value.id.bytes());
  out->set_organisation_id(value.organisation.bytes());
  out->set_state(static_cast<v1::CallState>(value.state));
  out->set_priority(static_cast<amana::common::v1::Priority>(value.priority));
  SetTime(value.enqueue_time, out->mutable_enqueue_time());
  if (!value.claimed_by.is_zero()) out->set_claimed_by_device_id(value.claimed_by.bytes());
  if (value.state == domain::CallState::kClaimed) {
    SetTime(value.lease_expire_time, out->mutable_lease_expire_time());
  }
}

void ToProto(const domain::FollowUp& value, v1::FollowUp* out) {
  out->set_follow_up_id(value.id.bytes());
  out->set_case_id(value.case_id.bytes());
  if (!value.referral_id.is_zero()) out->set_referral_id(value.referral_id.bytes());
  out->set_state(static_cast<v1::FollowUpState>(value.state));
  SetTime(value.due_time, out->mutable_due_time());
  out->set_outcome(static_cast<v1::FollowUpOutcome>(value.outcome));
  out->set_reason(static_cast<v1::FollowUpReason>(value.reason));
}

}  // namespace amana::intake
