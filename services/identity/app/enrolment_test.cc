#include "services/identity/app/enrolment.h"

#include <algorithm>
#include <atomic>
#include <thread>

#include "services/identity/app/test_network.h"

namespace amana::identity {
namespace {

Reason EnrolReason(TestNetwork& network, const std::string& code) {
  const TestDevice device = TestDevice::New();
  return ReasonOf(
      network.Enrol(network.EnrolRequestOf(device, code, network.NewRequestId())).status());
}

struct EnrolmentOfHotline : testing::Test {
  TestNetwork network;
  OrganisationId id = network.NewOrganisation(v1::ORGANISATION_KIND_HOTLINE);
  TestDevice supervisor = network.NewApproved(id, Role::kSupervisor);

  std::string NewCode() { return *network.NewCode(supervisor.caller, id, Role::kOperator); }
};

TEST_F(EnrolmentOfHotline, ACodeBecomesAPendingDeviceWithACertificate) {
  TestDevice device = TestDevice::New();
  const std::string code = NewCode();
  EXPECT_EQ(code.size(), 26u);
  const auto response = network.Enrol(network.EnrolRequestOf(device, code, network.NewRequestId()));
  ASSERT_TRUE(response.ok());
  EXPECT_EQ(response->device().state(), v1::DEVICE_STATE_PENDING);
  EXPECT_EQ(response->device().role(), amana::options::v1::ROLE_OPERATOR);
  EXPECT_EQ(response->device().organisation_id(), id.bytes());
  // The device lives beside its organisation.
  EXPECT_EQ(response->device().device_id().substr(0, 2), id.bytes().substr(0, 2));

  const auto info = crypto::ParseCertificate(response->certificate());
  ASSERT_TRUE(info.ok());
  EXPECT_TRUE(crypto::VerifyIssued(response->certificate(), response->ca_certificate(),
                                   network.clock().Now())
                  .ok());
  EXPECT_EQ(info->not_after, network.clock().Now() + absl::Hours(24));
  EXPECT_EQ(info->public_key, device.transport_key.public_key());
  const auto device_id = DeviceId::FromBytes(response->device().device_id());
  EXPECT_EQ(info->spiffe_ids, std::vector<std::string>{"spiffe://amana.test/org/" + id.ToString() +
                                                       "/device/" + device_id->ToString()});

  // The log says that the device did it, beside the organisation's other events.
  const auto events = network.History(id);
  EXPECT_EQ(events.back().actor_device_id(), device_id->bytes());
  EXPECT_EQ(events.back().object_id(), device_id->bytes());
  EXPECT_EQ(events.back().state(), "pending");
  EXPECT_EQ(events.back().reason(), "operator");
}

TEST_F(EnrolmentOfHotline, CodesAreForgivenCapitalsSpacesAndHyphens) {
  std::string typed = NewCode();
  std::transform(typed.begin(), typed.end(), typed.begin(),
                 [](char c) { return c >= 'a' ? static_cast<char>(c - 'a' + 'A') : c; });
  typed.insert(13, " - ");
  EXPECT_EQ(EnrolReason(network, typed), Reason::kUnspecified);
}

TEST_F(EnrolmentOfHotline, ACodeWorksOnceAndForAQuarterOfAnHour) {
  const std::string code = NewCode();
  EXPECT_EQ(EnrolReason(network, code), Reason::kUnspecified);
  EXPECT_EQ(EnrolReason(network, code), Reason::kEnrolmentCodeInvalid);

  const std::string late = NewCode();
  network.clock().Advance(absl::Minutes(15));
  EXPECT_EQ(EnrolReason(network, late), Reason::kEnrolmentCodeInvalid);
}

TEST_F(EnrolmentOfHotline, WrongCodesAllAnswerAlike) {
  std::string right = NewCode();
  std::string wrong_secret = right;
  wrong_secret[20] = wrong_secret[20] == 'a' ? 'b' : 'a';
  const absl::Status statuses[] = {
      network.Enrol(network.EnrolRequestOf(supervisor, wrong_secret, network.NewRequestId()))
          .status(),
      network
          .Enrol(network.EnrolRequestOf(supervisor, std::string(26, 'a'), network.NewRequestId()))
          .status(),
      network.Enrol(network.EnrolRequestOf(supervisor, "no code at all", network.NewRequestId()))
          .status()};
  for (const absl::Status& status : statuses) {
    EXPECT_EQ(status, Error(Reason::kEnrolmentCodeInvalid));
  }
  EXPECT_EQ(EnrolReason(network, right), Reason::kUnspecified);
}

TEST_F(EnrolmentOfHotline, GuessingOneCodeIsStopped) {
  TestNetwork strict(domain::kMaxDevices, {.calls_per_second = 1e9, .burst = 1e9});
  const OrganisationId centre = strict.NewOrganisation(v1::ORGANISATION_KIND_CENTRE);
  const std::string code =
      *strict.NewCode(strict.administrator().caller, centre, Role::kCentreManager);
  std::string guess = code;
  guess[20] = guess[20] == 'a' ? 'b' : 'a';
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(EnrolReason(strict, guess), Reason::kEnrolmentCodeInvalid);
  }
  EXPECT_EQ(EnrolReason(strict, code), Reason::kRateLimited);
}

TEST_F(EnrolmentOfHotline, TheDoorTakesSoManyKnocksAndNoMore) {
  TestNetwork strict(domain::kMaxDevices, {.calls_per_second = 1, .burst = 2});
  EXPECT_EQ(EnrolReason(strict, "x"), Reason::kEnrolmentCodeInvalid);
  EXPECT_EQ(EnrolReason(strict, "x"), Reason::kEnrolmentCodeInvalid);
  EXPECT_EQ(EnrolReason(strict, "x"), Reason::kRateLimited);
}

TEST_F(EnrolmentOfHotline, ARepetitionGetsTheSameBytesAndNoSecondDevice) {
  const TestDevice device = TestDevice::New();
  const auto request = network.EnrolRequestOf(device, NewCode(), network.NewRequestId());
  const auto first = network.Enrol(request);
  const auto second = network.Enrol(request);
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_EQ(first->SerializeAsString(), second->SerializeAsString());

  // Another request under the same id is not the same.
  const auto other = network.EnrolRequestOf(TestDevice::New(), request.code(),
                                            *RequestId::FromBytes(request.request_id()));
  EXPECT_EQ(ReasonOf(network.Enrol(other).status()), Reason::kRequestIdReused);
}

TEST_F(EnrolmentOfHotline, ACodesRepetitionGetsTheSameCode) {
  v1::CreateEnrolmentCodeRequest request;
  request.set_organisation_id(id.bytes());
  request.set_role(amana::options::v1::ROLE_OPERATOR);
  const CallContext call = network.CallOf(supervisor.caller);
  const auto first = network.enrolment().CreateCode(call, request);
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(*network.enrolment().CreateCode(call, request), *first);
}

TEST_F(EnrolmentOfHotline, BothKeysMustBeHeld) {
  const std::string code = NewCode();
  auto request = network.EnrolRequestOf(TestDevice::New(), code, network.NewRequestId());
  auto changed = request;
  changed.set_signing_key(supervisor.signing_key.verifying_key().bytes());
  const absl::Status forged = network.Enrol(changed).status();
  EXPECT_EQ(ReasonOf(forged), Reason::kInvalidField);
  EXPECT_EQ(DetailOf(forged).field, "signature");
  // A signature is worth something for its own request only.
  changed = request;
  changed.set_request_id(network.NewRequestId().bytes());
  EXPECT_EQ(ReasonOf(network.Enrol(changed).status()), Reason::kInvalidField);

  changed = request;
  changed.set_certificate_request("not a request");
  EXPECT_EQ(ReasonOf(network.Enrol(changed).status()), Reason::kCertificateRequestInvalid);
  // None of this used the code up.
  EXPECT_TRUE(network.Enrol(request).ok());
}

TEST_F(EnrolmentOfHotline, WhoMayInviteWhom) {
  const OrganisationId centre = network.NewOrganisation(v1::ORGANISATION_KIND_CENTRE);
  const OrganisationId ministry = network.NewOrganisation(v1::ORGANISATION_KIND_MINISTRY);
  const TestDevice manager = network.NewApproved(centre, Role::kCentreManager);
  const TestDevice operator_ = network.NewApproved(id, Role::kOperator, &supervisor);
  const Caller& admin = network.administrator().caller;
  struct Row {
    const Caller& inviter;
    OrganisationId organisation;
    Role role;
    Reason reason;
  };
  const OrganisationId none = NewId<OrganisationId>(network.random());
  const Row kTable[] = {
      {supervisor.caller, id, Role::kOperator, Reason::kUnspecified},
      {supervisor.caller, id, Role::kSupervisor, Reason::kUnspecified},
      {supervisor.caller, id, Role::kCaseWorker, Reason::kInvalidField},
      {supervisor.caller, id, Role::kNetworkAdministrator, Reason::kInvalidField},
      {supervisor.caller, centre, Role::kCaseWorker, Reason::kOrganisationNotFound},
      {supervisor.caller, none, Role::kOperator, Reason::kOrganisationNotFound},
      {operator_.caller, id, Role::kOperator, Reason::kOrganisationNotFound},
      {manager.caller, centre, Role::kCaseWorker, Reason::kUnspecified},
      {manager.caller, centre, Role::kCentreManager, Reason::kUnspecified},
      {manager.caller, centre, Role::kOperator, Reason::kInvalidField},
      {manager.caller, id, Role::kOperator, Reason::kOrganisationNotFound},
      {admin, id, Role::kOperator, Reason::kUnspecified},
      {admin, centre, Role::kCentreManager, Reason::kUnspecified},
      {admin, centre, Role::kSupervisor, Reason::kInvalidField},
      {admin, ministry, Role::kAnalyst, Reason::kUnspecified},
      {admin, network.network_organisation(), Role::kAuditor, Reason::kUnspecified},
      {admin, network.network_organisation(), Role::kService, Reason::kInvalidField},
      {admin, none, Role::kOperator, Reason::kOrganisationNotFound},
  };
  for (const Row& row : kTable) {
    EXPECT_EQ(ReasonOf(network.NewCode(row.inviter, row.organisation, row.role).status()),
              row.reason)
        << &row - kTable;
  }
}

TEST_F(EnrolmentOfHotline, AClosedOrganisationTakesNobodyIn) {
  const std::string code = NewCode();
  v1::CloseOrganisationRequest close;
  close.set_organisation_id(id.bytes());
  ASSERT_TRUE(
      network.organisations().Close(network.CallOf(network.administrator().caller), close).ok());
  EXPECT_EQ(EnrolReason(network, code), Reason::kEnrolmentCodeInvalid);
  EXPECT_EQ(ReasonOf(network.NewCode(network.administrator().caller, id, Role::kOperator).status()),
            Reason::kOrganisationClosed);
}

TEST(Enrolment, AnOrganisationHasALimitOfDevices) {
  TestNetwork network(3);
  const OrganisationId id = network.NewOrganisation(v1::ORGANISATION_KIND_HOTLINE);
  const TestDevice supervisor = network.NewApproved(id, Role::kSupervisor);
  const std::string first = *network.NewCode(supervisor.caller, id, Role::kOperator);
  const std::string second = *network.NewCode(supervisor.caller, id, Role::kOperator);
  const TestDevice pending = network.NewPending(id, Role::kOperator);
  EXPECT_EQ(EnrolReason(network, first), Reason::kUnspecified);
  EXPECT_EQ(EnrolReason(network, second), Reason::kTooManyDevices);
  EXPECT_EQ(ReasonOf(network.NewCode(supervisor.caller, id, Role::kOperator).status()),
            Reason::kTooManyDevices);
  // A removed device makes room, and the code is still good.
  ASSERT_TRUE(network.Revoke(supervisor.caller, id, pending.caller.device).ok());
  EXPECT_EQ(EnrolReason(network, second), Reason::kUnspecified);
}

TEST_F(EnrolmentOfHotline, ATimerForgetsAnExpiredCode) {
  const std::string used = NewCode();
  EXPECT_EQ(EnrolReason(network, used), Reason::kUnspecified);
  const std::string code = NewCode();
  const auto due = [&] {
    return *network.store().DueTimers(network.clock().Now(), 10, Deadline::Never());
  };
  EXPECT_TRUE(due().empty());
  network.clock().Advance(domain::kCodeLifetime);
  const auto timers = due();
  ASSERT_EQ(timers.size(), 1u);
  EXPECT_TRUE(network.enrolment().ExpireCode(timers[0], Deadline::Never()).ok());
  EXPECT_TRUE(due().empty());
  // Again, as after a crash.
  EXPECT_TRUE(network.enrolment().ExpireCode(timers[0], Deadline::Never()).ok());
  EXPECT_EQ(network.History(id).back().action(), "enrolment_code.expired");
  EXPECT_EQ(EnrolReason(network, code), Reason::kEnrolmentCodeInvalid);
}

TEST_F(EnrolmentOfHotline, OfThirtyTwoWithOneCodeExactlyOneGetsIn) {
  const std::string code = NewCode();
  std::atomic<int> in = 0;
  std::atomic<int> refused = 0;
  std::vector<std::thread> crowd;
  for (int i = 0; i < 32; ++i) {
    crowd.emplace_back([&] {
      const Reason reason = EnrolReason(network, code);
      if (reason == Reason::kUnspecified) ++in;
      if (reason == Reason::kEnrolmentCodeInvalid) ++refused;
    });
  }
  for (std::thread& thread : crowd) thread.join();
  EXPECT_EQ(in, 1);
  EXPECT_EQ(refused, 31);
  v1::ListDevicesRequest list;
  list.set_organisation_id(id.bytes());
  EXPECT_EQ(network.devices().List(network.CallOf(supervisor.caller), list)->devices_size(), 2);
}

TEST(EnrolmentCodeTest, LiesInItsShardAndHidesItsSecret) {
  crypto::SystemRandom random;
  for (const uint32_t shards : {1u, 7u, 64u}) {
    for (amana::store::Shard shard = 0; shard < shards; ++shard) {
      const EnrolmentCode code = EnrolmentCode::New(random, shard, shards);
      EXPECT_EQ(code.ShardOf(shards), shard);
      const auto parsed = EnrolmentCode::Parse(code.text());
      ASSERT_TRUE(parsed.ok());
      EXPECT_EQ(parsed->selector(), code.selector());
      EXPECT_EQ(code.selector().size(), 16u);
    }
  }
}

}  // namespace
}  // namespace amana::identity
