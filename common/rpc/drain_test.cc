// Health, reflection, and the end of a server under load.

#include <gmock/gmock.h>

#include <thread>
#include <vector>

#include "common/rpc/errors.h"
#include "common/rpc/testing/echo_service.h"
#include "common/rpc/testing/raw_call.h"
#include "common/rpc/testing/server_fixture.h"

namespace amana::rpc::testing {
namespace {

namespace pb = amana::load::v1;
using ::testing::HasSubstr;

class DrainTest : public ServerTest {
 protected:
  // grpc.health.v1's answer for a service: "\b\1" is SERVING, "\b\2" NOT_SERVING.
  std::string Health(grpc::Channel& channel, const std::string& service) {
    std::string request =
        service.empty() ? "" : "\n" + std::string(1, static_cast<char>(service.size())) + service;
    return RawUnary(channel, "/grpc.health.v1.Health/Check", request);
  }
};

TEST_F(DrainTest, HealthFollowsReadiness) {
  Start();
  const auto channel = Channel(MakeTls(ca_, NewPerson(Role::kOperator).spiffe_id));
  for (const bool serving : {true, false, true}) {
    server_->SetServing(serving);
    const std::string expected = serving ? "\b\1" : "\b\2";
    EXPECT_EQ(Health(*channel, ""), expected);
    EXPECT_EQ(Health(*channel, "amana.load.v1.EchoService"), expected);
  }
}

TEST_F(DrainTest, ReflectionListsTheContractOnlyWithTheFlag) {
  constexpr char kPath[] = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo";
  constexpr char kListServices[] = ":\1*";  // ServerReflectionRequest{list_services: "*"}
  Start();
  auto channel = Channel(MakeTls(ca_, NewPerson(Role::kOperator).spiffe_id));
  EXPECT_EQ(RawStreamFirst(*channel, kPath, kListServices), "");
  server_.reset();
  options_.reflection = true;
  Start();
  channel = Channel(MakeTls(ca_, NewPerson(Role::kOperator).spiffe_id));
  EXPECT_THAT(RawStreamFirst(*channel, kPath, kListServices),
              HasSubstr("amana.load.v1.EchoService"));
}

TEST_F(DrainTest, UnderLoadNoIdempotentCallFails) {
  options_.drain_wait = absl::Milliseconds(100);
  options_.workers = 8;
  Start();
  // A second server stands by at another address, as another pod would.
  Service other_service("amana.load.v1.EchoService");
  BindEcho(other_service);
  Server other(options_, {.callers = &callers_, .metrics = &metrics_});
  other.Add(other_service);
  ASSERT_TRUE(other.Start().ok());
  const auto channel =
      MakeChannel({.address = "ipv4:" + Address() + ",127.0.0.1:" + std::to_string(other.port()),
                   .network = kNetwork,
                   .service = "load",
                   .tls = TlsFiles{MakeTls(ca_, NewPerson(Role::kOperator).spiffe_id)},
                   .own_connection = true});
  std::atomic<bool> stop = false;
  std::atomic<int> calls = 0;
  std::atomic<int> failures = 0;
  std::vector<std::thread> clients;
  for (int i = 0; i < 4; ++i) {
    clients.emplace_back([&, slow = i == 0] {
      auto stub = pb::EchoService::NewStub(channel);
      pb::EchoRequest request;
      if (slow) request.set_behaviour("sleep");
      while (!stop) {
        ++calls;
        if (!Call(*stub, &Stub::Echo, request).ok()) ++failures;
      }
    });
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  const absl::Time start = absl::Now();
  server_->Drain();
  EXPECT_LT(absl::Now() - start, absl::Seconds(5));
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  stop = true;
  for (std::thread& client : clients) client.join();
  EXPECT_GT(calls, 100);
  EXPECT_EQ(failures, 0);
}

TEST_F(DrainTest, AClientFindsARestartedServerWithinItsDeadline) {
  Start();
  const std::string address = Address();
  auto stub = StubFor(NewPerson(Role::kOperator));
  ASSERT_EQ(EchoReason(*stub), Reason::kUnspecified);
  server_.reset();
  std::thread restart([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(700));
    options_.listen = address;
    Start();
  });
  CallOptions options;
  options.deadline = Deadline::After(absl::Seconds(8));
  EXPECT_TRUE(Call(*stub, &Stub::Echo, pb::EchoRequest(), options).ok());
  restart.join();
}

}  // namespace
}  // namespace amana::rpc::testing
