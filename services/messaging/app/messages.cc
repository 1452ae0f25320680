#include "services/messaging/app/messages.h"

#include "common/base/status_macros.h"
#include "google/protobuf/util/time_util.h"
#include "services/messaging/app/context.h"

namespace amana::messaging {
namespace {

google::protobuf::Timestamp ToMessage(absl::Time time) {
  return google::protobuf::util::TimeUtil::MicrosecondsToTimestamp(absl::ToUnixMicros(time));
}

}  // namespace

v1::Handoff ToMessage(const domain::Handoff& handoff) {
  v1::Handoff to;
  to.set_handoff_id(handoff.id.bytes());
  to.set_case_id(handoff.case_id.bytes());
  if (!handoff.referral.is_zero()) to.set_referral_id(handoff.referral.bytes());
  to.set_sender_organisation_id(handoff.sender.bytes());
  to.set_recipient_organisation_id(handoff.recipient.bytes());
  to.set_state(static_cast<v1::HandoffState>(handoff.state));
  *to.mutable_seal_time() = ToMessage(handoff.seal_time);
  *to.mutable_update_time() = ToMessage(handoff.update_time);
  to.set_recipients(static_cast<uint32_t>(handoff.recipients.size()));
  return to;
}

absl::StatusOr<domain::NewHandoff> FromMessage(const v1::SendHandoffRequest& request) {
  const v1::Package& package = request.package();
  domain::NewHandoff to;
  AMANA_ASSIGN_OR_RETURN(to.id, IdFrom<HandoffId>(request.handoff_id(), "handoff_id"));
  AMANA_ASSIGN_OR_RETURN(to.case_id, IdFrom<CaseId>(request.case_id(), "case_id"));
  if (!request.referral_id().empty()) {
    AMANA_ASSIGN_OR_RETURN(to.referral, IdFrom<ReferralId>(request.referral_id(), "referral_id"));
  }
  AMANA_ASSIGN_OR_RETURN(to.recipient, IdFrom<OrganisationId>(request.recipient_organisation_id(),
                                                              "recipient_organisation_id"));
  AMANA_ASSIGN_OR_RETURN(to.package_device,
                         IdFrom<DeviceId>(package.sender_device_id(), "package.sender_device_id"));
  AMANA_ASSIGN_OR_RETURN(
      to.package_organisation,
      IdFrom<OrganisationId>(package.sender_organisation_id(), "package.sender_organisation_id"));
  for (const v1::Recipient& recipient : package.recipients()) {
    AMANA_ASSIGN_OR_RETURN(to.devices.emplace_back(),
                           IdFrom<DeviceId>(recipient.device_id(), "package.recipients.device_id"));
  }
  for (const std::string& attachment : package.attachment_ids()) {
    AMANA_ASSIGN_OR_RETURN(to.attachments.emplace_back(),
                           IdFrom<BlobId>(attachment, "package.attachment_ids"));
  }
  return to;
}

v1::Package PackageFor(v1::Package package, const DeviceId& device) {
  const std::string id = device.bytes();
  auto* recipients = package.mutable_recipients();
  for (int i = recipients->size() - 1; i >= 0; --i) {
    if (recipients->Get(i).device_id() != id) recipients->DeleteSubrange(i, 1);
  }
  return package;
}

}  // namespace amana::messaging
