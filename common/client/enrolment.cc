#include "common/client/enrolment.h"

#include <utility>

#include "common/base/error.h"
#include "common/client/identity.h"
#include "common/crypto/x509.h"
#include "common/rpc/channel.h"

namespace amana::client {
namespace {

constexpr std::string_view kEnrolmentPrefix = "amana enrolment v1\n";

using identity::v1::EnrolRequest;

// New keys and the request made of them, kept before it is sent.
absl::StatusOr<EnrolRequest> Begin(Vault& vault, std::string_view code) {
  const auto signing = crypto::SigningKey::Generate(crypto::SystemRandom::Instance());
  const auto transport = crypto::TransportKey::Generate();
  v1::PendingEnrolment pending;
  EnrolRequest& request = *pending.mutable_request();
  request.set_request_id(NewRequestId());
  request.set_code(std::string(code));
  request.set_certificate_request(crypto::CreateCertificateRequest(transport));
  request.set_signing_key(signing.verifying_key().bytes());
  request.set_signature(signing.Sign(std::string(kEnrolmentPrefix) + request.request_id()));
  const SecretBytes seed = signing.Seed();
  const SecretBytes pem = transport.ToPem();
  VaultBatch batch;
  batch.Put(kSigningSeedName, seed.Expose());
  batch.Put(kTransportKeyName, pem.Expose());
  batch.Put(kPendingEnrolmentName, pending.SerializeAsString());
  AMANA_RETURN_IF_ERROR(vault.Commit(batch));
  return request;
}

absl::StatusOr<EnrolRequest> Resume(Vault& vault, std::string_view code) {
  AMANA_ASSIGN_OR_RETURN(const auto kept, vault.Get(kPendingEnrolmentName));
  v1::PendingEnrolment pending;
  if (kept && pending.ParseFromString(std::string(kept->Expose())) &&
      pending.request().code() == code) {
    return pending.request();
  }
  return Begin(vault, code);
}

}  // namespace

absl::StatusOr<identity::v1::Device> Enrol(const std::string& home, std::string_view passphrase,
                                           const ClientConfig& config, std::string_view code,
                                           absl::Duration timeout) {
  AMANA_ASSIGN_OR_RETURN(v1::Profile profile, NetworkProfile(config));
  const std::string path = VaultPath(home);
  AMANA_ASSIGN_OR_RETURN(const std::unique_ptr<Vault> vault, Vault::Exists(path)
                                                                 ? Vault::Open(path, passphrase)
                                                                 : Vault::Create(path, passphrase));
  AMANA_ASSIGN_OR_RETURN(const auto enrolled, vault->Get(kProfileName));
  if (enrolled) return Error(Reason::kDeviceStateInvalid);
  AMANA_ASSIGN_OR_RETURN(const EnrolRequest request, Resume(*vault, code));

  identity::v1::EnrolmentService::Stub stub(rpc::MakeChannel(
      {.address = profile.addresses().enrolment(),
       .network = profile.network(),
       .service = "identity",
       .tls = rpc::TlsPem{.ca = profile.ca_certificate(), .certificate = "", .key = ""}}));
  AMANA_ASSIGN_OR_RETURN(const auto response,
                         rpc::Call(stub, &identity::v1::EnrolmentService::Stub::Enrol, request,
                                   {.deadline = Deadline::After(timeout)}));
  if (response.device().signing_key() != request.signing_key()) {
    return Error(Reason::kTrustChainBroken);
  }
  profile.set_organisation_id(response.device().organisation_id());
  profile.set_device_id(response.device().device_id());
  profile.set_role(response.device().role());
  profile.set_certificate(response.certificate());
  VaultBatch batch;
  batch.Put(kProfileName, profile.SerializeAsString());
  batch.Erase(kPendingEnrolmentName);
  AMANA_RETURN_IF_ERROR(vault->Commit(batch));
  return response.device();
}

absl::StatusOr<identity::v1::Device> Approve(Session& session, const Vouched& vouched,
                                             const crypto::SigningKey* root_key) {
  identity::v1::DeviceStatement statement;
  statement.set_network(session.profile().network());
  statement.set_organisation_id(vouched.organisation.bytes());
  statement.set_device_id(vouched.device.bytes());
  statement.set_role(vouched.role);
  statement.set_signing_key(vouched.signing_key.bytes());
  statement.mutable_issue_time()->set_seconds(absl::ToUnixSeconds(absl::Now()));
  identity::v1::ApproveDeviceRequest request;
  *request.mutable_certificate() =
      root_key != nullptr
          ? SignDeviceCertificate(statement, *root_key, nullptr)
          : SignDeviceCertificate(statement, session.signing_key(), &session.device());
  AMANA_ASSIGN_OR_RETURN(
      const auto response,
      session.Call(&identity::v1::IdentityService::Stub::ApproveDevice, request));
  return response.device();
}

absl::Status PublishHpkeKey(Session& session) {
  AMANA_ASSIGN_OR_RETURN(const crypto::HpkePublicKey key, AddHpkeKey(session.vault()));
  messaging::v1::PublishKeyRequest request;
  *request.mutable_key() = SignPublishedKey(session.profile().network(), session.device(), key,
                                            absl::Now(), session.signing_key());
  return session.Call(&messaging::v1::MessagingService::Stub::PublishKey, request).status();
}

}  // namespace amana::client
