#include "services/identity/store/codec.h"

#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "services/identity/store/state.pb.h"

namespace amana::identity {
namespace {

namespace state = amana::identity::store::v1;

constexpr std::string_view kTimerPrefix = "code/";

// An id, or none where the field is empty.
template <class I>
absl::StatusOr<I> OptionalId(const std::string& bytes) {
  if (bytes.empty()) return I();
  return I::FromBytes(bytes);
}

template <class I>
std::string OptionalBytes(const I& id) {
  return id.is_zero() ? std::string() : id.bytes();
}

absl::Status Unreadable() { return Error(Reason::kStoredValueUnreadable); }

absl::StatusOr<domain::Organisation> FromState(const state::Organisation& from) {
  domain::Organisation to;
  AMANA_ASSIGN_OR_RETURN(to.id, OrganisationId::FromBytes(from.organisation_id()));
  AMANA_ASSIGN_OR_RETURN(to.parent, OptionalId<OrganisationId>(from.parent_organisation_id()));
  to.name = from.name();
  to.kind = static_cast<domain::OrganisationKind>(from.kind());
  to.region_code = from.region_code();
  to.province_code = from.province_code();
  to.state = static_cast<domain::OrganisationState>(from.state());
  to.create_time = absl::FromUnixNanos(from.create_time());
  to.live_devices = from.live_devices();
  to.approved_heads = from.approved_heads();
  return to;
}

absl::StatusOr<domain::Device> FromState(const state::Device& from) {
  domain::Device to;
  AMANA_ASSIGN_OR_RETURN(to.id, DeviceId::FromBytes(from.device_id()));
  AMANA_ASSIGN_OR_RETURN(to.organisation, OrganisationId::FromBytes(from.organisation_id()));
  AMANA_ASSIGN_OR_RETURN(to.inviter, OptionalId<DeviceId>(from.inviter_device_id()));
  AMANA_ASSIGN_OR_RETURN(to.certificate.issuer,
                         OptionalId<DeviceId>(from.certificate_issuer_device_id()));
  to.role = static_cast<Role>(from.role());
  to.state = static_cast<domain::DeviceState>(from.state());
  to.signing_key = from.signing_key();
  to.enrol_time = absl::FromUnixNanos(from.enrol_time());
  to.certificate.statement = from.certificate_statement();
  to.certificate.signature = from.certificate_signature();
  return to;
}

absl::StatusOr<StoredInvitation> FromState(const state::Invitation& from) {
  StoredInvitation to;
  AMANA_ASSIGN_OR_RETURN(to.invitation.organisation,
                         OrganisationId::FromBytes(from.organisation_id()));
  AMANA_ASSIGN_OR_RETURN(to.invitation.inviter, OptionalId<DeviceId>(from.inviter_device_id()));
  to.invitation.role = static_cast<Role>(from.role());
  to.invitation.expire_time = absl::FromUnixNanos(from.expire_time());
  to.code_hash = from.code_hash();
  return to;
}

// Parses and converts; whatever is wrong, the value is unreadable.
template <class State>
auto Decode(std::string_view bytes) -> decltype(FromState(State())) {
  State parsed;
  if (bytes.empty() || !parsed.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return Unreadable();
  }
  auto value = FromState(parsed);
  if (!value.ok()) return Unreadable();
  return value;
}

}  // namespace

std::string Encode(const domain::Organisation& organisation) {
  state::Organisation to;
  to.set_organisation_id(organisation.id.bytes());
  to.set_name(organisation.name);
  to.set_kind(static_cast<int32_t>(organisation.kind));
  to.set_parent_organisation_id(OptionalBytes(organisation.parent));
  to.set_region_code(organisation.region_code);
  to.set_province_code(organisation.province_code);
  to.set_state(static_cast<int32_t>(organisation.state));
  to.set_create_time(absl::ToUnixNanos(organisation.create_time));
  to.set_live_devices(organisation.live_devices);
  to.set_approved_heads(organisation.approved_heads);
  return to.SerializeAsString();
}

std::string Encode(const domain::Device& device) {
  state::Device to;
  to.set_device_id(device.id.bytes());
  to.set_organisation_id(device.organisation.bytes());
  to.set_role(static_cast<int32_t>(device.role));
  to.set_state(static_cast<int32_t>(device.state));
  to.set_signing_key(device.signing_key);
  to.set_inviter_device_id(OptionalBytes(device.inviter));
  to.set_enrol_time(absl::ToUnixNanos(device.enrol_time));
  to.set_certificate_statement(device.certificate.statement);
  to.set_certificate_issuer_device_id(OptionalBytes(device.certificate.issuer));
  to.set_certificate_signature(device.certificate.signature);
  return to.SerializeAsString();
}

std::string Encode(const StoredInvitation& invitation) {
  state::Invitation to;
  to.set_organisation_id(invitation.invitation.organisation.bytes());
  to.set_role(static_cast<int32_t>(invitation.invitation.role));
  to.set_inviter_device_id(OptionalBytes(invitation.invitation.inviter));
  to.set_expire_time(absl::ToUnixNanos(invitation.invitation.expire_time));
  to.set_code_hash(invitation.code_hash);
  return to.SerializeAsString();
}

absl::StatusOr<domain::Organisation> DecodeOrganisation(std::string_view bytes) {
  return Decode<state::Organisation>(bytes);
}

absl::StatusOr<domain::Device> DecodeDevice(std::string_view bytes) {
  return Decode<state::Device>(bytes);
}

absl::StatusOr<StoredInvitation> DecodeInvitation(std::string_view bytes) {
  return Decode<state::Invitation>(bytes);
}

amana::store::Key KeyOf(const OrganisationId& id) { return {"organisation", id.ToString()}; }
amana::store::Key KeyOf(const DeviceId& id) { return {"device", id.ToString()}; }
amana::store::Key CodeKey(std::string_view selector) { return {"code", std::string(selector)}; }

std::string DevicesIndex(const OrganisationId& id) { return "devices." + id.ToString(); }
std::string RevokedIndex(const OrganisationId& id) { return "revoked." + id.ToString(); }

std::string CodeTimer(std::string_view selector) {
  return std::string(kTimerPrefix).append(selector);
}

std::string_view SelectorOfTimer(std::string_view timer) {
  return timer.starts_with(kTimerPrefix) ? timer.substr(kTimerPrefix.size()) : std::string_view();
}

double ScoreOf(absl::Time time) { return static_cast<double>(absl::ToUnixMicros(time)); }

}  // namespace amana::identity
