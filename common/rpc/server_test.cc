// The road of a call, over real TLS on loopback: who is let in, what is refused, and how.

#include "common/rpc/server.h"

#include <gmock/gmock.h>
#include <grpcpp/generic/generic_stub.h>

#include <filesystem>
#include <thread>
#include <vector>

#include "common/base/files.h"
#include "common/crypto/random.h"
#include "common/obs/log.h"
#include "common/rpc/errors.h"
#include "common/rpc/spiffe.h"
#include "common/rpc/testing/server_fixture.h"

namespace amana::rpc::testing {
namespace {

namespace pb = amana::load::v1;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

using RpcServerTest = ServerTest;

TEST_F(RpcServerTest, AnswersAKnownCaller) {
  Start();
  auto stub = StubFor(NewPerson(Role::kOperator));
  EXPECT_EQ(EchoReason(*stub), Reason::kUnspecified);
  EXPECT_THAT(metrics_.Scrape(),
              HasSubstr("amana_rpc_server_handled_total{code=\"OK\",method=\"amana.load.v1."
                        "EchoService/Echo\",reason=\"OK\",service=\"load\"} 1\n"));
  EXPECT_THAT(metrics_.Scrape(), HasSubstr("amana_tls_certificate_expiry_seconds{"));
}

TEST_F(RpcServerTest, WithoutACertificateNobodyGetsIn) {
  Start();
  const std::string tls = MakeTls(ca_, NewPerson(Role::kOperator).spiffe_id);
  auto stub = pb::EchoService::NewStub(
      MakeChannel({.address = Address(),
                   .network = kNetwork,
                   .service = "load",
                   .tls = TlsFiles{.directory = tls, .with_identity = false}}));
  EXPECT_EQ(EchoReason(*stub, "", absl::Seconds(1)), Reason::kServiceUnavailable);
}

TEST_F(RpcServerTest, AnotherNetworksCertificateIsRefused) {
  Start();
  const Person person = NewPerson(Role::kOperator);
  auto stub = StubFor(MakeTls(NewAuthority(), person.spiffe_id));  // same names, another CA
  EXPECT_EQ(EchoReason(*stub, "", absl::Seconds(1)), Reason::kServiceUnavailable);
  // Our CA, another network's name.
  stub =
      StubFor(MakeTls(ca_, DeviceSpiffeId("elsewhere.test", person.organisation, person.device)));
  EXPECT_EQ(EchoReason(*stub), Reason::kCallerUnknown);
}

TEST_F(RpcServerTest, AnExpiredCertificateIsRefused) {
  Start();
  const Person person = NewPerson(Role::kOperator);
  const absl::Time hour_ago = absl::FromUnixSeconds(absl::ToUnixSeconds(absl::Now()) - 3600);
  auto stub = StubFor(MakeTls(ca_, person.spiffe_id, hour_ago));
  EXPECT_EQ(EchoReason(*stub, "", absl::Seconds(1)), Reason::kServiceUnavailable);
}

TEST_F(RpcServerTest, TheDirectoryDecidesWhoADeviceIs) {
  Start();
  Random& random = crypto::SystemRandom::Instance();
  const Person stranger{NewId<OrganisationId>(random), NewId<DeviceId>(random), ""};
  auto stub =
      StubFor(MakeTls(ca_, DeviceSpiffeId(kNetwork, stranger.organisation, stranger.device)));
  EXPECT_EQ(EchoReason(*stub), Reason::kCallerUnknown);

  for (const Reason refusal :
       {Reason::kDeviceRevoked, Reason::kDeviceNotApproved, Reason::kServiceUnavailable}) {
    const Person person = NewPerson(Role::kOperator);
    callers_.Set(person.device, Error(refusal));
    EXPECT_EQ(EchoReason(*StubFor(person)), refusal);
  }
  EXPECT_EQ(EchoReason(*StubFor(NewPerson(Role::kAuditor))), Reason::kRoleNotAllowed);

  // A certificate that claims another organisation than the device's.
  const Person person = NewPerson(Role::kOperator);
  stub = StubFor(MakeTls(ca_, DeviceSpiffeId(kNetwork, stranger.organisation, person.device)));
  EXPECT_EQ(EchoReason(*stub), Reason::kCallerUnknown);
}

TEST_F(RpcServerTest, ARevocationTakesHoldOnAnOpenConnection) {
  Start();
  const Person person = NewPerson(Role::kOperator);
  auto stub = StubFor(person);
  EXPECT_EQ(EchoReason(*stub), Reason::kUnspecified);
  callers_.Set(person.device, Error(Reason::kDeviceRevoked));
  EXPECT_EQ(EchoReason(*stub), Reason::kDeviceRevoked);
}

TEST_F(RpcServerTest, OnlyListedServicesMayCall) {
  Start();
  EXPECT_EQ(EchoReason(*StubFor(MakeTls(ca_, ServiceSpiffeId(kNetwork, "load")))),
            Reason::kUnspecified);
  EXPECT_EQ(EchoReason(*StubFor(MakeTls(ca_, ServiceSpiffeId(kNetwork, "intake")))),
            Reason::kRoleNotAllowed);
}

TEST_F(RpcServerTest, AClientRefusesAServerThatIsAnotherOne) {
  Start();
  const std::string tls = MakeTls(ca_, NewPerson(Role::kOperator).spiffe_id);
  for (const auto& [network, service] :
       {std::pair("amana.test", "intake"), std::pair("elsewhere.test", "load")}) {
    auto stub = pb::EchoService::NewStub(MakeChannel({.address = Address(),
                                                      .network = network,
                                                      .service = service,
                                                      .tls = TlsFiles{tls},
                                                      .own_connection = true}));
    EXPECT_EQ(EchoReason(*stub, "", absl::Seconds(1)), Reason::kServiceUnavailable);
  }
}

TEST_F(RpcServerTest, TheEnrolmentDoorKnowsNobody) {
  options_.client_certificates = false;
  Start();
  const std::string tls = MakeTls(ca_, NewPerson(Role::kOperator).spiffe_id);
  auto stub = pb::EchoService::NewStub(
      MakeChannel({.address = Address(),
                   .network = kNetwork,
                   .service = "load",
                   .tls = TlsPem{.ca = ca_.certificate_pem(), .certificate = "", .key = ""}}));
  EXPECT_EQ(EchoReason(*stub), Reason::kRoleNotAllowed);  // unenrolled callers are not listed
  EXPECT_EQ(EchoReason(*StubFor(tls)), Reason::kRoleNotAllowed);  // a certificate does not help
}

TEST_F(RpcServerTest, AChangeGetsItsRequestIdDigestAndTrace) {
  Start();
  auto stub = StubFor(NewPerson(Role::kOperator));
  pb::ChangeRequest request;
  const RequestId id = NewId<RequestId>(crypto::SystemRandom::Instance());
  request.set_request_id(id.bytes());
  CallOptions options;
  options.traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  const auto response = Call(*stub, &Stub::Change, request, options);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_THAT(response->payload(), StartsWith("echo.changed " + id.ToString() +
                                              " 32 00-4bf92f3577b34da6a3ce929d0e0e4736-"));
  EXPECT_THAT(response->payload(), Not(HasSubstr("00f067aa0ba902b7")));  // a span of its own

  for (const std::string& bad : {std::string(), std::string(15, 'x'), std::string(16, '\0')}) {
    request.set_request_id(bad);
    const auto refused = Call(*stub, &Stub::Change, request);
    EXPECT_EQ(ReasonOf(refused.status()), Reason::kInvalidField);
    EXPECT_EQ(DetailOf(refused.status()).field, "request_id");
  }
}

TEST_F(RpcServerTest, KeepsDeadlines) {
  Start();
  auto stub = StubFor(NewPerson(Role::kOperator));
  ASSERT_EQ(EchoReason(*stub), Reason::kUnspecified);  // connected
  // Under 30 ms nothing is begun; whether the client or the server says so is a race.
  pb::EchoRequest request;
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(25));
  pb::EchoResponse response;
  EXPECT_EQ(ReasonOf(FromGrpc(stub->Echo(&context, request, &response))), Reason::kNotEnoughTime);

