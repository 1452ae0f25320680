#include "services/identity/app/test_network.h"

#include <utility>

#include "services/identity/app/messages.h"

namespace amana::identity {
namespace {

crypto::CertificateAuthority NewAuthority(absl::Time now) {
  // Until long after any clock that a test may set.
  return *crypto::CertificateAuthority::Create(kTestNetwork, crypto::TransportKey::Generate(),
                                               now - absl::Hours(1),
                                               now + absl::Hours(24 * 365 * 50));
}

std::string NameOfDevice(const OrganisationId& organisation, const DeviceId& device) {
  return "spiffe://amana.test/org/" + organisation.ToString() + "/device/" + device.ToString();
}

}  // namespace

TestDevice TestDevice::New() {
  return {crypto::SigningKey::Generate(crypto::SystemRandom::Instance()),
          crypto::TransportKey::Generate(),
          {}};
}

TestNetwork::TestNetwork(uint32_t max_devices, const EnrolmentLimits& limits)
    : authority_(NewAuthority(clock_.Now())),
      root_(crypto::SigningKey::Generate(random_)),
      administrator_(TestDevice::New()) {
  administrator_.caller.role = Role::kNetworkAdministrator;
  administrator_.caller.organisation = NewId<OrganisationId>(random_);
  administrator_.caller.device =
      amana::store::NewIdBeside<DeviceId>(random_, administrator_.caller.organisation);
  genesis_ = MakeGenesis().SerializeAsString();
  const Genesis genesis = *ParseGenesis(genesis_, kTestNetwork);
  tools_.reset(new Tools{store_, clock_, random_, kTestNetwork, genesis.root_key, max_devices});
  issuer_ = std::make_unique<CertificateIssuer>(
      *crypto::CertificateAuthority::Load(authority_.certificate_pem(),
                                          authority_.key().ToPem().Expose()),
      NameOfDevice);
  organisations_ = std::make_unique<Organisations>(*tools_);
  devices_ = std::make_unique<Devices>(*tools_, *issuer_);
  enrolment_ = *Enrolment::Make(*tools_, *issuer_, limits);
  EXPECT_TRUE(InstallGenesis(*tools_, genesis, Deadline::Never()).ok());
}

v1::Genesis TestNetwork::MakeGenesis() {
  v1::Genesis genesis;
  genesis.set_network(kTestNetwork);
  genesis.set_root_key(root_.verifying_key().bytes());
  genesis.mutable_organisation()->set_organisation_id(network_organisation().bytes());
  genesis.mutable_organisation()->set_name("Network");
  genesis.mutable_organisation()->set_kind(v1::ORGANISATION_KIND_NETWORK);
  *genesis.mutable_administrator() = Vouch(administrator_, nullptr);
  return genesis;
}

CallContext TestNetwork::CallOf(const Caller& caller, const RequestId& request_id) const {
  CallContext context;
  context.caller = caller;
  context.audit_action = "test.action";
  context.request_id = request_id;
  context.request_digest = crypto::Sha256(request_id.view());
  return context;
}

OrganisationId TestNetwork::NewOrganisation(v1::OrganisationKind kind) {
  v1::CreateOrganisationRequest request;
  request.set_name("Organisation");
  request.set_kind(kind);
  request.set_parent_organisation_id(network_organisation().bytes());
  v1::CreateOrganisationResponse response;
  EXPECT_TRUE(
      response.ParseFromString(*organisations_->Create(CallOf(administrator_.caller), request)));
  return *OrganisationId::FromBytes(response.organisation().organisation_id());
}

absl::StatusOr<std::string> TestNetwork::NewCode(const Caller& inviter,
                                                 const OrganisationId& organisation, Role role) {
  v1::CreateEnrolmentCodeRequest request;
  request.set_organisation_id(organisation.bytes());
  request.set_role(static_cast<amana::options::v1::Role>(role));
  const auto reply = enrolment_->CreateCode(CallOf(inviter), request);
  if (!reply.ok()) return reply.status();
  v1::CreateEnrolmentCodeResponse response;
  EXPECT_TRUE(response.ParseFromString(*reply));
  return response.code();
}

v1::EnrolRequest TestNetwork::EnrolRequestOf(const TestDevice& device, const std::string& code,
                                             const RequestId& request_id) const {
  v1::EnrolRequest request;
  request.set_request_id(request_id.bytes());
  request.set_code(code);
  request.set_certificate_request(crypto::CreateCertificateRequest(device.transport_key));
  request.set_signing_key(device.signing_key.verifying_key().bytes());
  request.set_signature(device.signing_key.Sign("amana enrolment v1\n" + request_id.bytes()));
  return request;
}

absl::StatusOr<v1::EnrolResponse> TestNetwork::Enrol(const v1::EnrolRequest& request) {
  Caller nobody;
  nobody.role = Role::kUnenrolled;
  CallContext context = CallOf(nobody, *RequestId::FromBytes(request.request_id()));
  context.request_digest = crypto::Sha256(request.SerializeAsString());
  const auto reply = enrolment_->Enrol(context, request);
  if (!reply.ok()) return reply.status();
  v1::EnrolResponse response;
  EXPECT_TRUE(response.ParseFromString(*reply));
  return response;
}

TestDevice TestNetwork::NewPending(const OrganisationId& organisation, Role role) {
  TestDevice device = TestDevice::New();
  const std::string code = *NewCode(administrator_.caller, organisation, role);
  const auto response = Enrol(EnrolRequestOf(device, code, NewRequestId()));
  EXPECT_TRUE(response.ok());
  device.caller.role = role;
  device.caller.organisation = organisation;
  device.caller.device = *DeviceId::FromBytes(response->device().device_id());
  return device;
}

v1::DeviceCertificate TestNetwork::Vouch(const TestDevice& device, const TestDevice* issuer) const {
  v1::DeviceStatement statement;
  statement.set_network(kTestNetwork);
  statement.set_organisation_id(device.caller.organisation.bytes());
  statement.set_device_id(device.caller.device.bytes());
  statement.set_role(static_cast<amana::options::v1::Role>(device.caller.role));
  statement.set_signing_key(device.signing_key.verifying_key().bytes());
  *statement.mutable_issue_time() = ToMessage(clock_.Now());
  v1::DeviceCertificate certificate;
  certificate.set_statement(statement.SerializeAsString());
  if (issuer != nullptr) certificate.set_issuer_device_id(issuer->caller.device.bytes());
  const crypto::SigningKey& key = issuer == nullptr ? root_ : issuer->signing_key;
  certificate.set_signature(key.Sign("amana device certificate v1\n" + certificate.statement()));
  return certificate;
}

absl::Status TestNetwork::Approve(const Caller& caller, const v1::DeviceCertificate& certificate) {
  v1::ApproveDeviceRequest request;
  *request.mutable_certificate() = certificate;
  return devices_->Approve(CallOf(caller), request).status();
}

TestDevice TestNetwork::NewApproved(const OrganisationId& organisation, Role role,
                                    const TestDevice* issuer) {
  TestDevice device = NewPending(organisation, role);
  EXPECT_TRUE(Approve(administrator_.caller, Vouch(device, issuer)).ok());
  return device;
}

absl::Status TestNetwork::Revoke(const Caller& caller, const OrganisationId& organisation,
                                 const DeviceId& device) {
  v1::RevokeDeviceRequest request;
  request.set_organisation_id(organisation.bytes());
  request.set_device_id(device.bytes());
  return devices_->Revoke(CallOf(caller), request).status();
}

v1::DeviceState TestNetwork::StateOf(const DeviceId& device) {
  return static_cast<v1::DeviceState>(devices_->Find(device, Deadline::Never())->device.state);
}

std::vector<amana::audit::v1::Event> TestNetwork::History(const OrganisationId& organisation) {
  std::vector<amana::audit::v1::Event> events;
  const auto page = store_.ReadHistory(organisation.bytes(), {}, 1000, Deadline::Never());
  EXPECT_TRUE(page.ok());
  for (const auto& entry : page->entries) {
    EXPECT_TRUE(events.emplace_back().ParseFromString(entry.event));
  }
  return events;
}

}  // namespace amana::identity
