// Who gets in: every service, every kind of certificate that is not a good one.

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "absl/time/clock.h"
#include "amana/identity/v1/identity.grpc.pb.h"
#include "common/crypto/random.h"
#include "common/crypto/x509.h"
#include "common/rpc/call.h"
#include "common/rpc/spiffe.h"
#include "common/testing/network.h"
#include "common/testing/raw_call.h"

namespace amana::testing {
namespace {

namespace pb = identity::v1;

// A method of each service that any device may call, with a request that is served.
struct Door {
  const char* service;
  const char* path;
  const char* request = "";
};
constexpr Door kDoors[] = {
    {"identity", "/amana.identity.v1.IdentityService/GetOwnDevice"},
    {"intake", "/amana.intake.v1.IntakeService/ListCases"},
    {"referral", "/amana.referral.v1.ReferralService/ListReferrals"},
    {"messaging", "/amana.messaging.v1.MessagingService/FetchMessages"},
    // ReadLogFileRequest{path: "checkpoint"}.
    {"audit", "/amana.audit.v1.AuditService/ReadLogFile", "\n\ncheckpoint"},
};

// A revocation is in force within the freshness of callers (5 s), on a machine that is busy.
const absl::Duration kRevokedWithin = absl::Seconds(5) + absl::Seconds(3);

class Tls : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    TestNetwork& network = TestNetwork::Get();
    const OrganisationId hotline =
        network.AddOrganisation("Hotline (fictional)", pb::ORGANISATION_KIND_HOTLINE);
    supervisor_ = new TestDevice(network.Enrol(hotline, Role::kSupervisor, nullptr));
  }

  RawReply Call(const Door& door, const rpc::TlsPem& tls) {
    return CallRaw(network_.Channel(door.service, tls), door.path, door.request, false,
                   absl::Seconds(3));
  }

  // The connection itself is refused: no server said a word.
  void ExpectNoConnection(const rpc::TlsPem& tls) {
    for (const Door& door : kDoors) {
      const RawReply reply = Call(door, tls);
      EXPECT_FALSE(reply.ok()) << door.service;
      EXPECT_FALSE(reply.documented) << door.service << ": " << reply.ToString();
      EXPECT_TRUE(reply.status.error_code() == grpc::StatusCode::UNAVAILABLE ||
                  reply.status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED)
          << door.service << ": " << reply.ToString();
      EXPECT_TRUE(reply.bytes.empty());
    }
  }

  void ExpectEverywhere(const rpc::TlsPem& tls, Reason reason) {
    for (const Door& door : kDoors) {
      const RawReply reply = Call(door, tls);
      EXPECT_EQ(reply.reason, reason) << door.service << ": " << reply.ToString();
      EXPECT_TRUE(reply.documented) << door.service << ": " << reply.ToString();
      EXPECT_TRUE(reply.bytes.empty()) << door.service;
    }
  }

  std::string SpiffeIdOf(const TestDevice& device) const {
    return rpc::DeviceSpiffeId(network_.name(), device.organisation, device.id);
  }

  // As CertificateFor(), with names that the network would not give.
  rpc::TlsPem CertificateNaming(std::vector<std::string> spiffe_ids) const {
    const auto ca = Must(crypto::CertificateAuthority::Load(
        network_.ca_pem(), Read(network_.folder() + "/network/ca.key")));
    const crypto::TransportKey key = crypto::TransportKey::Generate();
    const absl::Time now = absl::FromUnixSeconds(absl::ToUnixSeconds(absl::Now()));
    std::string certificate = Must(ca.Issue({.public_key = key.public_key(),
                                             .spiffe_ids = std::move(spiffe_ids),
                                             .dns_names = {},
                                             .not_before = now,
                                             .not_after = now + absl::Hours(1)}));
    return {network_.ca_pem(), std::move(certificate), std::string(key.ToPem().Expose())};
  }

  TestNetwork& network_ = TestNetwork::Get();
  static const TestDevice* supervisor_;

 private:
  static std::string Read(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }
};

const TestDevice* Tls::supervisor_ = nullptr;

TEST_F(Tls, AGoodCertificateGetsIn) {
  for (const Door& door : kDoors) {
    const RawReply reply = Call(door, supervisor_->tls);
    EXPECT_TRUE(reply.ok()) << door.service << ": " << reply.ToString();
  }
  // And one issued here, for the same device: what follows differs in one thing each.
  for (const Door& door : kDoors) {
    EXPECT_TRUE(Call(door, network_.CertificateFor(SpiffeIdOf(*supervisor_))).ok()) << door.service;
  }
}

TEST_F(Tls, WithoutACertificate) { ExpectNoConnection(network_.NoCertificate()); }

TEST_F(Tls, WithACertificateOfAnotherNetworksCa) {
  const absl::Time now = absl::FromUnixSeconds(absl::ToUnixSeconds(absl::Now()));
  const auto other = Must(crypto::CertificateAuthority::Create(
      network_.name(), crypto::TransportKey::Generate(), now, now + absl::Hours(24)));
  const crypto::TransportKey key = crypto::TransportKey::Generate();
  const std::string certificate = Must(other.Issue({.public_key = key.public_key(),
                                                    .spiffe_ids = {SpiffeIdOf(*supervisor_)},
                                                    .dns_names = {},
                                                    .not_before = now,
                                                    .not_after = now + absl::Hours(1)}));
  ExpectNoConnection({network_.ca_pem(), certificate, std::string(key.ToPem().Expose())});
}

TEST_F(Tls, WithAnExpiredCertificate) {
  const rpc::TlsPem short_lived =
      network_.CertificateFor(SpiffeIdOf(*supervisor_), absl::Now(), absl::Seconds(2));
  absl::SleepFor(absl::Seconds(4));
  ExpectNoConnection(short_lived);
}

