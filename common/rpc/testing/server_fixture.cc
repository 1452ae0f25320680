#include "common/rpc/testing/server_fixture.h"

#include <unistd.h>

#include <filesystem>

#include "common/base/error.h"
#include "common/base/files.h"
#include "common/crypto/random.h"
#include "common/rpc/spiffe.h"
#include "common/rpc/testing/echo_service.h"

namespace amana::rpc::testing {
namespace {

absl::Time StartOfDay() { return absl::FromUnixSeconds(absl::ToUnixSeconds(absl::Now()) - 43200); }
absl::Time EndOfDay() { return absl::FromUnixSeconds(absl::ToUnixSeconds(absl::Now()) + 43200); }

}  // namespace

void FakeCallers::Set(const DeviceId& device, absl::StatusOr<Caller> answer) {
  MutexLock lock(mutex_);
  answers_.insert_or_assign(device, std::move(answer));
}

absl::StatusOr<Caller> FakeCallers::LookUp(const DeviceId& device, Deadline) {
  MutexLock lock(mutex_);
  const auto it = answers_.find(device);
  if (it == answers_.end()) return Error(Reason::kCallerUnknown);
  return it->second;
}

crypto::CertificateAuthority ServerTest::NewAuthority() {
  return *crypto::CertificateAuthority::Create(kNetwork, crypto::TransportKey::Generate(),
                                               StartOfDay(), EndOfDay());
}

ServerTest::ServerTest() : ca_(NewAuthority()) {
  static int tests = 0;
  folder_ = ::testing::TempDir() + "/rpc_test_" + std::to_string(getpid()) + "_" +
            std::to_string(++tests);
  std::filesystem::create_directories(folder_);
  options_.service = "load";
  options_.listen = "127.0.0.1:0";
  options_.network = kNetwork;
  options_.tls_dir = MakeTls(ca_, ServiceSpiffeId(kNetwork, "load"));
  options_.workers = 4;
  options_.drain_wait = absl::ZeroDuration();
  options_.drain_limit = absl::Seconds(5);
}

ServerTest::~ServerTest() {
  server_.reset();
  std::filesystem::remove_all(folder_);
}

std::string ServerTest::MakeTls(const crypto::CertificateAuthority& ca,
                                const std::string& spiffe_id, std::optional<absl::Time> not_after) {
  const std::string directory = folder_ + "/tls" + std::to_string(++folders_);
  std::filesystem::create_directories(directory);
  const auto key = crypto::TransportKey::Generate();
  const auto certificate = ca.Issue({.public_key = key.public_key(),
                                     .spiffe_ids = {spiffe_id},
                                     .dns_names = {},
                                     .not_before = StartOfDay(),
                                     .not_after = not_after.value_or(EndOfDay())});
  EXPECT_TRUE(certificate.ok());
  EXPECT_TRUE(WritePrivateFile(directory + "/ca.pem", ca_.certificate_pem()).ok());
  EXPECT_TRUE(WritePrivateFile(directory + "/cert.pem", *certificate).ok());
  EXPECT_TRUE(WritePrivateFile(directory + "/key.pem", key.ToPem().Expose()).ok());
  return directory;
}

Person ServerTest::NewPerson(Role role) {
  Random& random = crypto::SystemRandom::Instance();
  Person person{NewId<OrganisationId>(random), NewId<DeviceId>(random), ""};
  person.spiffe_id = DeviceSpiffeId(kNetwork, person.organisation, person.device);
  Caller caller;
  caller.role = role;
  caller.device = person.device;
  caller.organisation = person.organisation;
  callers_.Set(person.device, caller);
  return person;
}

void ServerTest::Start() {
  service_ = std::make_unique<Service>("amana.load.v1.EchoService");
  BindEcho(*service_);
  server_ =
      std::make_unique<Server>(options_, ServerDeps{.callers = &callers_, .metrics = &metrics_});
  server_->Add(*service_);
  const absl::Status started = server_->Start();
  ASSERT_TRUE(started.ok()) << started << " " << DetailOf(started).field;
  server_->SetServing(true);
}

std::string ServerTest::Address() const { return "127.0.0.1:" + std::to_string(server_->port()); }

std::shared_ptr<grpc::Channel> ServerTest::Channel(const std::string& tls_dir) {
  return MakeChannel({.address = Address(),
                      .network = kNetwork,
                      .service = "load",
                      .tls = TlsFiles{tls_dir},
                      .own_connection = true});
}

std::unique_ptr<ServerTest::Stub> ServerTest::StubFor(const std::string& tls_dir) {
  return amana::load::v1::EchoService::NewStub(Channel(tls_dir));
}

Reason ServerTest::EchoReason(Stub& stub, const std::string& behaviour, absl::Duration time) {
  amana::load::v1::EchoRequest request;
  request.set_payload("hello");
  request.set_behaviour(behaviour);
  CallOptions options;
  options.deadline = Deadline::After(time);
  options.retry = false;
  const auto response = Call(stub, &Stub::Echo, request, options);
  if (response.ok() && behaviour.empty()) {
    EXPECT_EQ(response->payload(), "hello");
  }
  return ReasonOf(response.status());
}

}  // namespace amana::rpc::testing
