// Bytes that no client of ours would send, to every method, by callers who may call it. The answer
// is a documented reason, and the service goes on.
//
// AMANA_TEST_SIZE: 200, 500 or 5000 requests a method. AMANA_TEST_SEED repeats a run.

#include <gtest/gtest.h>

#include <random>

#include "amana/options/v1/options.pb.h"
#include "common/base/hex.h"
#include "common/testing/raw_call.h"
#include "tests/service/exercises.h"

namespace amana::testing {
namespace {

using google::protobuf::MethodDescriptor;

uint64_t Seed() {
  const char* given = std::getenv("AMANA_TEST_SEED");
  return given == nullptr ? 20261122 : std::strtoull(given, nullptr, 10);
}

class BadInput : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    world_ = new World();
    for (const char* service : kServices) (*pids_)[service] = world_->network.Pid(service);
    std::cout << "seed " << Seed() << " (AMANA_TEST_SEED repeats it)\n";
  }

  // Somebody who may call the method, so that the request itself is looked at.
  struct Admitted {
    rpc::TlsPem tls;
    const TestDevice* device = nullptr;
    const Party* owner = nullptr;
  };
  static Admitted SomeoneFor(const MethodDescriptor& method) {
    const auto& rule = method.options().GetExtension(options::v1::rule);
    const Party& hotline = world_->a.hotline;
    const Party& centre = world_->a.centre;
    switch (static_cast<Role>(rule.roles(0))) {
      case Role::kOperator:
        return {hotline.member.tls, &hotline.member, &hotline};
      case Role::kSupervisor:
        return {hotline.head.tls, &hotline.head, &hotline};
      case Role::kCaseWorker:
        return {centre.member.tls, &centre.member, &centre};
      case Role::kNetworkAdministrator:
        return {world_->network.administrator().tls, &world_->network.administrator(), &hotline};
      case Role::kService:
        return {world_->network.ServiceCertificate(rule.services(0)), nullptr, &hotline};
      default:
        return {world_->network.NoCertificate(), nullptr, &hotline};
    }
  }

  // Ids of requests are fresh, or every second one would only be told that its id was used.
  static std::string ValidBytes(const MethodDescriptor& method, const Admitted& someone,
                                const std::string& server) {
    const auto request = ValidRequest(method, {*world_, *someone.owner, someone.device, server});
    return request->SerializeAsString();
  }

  void Expect(const RawReply& reply, const std::string& where, const std::string& sent) {
    ++reasons_[reply.ok() ? "OK" : std::string(InfoOf(reply.reason).name)];
    if (reply.ok()) return;
    EXPECT_TRUE(reply.documented) << where << ": " << reply.ToString();
    EXPECT_NE(reply.reason, Reason::kUnexpected) << where;
    EXPECT_NE(reply.reason, Reason::kStoredValueUnreadable) << where;
    EXPECT_NE(reply.reason, Reason::kStoreUnavailable) << where;
    EXPECT_NE(reply.status.error_code(), grpc::StatusCode::INTERNAL) << where;
    if (HasFailure() && !shown_) {
      shown_ = true;
      std::cout << where << " was sent " << HexEncode(sent) << "\n";
    }
  }

  void ExpectAlive() {
    for (const char* service : kServices) {
      EXPECT_EQ(world_->network.Pid(service), pids_->at(service)) << service << " was restarted";
      EXPECT_EQ(world_->network.OpsStatus(service, "/readyz"), 200) << service;
    }
  }

  static const World* world_;
  static std::map<std::string, pid_t>* pids_;
  std::map<std::string, int> reasons_;
  bool shown_ = false;
};

const World* BadInput::world_ = nullptr;
std::map<std::string, pid_t>* BadInput::pids_ = new std::map<std::string, pid_t>();

TEST_F(BadInput, EveryMethodAnswersWithADocumentedReason) {
  const int requests = BySize(200, 500, 5000);
  std::mt19937_64 random(Seed());
  int methods = 0;
  for (const MethodDescriptor* method : AllMethods()) {
    ASSERT_TRUE(Exercises().contains(ShortName(*method))) << ShortName(*method);
    const bool door = method->service()->name() == "EnrolmentService";
    const Admitted someone = SomeoneFor(*method);
    for (const std::string& server : ServersOf(*method)) {
      ++methods;
      const auto channel = door ? world_->network.EnrolmentDoor(someone.tls)
                                : world_->network.Channel(server, someone.tls);
      const bool streams = method->server_streaming();
      std::string valid;
      for (int i = 0; i < (streams ? requests / 10 : requests); ++i) {
        // Making one costs keys and signatures: a few requests share it.
        if (i % 10 == 0) valid = ValidBytes(*method, someone, server);
        const std::string bytes = Mutate(valid, random);
        Expect(
            CallRaw(channel, *method, bytes, streams ? absl::Milliseconds(100) : absl::Seconds(8)),
            ShortName(*method) + " at " + server, bytes);
        if (HasFatalFailure()) return;
      }
      ASSERT_NO_FATAL_FAILURE(ExpectAlive());
    }
  }
  std::cout << methods << " methods, " << requests << " requests each:";
  for (const auto& [reason, count] : reasons_) std::cout << " " << reason << " " << count;
  std::cout << "\n";
}

// Messages that gRPC itself has to turn away.
TEST_F(BadInput, AMessageThatIsTooLarge) {
  const auto channel = world_->network.Channel("messaging", world_->a.hotline.member);
  const RawReply reply =
      CallRaw(channel, "/amana.messaging.v1.MessagingService/PutChunk", std::string(5 << 20, 'x'));
  EXPECT_EQ(reply.status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED) << reply.ToString();
  ExpectAlive();
}

TEST_F(BadInput, AMethodThatThereIsNot) {
  const auto channel = world_->network.Channel("intake", world_->a.hotline.member);
  for (const char* path : {"/amana.intake.v1.IntakeService/Nothing", "/nothing/at-all",
                           "/amana.intake.v1.IntakeService/", "/"}) {
    const RawReply reply = CallRaw(channel, path, "");
    EXPECT_EQ(reply.status.error_code(), grpc::StatusCode::UNIMPLEMENTED)
        << path << ": " << reply.ToString();
  }
  ExpectAlive();
}

// A deadline that has all but passed is refused before anything is done.
TEST_F(BadInput, NoTimeAtAll) {
  const auto channel = world_->network.Channel("intake", world_->a.hotline.member);
  for (const int ms : {1, 5, 20}) {
    const RawReply reply = CallRaw(channel, "/amana.intake.v1.IntakeService/ListCases", "", false,
                                   absl::Milliseconds(ms));
    EXPECT_EQ(reply.status.error_code(), grpc::StatusCode::DEADLINE_EXCEEDED) << reply.ToString();
  }
  ExpectAlive();
}

}  // namespace
}  // namespace amana::testing
