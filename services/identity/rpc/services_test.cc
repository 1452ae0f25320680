// Identity's methods over real connections: a door without client certificates, mutual TLS behind
// it, callers out of its own store.

#include "services/identity/rpc/services.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>

#include "amana/identity/v1/identity.grpc.pb.h"
#include "common/base/files.h"
#include "common/obs/metrics.h"
#include "common/rpc/call.h"
#include "common/rpc/channel.h"
#include "common/rpc/server.h"
#include "common/rpc/spiffe.h"
#include "services/identity/app/test_network.h"
#include "services/identity/rpc/own_callers.h"

namespace amana::identity {
namespace {

using Stub = v1::IdentityService::Stub;

class IdentityServer : public testing::Test {
 protected:
  IdentityServer() {
    network_.clock().Set(absl::FromUnixSeconds(absl::ToUnixSeconds(absl::Now())));
    folder_ = testing::TempDir() + "/identity_test_" + std::to_string(getpid());
    std::filesystem::create_directories(folder_);
    const crypto::TransportKey key = crypto::TransportKey::Generate();
    const std::string certificate =
        CertificateFor(key, rpc::ServiceSpiffeId(kTestNetwork, "identity"));
    EXPECT_TRUE(WritePrivateFile(folder_ + "/ca.pem", Ca()).ok());
    EXPECT_TRUE(WritePrivateFile(folder_ + "/cert.pem", certificate).ok());
    EXPECT_TRUE(WritePrivateFile(folder_ + "/key.pem", key.ToPem().Expose()).ok());
    server_ = Start(*identity_, true);
    door_server_ = Start(*door_, false);
  }

  ~IdentityServer() override {
    server_.reset();
    door_server_.reset();
    std::filesystem::remove_all(folder_);
  }

  const std::string& Ca() { return network_.authority().certificate_pem(); }

  std::string CertificateFor(const crypto::TransportKey& key, const std::string& spiffe_id) {
    return *network_.authority().Issue({.public_key = key.public_key(),
                                        .spiffe_ids = {spiffe_id},
                                        .dns_names = {},
                                        .not_before = network_.clock().Now() - absl::Hours(1),
                                        .not_after = network_.clock().Now() + absl::Hours(1)});
  }

  std::unique_ptr<rpc::Server> Start(rpc::Service& service, bool client_certificates) {
    rpc::ServerOptions options;
    options.service = "identity";
    options.listen = "127.0.0.1:0";
    options.network = kTestNetwork;
    options.tls_dir = folder_;
    options.client_certificates = client_certificates;
    options.workers = 2;
    options.drain_wait = absl::ZeroDuration();
    auto server = std::make_unique<rpc::Server>(
        options, rpc::ServerDeps{.callers = &callers_, .metrics = &metrics_});
    server->Add(service);
    EXPECT_TRUE(server->Start().ok());
    server->SetServing(true);
    return server;
  }

  std::shared_ptr<grpc::Channel> Channel(const rpc::Server& server, const rpc::TlsPem& tls) {
    return rpc::MakeChannel({.address = "127.0.0.1:" + std::to_string(server.port()),
                             .network = kTestNetwork,
                             .service = "identity",
                             .tls = tls});
  }

  std::unique_ptr<Stub> StubOf(const crypto::TransportKey& key, const std::string& certificate) {
    return v1::IdentityService::NewStub(
        Channel(*server_, {Ca(), certificate, std::string(key.ToPem().Expose())}));
  }
  std::unique_ptr<Stub> StubOf(const TestDevice& device) {
    return StubOf(device.transport_key,
                  CertificateFor(device.transport_key,
                                 rpc::DeviceSpiffeId(kTestNetwork, device.caller.organisation,
                                                     device.caller.device)));
  }

  TestNetwork network_;
  OwnCallers callers_{network_.devices()};
  obs::Metrics metrics_;
  std::string folder_;
  std::unique_ptr<rpc::Service> identity_ =
      MakeIdentityService(network_.organisations(), network_.enrolment(), network_.devices());
  std::unique_ptr<rpc::Service> door_ = MakeEnrolmentService(network_.enrolment());
  std::unique_ptr<rpc::Server> server_;
  std::unique_ptr<rpc::Server> door_server_;
};

Reason OwnDeviceReason(Stub& stub) {
  return ReasonOf(
      rpc::Call(stub, &Stub::GetOwnDevice, v1::GetOwnDeviceRequest(), {.retry = false}).status());
}

TEST_F(IdentityServer, ADevicesLifeOverTheWire) {
  const OrganisationId hotline = network_.NewOrganisation(v1::ORGANISATION_KIND_HOTLINE);
  const auto administrator = StubOf(network_.administrator());
  v1::CreateEnrolmentCodeRequest code_request;
  code_request.set_request_id(network_.NewRequestId().bytes());
  code_request.set_organisation_id(hotline.bytes());
  code_request.set_role(amana::options::v1::ROLE_SUPERVISOR);
  const auto code = rpc::Call(*administrator, &Stub::CreateEnrolmentCode, code_request);
  ASSERT_TRUE(code.ok()) << code.status();

  // Through the door without a certificate, with what comes back through the other one.
  TestDevice device = TestDevice::New();
  const auto door = v1::EnrolmentService::NewStub(Channel(*door_server_, {Ca(), "", ""}));
  const v1::EnrolRequest request =
      network_.EnrolRequestOf(device, code->code(), network_.NewRequestId());
  const auto enrolled = rpc::Call(*door, &v1::EnrolmentService::Stub::Enrol, request);
  ASSERT_TRUE(enrolled.ok()) << enrolled.status();
  const auto again = rpc::Call(*door, &v1::EnrolmentService::Stub::Enrol, request);
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->certificate(), enrolled->certificate());
  device.caller.role = Role::kSupervisor;
  device.caller.organisation = hotline;
  device.caller.device = *DeviceId::FromBytes(enrolled->device().device_id());
  const auto own = StubOf(device.transport_key, enrolled->certificate());
  EXPECT_EQ(OwnDeviceReason(*own), Reason::kDeviceNotApproved);

