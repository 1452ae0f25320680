#include "services/identity/app/devices.h"

#include <map>

#include "services/identity/app/test_network.h"

namespace amana::identity {
namespace {

struct DevicesOfHotline : testing::Test {
  TestNetwork network;
  const TestDevice& administrator = network.administrator();
  OrganisationId id = network.NewOrganisation(v1::ORGANISATION_KIND_HOTLINE);
  TestDevice supervisor = network.NewApproved(id, Role::kSupervisor);

  Reason Approve(const Caller& caller, const v1::DeviceCertificate& certificate) {
    return ReasonOf(network.Approve(caller, certificate));
  }
  absl::StatusOr<v1::ListDevicesResponse> List(const Caller& caller) {
    v1::ListDevicesRequest request;
    request.set_organisation_id(id.bytes());
    return network.devices().List(network.CallOf(caller), request);
  }
  v1::ListDeviceCertificatesResponse Certificates() {
    v1::ListDeviceCertificatesRequest request;
    request.set_organisation_id(id.bytes());
    return *network.devices().ListCertificates(CallContext(), request);
  }
  absl::StatusOr<std::string> Renew(const TestDevice& device, const CallContext& call) {
    v1::RenewCertificateRequest request;
    request.set_certificate_request(crypto::CreateCertificateRequest(device.transport_key));
    return network.devices().Renew(call, request);
  }
};

TEST_F(DevicesOfHotline, EnrolApproveRenewRevoke) {
  const TestDevice device = network.NewPending(id, Role::kOperator);
  EXPECT_EQ(ReasonOf(Renew(device, network.CallOf(device.caller)).status()),
            Reason::kDeviceNotApproved);
  EXPECT_EQ(Approve(supervisor.caller, network.Vouch(device, &supervisor)), Reason::kUnspecified);
  EXPECT_EQ(network.StateOf(device.caller.device), v1::DEVICE_STATE_APPROVED);

  network.clock().Advance(absl::Hours(12));
  const CallContext call = network.CallOf(device.caller);
  const auto renewed = Renew(device, call);
  ASSERT_TRUE(renewed.ok());
  EXPECT_EQ(*Renew(device, call), *renewed);
  v1::RenewCertificateResponse response;
  ASSERT_TRUE(response.ParseFromString(*renewed));
  EXPECT_TRUE(
      crypto::VerifyIssued(response.certificate(), response.ca_certificate(), network.clock().Now())
          .ok());
  EXPECT_EQ(crypto::ParseCertificate(response.certificate())->not_after,
            network.clock().Now() + absl::Hours(24));

  EXPECT_TRUE(network.Revoke(supervisor.caller, id, device.caller.device).ok());
  EXPECT_EQ(network.StateOf(device.caller.device), v1::DEVICE_STATE_REVOKED);
  EXPECT_EQ(ReasonOf(Renew(device, network.CallOf(device.caller)).status()),
            Reason::kDeviceRevoked);
  // Removed stays removed.
  EXPECT_EQ(ReasonOf(network.Revoke(supervisor.caller, id, device.caller.device)),
            Reason::kDeviceStateInvalid);
  EXPECT_EQ(Approve(supervisor.caller, network.Vouch(device, &supervisor)),
            Reason::kDeviceStateInvalid);
}

TEST_F(DevicesOfHotline, EveryChangeIsInItsHistory) {
  const TestDevice device = network.NewApproved(id, Role::kOperator, &supervisor);
  ASSERT_TRUE(network.Revoke(supervisor.caller, id, device.caller.device).ok());
  std::vector<std::string> states;
  for (const auto& event : network.History(id)) {
    if (event.object_id() == device.caller.device.bytes()) states.push_back(event.state());
  }
  EXPECT_EQ(states, (std::vector<std::string>{"pending", "approved", "revoked"}));
}

TEST_F(DevicesOfHotline, ARepeatedApprovalGetsTheSameBytes) {
  const TestDevice device = network.NewPending(id, Role::kOperator);
  v1::ApproveDeviceRequest request;
  *request.mutable_certificate() = network.Vouch(device, &supervisor);
  const CallContext call = network.CallOf(supervisor.caller);
  const auto first = network.devices().Approve(call, request);
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(*network.devices().Approve(call, request), *first);
  EXPECT_EQ(
      ReasonOf(network.devices().Approve(network.CallOf(supervisor.caller), request).status()),
      Reason::kDeviceStateInvalid);
}

TEST_F(DevicesOfHotline, WhoMayVouch) {
  const TestDevice device = network.NewPending(id, Role::kOperator);
  const TestDevice operator_ = network.NewApproved(id, Role::kOperator, &supervisor);
  const TestDevice pending = network.NewPending(id, Role::kSupervisor);
  const OrganisationId other = network.NewOrganisation(v1::ORGANISATION_KIND_HOTLINE);
  const TestDevice foreign = network.NewApproved(other, Role::kSupervisor);
  TestDevice unknown = TestDevice::New();
  unknown.caller = supervisor.caller;
  unknown.caller.device = amana::store::NewIdBeside<DeviceId>(network.random(), id);
  // The root's time is over once there is a supervisor, even for an administrator.
  for (const TestDevice* issuer : std::vector<const TestDevice*>{
           nullptr, &operator_, &pending, &foreign, &unknown, &administrator, &device}) {
    EXPECT_EQ(Approve(administrator.caller, network.Vouch(device, issuer)),
              Reason::kDeviceCertificateInvalid);
  }
  // An administrator may hand in what a supervisor signed.
  EXPECT_EQ(Approve(administrator.caller, network.Vouch(device, &supervisor)),
            Reason::kUnspecified);
}

TEST_F(DevicesOfHotline, ACertificateMustBeOfThisVeryDevice) {
  const TestDevice device = network.NewPending(id, Role::kOperator);
  const auto sign = [&](v1::DeviceCertificate& certificate) {
    certificate.set_signature(
        supervisor.signing_key.Sign("amana device certificate v1\n" + certificate.statement()));
  };
  const auto with = [&](auto change) {
    v1::DeviceCertificate certificate = network.Vouch(device, &supervisor);
    v1::DeviceStatement statement;
    statement.ParseFromString(certificate.statement());
    change(statement);
    certificate.set_statement(statement.SerializeAsString());
    sign(certificate);
    return Approve(supervisor.caller, certificate);
  };
  EXPECT_EQ(with([](auto& s) { s.set_network("other"); }), Reason::kDeviceCertificateInvalid);
  EXPECT_EQ(with([](auto& s) { s.set_role(amana::options::v1::ROLE_SUPERVISOR); }),
            Reason::kDeviceCertificateInvalid);
  EXPECT_EQ(with([](auto& s) { s.set_organisation_id(std::string(16, 'x')); }),
            Reason::kDeviceCertificateInvalid);
  EXPECT_EQ(with([](auto& s) { s.set_signing_key(std::string(32, 'x')); }),
            Reason::kDeviceCertificateInvalid);
  EXPECT_EQ(with([](auto& s) { s.clear_device_id(); }), Reason::kDeviceCertificateInvalid);
  EXPECT_EQ(with([](auto& s) { s.set_device_id(std::string(16, 'x')); }), Reason::kDeviceNotFound);

  v1::DeviceCertificate certificate = network.Vouch(device, &supervisor);
  certificate.set_signature(supervisor.signing_key.Sign(certificate.statement()));  // no prefix
  EXPECT_EQ(Approve(supervisor.caller, certificate), Reason::kDeviceCertificateInvalid);
  certificate = network.Vouch(device, &supervisor);
  certificate.set_statement("\xff");
  sign(certificate);
  EXPECT_EQ(Approve(supervisor.caller, certificate), Reason::kDeviceCertificateInvalid);
}

TEST_F(DevicesOfHotline, ForeignDevicesAreNotThere) {
  const OrganisationId other = network.NewOrganisation(v1::ORGANISATION_KIND_HOTLINE);
  const TestDevice stranger = network.NewApproved(other, Role::kSupervisor);
  const TestDevice device = network.NewPending(id, Role::kOperator);
  EXPECT_EQ(Approve(stranger.caller, network.Vouch(device, &supervisor)), Reason::kDeviceNotFound);
  EXPECT_EQ(ReasonOf(network.Revoke(stranger.caller, id, device.caller.device)),
            Reason::kOrganisationNotFound);
  EXPECT_EQ(ReasonOf(network.Revoke(stranger.caller, other, device.caller.device)),
            Reason::kDeviceNotFound);
  EXPECT_EQ(ReasonOf(List(stranger.caller).status()), Reason::kOrganisationNotFound);
  EXPECT_EQ(ReasonOf(network.Revoke(administrator.caller, NewId<OrganisationId>(network.random()),
                                    device.caller.device)),
            Reason::kOrganisationNotFound);
  // An operator of the same office sees its devices but sees to none.
  const TestDevice operator_ = network.NewApproved(id, Role::kOperator, &supervisor);
  EXPECT_EQ(List(operator_.caller)->devices_size(), 3);
  EXPECT_EQ(Approve(operator_.caller, network.Vouch(device, &supervisor)), Reason::kDeviceNotFound);
  // An administrator may do all of it.
  EXPECT_EQ(List(administrator.caller)->devices_size(), 3);
  EXPECT_TRUE(network.Revoke(administrator.caller, id, device.caller.device).ok());
}

TEST_F(DevicesOfHotline, TheLastSupervisorGoesByAnAdministratorAndTheRootBeginsAgain) {
  const TestDevice operator_ = network.NewApproved(id, Role::kOperator, &supervisor);
  EXPECT_EQ(ReasonOf(network.Revoke(supervisor.caller, id, supervisor.caller.device)),
            Reason::kLastDevice);
  EXPECT_TRUE(network.Revoke(administrator.caller, id, supervisor.caller.device).ok());
  // The operator is left; nobody there can vouch for a new supervisor but the root.
  network.NewApproved(id, Role::kSupervisor);
  EXPECT_EQ(network.StateOf(operator_.caller.device), v1::DEVICE_STATE_APPROVED);
  EXPECT_EQ(ReasonOf(network.Revoke(administrator.caller, network.network_organisation(),
                                    administrator.caller.device)),
            Reason::kLastDevice);
}

TEST_F(DevicesOfHotline, AMinistryHasAnalystsOfTheRoot) {
  const OrganisationId ministry = network.NewOrganisation(v1::ORGANISATION_KIND_MINISTRY);
  network.NewApproved(ministry, Role::kAnalyst);
  network.NewApproved(ministry, Role::kAnalyst);
}

TEST_F(DevicesOfHotline, AClosedOrganisationStops) {
  const TestDevice pending = network.NewPending(id, Role::kOperator);
  v1::CloseOrganisationRequest close;
  close.set_organisation_id(id.bytes());
  ASSERT_TRUE(network.organisations().Close(network.CallOf(administrator.caller), close).ok());
  const auto found = network.devices().Find(supervisor.caller.device, Deadline::Never());
  EXPECT_EQ(found->organisation.state, domain::OrganisationState::kClosed);
  EXPECT_EQ(ReasonOf(Renew(supervisor, network.CallOf(supervisor.caller)).status()),
            Reason::kOrganisationClosed);
  EXPECT_EQ(Approve(administrator.caller, network.Vouch(pending, &supervisor)),
            Reason::kOrganisationClosed);
  EXPECT_TRUE(network.Revoke(administrator.caller, id, supervisor.caller.device).ok());
}

TEST_F(DevicesOfHotline, CertificatesFollowTheirIssuersAlsoRemovedOnes) {
  const TestDevice second = network.NewApproved(id, Role::kSupervisor, &supervisor);
  const TestDevice third = network.NewApproved(id, Role::kOperator, &second);
  network.NewPending(id, Role::kOperator);
  ASSERT_TRUE(network.Revoke(second.caller, id, supervisor.caller.device).ok());
  ASSERT_TRUE(network.Revoke(administrator.caller, id, second.caller.device).ok());

  const v1::ListDeviceCertificatesResponse response = Certificates();
  ASSERT_EQ(response.certificates_size(), 3);
  EXPECT_EQ(
      std::vector<std::string>(response.revoked_device_ids().begin(),
                               response.revoked_device_ids().end()),
      (std::vector<std::string>{supervisor.caller.device.bytes(), second.caller.device.bytes()}));
  // As a client does it: from the root down, each by the key of one before it.
  std::map<std::string, crypto::VerifyingKey> keys = {{"", network.root().verifying_key()}};
  for (const v1::DeviceCertificate& certificate : response.certificates()) {
    ASSERT_TRUE(keys.contains(certificate.issuer_device_id()));
    EXPECT_TRUE(keys[certificate.issuer_device_id()].Verify(
        "amana device certificate v1\n" + certificate.statement(), certificate.signature()));
    v1::DeviceStatement statement;
    ASSERT_TRUE(statement.ParseFromString(certificate.statement()));
    keys[statement.device_id()] = *crypto::VerifyingKey::FromBytes(statement.signing_key());
  }
  EXPECT_TRUE(keys.contains(third.caller.device.bytes()));

  v1::ListDeviceCertificatesRequest nowhere;
  nowhere.set_organisation_id(std::string(16, 'x'));
  EXPECT_EQ(ReasonOf(network.devices().ListCertificates(CallContext(), nowhere).status()),
            Reason::kOrganisationNotFound);
}

TEST_F(DevicesOfHotline, RemovedDevicesAreListedLast) {
  const TestDevice first = network.NewApproved(id, Role::kOperator, &supervisor);
  const TestDevice second = network.NewPending(id, Role::kOperator);
  ASSERT_TRUE(network.Revoke(supervisor.caller, id, first.caller.device).ok());
  const auto list = List(supervisor.caller);
  ASSERT_EQ(list->devices_size(), 3);
  EXPECT_EQ(list->devices(2).device_id(), first.caller.device.bytes());
  EXPECT_EQ(list->devices(2).state(), v1::DEVICE_STATE_REVOKED);
}

TEST_F(DevicesOfHotline, ADeviceReadsItself) {
  const auto own = network.devices().GetOwn(network.CallOf(supervisor.caller));
  ASSERT_TRUE(own.ok());
  EXPECT_EQ(own->device().device_id(), supervisor.caller.device.bytes());
  EXPECT_EQ(own->device().signing_key(), supervisor.signing_key.verifying_key().bytes());
  EXPECT_EQ(ReasonOf(network.devices().GetOwn(CallContext()).status()), Reason::kDeviceNotFound);
}

}  // namespace
}  // namespace amana::identity
