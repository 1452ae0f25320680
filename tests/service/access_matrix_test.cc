// Every method, every role, what is one's own and what is somebody else's.
//
//   a role that the rule does not name        ROLE_NOT_ALLOWED, whatever the request says
//   a named role, one's own                   not refused, and found
//   a named role, another organisation's      not found; nothing of theirs in any answer
//   a service that the rule does not name     ROLE_NOT_ALLOWED
//   no certificate                            no connection, but to the enrolment door
//   the enrolment door                        Enrol and nothing else
//
// A method that tests/service/exercises.cc does not know fails.

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include "absl/time/clock.h"
#include "amana/options/v1/options.pb.h"
#include "common/testing/raw_call.h"
#include "tests/service/exercises.h"

namespace amana::testing {
namespace {

using google::protobuf::MethodDescriptor;
using options::v1::Rule;

const Rule& RuleOf(const MethodDescriptor& method) {
  return method.options().GetExtension(options::v1::rule);
}

bool Names(const Rule& rule, Role role) {
  const auto& roles = rule.roles();
  return std::find(roles.begin(), roles.end(), static_cast<int>(role)) != roles.end();
}

bool NamesService(const Rule& rule, const std::string& service) {
  return Names(rule, Role::kService) && std::find(rule.services().begin(), rule.services().end(),
                                                  service) != rule.services().end();
}

// A caller with its connections.
struct Someone {
  std::string name;
  Role role = Role::kUnspecified;
  const TestDevice* device = nullptr;  // null for services
  const Party* party = nullptr;        // whose own things are its own; null for those with none
  std::map<std::string, std::shared_ptr<grpc::Channel>> channels = {};
};

class Connections {
 public:
  explicit Connections(const World& world) : world_(world) {}

  Someone Device(const std::string& name, const TestDevice& device, const Party* party) const {
    return Of(name, device.role, device.tls, &device, party);
  }
  Someone Service(const std::string& name) const {
    return Of("service " + name, Role::kService, world_.network.ServiceCertificate(name), nullptr,
              nullptr);
  }
  Someone Nobody() const {
    return Of("nobody", Role::kUnenrolled, world_.network.NoCertificate(), nullptr, nullptr);
  }

 private:
  Someone Of(const std::string& name, Role role, const rpc::TlsPem& tls, const TestDevice* device,
             const Party* party) const {
    Someone someone{name, role, device, party};
    for (const char* service : kServices) {
      someone.channels[service] = world_.network.Channel(service, tls);
    }
    return someone;
  }

  const World& world_;
};

class AccessMatrix : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    world_ = new World();
    const Connections of(*world_);
    for (const Side* side : {&world_->a, &world_->b}) {
      const std::string letter = side == &world_->a ? " of A" : " of B";
      for (const Party* party : {&side->hotline, &side->centre}) {
        const bool hotline = party == &side->hotline;
        people_->push_back(
            of.Device((hotline ? "supervisor" : "manager") + letter, party->head, party));
        people_->push_back(
            of.Device((hotline ? "operator" : "case worker") + letter, party->member, party));
      }
    }
    people_->push_back(of.Device("administrator", world_->network.administrator(), nullptr));
    people_->push_back(of.Device("analyst", world_->analyst, nullptr));
    people_->push_back(of.Device("auditor", world_->auditor, nullptr));
    people_->push_back(of.Device("ops", world_->ops, nullptr));
    for (const char* service : kServices) services_->push_back(of.Service(service));
    *nobody_ = of.Nobody();
    // What was written last is in the log by now, or GetProof would rightly find nothing.
    absl::SleepFor(absl::Seconds(3));
  }

  // One request, sent; the request is kept for messages.
  RawReply Send(const Someone& who, const MethodDescriptor& method, const std::string& server,
                const Party& owner) {
    ++cells_;
    const auto request = ValidRequest(method, {*world_, owner, who.device, server});
    where_ = ShortName(method) + " at " + server + " as " + who.name + " about the " + owner.name;
    return CallRaw(who.channels.at(server), method, request->SerializeAsString(),
                   method.server_streaming() ? absl::Milliseconds(300) : absl::Seconds(8));
  }

  void ExpectRefused(const RawReply& reply) {
    EXPECT_EQ(reply.reason, Reason::kRoleNotAllowed) << where_ << ": " << reply.ToString();
    EXPECT_TRUE(reply.documented) << where_;
    EXPECT_TRUE(reply.bytes.empty()) << where_;
  }