  // What the handler sees: the client's less what is kept back, at most ten seconds.
  request.set_behaviour("deadline");
  CallOptions options;
  options.deadline = Deadline::After(absl::Seconds(2));
  const int two = std::stoi(Call(*stub, &Stub::Echo, request, options)->payload());
  EXPECT_LE(two, 2000);  // gRPC rounds a deadline up by as much as a hundredth on its way
  EXPECT_GT(two, 1500);
  options.deadline = Deadline::After(absl::Minutes(5));
  EXPECT_LE(std::stoi(Call(*stub, &Stub::Echo, request, options)->payload()), 9980);
  // The client's deadline ends the call while the handler still works.
  EXPECT_EQ(EchoReason(*stub, "sleep", absl::Milliseconds(100)), Reason::kDeadlinePassed);
}

TEST_F(RpcServerTest, AFullQueueRefusesAtOnceAndSaysWhenToComeAgain) {
  options_.workers = 1;
  options_.queue_limit = 1;
  Start();
  const Person person = NewPerson(Role::kOperator);
  auto stub = StubFor(person);
  ASSERT_EQ(EchoReason(*stub), Reason::kUnspecified);
  std::vector<std::thread> busy;
  std::atomic<int> refused = 0;
  for (int i = 0; i < 6; ++i) {
    busy.emplace_back([&] {
      pb::EchoRequest request;
      request.set_behaviour("sleep");
      CallOptions options;
      options.retry = false;
      const absl::Time start = absl::Now();
      const auto response = Call(*stub, &Stub::Echo, request, options);
      if (ReasonOf(response.status()) != Reason::kOverloaded) return;
      EXPECT_GT(DetailOf(response.status()).retry_after, absl::ZeroDuration());
      EXPECT_LT(absl::Now() - start, absl::Milliseconds(250));
      ++refused;
    });
  }
  for (std::thread& thread : busy) thread.join();
  // One ran, one waited; two were in the queue at once if the worker was slow to wake.
  EXPECT_GE(refused, 4);
  EXPECT_LE(refused, 5);
  EXPECT_EQ(EchoReason(*stub), Reason::kUnspecified);
}

TEST_F(RpcServerTest, ACancelledCallEndsAndTheServerGoesOn) {
  options_.workers = 1;
  Start();
  auto stub = StubFor(NewPerson(Role::kOperator));
  ASSERT_EQ(EchoReason(*stub), Reason::kUnspecified);
  grpc::ClientContext running;
  std::thread call([&] {
    pb::EchoRequest request;
    request.set_behaviour("sleep");
    pb::EchoResponse response;
    EXPECT_EQ(stub->Echo(&running, request, &response).error_code(), grpc::StatusCode::CANCELLED);
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  grpc::ClientContext queued;
  std::thread waiting([&] {
    pb::EchoResponse response;
    EXPECT_EQ(stub->Echo(&queued, pb::EchoRequest(), &response).error_code(),
              grpc::StatusCode::CANCELLED);
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  running.TryCancel();
  queued.TryCancel();
  call.join();
  waiting.join();
  EXPECT_EQ(EchoReason(*stub), Reason::kUnspecified);
  EXPECT_THAT(metrics_.Scrape(), HasSubstr("reason=\"CANCELLED\""));  // the one in the queue
}

TEST_F(RpcServerTest, WhatNobodyForesawGetsAnIncidentAndTellsNothing) {
  obs::CapturedLog log;
  Start();
  auto stub = StubFor(NewPerson(Role::kOperator));
  for (const char* behaviour : {"throw", "unexpected"}) {
    pb::EchoRequest request;
    request.set_behaviour(behaviour);
    grpc::ClientContext context;
    PrepareContext(context, {});
    pb::EchoResponse response;
    const grpc::Status status = stub->Echo(&context, request, &response);
    EXPECT_EQ(ReasonOf(FromGrpc(status)), Reason::kUnexpected);
    EXPECT_THAT(status.error_details(), HasSubstr("incident"));
    EXPECT_THAT(status.error_message() + status.error_details(), Not(HasSubstr("her name")));
  }
  EXPECT_THAT(log.text(), HasSubstr("\"incident\":"));
  EXPECT_THAT(log.text(), Not(HasSubstr("her name")));
}

TEST_F(RpcServerTest, BadBytesAndUnknownMethodsHaveNames) {
  Start();
  const auto channel = Channel(MakeTls(ca_, NewPerson(Role::kOperator).spiffe_id));
  grpc::GenericStub generic(channel);
  const grpc::Slice garbage("\xff\xff\xff");
  const grpc::ByteBuffer request(&garbage, 1);
  for (const auto& [method, reason] :
       {std::pair("/amana.load.v1.EchoService/Echo", Reason::kInvalidField),
        std::pair("/amana.load.v1.EchoService/Nothing", Reason::kMethodUnknown),
        std::pair("/amana.internal.Heartbeat/Beat", Reason::kUnexpected)}) {
    grpc::ClientContext context;
    grpc::ByteBuffer response;
    grpc::CompletionQueue queue;
    auto call = generic.PrepareUnaryCall(&context, method, request, &queue);
    call->StartCall();
    grpc::Status status;
    call->Finish(&response, &status, nullptr);
    void* tag = nullptr;
    bool ok = false;
    queue.Next(&tag, &ok);
    EXPECT_EQ(ReasonOf(FromGrpc(status)), reason) << method;
  }
}

TEST_F(RpcServerTest, AMessageOverTheLimitIsRefused) {
  Start();
  auto stub = StubFor(NewPerson(Role::kOperator));
  pb::EchoRequest request;
  request.set_payload(std::string(65537, 'x'));
  EXPECT_EQ(DetailOf(Call(*stub, &Stub::Echo, request).status()).field, "payload");
  request.set_payload(std::string(5 << 20, 'x'));
  CallOptions options;
  options.retry = false;
  EXPECT_FALSE(Call(*stub, &Stub::Echo, request, options).ok());
  EXPECT_EQ(EchoReason(*stub), Reason::kUnspecified);
}

TEST_F(RpcServerTest, TheEnrolmentDoorTakesOnlySmallMessages) {
  options_.client_certificates = false;
  Start();
  auto stub = StubFor(NewPerson(Role::kOperator));
  pb::EchoRequest request;
  request.set_payload(std::string(15 << 10, 'x'));
  CallOptions options;
  options.retry = false;
  // It came through to the rules.
  EXPECT_EQ(ReasonOf(Call(*stub, &Stub::Echo, request, options).status()), Reason::kRoleNotAllowed);
  request.set_payload(std::string(17 << 10, 'x'));
  const absl::Status refused = Call(*stub, &Stub::Echo, request, options).status();
  EXPECT_FALSE(refused.ok());
  EXPECT_NE(ReasonOf(refused), Reason::kRoleNotAllowed);
}

TEST_F(RpcServerTest, NewCertificatesAreTakenUpWithoutARestart) {
  // The folder is a link, replaced by a rename, as certificates must be.
  const std::string first = options_.tls_dir;
  const std::string link = folder_ + "/current";
  std::filesystem::create_directory_symlink(first, link);
  options_.tls_dir = link;
  options_.max_connection_age = absl::Milliseconds(300);
  Start();
  const Person person = NewPerson(Role::kOperator);
  auto stub = StubFor(person);
  EXPECT_EQ(EchoReason(*stub), Reason::kUnspecified);
  // The next certificate is of a new CA: only who trusts that one can tell that it is in use.
  const auto old_ca = std::move(ca_);
  ca_ = NewAuthority();
  const std::string second = MakeTls(ca_, ServiceSpiffeId(kNetwork, "load"));
  std::filesystem::create_directory_symlink(second, link + ".new");
  std::filesystem::rename(link + ".new", link);
  auto renewed = StubFor(MakeTls(ca_, person.spiffe_id));
  Reason reason = Reason::kUnexpected;
  for (int i = 0; i < 50 && reason != Reason::kUnspecified; ++i) {
    reason = EchoReason(*renewed, "", absl::Milliseconds(200));
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  EXPECT_EQ(reason, Reason::kUnspecified);
}

TEST_F(RpcServerTest, DoesNotStartWithCertificatesThatCannotWork) {
  const std::string good = options_.tls_dir;
  const std::string other_service = MakeTls(ca_, ServiceSpiffeId(kNetwork, "intake"));
  const std::string mismatch = MakeTls(ca_, ServiceSpiffeId(kNetwork, "load"));
  std::filesystem::copy_file(good + "/key.pem", mismatch + "/key.pem",
                             std::filesystem::copy_options::overwrite_existing);
  const std::string open_key = MakeTls(ca_, ServiceSpiffeId(kNetwork, "load"));
  std::filesystem::permissions(open_key + "/key.pem", std::filesystem::perms::others_read,
                               std::filesystem::perm_options::add);
  for (const std::string& directory :
       {other_service, mismatch, open_key, std::string("/nowhere/at/all")}) {
    options_.tls_dir = directory;
    Server server(options_, {.callers = &callers_, .metrics = &metrics_});
    const absl::Status status = server.Start();
    EXPECT_EQ(ReasonOf(status), Reason::kConfigurationInvalid) << directory;
    EXPECT_EQ(DetailOf(status).field, "tls_dir") << directory;
  }
}

TEST_F(RpcServerTest, TwoServersDoNotShareAPort) {
  Start();
  options_.listen = Address();
  Server second(options_, {.callers = &callers_, .metrics = &metrics_});
  EXPECT_EQ(ReasonOf(second.Start()), Reason::kConfigurationInvalid);
}

TEST_F(RpcServerTest, TheFirstCallAfterAPauseDoesNotStall) {
  Start();
  auto stub = StubFor(NewPerson(Role::kOperator));
  ASSERT_EQ(EchoReason(*stub), Reason::kUnspecified);
  std::vector<absl::Duration> times;
  for (int i = 0; i < 5; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1040 + 20 * i));
    const absl::Time start = absl::Now();
    ASSERT_EQ(EchoReason(*stub), Reason::kUnspecified);
    times.push_back(absl::Now() - start);
  }
  std::sort(times.begin(), times.end());
  EXPECT_LT(times[2], absl::Milliseconds(15));  // without the heartbeat: 32 ms and more
}

}  // namespace
}  // namespace amana::rpc::testing