TEST_F(Tls, WithACertificateOfTomorrow) {
  ExpectNoConnection(network_.CertificateFor(SpiffeIdOf(*supervisor_), absl::Now() + absl::Hours(1),
                                             absl::Hours(1)));
}

// The other way round: a client does not talk to a server of another network or of another name.
TEST_F(Tls, AClientLeavesAServerThatIsNotTheOneItMeant) {
  for (const Door& door : kDoors) {
    const auto channel = rpc::MakeChannel({.address = network_.Address(door.service),
                                           .network = network_.name(),
                                           .service = "someone-else",
                                           .tls = supervisor_->tls,
                                           .own_connection = true});
    const RawReply reply = CallRaw(channel, door.path, door.request, false, absl::Seconds(3));
    EXPECT_FALSE(reply.ok()) << door.service;
    EXPECT_FALSE(reply.documented) << door.service << ": " << reply.ToString();
  }
}

TEST_F(Tls, WithANameOfAnotherNetwork) {
  ExpectEverywhere(CertificateNaming({rpc::DeviceSpiffeId("other.amana", supervisor_->organisation,
                                                          supervisor_->id)}),
                   Reason::kCallerUnknown);
  ExpectEverywhere(CertificateNaming({rpc::ServiceSpiffeId("other.amana", "audit")}),
                   Reason::kCallerUnknown);
}

TEST_F(Tls, WithTwoNames) {
  // gRPC itself refuses a certificate with two SPIFFE ids, or the server does not know whom to
  // believe: either way nobody is served.
  for (const Door& door : kDoors) {
    const RawReply reply =
        Call(door, CertificateNaming(
                       {SpiffeIdOf(*supervisor_), rpc::ServiceSpiffeId(network_.name(), "audit")}));
    EXPECT_FALSE(reply.ok()) << door.service;
    EXPECT_TRUE(!reply.documented || reply.reason == Reason::kCallerUnknown)
        << door.service << ": " << reply.ToString();
  }
}

TEST_F(Tls, WithTheNameOfAServiceThatThereIsNot) {
  ExpectEverywhere(network_.ServiceCertificate("stranger"), Reason::kRoleNotAllowed);
}

TEST_F(Tls, WithADeviceThatThereIsNot) {
  const auto stranger = NewId<DeviceId>(crypto::SystemRandom::Instance());
  ExpectEverywhere(network_.CertificateFor(
                       rpc::DeviceSpiffeId(network_.name(), supervisor_->organisation, stranger)),
                   Reason::kCallerUnknown);
}

// The organisation in the certificate is compared with the one that identity knows.
TEST_F(Tls, WithADeviceOfAnotherOrganisation) {
  ExpectEverywhere(network_.CertificateFor(rpc::DeviceSpiffeId(
                       network_.name(), network_.administrator().organisation, supervisor_->id)),
                   Reason::kCallerUnknown);
}

TEST_F(Tls, APendingDevice) {
  const TestDevice pending = network_.EnrolPending(supervisor_->organisation, Role::kOperator);
  ExpectEverywhere(pending.tls, Reason::kDeviceNotApproved);
}

TEST_F(Tls, ARevokedDeviceIsRefusedEverywhereWithinSeconds) {
  const TestDevice device = network_.Enrol(supervisor_->organisation, Role::kOperator, supervisor_);
  // Connections that are open and callers that are remembered: the hard case.
  std::vector<std::shared_ptr<grpc::Channel>> open;
  for (const Door& door : kDoors) {
    open.push_back(network_.Channel(door.service, device));
    const RawReply reply = CallRaw(open.back(), door.path, door.request);
    ASSERT_TRUE(reply.ok()) << door.service << ": " << reply.ToString();
  }
  const auto stub = pb::IdentityService::NewStub(network_.Channel("identity", *supervisor_));
  pb::RevokeDeviceRequest revoke;
  revoke.set_request_id(NewRequestId());
  revoke.set_organisation_id(device.organisation.bytes());
  revoke.set_device_id(device.id.bytes());
  Must(rpc::Call(*stub, &pb::IdentityService::Stub::RevokeDevice, revoke));
  const absl::Time revoked = absl::Now();

  absl::Duration longest;
  for (size_t i = 0; i < open.size(); ++i) {
    RawReply reply;
    do {
      reply = CallRaw(open[i], kDoors[i].path, kDoors[i].request);
      if (reply.ok()) absl::SleepFor(absl::Milliseconds(50));
    } while (reply.ok() && absl::Now() - revoked < kRevokedWithin);
    longest = absl::Now() - revoked;
    EXPECT_EQ(reply.reason, Reason::kDeviceRevoked)
        << kDoors[i].service << ": " << reply.ToString();
    EXPECT_TRUE(reply.documented) << kDoors[i].service;
  }
  std::cout << "refused everywhere after " << absl::FormatDuration(longest) << "\n";
  // And it does not come back.
  ExpectEverywhere(device.tls, Reason::kDeviceRevoked);
}

TEST_F(Tls, ADeviceOfAClosedOrganisation) {
  const OrganisationId closed =
      network_.AddOrganisation("Closed (fictional)", pb::ORGANISATION_KIND_HOTLINE);
  const TestDevice device = network_.Enrol(closed, Role::kSupervisor, nullptr);
  const auto stub =
      pb::IdentityService::NewStub(network_.Channel("identity", network_.administrator()));
  pb::CloseOrganisationRequest close;
  close.set_request_id(NewRequestId());
  close.set_organisation_id(closed.bytes());
  Must(rpc::Call(*stub, &pb::IdentityService::Stub::CloseOrganisation, close));
  ExpectEverywhere(device.tls, Reason::kOrganisationClosed);
}

}  // namespace
}  // namespace amana::testing
