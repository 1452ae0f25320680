#include "services/messaging/app/handoffs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "services/messaging/app/test_world.h"

namespace amana::messaging {
namespace {

absl::Status Send(World& world, const v1::SendHandoffRequest& request) {
  return world.handoffs->Send(world.Command(world.op, "handoff.sealed"), request).status();
}

absl::StatusOr<v1::Handoff> Get(World& world, const DeviceId& device, const HandoffId& id) {
  v1::GetHandoffRequest request;
  request.set_handoff_id(id.bytes());
  AMANA_ASSIGN_OR_RETURN(const auto response, world.handoffs->Get(world.Read(device), request));
  return response.handoff();
}

TEST(Send, ArrivesAtEveryDeviceAndIsInTheLog) {
  World world;
  const HandoffId id = world.Send();
  for (const DeviceId& device : {world.worker, world.colleague}) {
    const std::vector<v1::Message> messages = world.Fetch(device);
    ASSERT_EQ(messages.size(), 1u);
    EXPECT_EQ(messages[0].sequence(), 1u);
    EXPECT_EQ(messages[0].handoff().handoff_id(), id.bytes());
    EXPECT_EQ(messages[0].package().ciphertext(), kCiphertext);
  }
  EXPECT_THAT(world.Actions(world.case_id.bytes()),
              testing::UnorderedElementsAre("handoff.sealed", "mailbox.added", "handoff.queued"));
}

TEST(Send, ARepetitionGetsTheSameBytesAndSendsNothingTwice) {
  World world;
  const v1::SendHandoffRequest request = world.SendRequest({world.Upload("data")});
  const CallContext context = world.Command(world.op, "handoff.sealed");
  const std::string first = *world.handoffs->Send(context, request);
  const size_t events = world.Actions(world.case_id.bytes()).size();
  ASSERT_TRUE(world
                  .Report(world.worker, *HandoffId::FromBytes(request.handoff_id()),
                          v1::HANDOFF_STATE_OPENED)
                  .ok());
  EXPECT_EQ(*world.handoffs->Send(context, request), first);
  // Also once she has withdrawn her consent, and while nobody can say.
  world.consents.Set(world.case_id, world.centre, {.active = false, .owner = world.hotline});
  EXPECT_EQ(*world.handoffs->Send(context, request), first);
  world.consents.Fail(Error(Reason::kServiceUnavailable));
  EXPECT_EQ(*world.handoffs->Send(context, request), first);
  EXPECT_EQ(world.Actions(world.case_id.bytes()).size(), events + 1);
  EXPECT_EQ(world.Fetch(world.worker).size(), 1u);
}

TEST(Send, NothingLeavesWithoutHerConsent) {
  World world;
  const v1::SendHandoffRequest request = world.SendRequest();
  world.consents.Set(world.case_id, world.centre, {.active = false, .owner = world.hotline});
  EXPECT_EQ(ReasonOf(Send(world, request)), Reason::kConsentMissing);
  world.consents.Set(world.case_id, world.centre, {.active = true, .owner = world.other});
  EXPECT_EQ(ReasonOf(Send(world, request)), Reason::kCaseNotFound);
  world.consents.Set(world.case_id, world.centre, {});
  EXPECT_EQ(ReasonOf(Send(world, request)), Reason::kCaseNotFound);
  for (const Reason reason :
       {Reason::kServiceUnavailable, Reason::kCaseNotFound, Reason::kDeadlinePassed}) {
    world.consents.Fail(Error(reason));
    EXPECT_EQ(ReasonOf(Send(world, request)), reason);
  }
  EXPECT_TRUE(world.Fetch(world.worker).empty());
  EXPECT_TRUE(world.Actions(world.case_id.bytes()).empty());
}

// Her withdrawal comes between the answer about her consent and the commit.
TEST(Send, AWithdrawalAtTheSameTimeIsNotMissed) {
  World world;
  const v1::SendHandoffRequest request = world.SendRequest();
  bool withdrawn = false;
  world.consents.meanwhile = [&] {
    if (std::exchange(withdrawn, true)) return;
    world.consents.Set(world.case_id, world.centre, {.active = false, .owner = world.hotline});
    EXPECT_EQ(*world.Destroy(world.case_id, world.centre), 0u);
  };
  EXPECT_EQ(ReasonOf(Send(world, request)), Reason::kConsentMissing);
  EXPECT_TRUE(world.Fetch(world.worker).empty());
}

TEST(Send, OnlyToApprovedDevicesOfTheRecipientThatHaveAKey) {
  World world;
  v1::SendHandoffRequest foreign = world.SendRequest();
  foreign.mutable_package()->mutable_recipients(0)->set_device_id(world.stranger.bytes());
  EXPECT_EQ(ReasonOf(Send(world, foreign)), Reason::kRecipientInvalid);

  const v1::SendHandoffRequest request = world.SendRequest();
  world.directory.Remove(world.worker);
  EXPECT_EQ(ReasonOf(Send(world, request)), Reason::kRecipientInvalid);
  world.directory.Fail(Error(Reason::kServiceUnavailable));
  EXPECT_EQ(ReasonOf(Send(world, request)), Reason::kServiceUnavailable);
  world.directory.Fail(absl::OkStatus());

  const auto keyless = store::NewIdBeside<DeviceId>(world.deps->random, world.centre);
  world.directory.Set(keyless, world.centre);
  v1::SendHandoffRequest without_key = world.SendRequest();
  without_key.mutable_package()->mutable_recipients(0)->set_device_id(keyless.bytes());
  EXPECT_EQ(ReasonOf(Send(world, without_key)), Reason::kRecipientKeyMissing);
}

TEST(Send, OnlyInTheCallersNameAndBesideTheCase) {
  World world;
  v1::SendHandoffRequest request = world.SendRequest();
  request.mutable_package()->set_sender_device_id(world.supervisor.bytes());
  EXPECT_EQ(DetailOf(Send(world, request)).field, "package.sender_device_id");
  request = world.SendRequest();
  request.mutable_package()->set_sender_organisation_id(world.centre.bytes());
  EXPECT_EQ(DetailOf(Send(world, request)).field, "package.sender_organisation_id");
  request = world.SendRequest();
  request.mutable_handoff_id()->front() ^= 1;
  EXPECT_EQ(DetailOf(Send(world, request)).field, "handoff_id");
  request = world.SendRequest();
  request.set_case_id(std::string(kIdSize, '\0'));
  EXPECT_EQ(DetailOf(Send(world, request)).field, "case_id");
}

TEST(Send, AnIdIsUsedOnce) {
  World world;
  const v1::SendHandoffRequest request = world.SendRequest();
  EXPECT_TRUE(Send(world, request).ok());
  EXPECT_EQ(DetailOf(Send(world, request)).field, "handoff_id");
}

TEST(Send, AttachmentsAreFinishedAndTheSenders) {
  World world;
  v1::BeginAttachmentRequest begin;
  begin.set_ciphertext_digest(std::string(32, 'd'));
  begin.set_size(5);
  v1::BeginAttachmentResponse own;
  v1::BeginAttachmentResponse foreign;
  ASSERT_TRUE(own.ParseFromString(*world.attachments->Begin(world.Command(world.op), begin)));
  ASSERT_TRUE(
      foreign.ParseFromString(*world.attachments->Begin(world.Command(world.worker), begin)));
  EXPECT_EQ(ReasonOf(Send(world, world.SendRequest({*BlobId::FromBytes(own.attachment_id())}))),
            Reason::kAttachmentIncomplete);
  EXPECT_EQ(ReasonOf(Send(world, world.SendRequest({*BlobId::FromBytes(foreign.attachment_id())}))),
            Reason::kAttachmentNotFound);
  EXPECT_EQ(ReasonOf(Send(world, world.SendRequest({NewId<BlobId>(world.deps->random)}))),
            Reason::kAttachmentNotFound);
}

TEST(Get, IsForSenderAndReceiverAlone) {
  World world;
  const HandoffId id = world.Send();
  const DeviceId desk = world.AddDevice(world.centre);
  for (const DeviceId& device : {world.op, world.supervisor, world.worker, desk}) {
    const v1::Handoff handoff = *Get(world, device, id);
    EXPECT_EQ(handoff.state(), v1::HANDOFF_STATE_SEALED);
    EXPECT_EQ(handoff.recipients(), 2u);
    EXPECT_EQ(handoff.case_id(), world.case_id.bytes());
    EXPECT_FALSE(handoff.has_update_time() && handoff.update_time().seconds() == 0);
  }
  EXPECT_EQ(ReasonOf(Get(world, world.stranger, id).status()), Reason::kHandoffNotFound);
  EXPECT_EQ(ReasonOf(Get(world, world.op, NewId<HandoffId>(world.deps->random)).status()),
            Reason::kHandoffNotFound);
}

TEST(Report, MovesItOnForEveryone) {
  World world;
  const HandoffId id = world.Send();
  EXPECT_EQ(world.Report(world.worker, id, v1::HANDOFF_STATE_DELIVERED)->state(),
            v1::HANDOFF_STATE_DELIVERED);
  EXPECT_EQ(world.Report(world.colleague, id, v1::HANDOFF_STATE_OPENED)->state(),
            v1::HANDOFF_STATE_OPENED);
  EXPECT_EQ(world.Report(world.worker, id, v1::HANDOFF_STATE_DELIVERED)->state(),
            v1::HANDOFF_STATE_OPENED);
  EXPECT_EQ(Get(world, world.op, id)->state(), v1::HANDOFF_STATE_OPENED);
  EXPECT_EQ(ReasonOf(world.Report(world.op, id, v1::HANDOFF_STATE_OPENED).status()),
            Reason::kHandoffNotFound);
  EXPECT_EQ(ReasonOf(world.Report(world.stranger, id, v1::HANDOFF_STATE_OPENED).status()),
            Reason::kHandoffNotFound);
  EXPECT_EQ(ReasonOf(world.Report(world.worker, id, v1::HANDOFF_STATE_REVOKED).status()),
            Reason::kInvalidField);
}

TEST(Report, OnceAllHaveItPackageAndAttachmentsGo) {
  World world;
  const BlobId blob = world.Upload("data");
  const HandoffId id = world.Send({blob});
  EXPECT_EQ(ReasonOf(world.Report(world.worker, id, v1::HANDOFF_STATE_ACKNOWLEDGED).status()),
            Reason::kHandoffStateInvalid);
  ASSERT_TRUE(world.Report(world.worker, id, v1::HANDOFF_STATE_OPENED).ok());
  ASSERT_TRUE(world.Report(world.worker, id, v1::HANDOFF_STATE_ACKNOWLEDGED).ok());
  EXPECT_TRUE(world.Fetch(world.worker).empty());
  EXPECT_EQ(world.Fetch(world.colleague).size(), 1u);
  EXPECT_TRUE(world.GetChunk(world.colleague, id, blob).ok());
  ASSERT_TRUE(world.Report(world.colleague, id, v1::HANDOFF_STATE_ACKNOWLEDGED).ok());
  EXPECT_EQ(world.Files(), 0u);
  EXPECT_FALSE(
      world.memory.Read(world.deps->ShardOf(id), PackageKey(id), Deadline::After(absl::Seconds(1)))
          ->exists());
  EXPECT_EQ(Get(world, world.op, id)->state(), v1::HANDOFF_STATE_ACKNOWLEDGED);
}

TEST(Revoke, DestroysWhatWasNotOpened) {
  World world;
  const BlobId blob = world.Upload("data");
  const HandoffId id = world.Send({blob});
  ASSERT_TRUE(world.Report(world.worker, id, v1::HANDOFF_STATE_DELIVERED).ok());
  EXPECT_EQ(ReasonOf(world.Revoke(world.worker, id).status()), Reason::kHandoffNotFound);
  EXPECT_EQ(world.Revoke(world.supervisor, id)->state(), v1::HANDOFF_STATE_REVOKED);
  EXPECT_EQ(world.Files(), 0u);
  EXPECT_FALSE(
      world.memory.Read(world.deps->ShardOf(id), PackageKey(id), Deadline::After(absl::Seconds(1)))
          ->exists());
  const std::vector<v1::Message> messages = world.Fetch(world.worker);
  ASSERT_EQ(messages.size(), 1u);
  EXPECT_EQ(messages[0].handoff().state(), v1::HANDOFF_STATE_REVOKED);
  EXPECT_FALSE(messages[0].has_package());
  EXPECT_EQ(ReasonOf(world.Report(world.worker, id, v1::HANDOFF_STATE_OPENED).status()),
            Reason::kHandoffStateInvalid);
  EXPECT_EQ(ReasonOf(world.Revoke(world.op, id).status()), Reason::kHandoffStateInvalid);
}

TEST(Revoke, SaysWhenItIsTooLate) {
  World world;
  const HandoffId id = world.Send();
  ASSERT_TRUE(world.Report(world.worker, id, v1::HANDOFF_STATE_OPENED).ok());
  EXPECT_EQ(ReasonOf(world.Revoke(world.op, id).status()), Reason::kHandoffAlreadyOpened);
  EXPECT_TRUE(world.Fetch(world.colleague)[0].has_package());
}

TEST(Destroy, TakesWhatSheNoLongerAgreesToAndNothingElse) {
  World world;
  const HandoffId opened = world.Send();
  ASSERT_TRUE(world.Report(world.worker, opened, v1::HANDOFF_STATE_OPENED).ok());
  const BlobId blob = world.Upload("data");
  const HandoffId unopened = world.Send({blob});
  EXPECT_EQ(*world.Destroy(world.case_id, world.other), 0u);
  EXPECT_EQ(*world.Destroy(world.case_id, world.centre), 1u);
  EXPECT_EQ(*world.Destroy(world.case_id, world.centre), 0u);
  EXPECT_EQ(Get(world, world.op, unopened)->state(), v1::HANDOFF_STATE_REVOKED);
  EXPECT_EQ(Get(world, world.op, opened)->state(), v1::HANDOFF_STATE_OPENED);
  EXPECT_EQ(world.Files(), 0u);
}

TEST(Destroy, AlsoWhereThereIsMoreThanOneCommitTakes) {
  World world;
  for (int i = 0; i < 60; ++i) world.Send();
  v1::DestroyUnopenedRequest request;
  request.set_case_id(world.case_id.bytes());
  request.set_recipient_organisation_id(world.centre.bytes());
  const CallContext context = world.FromIntake();
  const std::string reply = *world.handoffs->DestroyUnopened(context, request);
  v1::DestroyUnopenedResponse response;
  ASSERT_TRUE(response.ParseFromString(reply));
  EXPECT_EQ(response.destroyed(), 60u);
  EXPECT_EQ(*world.handoffs->DestroyUnopened(context, request), reply);
}

TEST(History, IsForThoseWhoSendTheCase) {
  World world;
  world.Send();
  const std::string subject = world.case_id.bytes();
  EXPECT_TRUE(*world.handoffs->MayReadHistory(world.Read(world.op), subject));
  // Whoever received it must not learn where she is sent afterwards.
  EXPECT_FALSE(*world.handoffs->MayReadHistory(world.Read(world.worker), subject));
  EXPECT_FALSE(*world.handoffs->MayReadHistory(world.Read(world.stranger), subject));
  const std::string organisation = world.centre.bytes();
  EXPECT_TRUE(*world.handoffs->MayReadHistory(world.Read(world.worker), organisation));
  EXPECT_FALSE(*world.handoffs->MayReadHistory(world.Read(world.op), organisation));
}

}  // namespace
}  // namespace amana::messaging