  void ExpectServed(const RawReply& reply) {
    using grpc::StatusCode;
    const StatusCode code = reply.ok() ? StatusCode::OK : reply.status.error_code();
    EXPECT_TRUE(reply.ok() || reply.documented) << where_ << ": " << reply.ToString();
    EXPECT_NE(reply.reason, Reason::kUnexpected) << where_;
    EXPECT_NE(reply.reason, Reason::kInvalidField)
        << where_ << ": the test's own request is no good: " << reply.status.error_details();
    // The one refusal that is about who asked before, not about what a role may do.
    const bool another_person = reply.reason == Reason::kClosureNeedsAnotherPerson;
    EXPECT_TRUE(code != StatusCode::PERMISSION_DENIED || another_person)
        << where_ << ": " << reply.ToString();
    for (const StatusCode refused :
         {StatusCode::UNAUTHENTICATED, StatusCode::NOT_FOUND, StatusCode::INTERNAL,
          StatusCode::UNAVAILABLE, StatusCode::UNIMPLEMENTED, StatusCode::DEADLINE_EXCEEDED}) {
      EXPECT_NE(code, refused) << where_ << ": " << reply.ToString();
    }
  }

  void ExpectNotFound(const RawReply& reply) {
    EXPECT_TRUE(reply.documented) << where_ << ": " << reply.ToString();
    EXPECT_EQ(reply.status.error_code(), grpc::StatusCode::NOT_FOUND)
        << where_ << ": " << reply.ToString();
    EXPECT_TRUE(reply.bytes.empty()) << where_;
  }

  void ExpectNothingOf(const RawReply& reply, const Side& side) {
    for (const Party* party : {&side.hotline, &side.centre}) {
      for (const std::string& id : party->Private()) {
        EXPECT_TRUE(id.empty() || reply.bytes.find(id) == std::string::npos)
            << where_ << ": the answer names something of the " << party->name;
      }
    }
    EXPECT_NE(reply.reason, Reason::kUnexpected) << where_;
  }

  // Whether the owner can have what the method is about: a hotline is made no offers.
  static bool HasIt(const MethodDescriptor& method, const Party& owner) {
    for (const char* name : {"call_id", "offer_id", "pool_id", "service_at_location_id"}) {
      const auto* field = method.input_type()->FindFieldByName(name);
      const bool needed =
          field != nullptr && field->options().GetExtension(options::v1::field).required();
      if (needed && !owner.ids.contains(name)) return false;
    }
    return true;
  }

  static bool IsAtDoor(const MethodDescriptor& method) {
    return method.service()->name() == "EnrolmentService";
  }

  // Administrators see to every organisation's devices, and own no case.
  static bool IsAdministrators(const MethodDescriptor& method, const std::string& server) {
    return method.service()->name() == "IdentityService" || server == "identity";
  }

  static void ForAll(const std::function<void(const MethodDescriptor&, const std::string&)>& use) {
    for (const MethodDescriptor* method : AllMethods()) {
      if (IsAtDoor(*method)) continue;
      ASSERT_TRUE(Exercises().contains(ShortName(*method)))
          << "add " << ShortName(*method) << " to tests/service/exercises.cc";
      for (const std::string& server : ServersOf(*method)) use(*method, server);
    }
  }

  static const World* world_;
  static std::vector<Someone>* people_;
  static std::vector<Someone>* services_;
  static Someone* nobody_;
  int cells_ = 0;
  std::string where_;
};

const World* AccessMatrix::world_ = nullptr;
std::vector<Someone>* AccessMatrix::people_ = new std::vector<Someone>();
std::vector<Someone>* AccessMatrix::services_ = new std::vector<Someone>();
Someone* AccessMatrix::nobody_ = new Someone();

TEST_F(AccessMatrix, EveryExerciseBelongsToAMethod) {
  std::set<std::string> methods;
  for (const MethodDescriptor* method : AllMethods()) methods.insert(ShortName(*method));
  EXPECT_GT(methods.size(), 50u);
  for (const auto& [name, exercise] : Exercises()) {
    EXPECT_TRUE(methods.contains(name)) << name << " is gone: take it out of exercises.cc";
  }
}

TEST_F(AccessMatrix, ARoleThatIsNotNamedIsRefused) {
  ForAll([&](const MethodDescriptor& method, const std::string& server) {
    for (const Someone& who : *people_) {
      if (Names(RuleOf(method), who.role)) continue;
      ExpectRefused(
          Send(who, method, server, who.party == nullptr ? world_->a.hotline : *who.party));
      ExpectRefused(Send(who, method, server, world_->b.centre));
    }
    for (const Someone& who : *services_) {
      const std::string name = who.name.substr(who.name.find(' ') + 1);
      if (NamesService(RuleOf(method), name)) continue;
      ExpectRefused(Send(who, method, server, world_->a.centre));
    }
  });
  std::cout << cells_ << " cells refused by role\n";
}

