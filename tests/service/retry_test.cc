// A request that is sent again is done once and answered with the same bytes: one after another, at
// once, by a service that was killed in between, and after other things happened.

#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <thread>

#include "absl/time/clock.h"
#include "amana/intake/v1/intake.pb.h"
#include "amana/messaging/v1/messaging.pb.h"
#include "amana/referral/v1/referral.grpc.pb.h"
#include "common/base/deadline.h"
#include "common/rpc/call.h"
#include "common/testing/raw_call.h"
#include "tests/service/exercises.h"

namespace amana::testing {
namespace {

using google::protobuf::Message;
using google::protobuf::MethodDescriptor;

constexpr int kAtOnce = 8;

// A method of each service that keeps something, one that makes something new; and those whose
// commit is the beginning or the end of a saga.
constexpr const char* kMethods[] = {
    "IdentityService.CreateEnrolmentCode", "IntakeService.OpenCase",
    "ReferralService.CreateReferral",      "DirectoryService.SetCapacity",
    "ReferralService.SendReferral",        "ReferralService.ExtendReferral",
    "ReferralService.AcceptOffer",         "MessagingService.BeginAttachment",
    "MessagingService.SendHandoff",
};

class Retry : public ::testing::TestWithParam<const char*> {
 protected:
  static void SetUpTestSuite() {
    if (world_ == nullptr) world_ = new World();
  }

  void SetUp() override {
    for (const MethodDescriptor* method : AllMethods()) {
      if (ShortName(*method) == GetParam()) method_ = method;
    }
    ASSERT_NE(method_, nullptr);
    server_ = ServersOf(*method_).front();
  }

  // A fresh request; the second one differs in what it asks for.
  std::unique_ptr<Message> Request(const std::string& request_id) {
    auto request = ValidRequest(*method_, {*world_, owner(), &caller(), server_});
    const auto* field = method_->input_type()->FindFieldByName("request_id");
    request->GetReflection()->SetString(request.get(), field, request_id);
    return request;
  }

  // Other content under the same id: what the method asks for, changed where it is allowed.
  std::string Changed(const Message& request) {
    std::unique_ptr<Message> other(request.New());
    other->CopyFrom(request);
    // A field that is unknown to the server is content, too.
    other->GetReflection()->MutableUnknownFields(other.get())->AddVarint(15, 1);
    return other->SerializeAsString();
  }

  const Party& PartyOf(const Side& side) const {
    const bool receiving =
        method_->service()->name() == "DirectoryService" || method_->name() == "AcceptOffer";
    return receiving ? side.centre : side.hotline;
  }
  const Party& owner() const { return PartyOf(world_->a); }
  const TestDevice& caller() const { return server_ == "identity" ? owner().head : owner().member; }
  std::shared_ptr<grpc::Channel> Channel() const {
    return world_->network.Channel(server_, caller());
  }

  // Again until the service is back. Each time over a new connection: a call that fails at once
  // gives an old one no time to recover (common/rpc/call.h does that for clients).
  RawReply CallUntilAnswered(const std::string& bytes) {
    RawReply reply;
    for (const Deadline end = Deadline::After(absl::Seconds(20)); !end.expired();) {
      reply = CallRaw(Channel(), *method_, bytes);
      if (reply.status.error_code() != grpc::StatusCode::UNAVAILABLE) break;
      absl::SleepFor(absl::Milliseconds(50));
    }
    return reply;
  }

