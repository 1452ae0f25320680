// Many reach for the last place at once: one gets it, and the figures never say otherwise.
//
// AMANA_TEST_SIZE: 10, 30 or 100 rounds.

#include <gtest/gtest.h>

#include <atomic>
#include <barrier>
#include <functional>
#include <set>
#include <thread>

#include "absl/time/clock.h"
#include "amana/intake/v1/intake.grpc.pb.h"
#include "amana/referral/v1/directory.grpc.pb.h"
#include "amana/referral/v1/referral.grpc.pb.h"
#include "common/base/deadline.h"
#include "common/rpc/call.h"
#include "tests/service/world.h"

namespace amana::testing {
namespace {

namespace pb = referral::v1;
using Referral = pb::ReferralService;
using Directory = pb::DirectoryService;

constexpr int kRivals = 32;

// Time for 32 calls at once on two cores, each of several commits, with tries again.
rpc::CallOptions Patient() { return {.deadline = Deadline::After(absl::Seconds(30))}; }

class LastBed : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    TestNetwork& network = TestNetwork::Get();
    hotline_ = new Party(MakeHotline(network, "hotline"));
    for (int i = 0; i < kRivals; ++i) {
      stubs_->push_back(Referral::NewStub(network.Channel("referral", hotline_->member)));
    }
  }

  // Runs `act(rival)` on as many threads, all let go at once.
  static void AtOnce(int rivals, const std::function<void(int)>& act) {
    std::barrier ready(rivals);
    std::vector<std::thread> threads;
    threads.reserve(static_cast<size_t>(rivals));
    for (int i = 0; i < rivals; ++i) {
      threads.emplace_back([&, i] {
        ready.arrive_and_wait();
        act(i);
      });
    }
    for (std::thread& thread : threads) thread.join();
  }

  pb::GetCapacityResponse Capacity(const Party& centre) {
    const auto stub = Directory::NewStub(network_.Channel("referral", centre.member));
    pb::GetCapacityRequest request;
    request.set_service_at_location_id(centre.ids.at("service_at_location_id"));
    return Must(rpc::Call(*stub, &Directory::Stub::GetCapacity, request, Patient()));
  }

  static void ExpectWithinMaximum(const pb::GetCapacityResponse& capacity) {
    for (const pb::Pool& pool : capacity.pools()) {
      EXPECT_LE(pool.held() + pool.confirmed() + pool.occupied() + pool.occupied_elsewhere(),
                pool.maximum());
      EXPECT_EQ(pool.free(), pool.maximum() - pool.held() - pool.confirmed() - pool.occupied() -
                                 pool.occupied_elsewhere());
    }
  }

  static int Live(const pb::GetCapacityResponse& capacity) {
    int live = 0;
    for (const pb::Reservation& one : capacity.reservations()) {
      if (one.state() == pb::RESERVATION_STATE_HELD ||
          one.state() == pb::RESERVATION_STATE_CONFIRMED ||
          one.state() == pb::RESERVATION_STATE_OCCUPIED) {
        ++live;
      }
    }
    return live;
  }

  // Sends it; the referral as it then stands.
  pb::Referral Send(int rival, const std::string& referral_id) {
    pb::SendReferralRequest request;
    request.set_request_id(NewRequestId());
    request.set_referral_id(referral_id);
    Must(rpc::Call(*(*stubs_)[static_cast<size_t>(rival)], &Referral::Stub::SendReferral, request,
                   Patient()));
    return Get(referral_id);
  }

  pb::Referral Get(const std::string& referral_id) {
    pb::GetReferralRequest request;
    request.set_referral_id(referral_id);
    return Must(rpc::Call(*stubs_->front(), &Referral::Stub::GetReferral, request, Patient()))
        .referral();
  }

  void End(const std::string& referral_id) {
    pb::EndReferralRequest request;
    request.set_request_id(NewRequestId());
    request.set_referral_id(referral_id);
    request.set_end(pb::REFERRAL_END_WITHDRAWN);
    Must(rpc::Call(*stubs_->front(), &Referral::Stub::EndReferral, request, Patient()));
  }

