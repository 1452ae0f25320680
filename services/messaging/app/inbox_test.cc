#include "services/messaging/app/inbox.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>

#include "services/messaging/app/test_world.h"

namespace amana::messaging {
namespace {

v1::FetchMessagesResponse Fetch(World& world, Inbox& inbox, uint64_t after, uint32_t limit,
                                absl::Duration wait) {
  v1::FetchMessagesRequest request;
  request.set_after_sequence(after);
  request.set_max_messages(limit);
  request.set_wait_ms(static_cast<uint32_t>(absl::ToInt64Milliseconds(wait)));
  return *inbox.Fetch(world.Read(world.worker), request);
}

uint32_t Waiting(World& world, const DeviceId& device) {
  const auto row = world.memory.Read(world.deps->ShardOf(device), MailboxKey(device),
                                     Deadline::After(absl::Seconds(5)));
  return Decode<domain::Mailbox>(row->value)->waiting;
}

TEST(Fetch, GivesInOrderAfterWhatWasSeen) {
  World world;
  std::vector<HandoffId> sent;
  for (int i = 0; i < 5; ++i) sent.push_back(world.Send());
  const auto all = world.Fetch(world.worker);
  ASSERT_EQ(all.size(), 5u);
  for (size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(all[i].sequence(), i + 1);
    EXPECT_EQ(all[i].handoff().handoff_id(), sent[i].bytes());
  }
  EXPECT_EQ(world.Fetch(world.worker, 3).size(), 2u);
  EXPECT_EQ(world.Fetch(world.worker, 5).size(), 0u);
  EXPECT_EQ(world.Fetch(world.worker, UINT64_MAX).size(), 0u);
  EXPECT_EQ(Fetch(world, *world.inbox, 1, 2, {}).messages(1).sequence(), 3u);
  EXPECT_TRUE(world.Fetch(world.op).empty());
}

TEST(Fetch, ADeviceSeesItsOwnKeyAlone) {
  World world;
  world.Send();
  const v1::Package package = world.Fetch(world.colleague).at(0).package();
  ASSERT_EQ(package.recipients_size(), 1);
  EXPECT_EQ(package.recipients(0).device_id(), world.colleague.bytes());
  EXPECT_EQ(package.recipients(0).sealed_key(), "for " + world.colleague.ToString());
}

TEST(Fetch, AnAnswerHasALimitedSizeAndTheRestFollows) {
  World world;
  for (int i = 0; i < 12; ++i) {
    v1::SendHandoffRequest request = world.SendRequest();
    request.mutable_package()->set_ciphertext(std::string(size_t{256} << 10, 'c'));
    ASSERT_TRUE(world.handoffs->Send(world.Command(world.op, "handoff.sealed"), request).ok());
  }
  const auto first = world.Fetch(world.worker);
  EXPECT_EQ(first.size(), 7u);
  EXPECT_EQ(world.Fetch(world.worker, 7).size(), 5u);
}

TEST(Fetch, WhatIsOverGoes) {
  World world;
  const HandoffId acknowledged = world.Send();
  const HandoffId revoked = world.Send();
  world.Send();
  EXPECT_EQ(Waiting(world, world.worker), 3u);
  ASSERT_TRUE(world.Report(world.worker, acknowledged, v1::HANDOFF_STATE_OPENED).ok());
  ASSERT_TRUE(world.Report(world.worker, acknowledged, v1::HANDOFF_STATE_ACKNOWLEDGED).ok());
  EXPECT_EQ(Waiting(world, world.worker), 2u);
  ASSERT_TRUE(world.Revoke(world.op, revoked).ok());
  ASSERT_EQ(world.Fetch(world.worker).size(), 2u);
  EXPECT_EQ(Waiting(world, world.worker), 2u);
  // Having seen that it was revoked, the device asks for what comes after it.
  ASSERT_EQ(world.Fetch(world.worker, 2).size(), 1u);
  EXPECT_EQ(Waiting(world, world.worker), 1u);
  ASSERT_EQ(world.Fetch(world.worker).size(), 1u);
  // The numbers go on.
  world.Send();
  EXPECT_EQ(world.Fetch(world.worker, 3).at(0).sequence(), 4u);
}

TEST(Fetch, TidiesUpAfterACrashBetweenAcknowledgementAndRemoval) {
  World world;
  const HandoffId id = world.Send();
  world.Send();
  ASSERT_TRUE(world.Report(world.worker, id, v1::HANDOFF_STATE_OPENED).ok());
  world.faulty.FailFrom(2, false);
  ASSERT_TRUE(world.Report(world.worker, id, v1::HANDOFF_STATE_ACKNOWLEDGED).ok());
  world.faulty.Heal();
  EXPECT_EQ(Waiting(world, world.worker), 2u);
  const auto messages = world.Fetch(world.worker);
  ASSERT_EQ(messages.size(), 1u);
  EXPECT_EQ(messages[0].sequence(), 2u);
  EXPECT_EQ(Waiting(world, world.worker), 1u);
}

TEST(Fetch, WaitsForTheFirstMessage) {
  World world;
  std::thread sender([&] {
    absl::SleepFor(absl::Milliseconds(50));
    world.Send();
  });
  const absl::Time start = absl::Now();
  EXPECT_EQ(Fetch(world, *world.inbox, 0, 0, absl::Seconds(5)).messages_size(), 1);
  EXPECT_LT(absl::Now() - start, absl::Seconds(4));
  sender.join();
}

TEST(Fetch, SeesWhatAnotherProcessSentWithoutABell) {
  World world;
  Bell silent;
  Deps deps = *world.deps;
  Deps others{.store = deps.store,
              .clock = deps.clock,
              .random = deps.random,
              .blobs = deps.blobs,
              .consents = deps.consents,
              .devices = deps.devices,
              .bell = silent,
              .meters = deps.meters,
              .network = deps.network};
  Inbox inbox(others, {.max_waiting = 4, .look_again = absl::Milliseconds(20)});
  std::thread sender([&] {
    absl::SleepFor(absl::Milliseconds(30));
    world.Send();
  });
  EXPECT_EQ(Fetch(world, inbox, 0, 0, absl::Seconds(5)).messages_size(), 1);
  sender.join();
}

TEST(Fetch, OnlySoManyWaitAtOnce) {
  World world;
  Inbox inbox(*world.deps, {.max_waiting = 1});
  std::thread first([&] { Fetch(world, inbox, 0, 0, absl::Milliseconds(800)); });
  absl::SleepFor(absl::Milliseconds(100));
  const absl::Time start = absl::Now();
  EXPECT_EQ(Fetch(world, inbox, 0, 0, absl::Seconds(5)).messages_size(), 0);
  EXPECT_LT(absl::Now() - start, absl::Milliseconds(500));
  first.join();
}

}  // namespace
}  // namespace amana::messaging
