#include "services/identity/app/messages.h"

#include "google/protobuf/util/time_util.h"

namespace amana::identity {

v1::Organisation ToMessage(const domain::Organisation& organisation) {
  v1::Organisation to;
  to.set_organisation_id(organisation.id.bytes());
  to.set_name(organisation.name);
  to.set_kind(static_cast<v1::OrganisationKind>(organisation.kind));
  if (!organisation.parent.is_zero()) {
    to.set_parent_organisation_id(organisation.parent.bytes());
  }
  to.set_region_code(organisation.region_code);
  to.set_province_code(organisation.province_code);
  to.set_state(static_cast<v1::OrganisationState>(organisation.state));
  return to;
}

v1::Device ToMessage(const domain::Device& device) {
  v1::Device to;
  to.set_device_id(device.id.bytes());
  to.set_organisation_id(device.organisation.bytes());
  to.set_role(static_cast<amana::options::v1::Role>(device.role));
  to.set_state(static_cast<v1::DeviceState>(device.state));
  to.set_signing_key(device.signing_key);
  *to.mutable_enrol_time() = ToMessage(device.enrol_time);
  return to;
}

v1::DeviceCertificate ToMessage(const domain::DeviceCertificate& certificate) {
  v1::DeviceCertificate to;
  to.set_statement(certificate.statement);
  if (!certificate.issuer.is_zero()) to.set_issuer_device_id(certificate.issuer.bytes());
  to.set_signature(certificate.signature);
  return to;
}

google::protobuf::Timestamp ToMessage(absl::Time time) {
  return google::protobuf::util::TimeUtil::NanosecondsToTimestamp(absl::ToUnixNanos(time));
}

}  // namespace amana::identity
