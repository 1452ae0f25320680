// A part of the network stands still or is gone. Calls end in time with the right reason, health
// says so, and when the part is back everything goes on without a restart.

#include <gtest/gtest.h>
#include <signal.h>

#include "absl/time/clock.h"
#include "amana/common/v1/common.pb.h"
#include "amana/referral/v1/referral.grpc.pb.h"
#include "common/base/deadline.h"
#include "common/rpc/call.h"
#include "common/testing/raw_call.h"
#include "tests/service/world.h"

namespace amana::testing {
namespace {

namespace pb = referral::v1;
using Referral = pb::ReferralService;

constexpr char kHealth[] = "/grpc.health.v1.Health/Check";
// A HealthCheckResponse: field 1, status.
constexpr char kServing[] = "\x08\x01";
constexpr char kNotServing[] = "\x08\x02";

constexpr absl::Duration kDeadline = absl::Seconds(2);
// What a client allows for its own clock and a busy machine.
constexpr absl::Duration kMargin = absl::Milliseconds(500);
constexpr absl::Duration kRecovery = absl::Seconds(15);

// A read of each service that keeps something in Redis.
struct Read {
  const char* service;
  const char* path;
};
constexpr Read kReads[] = {
    {"identity", "/amana.identity.v1.IdentityService/ListOrganisations"},
    {"intake", "/amana.intake.v1.IntakeService/ListCases"},
    {"referral", "/amana.referral.v1.ReferralService/ListReferrals"},
    {"messaging", "/amana.messaging.v1.MessagingService/FetchMessages"},
};

class Down : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    TestNetwork& network = TestNetwork::Get();
    hotline_ = new Party(MakeHotline(network, "hotline"));
    centre_ = new Party(MakeCentre(network, "centre", 50));
  }

  // Whatever a test stopped goes on.
  void TearDown() override {
    for (const char* process : {"redis", "identity", "intake", "referral", "messaging"}) {
      network_.Release(process);
      network_.Signal(process, SIGCONT);
    }
    for (const char* service : kServices) {
      EXPECT_TRUE(network_.WaitReady(service, true, absl::Seconds(30))) << service;
    }
  }

  RawReply Try(const Read& read) {
    return CallRaw(network_.Channel(read.service, hotline_->member), read.path, "", false,
                   kDeadline);
  }

  std::string Health(const std::string& service) {
    return CallRaw(network_.Channel(service, hotline_->member), kHealth, "", false,
                   absl::Seconds(1))
        .bytes;
  }

  bool WaitHealth(const std::string& service, const std::string& wanted) {
    for (const Deadline end = Deadline::After(kRecovery); !end.expired();) {
      if (Health(service) == wanted) return true;
      absl::SleepFor(absl::Milliseconds(50));
    }
    return false;
  }

  bool WaitServed(const Read& read) {
    for (const Deadline end = Deadline::After(kRecovery); !end.expired();) {
      if (Try(read).ok()) return true;
    }
    return false;
  }

  void ExpectUnavailableInTime(const Read& read) {
    const absl::Time started = absl::Now();
    const RawReply reply = Try(read);
    const absl::Duration took = absl::Now() - started;
    EXPECT_LT(took, kDeadline + kMargin) << read.service;
    EXPECT_EQ(reply.reason, Reason::kStoreUnavailable) << read.service << ": " << reply.ToString();
    EXPECT_TRUE(reply.documented) << read.service << ": " << reply.ToString();
  }

  void ExpectRecovery() {
    for (const Read& read : kReads) {
      EXPECT_TRUE(WaitServed(read)) << read.service;
      EXPECT_TRUE(WaitHealth(read.service, kServing)) << read.service;
      EXPECT_TRUE(network_.WaitReady(read.service, true, kRecovery)) << read.service;
    }
  }

  std::map<std::string, pid_t> Pids() {
    std::map<std::string, pid_t> pids;
    for (const char* service : kServices) pids[service] = network_.Pid(service);
    return pids;
  }

