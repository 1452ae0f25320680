#include "services/messaging/app/delivery.h"

#include <gtest/gtest.h>

#include <string>

#include "services/messaging/app/handoff_rows.h"
#include "services/messaging/app/test_world.h"

namespace amana::messaging {
namespace {

const Deadline kDeadline = Deadline::After(absl::Minutes(5));

domain::Handoff Stored(World& world, const HandoffId& id) {
  return LoadHandoff(*world.deps, id, kDeadline)->value;
}

// The process dies at every commit of a send in turn, before it or after it. Whoever sent asks
// again; timers do the rest: one entry in each mailbox, whatever happened.
TEST(Delivery, SurvivesACrashAtEveryCommit) {
  for (const bool after : {false, true}) {
    for (int at = 1; at <= 6; ++at) {
      World world;
      const v1::SendHandoffRequest request = world.SendRequest({world.Upload("data")});
      const CallContext context = world.Command(world.op, "handoff.sealed");
      world.faulty.FailFrom(at, after);
      world.handoffs->Send(context, request).IgnoreError();
      world.faulty.Heal();
      ASSERT_TRUE(world.handoffs->Send(context, request).ok()) << at << after;
      world.clock.Advance(absl::Seconds(5));
      EXPECT_TRUE(world.RunTimers());
      for (const DeviceId& device : {world.worker, world.colleague}) {
        const std::vector<v1::Message> messages = world.Fetch(device);
        ASSERT_EQ(messages.size(), 1u) << at << after;
        EXPECT_EQ(messages[0].sequence(), 1u);
      }
    }
  }
}

// The same without the sender asking again: once the send was committed, it arrives.
TEST(Delivery, TheTimerFinishesWhatTheCommandBegan) {
  for (int at = 2; at <= 3; ++at) {
    for (const bool after : {false, true}) {
      World world;
      world.faulty.FailFrom(at, after);
      const HandoffId id = world.Send();
      world.faulty.Heal();
      world.clock.Advance(absl::Seconds(5));
      EXPECT_TRUE(world.RunTimers());
      EXPECT_EQ(world.Fetch(world.worker).size(), 1u);
      for (const auto& recipient : Stored(world, id).recipients) EXPECT_TRUE(recipient.queued);
    }
  }
}

TEST(Delivery, AgainChangesNothing) {
  World world;
  const HandoffId id = world.Send();
  world.faulty.Heal();
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(world.delivery->Deliver(CallContext::ForTimer("t", kDeadline), id).ok());
  }
  EXPECT_EQ(world.faulty.commits(), 0);
  EXPECT_EQ(world.Fetch(world.worker).size(), 1u);
}

TEST(Delivery, AFullMailboxIsTriedAgainAndHoldsUpNobody) {
  World world;
  const store::Shard shard = world.deps->ShardOf(world.worker);
  const auto fill = [&](uint64_t version, uint32_t waiting) {
    store::Commit commit;
    commit.shard = shard;
    commit.Put(MailboxKey(world.worker), version,
               Encode(domain::Mailbox{.last_sequence = 2000, .waiting = waiting}));
    Audit(*world.deps, CallContext::ForTimer("test", kDeadline), world.centre, "", "x", &commit);
    EXPECT_EQ(world.memory.Apply(commit, kDeadline)->kind, store::Outcome::Kind::kCommitted);
  };
  fill(0, domain::kMaxWaiting);
  const HandoffId id = world.Send();
  EXPECT_TRUE(world.Fetch(world.worker).empty());
  EXPECT_EQ(world.Fetch(world.colleague).size(), 1u);
  EXPECT_EQ(ReasonOf(world.delivery->Deliver(CallContext::ForTimer("t", kDeadline), id)),
            Reason::kMailboxFull);
  world.clock.Advance(absl::Seconds(5));
  EXPECT_FALSE(world.RunTimers());
  fill(1, domain::kMaxWaiting - 1);
  EXPECT_TRUE(world.RunTimers());
  EXPECT_EQ(world.Fetch(world.worker).at(0).sequence(), 2001u);
  EXPECT_EQ(world.Fetch(world.colleague).size(), 1u);
}

TEST(Delivery, WhatWasRevokedBeforeItArrivedArrivesNowhere) {
  World world;
  world.faulty.FailFrom(2, false);
  const HandoffId id = world.Send();
  world.faulty.Heal();
  ASSERT_TRUE(world.Revoke(world.op, id).ok());
  world.clock.Advance(absl::Seconds(5));
  EXPECT_TRUE(world.RunTimers());
  EXPECT_TRUE(world.Fetch(world.worker).empty());
}

TEST(Delivery, ManyDevicesAreMoreThanOneCommit) {
  World world;
  v1::SendHandoffRequest request = world.SendRequest();
  std::vector<DeviceId> devices;
  for (int i = 0; i < 62; ++i) {
    devices.push_back(world.AddDevice(world.centre));
    v1::Recipient& recipient = *request.mutable_package()->add_recipients();
    recipient.set_device_id(devices.back().bytes());
    recipient.set_encapsulated_key(std::string(32, 'e'));
    recipient.set_sealed_key("k");
  }
  ASSERT_TRUE(world.handoffs->Send(world.Command(world.op, "handoff.sealed"), request).ok());
  for (const DeviceId& device : devices) EXPECT_EQ(world.Fetch(device).size(), 1u);
}

// A crash between the revocation and the end of the bytes.
TEST(Sweep, TheTimerTakesAwayWhatARevocationLeft) {
  for (const bool after : {false, true}) {
    World world;
    const HandoffId id = world.Send({world.Upload("one"), world.Upload("two")});
    world.faulty.FailFrom(2, after);
    ASSERT_TRUE(world.Revoke(world.op, id).ok());
    world.faulty.Heal();
    world.clock.Advance(absl::Seconds(5));
    EXPECT_TRUE(world.RunTimers());
    EXPECT_EQ(world.Files(), 0u);
  }
}

TEST(Retention, EndsWithNothingButTheStatus) {
  World world;
  const BlobId blob = world.Upload("data");
  const HandoffId id = world.Send({blob});
  ASSERT_TRUE(world.Report(world.worker, id, v1::HANDOFF_STATE_OPENED).ok());
  world.clock.Advance(domain::kRetention - absl::Seconds(1));
  EXPECT_TRUE(world.RunTimers());
  EXPECT_TRUE(world.GetChunk(world.worker, id, blob).ok());
  world.clock.Advance(absl::Seconds(10));
  EXPECT_TRUE(world.RunTimers());
  world.clock.Advance(absl::Seconds(10));
  EXPECT_TRUE(world.RunTimers());
  EXPECT_EQ(world.Files(), 0u);
  EXPECT_TRUE(world.Fetch(world.worker).empty());
  EXPECT_TRUE(world.Fetch(world.colleague).empty());
  const domain::Handoff handoff = Stored(world, id);
  EXPECT_EQ(handoff.state, domain::HandoffState::kOpened);
  EXPECT_FALSE(handoff.package_held);
}

TEST(Timers, UnknownOnesAreErrors) {
  World world;
  for (const char* name : {"", "deliver", "deliver/", "deliver/xyz", "dance/aaaa", "/"}) {
    EXPECT_FALSE(world.delivery->RunTimer({.shard = 0, .timer = name, .due = {}}, kDeadline).ok());
  }
  const auto id = NewId<HandoffId>(world.deps->random);
  EXPECT_EQ(ReasonOf(world.delivery->RunTimer(
                {.shard = 0, .timer = "dance/" + id.ToString(), .due = {}}, kDeadline)),
            Reason::kUnexpected);
}

}  // namespace
}  // namespace amana::messaging