  // The operator asks, the supervisor approves.
  void Close(const std::string& case_id) {
    using Intake = intake::v1::IntakeService;
    intake::v1::ChangeCaseStateRequest request;
    request.set_case_id(case_id);
    const auto change = [&](const TestDevice& device, intake::v1::CaseCommand command) {
      request.set_request_id(NewRequestId());
      request.set_command(command);
      const auto stub = Intake::NewStub(network_.Channel("intake", device));
      Must(rpc::Call(*stub, &Intake::Stub::ChangeCaseState, request, Patient()));
    };
    request.set_closure_reason(intake::v1::CLOSURE_REASON_SURVIVOR_REQUEST);
    change(hotline_->member, intake::v1::CASE_COMMAND_REQUEST_CLOSURE);
    request.clear_closure_reason();
    change(hotline_->head, intake::v1::CASE_COMMAND_APPROVE_CLOSURE);
  }

  // Drafts of as many cases, all for one centre.
  std::vector<std::string> Drafts(const std::vector<std::string>& cases, const Party& centre) {
    std::vector<std::string> drafts(cases.size());
    for (size_t i = 0; i < cases.size(); ++i) {
      drafts[i] =
          DraftReferral(network_, *hotline_, cases[i], {centre.ids.at("service_at_location_id")});
    }
    return drafts;
  }

  std::vector<std::string> Cases(int count, const std::vector<const Party*>& centres,
                                 common::v1::Priority priority) {
    std::vector<std::string> cases;
    for (int i = 0; i < count; ++i) {
      cases.push_back(OpenCase(network_, *hotline_, priority));
      for (const Party* centre : centres) {
        Consent(network_, *hotline_, cases.back(), common::v1::CONSENT_PURPOSE_REFER,
                centre->organisation);
      }
    }
    return cases;
  }

  TestNetwork& network_ = TestNetwork::Get();
  static const Party* hotline_;
  static std::vector<std::unique_ptr<Referral::Stub>>* stubs_;
};

const Party* LastBed::hotline_ = nullptr;
std::vector<std::unique_ptr<Referral::Stub>>* LastBed::stubs_ =
    new std::vector<std::unique_ptr<Referral::Stub>>();

TEST_F(LastBed, OneOfThirtyTwoHoldsIt) {
  const Party centre = MakeCentre(network_, "small centre", 1);
  const auto cases = Cases(kRivals, {&centre}, common::v1::PRIORITY_P1);
  const int rounds = BySize(10, 30, 100);
  for (int round = 0; round < rounds; ++round) {
    const auto drafts = Drafts(cases, centre);
    std::vector<pb::Referral> sent(kRivals);
    std::atomic<bool> done{false};
    // Somebody looks all the time: at no instant is there more than there is.
    std::thread watcher([&] {
      while (!done) {
        const auto capacity = Capacity(centre);
        ExpectWithinMaximum(capacity);
        EXPECT_LE(Live(capacity), 1);
      }
    });
    AtOnce(kRivals, [&](int rival) {
      sent[static_cast<size_t>(rival)] = Send(rival, drafts[static_cast<size_t>(rival)]);
    });
    done = true;
    watcher.join();

    int holds = 0;
    int skipped = 0;
    std::string winner;
    for (const pb::Referral& referral : sent) {
      if (referral.offers_size() > 0) {
        ++holds;
        winner = referral.referral_id();
        EXPECT_EQ(referral.state(), pb::REFERRAL_STATE_OFFERED);
      } else {
        ASSERT_EQ(referral.skipped_size(), 1) << referral.ShortDebugString();
        EXPECT_EQ(referral.skipped(0).reason(), pb::SKIP_REASON_NO_CAPACITY);
        ++skipped;
      }
    }
    ASSERT_EQ(holds, 1) << "round " << round;
    EXPECT_EQ(skipped, kRivals - 1);
    EXPECT_EQ(Live(Capacity(centre)), 1);
    // The place comes back, and the next round fights for it anew.
    for (const std::string& draft : drafts) End(draft);
    const auto after = Capacity(centre);
    EXPECT_EQ(Live(after), 0);
    EXPECT_EQ(after.pools(0).free(), 1u);
  }
  std::cout << rounds << " rounds of " << kRivals << " rivals for one bed\n";
}