  static const World* world_;
  const MethodDescriptor* method_ = nullptr;
  std::string server_;
};

const World* Retry::world_ = nullptr;

TEST_P(Retry, OneAfterAnother) {
  const std::string bytes = Request(NewRequestId())->SerializeAsString();
  const auto channel = Channel();
  const RawReply first = CallRaw(channel, *method_, bytes);
  ASSERT_TRUE(first.ok()) << first.ToString();
  ASSERT_FALSE(first.bytes.empty());
  for (int i = 0; i < 3; ++i) {
    const RawReply again = CallRaw(channel, *method_, bytes);
    EXPECT_TRUE(again.ok()) << again.ToString();
    EXPECT_EQ(again.bytes, first.bytes);
  }
}

TEST_P(Retry, AtOnce) {
  const std::string bytes = Request(NewRequestId())->SerializeAsString();
  std::vector<RawReply> replies(kAtOnce);
  std::vector<std::thread> threads;
  threads.reserve(replies.size());
  for (RawReply& reply : replies) {
    threads.emplace_back(
        [&, channel = Channel()] { reply = CallRaw(channel, *method_, bytes, absl::Seconds(9)); });
  }
  for (std::thread& thread : threads) thread.join();
  for (const RawReply& reply : replies) {
    EXPECT_TRUE(reply.ok()) << reply.ToString();
    EXPECT_EQ(reply.bytes, replies.front().bytes);
  }
}

TEST_P(Retry, AfterTheServiceWasKilled) {
  const std::string bytes = Request(NewRequestId())->SerializeAsString();
  const auto channel = Channel();
  const RawReply first = CallRaw(channel, *method_, bytes);
  ASSERT_TRUE(first.ok()) << first.ToString();
  const pid_t before = world_->network.Pid(server_);
  world_->network.Signal(server_, SIGKILL);
  for (const Deadline end = Deadline::After(absl::Seconds(10));
       world_->network.Pid(server_) == before && !end.expired();) {
    absl::SleepFor(absl::Milliseconds(20));
  }
  ASSERT_TRUE(world_->network.WaitReady(server_, true, absl::Seconds(20)));
  const RawReply again = CallUntilAnswered(bytes);
  EXPECT_TRUE(again.ok()) << again.ToString();
  EXPECT_EQ(again.bytes, first.bytes);
}

// Killed while it works: the answer may be lost, the deed is done at most once.
TEST_P(Retry, WhileTheServiceIsKilled) {
  for (int round = 0; round < BySize(2, 4, 20); ++round) {
    const std::string bytes = Request(NewRequestId())->SerializeAsString();
    std::thread killer([&] {
      absl::SleepFor(absl::Milliseconds(round));
      world_->network.Signal(server_, SIGKILL);
    });
    const RawReply first = CallUntilAnswered(bytes);
    killer.join();
    const RawReply again = CallUntilAnswered(bytes);
    EXPECT_TRUE(first.ok()) << first.ToString();
    EXPECT_TRUE(again.ok()) << again.ToString();
    EXPECT_EQ(again.bytes, first.bytes);
    ASSERT_TRUE(world_->network.WaitReady(server_, true, absl::Seconds(20)));
  }
}

TEST_P(Retry, WithOtherContent) {
  const auto request = Request(NewRequestId());
  const auto channel = Channel();
  ASSERT_TRUE(CallRaw(channel, *method_, request->SerializeAsString()).ok());
  const RawReply reused = CallRaw(channel, *method_, Changed(*request));
  EXPECT_EQ(reused.reason, Reason::kRequestIdReused) << reused.ToString();
  EXPECT_TRUE(reused.documented);
  // The first one's answer is still there.
  EXPECT_TRUE(CallRaw(channel, *method_, request->SerializeAsString()).ok());
}

// Ids of requests are the caller's own: another device with the same one is another request.
TEST_P(Retry, TheSameIdOfAnotherDevice) {
  const std::string id = NewRequestId();
  ASSERT_TRUE(CallRaw(Channel(), *method_, Request(id)->SerializeAsString()).ok());
  const Party& theirs = PartyOf(world_->b);
  const TestDevice& other = server_ == "identity" ? theirs.head : theirs.member;
  auto request = ValidRequest(*method_, {*world_, theirs, &other, server_});
  const auto* field = method_->input_type()->FindFieldByName("request_id");
  request->GetReflection()->SetString(request.get(), field, id);
  const RawReply reply =
      CallRaw(world_->network.Channel(server_, other), *method_, request->SerializeAsString());
  EXPECT_TRUE(reply.ok()) << reply.ToString();
}

// A referral's way from the first centre's list and its no to the second one's yes and to its end.
class RetryLater : public ::testing::Test {
 protected:
  struct Sent {
    std::string path;
    TestDevice from;
    std::string bytes;
    std::string reply;
  };