  v1::ApproveDeviceRequest approve;
  approve.set_request_id(network_.NewRequestId().bytes());
  *approve.mutable_certificate() = network_.Vouch(device, nullptr);
  ASSERT_TRUE(rpc::Call(*administrator, &Stub::ApproveDevice, approve).ok());
  EXPECT_EQ(OwnDeviceReason(*own), Reason::kUnspecified);

  v1::RenewCertificateRequest renew;
  renew.set_request_id(network_.NewRequestId().bytes());
  renew.set_certificate_request(crypto::CreateCertificateRequest(device.transport_key));
  EXPECT_TRUE(rpc::Call(*own, &Stub::RenewCertificate, renew).ok());

  v1::RevokeDeviceRequest revoke;
  revoke.set_request_id(network_.NewRequestId().bytes());
  revoke.set_organisation_id(hotline.bytes());
  revoke.set_device_id(device.caller.device.bytes());
  ASSERT_TRUE(rpc::Call(*administrator, &Stub::RevokeDevice, revoke).ok());
  EXPECT_EQ(OwnDeviceReason(*own), Reason::kDeviceRevoked);
}

TEST_F(IdentityServer, RolesAreLookedUpAndClosedOrganisationsStop) {
  const OrganisationId hotline = network_.NewOrganisation(v1::ORGANISATION_KIND_HOTLINE);
  const TestDevice supervisor = network_.NewApproved(hotline, Role::kSupervisor);
  const auto stub = StubOf(supervisor);
  v1::CloseOrganisationRequest close;
  close.set_request_id(network_.NewRequestId().bytes());
  close.set_organisation_id(hotline.bytes());
  EXPECT_EQ(ReasonOf(rpc::Call(*stub, &Stub::CloseOrganisation, close).status()),
            Reason::kRoleNotAllowed);
  const auto administrator = StubOf(network_.administrator());
  ASSERT_TRUE(rpc::Call(*administrator, &Stub::CloseOrganisation, close).ok());
  EXPECT_EQ(OwnDeviceReason(*stub), Reason::kOrganisationClosed);

  TestDevice stranger = TestDevice::New();
  stranger.caller.organisation = hotline;
  stranger.caller.device = NewId<DeviceId>(network_.random());
  EXPECT_EQ(OwnDeviceReason(*StubOf(stranger)), Reason::kCallerUnknown);
}

TEST_F(IdentityServer, ServicesAskWhoACallerIs) {
  const crypto::TransportKey key = crypto::TransportKey::Generate();
  const auto intake =
      StubOf(key, CertificateFor(key, rpc::ServiceSpiffeId(kTestNetwork, "intake")));
  v1::LookUpCallerRequest request;
  request.set_device_id(network_.administrator().caller.device.bytes());
  const auto answer = rpc::Call(*intake, &Stub::LookUpCaller, request);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->organisation_id(), network_.network_organisation().bytes());
  EXPECT_EQ(answer->role(), amana::options::v1::ROLE_NETWORK_ADMINISTRATOR);
  EXPECT_EQ(answer->state(), v1::DEVICE_STATE_APPROVED);
  EXPECT_EQ(answer->organisation_state(), v1::ORGANISATION_STATE_OPEN);
  request.set_device_id(std::string(16, 'x'));
  EXPECT_EQ(ReasonOf(rpc::Call(*intake, &Stub::LookUpCaller, request).status()),
            Reason::kDeviceNotFound);
  // Devices have no business with it.
  const auto administrator = StubOf(network_.administrator());
  EXPECT_EQ(ReasonOf(rpc::Call(*administrator, &Stub::LookUpCaller, request).status()),
            Reason::kRoleNotAllowed);
}

TEST(History, IsReadByItsOrganisationAndByAdministrators) {
  Caller caller;
  caller.role = Role::kOperator;
  caller.organisation = *OrganisationId::FromBytes(std::string(16, 'h'));
  EXPECT_TRUE(MayReadHistory(caller, std::string(16, 'h')));
  EXPECT_FALSE(MayReadHistory(caller, std::string(16, 'x')));
  EXPECT_FALSE(MayReadHistory(caller, "h"));
  caller.role = Role::kNetworkAdministrator;
  EXPECT_TRUE(MayReadHistory(caller, std::string(16, 'x')));
  EXPECT_FALSE(MayReadHistory(caller, ""));
}

}  // namespace
}  // namespace amana::identity
