#include "common/client/trust.h"

#include <algorithm>
#include <utility>

#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "google/protobuf/util/time_util.h"

namespace amana::client {
namespace {

absl::Status Broken() { return Error(Reason::kTrustChainBroken); }

bool IsHead(options::v1::Role role) {
  return role == options::v1::ROLE_SUPERVISOR || role == options::v1::ROLE_CENTRE_MANAGER ||
         role == options::v1::ROLE_NETWORK_ADMINISTRATOR;
}

std::string SignedBytes(std::string_view prefix, const std::string& statement) {
  return std::string(prefix) + statement;
}

struct Issued {
  crypto::HpkePublicKey key;
  absl::Time time;
};

absl::Time TimeOf(const google::protobuf::Timestamp& time) {
  return absl::FromUnixSeconds(time.seconds()) + absl::Nanoseconds(time.nanos());
}

}  // namespace

absl::StatusOr<TrustedOrganisation> TrustedOrganisation::Verify(
    std::string_view network, const crypto::VerifyingKey& root_key,
    const OrganisationId& organisation,
    const identity::v1::ListDeviceCertificatesResponse& answer) {
  TrustedOrganisation trusted;
  trusted.network_ = std::string(network);
  trusted.id_ = organisation;
  for (const auto& certificate : answer.certificates()) {
    AMANA_RETURN_IF_ERROR(trusted.Add(certificate, root_key));
  }
  for (const std::string& revoked : answer.revoked_device_ids()) {
    const auto id = DeviceId::FromBytes(revoked);
    if (!id.ok()) return Broken();
    const auto found = trusted.devices_.find(*id);
    if (found != trusted.devices_.end()) found->second.revoked = true;
  }
  return trusted;
}

absl::Status TrustedOrganisation::Add(const identity::v1::DeviceCertificate& certificate,
                                      const crypto::VerifyingKey& root_key) {
  identity::v1::DeviceStatement statement;
  if (!statement.ParseFromString(certificate.statement())) return Broken();
  const auto organisation = OrganisationId::FromBytes(statement.organisation_id());
  const auto id = DeviceId::FromBytes(statement.device_id());
  const auto key = crypto::VerifyingKey::FromBytes(statement.signing_key());
  if (!organisation.ok() || !id.ok() || !key.ok()) return Broken();
  if (statement.network() != network_ || *organisation != id_ || devices_.contains(*id)) {
    return Broken();
  }
  const crypto::VerifyingKey* issuer_key = &root_key;
  if (!certificate.issuer_device_id().empty()) {
    const auto issuer = DeviceId::FromBytes(certificate.issuer_device_id());
    const TrustedDevice* device = issuer.ok() ? Find(*issuer) : nullptr;
    if (device == nullptr || !IsHead(device->role)) return Broken();
    issuer_key = &device->signing_key;
  }
  if (!issuer_key->Verify(SignedBytes(kDeviceCertificatePrefix, certificate.statement()),
                          certificate.signature())) {
    return Broken();
  }
  devices_.emplace(*id, TrustedDevice{*id, *organisation, statement.role(), *key});
  return absl::OkStatus();
}

const TrustedDevice* TrustedOrganisation::Find(const DeviceId& id) const {
  const auto found = devices_.find(id);
  return found == devices_.end() ? nullptr : &found->second;
}

std::vector<TrustedRecipient> VerifyPublishedKeys(const TrustedOrganisation& organisation,
                                                  const messaging::v1::ListKeysResponse& answer) {
  std::map<DeviceId, Issued> newest;
  for (const auto& published : answer.keys()) {
    messaging::v1::KeyStatement statement;
    if (!statement.ParseFromString(published.statement())) continue;
    const auto id = DeviceId::FromBytes(statement.device_id());
    const auto key = crypto::HpkePublicKey::FromBytes(statement.hpke_key());
    const TrustedDevice* device = id.ok() ? organisation.Find(*id) : nullptr;
    if (device == nullptr || device->revoked || !key.ok() ||
        !crypto::HpkePublicKey::IsUsable(statement.hpke_key()) ||
        statement.network() != organisation.network() ||
        !device->signing_key.Verify(SignedBytes(kPublishedKeyPrefix, published.statement()),
                                    published.signature())) {
      continue;
    }
    const absl::Time time = TimeOf(statement.issue_time());
    const auto [at, added] = newest.emplace(*id, Issued{*key, time});
    if (!added && time > at->second.time) at->second = {*key, time};
  }
  while (newest.size() > kMaxRecipients) {
    newest.erase(
        std::ranges::min_element(newest, {}, [](const auto& one) { return one.second.time; }));
  }
  std::vector<TrustedRecipient> recipients;
  recipients.reserve(newest.size());
  for (auto& [id, issued] : newest) recipients.push_back({id, std::move(issued.key)});
  return recipients;
}

identity::v1::DeviceCertificate SignDeviceCertificate(
    const identity::v1::DeviceStatement& statement, const crypto::SigningKey& key,
    const DeviceId* issuer) {
  identity::v1::DeviceCertificate certificate;
  certificate.set_statement(statement.SerializeAsString());
  if (issuer != nullptr) certificate.set_issuer_device_id(issuer->bytes());
  certificate.set_signature(
      key.Sign(SignedBytes(kDeviceCertificatePrefix, certificate.statement())));
  return certificate;
}

messaging::v1::PublishedKey SignPublishedKey(std::string_view network, const DeviceId& device,
                                             const crypto::HpkePublicKey& key, absl::Time now,
                                             const crypto::SigningKey& signing_key) {
  messaging::v1::KeyStatement statement;
  statement.set_network(std::string(network));
  statement.set_device_id(device.bytes());
  statement.set_hpke_key(key.bytes());
  *statement.mutable_issue_time() =
      google::protobuf::util::TimeUtil::NanosecondsToTimestamp(absl::ToUnixNanos(now));
  messaging::v1::PublishedKey published;
  published.set_statement(statement.SerializeAsString());
  published.set_signature(
      signing_key.Sign(SignedBytes(kPublishedKeyPrefix, published.statement())));
  return published;
}

absl::Status VerifyGenesis(const identity::v1::Genesis& genesis) {
  const auto root = crypto::VerifyingKey::FromBytes(genesis.root_key());
  const auto organisation = OrganisationId::FromBytes(genesis.organisation().organisation_id());
  if (!root.ok() || !organisation.ok() || !genesis.administrator().issuer_device_id().empty()) {
    return Broken();
  }
  identity::v1::ListDeviceCertificatesResponse chain;
  *chain.add_certificates() = genesis.administrator();
  return TrustedOrganisation::Verify(genesis.network(), *root, *organisation, chain).status();
}

}  // namespace amana::client