  template <class Request>
  void Send(const std::string& method, const Party& from, Request request) {
    request.set_request_id(NewRequestId());
    Sent one{"/amana.referral.v1.ReferralService/" + method, from.member,
             request.SerializeAsString(), ""};
    const RawReply reply = Call(one);
    ASSERT_TRUE(reply.ok()) << method << ": " << reply.ToString();
    one.reply = reply.bytes;
    sent_.push_back(one);
  }

  RawReply Call(const Sent& one) {
    return CallRaw(network_.Channel("referral", one.from), one.path, one.bytes);
  }

  referral::v1::Referral Get(const Party& hotline, const std::string& referral_id) {
    using Referral = referral::v1::ReferralService;
    const auto stub = Referral::NewStub(network_.Channel("referral", hotline.member));
    referral::v1::GetReferralRequest request;
    request.set_referral_id(referral_id);
    return Must(rpc::Call(*stub, &Referral::Stub::GetReferral, request)).referral();
  }

  TestNetwork& network_ = TestNetwork::Get();
  std::vector<Sent> sent_;
};

TEST_F(RetryLater, EachCallIsToldWhatItWasToldFirst) {
  const Party hotline = MakeHotline(network_, "patient hotline");
  const Party first = MakeCentre(network_, "first asked", 1);
  const Party second = MakeCentre(network_, "second asked", 1);
  const std::string id = ReadyDraft(network_, hotline, first, common::v1::PRIORITY_P2);
  Consent(network_, hotline, Get(hotline, id).case_id(), common::v1::CONSENT_PURPOSE_REFER,
          second.organisation);

  referral::v1::SendReferralRequest send;
  send.set_referral_id(id);
  Send("SendReferral", hotline, send);
  referral::v1::ExtendReferralRequest extend;
  extend.set_referral_id(id);
  extend.add_candidate_service_at_location_ids(second.ids.at("service_at_location_id"));
  Send("ExtendReferral", hotline, extend);
  referral::v1::WaitlistOfferRequest waitlist;
  waitlist.set_offer_id(Get(hotline, id).offers(0).offer_id());
  Send("WaitlistOffer", first, waitlist);
  referral::v1::DeclineOfferRequest decline;
  decline.set_offer_id(waitlist.offer_id());
  decline.set_reason(referral::v1::DECLINE_REASON_SAFETY);
  Send("DeclineOffer", first, decline);
  referral::v1::AcceptOfferRequest accept;
  accept.set_offer_id(Get(hotline, id).offers(1).offer_id());
  Send("AcceptOffer", second, accept);
  Send("AcceptOffer", second, accept);  // somebody else there
  referral::v1::ReportProgressRequest report;
  report.set_offer_id(accept.offer_id());
  report.set_progress(referral::v1::PROGRESS_NO_SHOW);
  Send("ReportProgress", second, report);
  if (HasFatalFailure()) return;

  const auto before = Get(hotline, id).SerializeAsString();
  for (const Sent& one : sent_) {
    const RawReply again = Call(one);
    EXPECT_TRUE(again.ok()) << one.path << ": " << again.ToString();
    EXPECT_EQ(again.bytes, one.reply) << one.path;
  }
  EXPECT_EQ(Get(hotline, id).SerializeAsString(), before);
}

INSTANTIATE_TEST_SUITE_P(Methods, Retry, ::testing::ValuesIn(kMethods), [](const auto& test) {
  std::string name = test.param;
  std::replace(name.begin(), name.end(), '.', '_');
  return name;
});

}  // namespace
}  // namespace amana::testing