TEST_F(AccessMatrix, SomebodyElsesIsNotFound) {
  ForAll([&](const MethodDescriptor& method, const std::string& server) {
    const Rule& rule = RuleOf(method);
    if (rule.scope() == options::v1::SCOPE_NETWORK) return;
    const Exercise& exercise = Exercises().at(ShortName(method));
    for (const Someone& who : *people_) {
      if (!Names(rule, who.role)) continue;
      if (who.party == nullptr && IsAdministrators(method, server)) continue;
      const bool of_b = who.party == &world_->b.hotline || who.party == &world_->b.centre;
      const Side& other = of_b ? world_->a : world_->b;
      for (const Party* owner : {&other.hotline, &other.centre}) {
        if (!HasIt(method, *owner)) continue;
        const RawReply reply = Send(who, method, server, *owner);
        if (exercise.names_owner) ExpectNotFound(reply);
        ExpectNothingOf(reply, other);
      }
    }
  });
  std::cout << cells_ << " cells about somebody else's\n";
}

TEST_F(AccessMatrix, OnesOwnIsServed) {
  std::set<std::string> succeeded;
  std::map<std::string, std::string> last;
  ForAll([&](const MethodDescriptor& method, const std::string& server) {
    for (const Someone& who : *people_) {
      if (!Names(RuleOf(method), who.role)) continue;
      if (who.party != nullptr && !HasIt(method, *who.party)) continue;
      // What an administrator may see outside of identity is nobody's.
      if (who.party == nullptr && method.name() == "ListHistory" && server != "identity") continue;
      const RawReply reply =
          Send(who, method, server, who.party == nullptr ? world_->a.hotline : *who.party);
      ExpectServed(reply);
      const std::string what = ShortName(method) + " at " + server;
      last[what] = reply.ToString();
      if (reply.ok()) succeeded.insert(what);
    }
  });
  // A request that fails for every caller would prove little.
  for (const auto& [what, reply] : last) {
    EXPECT_TRUE(succeeded.contains(what)) << what << " succeeded for nobody: " << reply;
  }
  std::cout << cells_ << " cells of one's own\n";
}

// After the people: these may destroy what is theirs.
TEST_F(AccessMatrix, ServicesAreServedWhereTheyAreNamed) {
  ForAll([&](const MethodDescriptor& method, const std::string& server) {
    for (const Someone& who : *services_) {
      const std::string name = who.name.substr(who.name.find(' ') + 1);
      if (!NamesService(RuleOf(method), name)) continue;
      ExpectServed(Send(who, method, server, world_->a.hotline));
    }
  });
  std::cout << cells_ << " cells of services\n";
}

TEST_F(AccessMatrix, WithoutACertificateThereIsNoConnection) {
  ForAll([&](const MethodDescriptor& method, const std::string& server) {
    const RawReply reply = Send(*nobody_, method, server, world_->a.hotline);
    EXPECT_EQ(reply.status.error_code(), grpc::StatusCode::UNAVAILABLE) << where_;
    EXPECT_FALSE(reply.documented) << where_ << ": a server spoke to nobody";
  });
  std::cout << cells_ << " cells without a certificate\n";
}

TEST_F(AccessMatrix, TheEnrolmentDoorServesEnrolAlone) {
  const auto door = world_->network.EnrolmentDoor(world_->network.NoCertificate());
  const auto with_certificate = world_->network.EnrolmentDoor(world_->network.administrator().tls);
  for (const MethodDescriptor* method : AllMethods()) {
    const auto request = ValidRequest(*method, {*world_, world_->a.hotline, nullptr, "identity"});
    for (const auto& channel : {door, with_certificate}) {
      ++cells_;
      const RawReply reply = CallRaw(channel, *method, request->SerializeAsString());
      if (IsAtDoor(*method)) {
        // The signature of the test's request is none: the door reads it, and says so.
        EXPECT_EQ(reply.reason, Reason::kInvalidField) << reply.ToString();
      } else {
        EXPECT_EQ(reply.status.error_code(), grpc::StatusCode::UNIMPLEMENTED)
            << ShortName(*method) << " at the door: " << reply.ToString();
      }
    }
  }
  std::cout << cells_ << " cells at the enrolment door\n";
}

TEST_F(AccessMatrix, NoServiceServesAnothersMethods) {
  const Someone& administrator = (*people_)[8];
  for (const MethodDescriptor* method : AllMethods()) {
    const std::vector<std::string> servers = ServersOf(*method);
    for (const char* service : kServices) {
      const bool serves = std::find(servers.begin(), servers.end(), service) != servers.end();
      if (serves && !IsAtDoor(*method)) continue;
      ++cells_;
      const RawReply reply =
          CallRaw(administrator.channels.at(service), *method, "", absl::Seconds(5));
      EXPECT_EQ(reply.status.error_code(), grpc::StatusCode::UNIMPLEMENTED)
          << ShortName(*method) << " at " << service << ": " << reply.ToString();
    }
  }
  std::cout << cells_ << " cells at another service\n";
}

}  // namespace
}  // namespace amana::testing
