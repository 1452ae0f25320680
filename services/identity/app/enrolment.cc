#include "services/identity/app/enrolment.h"

#include "common/base/status_macros.h"
#include "common/crypto/password.h"
#include "common/crypto/x509.h"
#include "common/store/execute.h"
#include "services/identity/app/messages.h"

namespace amana::identity {
namespace {

using amana::store::Commit;
using amana::store::Execute;

// Whose requests those at the door are, for as long as they are nobody.
constexpr char kDoor[] = "enrolment";

absl::Status CodeInvalid() { return Error(Reason::kEnrolmentCodeInvalid); }

absl::Status CheckSignature(const v1::EnrolRequest& request) {
  const absl::StatusOr<crypto::VerifyingKey> key =
      crypto::VerifyingKey::FromBytes(request.signing_key());
  const std::string signed_bytes = std::string(kEnrolmentPrefix) + request.request_id();
  if (!key.ok() || !key->Verify(signed_bytes, request.signature())) {
    return Error(Reason::kInvalidField, {.field = "signature"});
  }
  return absl::OkStatus();
}

}  // namespace

// Who stands at the door, and what was found out about the code so far.
struct Enrolment::Applicant {
  EnrolmentCode code;
  std::string signing_key;
  std::string transport_key;
  // The hash that the code was proved to belong to: Argon2id runs once, however often is decided.
  std::string proved_hash;
};

Enrolment::Enrolment(Tools& tools, const CertificateIssuer& issuer, const EnrolmentLimits& limits,
                     std::string decoy_hash)
    : tools_(tools),
      repository_(tools.store),
      issuer_(issuer),
      limiter_(limits),
      decoy_hash_(std::move(decoy_hash)) {}

absl::StatusOr<std::unique_ptr<Enrolment>> Enrolment::Make(Tools& tools,
                                                           const CertificateIssuer& issuer,
                                                           const EnrolmentLimits& limits) {
  const EnrolmentCode nobodys = EnrolmentCode::New(tools.random, 0, 1);
  AMANA_ASSIGN_OR_RETURN(std::string decoy_hash, crypto::HashCode(nobodys.text()));
  return std::unique_ptr<Enrolment>(new Enrolment(tools, issuer, limits, std::move(decoy_hash)));
}

absl::StatusOr<Commit> Enrolment::DecideCode(const CallContext& context, const OrganisationId& id,
                                             Role role, const EnrolmentCode& code,
                                             const std::string& hash) {
  AMANA_ASSIGN_OR_RETURN(const auto organisation,
                         repository_.FindOrganisation(id, context.deadline));
  if (!organisation) return Error(Reason::kOrganisationNotFound);
  AMANA_ASSIGN_OR_RETURN(const domain::Invitation invitation,
                         domain::Invite(context.caller, organisation->value, role,
                                        tools_.max_devices, tools_.clock.Now()));
  Commit commit;
  commit.checks.push_back(CheckOf(*organisation));
  commit.Put(CodeKey(code.selector()), 0, Encode(StoredInvitation{invitation, hash}));
  commit.Arm(CodeTimer(code.selector()), invitation.expire_time);
  commit.audit.push_back(InvitationEvent(tools_, context, invitation, "created"));
  v1::CreateEnrolmentCodeResponse response;
  response.set_code(code.text());
  *response.mutable_expire_time() = ToMessage(invitation.expire_time);
  commit.reply = response.SerializeAsString();
  return commit;
}

absl::StatusOr<std::string> Enrolment::CreateCode(const CallContext& context,
                                                  const v1::CreateEnrolmentCodeRequest& request) {
  AMANA_ASSIGN_OR_RETURN(const OrganisationId id,
                         IdFrom<OrganisationId>(request.organisation_id(), "organisation_id"));
  if (!domain::MaySeeTo(context.caller, id)) return Error(Reason::kOrganisationNotFound);
  const amana::store::Shard shard = repository_.ShardOf(id);
  const EnrolmentCode code = EnrolmentCode::New(tools_.random, shard, tools_.store.shards());
  AMANA_ASSIGN_OR_RETURN(const std::string hash, crypto::HashCode(code.text()));
  const Role role = static_cast<Role>(request.role());
  return Execute(tools_.store, context, shard,
                 [&] { return DecideCode(context, id, role, code, hash); });
}

absl::StatusOr<Versioned<StoredInvitation>> Enrolment::OpenInvitation(const CallContext& context,
                                                                      Applicant& applicant) {
  AMANA_ASSIGN_OR_RETURN(auto found,
                         repository_.FindInvitation(applicant.code.ShardOf(tools_.store.shards()),
                                                    applicant.code.selector(), context.deadline));
  const std::string& hash = found ? found->value.code_hash : decoy_hash_;
  if (hash != applicant.proved_hash) {
    if (!crypto::VerifyCode(applicant.code.text(), hash)) return CodeInvalid();
    applicant.proved_hash = hash;
  }
  if (!found) return CodeInvalid();
  return *std::move(found);
}

absl::StatusOr<Commit> Enrolment::DecideEnrol(const CallContext& context, Applicant& applicant) {
  AMANA_ASSIGN_OR_RETURN(const Versioned<StoredInvitation> stored,
                         OpenInvitation(context, applicant));
  const domain::Invitation& invitation = stored.value.invitation;
  AMANA_ASSIGN_OR_RETURN(const auto organisation,
                         repository_.FindOrganisation(invitation.organisation, context.deadline));
  if (!organisation) return CodeInvalid();
  const absl::Time now = tools_.clock.Now();
  const auto id = amana::store::NewIdBeside<DeviceId>(tools_.random, invitation.organisation);
  AMANA_ASSIGN_OR_RETURN(const domain::Membership enrolled,
                         domain::Enrol(organisation->value, invitation, id, applicant.signing_key,
                                       tools_.max_devices, now));
  v1::EnrolResponse response;
  *response.mutable_device() = ToMessage(enrolled.device);
  AMANA_ASSIGN_OR_RETURN(*response.mutable_certificate(),
                         issuer_.Issue(enrolled.organisation.id, id, applicant.transport_key, now));
  response.set_ca_certificate(issuer_.ca_certificate());

  const std::string selector = applicant.code.selector();
  Commit commit;
  commit.Delete(CodeKey(selector), stored.version);
  commit.writes.push_back(WriteOf(enrolled.organisation, organisation->version));
  commit.writes.push_back(WriteOf(enrolled.device, 0));
  commit.index_edits.push_back(
      {DevicesIndex(enrolled.organisation.id), id.ToString(), ScoreOf(now)});
  commit.Disarm(CodeTimer(selector));
  // From here on it is somebody: the event says that the device itself did it.
  CallContext as_device = context;
  as_device.caller = Caller{invitation.role, id, invitation.organisation, ""};
  commit.audit.push_back(
      DeviceEvent(tools_, as_device, enrolled.device, NameOf(enrolled.device.state)));
  commit.reply = response.SerializeAsString();
  return commit;
}

absl::StatusOr<std::string> Enrolment::Enrol(const CallContext& context,
                                             const v1::EnrolRequest& request) {
  const absl::Time now = tools_.clock.Now();
  AMANA_RETURN_IF_ERROR(limiter_.AdmitCall(now));
  AMANA_RETURN_IF_ERROR(CheckSignature(request));
  AMANA_ASSIGN_OR_RETURN(std::string transport_key,
                         crypto::VerifyCertificateRequest(request.certificate_request()));
  const absl::StatusOr<EnrolmentCode> code = EnrolmentCode::Parse(request.code());
  if (!code.ok()) {
    crypto::VerifyCode(request.code(), decoy_hash_);
    return code.status();
  }
  AMANA_RETURN_IF_ERROR(limiter_.AdmitCode(code->selector(), now));
  Applicant applicant{*code, request.signing_key(), std::move(transport_key), {}};
  CallContext at_door = context;
  at_door.caller.service = kDoor;
  return Execute(tools_.store, at_door, code->ShardOf(tools_.store.shards()),
                 [&] { return DecideEnrol(at_door, applicant); });
}

absl::Status Enrolment::ExpireCode(const amana::store::DueTimer& timer, Deadline deadline) {
  const CallContext context = CallContext::ForTimer("enrolment_code.expired", deadline);
  const std::string selector(SelectorOfTimer(timer.timer));
  AMANA_ASSIGN_OR_RETURN(const auto stored,
                         repository_.FindInvitation(timer.shard, selector, deadline));
  // Used in the meantime: the commit that did so disarmed the timer.
  if (!stored) return absl::OkStatus();
  Commit commit;
  commit.shard = timer.shard;
  commit.Delete(CodeKey(selector), stored->version);
  commit.Disarm(timer.timer);
  commit.audit.push_back(InvitationEvent(tools_, context, stored->value.invitation, "expired"));
  // After a conflict the timer, if it is still there, comes again.
  return tools_.store.Apply(commit, deadline).status();
}

}  // namespace amana::identity