  pb::SendReferralRequest SendRequest(const std::string& draft) {
    pb::SendReferralRequest request;
    request.set_request_id(NewRequestId());
    request.set_referral_id(draft);
    return request;
  }

  absl::StatusOr<pb::SendReferralResponse> Send(const pb::SendReferralRequest& request,
                                                bool retry) {
    const auto stub = Referral::NewStub(network_.Channel("referral", hotline_->member));
    return rpc::Call(
        *stub, &Referral::Stub::SendReferral, request,
        {.deadline = Deadline::After(retry ? absl::Seconds(20) : kDeadline), .retry = retry});
  }

  absl::StatusOr<pb::GetReferralResponse> Get(const std::string& referral_id) {
    const auto stub = Referral::NewStub(network_.Channel("referral", hotline_->member));
    pb::GetReferralRequest request;
    request.set_referral_id(referral_id);
    return rpc::Call(*stub, &Referral::Stub::GetReferral, request);
  }

  int PendingOffers() {
    const auto stub = Referral::NewStub(network_.Channel("referral", centre_->member));
    pb::ListOffersRequest request;
    request.set_pending_only(true);
    return Must(rpc::Call(*stub, &Referral::Stub::ListOffers, request)).offers_size();
  }

  TestNetwork& network_ = TestNetwork::Get();
  static const Party* hotline_;
  static const Party* centre_;
};

const Party* Down::hotline_ = nullptr;
const Party* Down::centre_ = nullptr;

TEST_F(Down, RedisStandsStill) {
  for (const Read& read : kReads) ASSERT_TRUE(Try(read).ok()) << read.service;
  const auto before = Pids();
  network_.Signal("redis", SIGSTOP);
  for (const Read& read : kReads) ExpectUnavailableInTime(read);
  for (const Read& read : kReads) {
    EXPECT_TRUE(WaitHealth(read.service, kNotServing)) << read.service;
    EXPECT_EQ(network_.OpsStatus(read.service, "/readyz"), 503) << read.service;
    EXPECT_EQ(network_.OpsStatus(read.service, "/livez"), 200) << read.service;
  }
  network_.Signal("redis", SIGCONT);
  ExpectRecovery();
  EXPECT_EQ(Pids(), before) << "a service was restarted";
}

TEST_F(Down, RedisIsGoneAndComesBack) {
  const std::string kept = OpenCase(network_, *hotline_);
  const auto before = Pids();
  network_.HoldDown("redis");
  for (const Read& read : kReads) ExpectUnavailableInTime(read);
  for (const Read& read : kReads) {
    EXPECT_TRUE(WaitHealth(read.service, kNotServing)) << read.service;
    EXPECT_EQ(network_.OpsStatus(read.service, "/readyz"), 503) << read.service;
  }
  network_.Release("redis");
  ExpectRecovery();
  EXPECT_EQ(Pids(), before) << "a service was restarted";
  // What was answered before is still there.
  const RawReply cases = Try(kReads[1]);
  EXPECT_NE(cases.bytes.find(kept), std::string::npos);
}

// Without an answer about her consent nothing leaves.
TEST_F(Down, IntakeIsGone) {
  const auto request = SendRequest(ReadyDraft(network_, *hotline_, *centre_));
  const int offers_before = PendingOffers();
  network_.HoldDown("intake");
  const auto refused = Send(request, false);
  EXPECT_EQ(ReasonOf(refused.status()), Reason::kServiceUnavailable) << refused.status();
  EXPECT_EQ(PendingOffers(), offers_before) << "an offer left without consent";
  network_.Release("intake");
  ASSERT_TRUE(network_.WaitReady("intake", true, kRecovery));
  const auto sent = Send(request, true);
  ASSERT_TRUE(sent.ok()) << sent.status();
  EXPECT_EQ(PendingOffers(), offers_before + 1);
}