TEST_F(LastBed, AClosedCaseGivesItBack) {
  const Party centre = MakeCentre(network_, "asked centre", 1);
  const std::string case_id = Cases(1, {&centre}, common::v1::PRIORITY_P3).front();
  const std::string draft = Drafts({case_id}, centre).front();
  ASSERT_EQ(Send(0, draft).state(), pb::REFERRAL_STATE_OFFERED);
  EXPECT_EQ(Capacity(centre).pools(0).free(), 0u);
  Close(case_id);
  // Mostly done by now; on a busy machine the timers do it.
  for (const Deadline end = Deadline::After(absl::Seconds(20));
       Capacity(centre).pools(0).free() == 0 && !end.expired();) {
    absl::SleepFor(absl::Milliseconds(50));
  }
  EXPECT_EQ(Capacity(centre).pools(0).free(), 1u);
  const pb::Referral referral = Get(draft);
  EXPECT_EQ(referral.state(), pb::REFERRAL_STATE_WITHDRAWN);
  EXPECT_EQ(referral.offers(0).state(), pb::OFFER_STATE_WITHDRAWN);
}

// In immediate danger two centres are asked at once. Sixteen at each say yes.
TEST_F(LastBed, OneOfTwoCentresGetsHer) {
  const Party first = MakeCentre(network_, "first centre", 1);
  const Party second = MakeCentre(network_, "second centre", 1);
  std::vector<std::unique_ptr<Referral::Stub>> workers;
  for (int i = 0; i < kRivals; ++i) {
    const Party& centre = i % 2 == 0 ? first : second;
    workers.push_back(Referral::NewStub(network_.Channel("referral", centre.member)));
  }
  const int rounds = BySize(10, 30, 100);
  for (int round = 0; round < rounds; ++round) {
    const auto cases = Cases(1, {&first, &second}, common::v1::PRIORITY_P0);
    const std::string draft = DraftReferral(
        network_, *hotline_, cases[0],
        {first.ids.at("service_at_location_id"), second.ids.at("service_at_location_id")});
    const pb::Referral sent = Send(0, draft);
    ASSERT_EQ(sent.offers_size(), 2) << sent.ShortDebugString();
    std::map<std::string, std::string> offer_of;
    for (const pb::Offer& offer : sent.offers())
      offer_of[offer.organisation_id()] = offer.offer_id();

    std::vector<absl::StatusOr<pb::AcceptOfferResponse>> answers(kRivals, absl::UnknownError(""));
    AtOnce(kRivals, [&](int rival) {
      const Party& centre = rival % 2 == 0 ? first : second;
      pb::AcceptOfferRequest request;
      request.set_request_id(NewRequestId());
      request.set_offer_id(offer_of.at(centre.organisation.bytes()));
      answers[static_cast<size_t>(rival)] = rpc::Call(
          *workers[static_cast<size_t>(rival)], &Referral::Stub::AcceptOffer, request, Patient());
    });

    // Everybody at the one centre hears yes or that it was said already; nobody at the other does.
    std::set<std::string> accepted;
    for (const auto& answer : answers) {
      if (answer.ok()) {
        EXPECT_EQ(answer->offer().state(), pb::OFFER_STATE_ACCEPTED);
        accepted.insert(answer->offer().offer_id());
        continue;
      }
      const Reason reason = ReasonOf(answer.status());
      EXPECT_TRUE(reason == Reason::kOfferSuperseded || reason == Reason::kOfferStateInvalid)
          << answer.status();
    }
    ASSERT_EQ(accepted.size(), 1u) << "round " << round;

    const pb::Referral after = Get(draft);
    EXPECT_EQ(after.state(), pb::REFERRAL_STATE_ACCEPTED);
    EXPECT_EQ(after.accepted_offer_id(), *accepted.begin());
    for (const pb::Offer& offer : after.offers()) {
      EXPECT_EQ(offer.state(), offer.offer_id() == *accepted.begin() ? pb::OFFER_STATE_ACCEPTED
                                                                     : pb::OFFER_STATE_SUPERSEDED);
    }
    ExpectWithinMaximum(Capacity(first));
    ExpectWithinMaximum(Capacity(second));
    EXPECT_EQ(Live(Capacity(first)) + Live(Capacity(second)), 1);
    End(draft);
    EXPECT_EQ(Live(Capacity(first)) + Live(Capacity(second)), 0);
  }
  std::cout << rounds << " rounds of " << kRivals << " answers to two offers\n";
}

}  // namespace
}  // namespace amana::testing
