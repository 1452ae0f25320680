#include "common/client/session.h"

#include <utility>

#include "common/base/error.h"
#include "common/client/identity.h"
#include "common/crypto/x509.h"
#include "common/rpc/channel.h"

namespace amana::client {
namespace {

const std::string& AddressOf(const v1::Addresses& addresses, std::string_view service) {
  if (service == "identity") return addresses.identity();
  if (service == "intake") return addresses.intake();
  if (service == "referral") return addresses.referral();
  if (service == "messaging") return addresses.messaging();
  return addresses.audit();
}

}  // namespace

std::string VaultPath(const std::string& home) { return home + "/vault.db"; }

Session::Session(std::unique_ptr<Vault> vault, v1::Profile profile, crypto::SigningKey signing_key,
                 SecretBytes transport_key, const SessionOptions& options)
    : vault_(std::move(vault)),
      profile_(std::move(profile)),
      signing_key_(std::move(signing_key)),
      transport_key_(std::move(transport_key)),
      options_(options) {}

absl::StatusOr<std::unique_ptr<Session>> Session::Open(const std::string& home,
                                                       std::string_view passphrase,
                                                       const SessionOptions& options) {
  AMANA_ASSIGN_OR_RETURN(std::unique_ptr<Vault> vault, Vault::Open(VaultPath(home), passphrase));
  AMANA_ASSIGN_OR_RETURN(v1::Profile profile, LoadProfile(*vault));
  AMANA_ASSIGN_OR_RETURN(crypto::SigningKey signing_key, LoadSigningKey(*vault));
  AMANA_ASSIGN_OR_RETURN(SecretBytes transport_key, LoadTransportKey(*vault));
  const auto device = DeviceId::FromBytes(profile.device_id());
  const auto organisation = OrganisationId::FromBytes(profile.organisation_id());
  if (!device.ok() || !organisation.ok()) return Error(Reason::kVaultCorrupt);
  std::unique_ptr<Session> session(new Session(std::move(vault), std::move(profile),
                                               std::move(signing_key), std::move(transport_key),
                                               options));
  session->device_ = *device;
  session->organisation_ = *organisation;
  AMANA_RETURN_IF_ERROR(session->RenewCertificateIfDue());
  return session;
}

absl::Status Session::RenewCertificateIfDue() {
  AMANA_ASSIGN_OR_RETURN(const crypto::CertificateInfo info,
                         crypto::ParseCertificate(profile_.certificate()));
  const absl::Time now = absl::Now();
  if (info.not_after - now > kRenewBefore) return absl::OkStatus();
  const crypto::TransportKey key = crypto::TransportKey::Generate();
  identity::v1::RenewCertificateRequest request;
  request.set_certificate_request(crypto::CreateCertificateRequest(key));
  const auto renewed = Call(&identity::v1::IdentityService::Stub::RenewCertificate, request);
  // There is time left: the work at hand matters more, and the next start tries again. A pending
  // device may not renew yet.
  if (!renewed.ok()) return now < info.not_after ? absl::OkStatus() : renewed.status();
  v1::Profile profile = profile_;
  profile.set_certificate(renewed->certificate());
  profile.set_ca_certificate(renewed->ca_certificate());
  SecretBytes pem = key.ToPem();
  VaultBatch batch;
  batch.Put(kProfileName, profile.SerializeAsString());
  batch.Put(kTransportKeyName, pem.Expose());
  AMANA_RETURN_IF_ERROR(vault_->Commit(batch));
  profile_ = std::move(profile);
  transport_key_ = std::move(pem);
  channels_.clear();
  return absl::OkStatus();
}

std::shared_ptr<grpc::Channel> Session::ChannelTo(std::string_view service) {
  const auto found = channels_.find(service);
  if (found != channels_.end()) return found->second;
  const std::string name(service);
  auto channel =
      rpc::MakeChannel({.address = AddressOf(profile_.addresses(), service),
                        .network = profile_.network(),
                        .service = name,
                        .tls = rpc::TlsPem{.ca = profile_.ca_certificate(),
                                           .certificate = profile_.certificate(),
                                           .key = std::string(transport_key_.Expose())}});
  return channels_.emplace(name, std::move(channel)).first->second;
}

absl::StatusOr<TrustedOrganisation> Session::Trust(const OrganisationId& organisation) {
  identity::v1::ListDeviceCertificatesRequest request;
  request.set_organisation_id(organisation.bytes());
  AMANA_ASSIGN_OR_RETURN(
      const auto answer,
      Call(&identity::v1::IdentityService::Stub::ListDeviceCertificates, request));
  AMANA_ASSIGN_OR_RETURN(const auto root_key, crypto::VerifyingKey::FromBytes(profile_.root_key()));
  return TrustedOrganisation::Verify(profile_.network(), root_key, organisation, answer);
}

}  // namespace amana::client