TEST_F(Down, IntakeStandsStill) {
  const auto request = SendRequest(ReadyDraft(network_, *hotline_, *centre_));
  const int offers_before = PendingOffers();
  network_.Signal("intake", SIGSTOP);
  const absl::Time started = absl::Now();
  const auto refused = Send(request, false);
  EXPECT_LT(absl::Now() - started, kDeadline + kMargin);
  EXPECT_TRUE(refused.status().code() == absl::StatusCode::kUnavailable ||
              refused.status().code() == absl::StatusCode::kDeadlineExceeded)
      << refused.status();
  EXPECT_EQ(PendingOffers(), offers_before) << "an offer left without consent";
  network_.Signal("intake", SIGCONT);
  const auto sent = Send(request, true);
  ASSERT_TRUE(sent.ok()) << sent.status();
  EXPECT_EQ(PendingOffers(), offers_before + 1);
}

// A caller that was known a moment ago stays known; one that never was can't be let in.
TEST_F(Down, IdentityIsGone) {
  for (const Read& read : kReads) ASSERT_TRUE(Try(read).ok()) << read.service;
  const TestDevice unknown_yet =
      network_.Enrol(hotline_->organisation, Role::kOperator, &hotline_->head);
  network_.HoldDown("identity");
  // Longer than an answer is fresh.
  absl::SleepFor(absl::Seconds(6));
  for (const Read& read : kReads) {
    if (std::string(read.service) == "identity") continue;
    const RawReply known = Try(read);
    EXPECT_TRUE(known.ok()) << read.service << ": " << known.ToString();
    const RawReply unknown =
        CallRaw(network_.Channel(read.service, unknown_yet), read.path, "", false, kDeadline);
    EXPECT_EQ(unknown.reason, Reason::kServiceUnavailable)
        << read.service << ": " << unknown.ToString();
    EXPECT_TRUE(unknown.documented) << read.service;
  }
  network_.Release("identity");
  ASSERT_TRUE(network_.WaitReady("identity", true, kRecovery));
  for (const Read& read : kReads) {
    bool served = false;
    for (const Deadline end = Deadline::After(kRecovery); !served && !end.expired();) {
      served = CallRaw(network_.Channel(read.service, unknown_yet), read.path, "").ok();
    }
    EXPECT_TRUE(served) << read.service;
  }
}

// A withdrawal of consent is heard when the services it concerns are down: it is done when they
// are back.
TEST_F(Down, AWithdrawalOutlivesReferralsAbsence) {
  const std::string id = OpenCase(network_, *hotline_);
  const std::string consent =
      Consent(network_, *hotline_, id, common::v1::CONSENT_PURPOSE_REFER, centre_->organisation);
  const auto sent = Send(SendRequest(DraftReferral(network_, *hotline_, id,
                                                   {centre_->ids.at("service_at_location_id")})),
                         true);
  ASSERT_TRUE(sent.ok()) << sent.status();
  const std::string& referral_id = sent->referral().referral_id();
  ASSERT_EQ(Must(Get(referral_id)).referral().offers_size(), 1);

  network_.HoldDown("referral");
  const std::string withdraw = std::string("\x0a\x10") + NewRequestId() + "\x12\x10" + consent;
  const RawReply withdrawn =
      CallRaw(network_.Channel("intake", hotline_->member),
              "/amana.intake.v1.IntakeService/WithdrawConsent", withdraw, false, absl::Seconds(5));
  EXPECT_TRUE(withdrawn.ok()) << withdrawn.ToString();
  network_.Release("referral");
  ASSERT_TRUE(network_.WaitReady("referral", true, kRecovery));

  pb::OfferState state = pb::OFFER_STATE_PENDING;
  for (const Deadline end = Deadline::After(absl::Seconds(30));
       state == pb::OFFER_STATE_PENDING && !end.expired();) {
    const auto now = Get(referral_id);
    if (now.ok()) state = now->referral().offers(0).state();
    absl::SleepFor(absl::Milliseconds(100));
  }
  EXPECT_EQ(state, pb::OFFER_STATE_WITHDRAWN);
}

}  // namespace
}  // namespace amana::testing
