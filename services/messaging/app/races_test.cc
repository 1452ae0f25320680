// What must hold when several do something at once.

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <thread>
#include <vector>

#include "services/messaging/app/test_world.h"

namespace amana::messaging {
namespace {

constexpr int kThreads = 32;

// Starts all at the same moment.
void Race(const std::function<void(int)>& run) {
  std::atomic<bool> go = false;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      while (!go.load()) std::this_thread::yield();
      run(i);
    });
  }
  go.store(true);
  for (std::thread& thread : threads) thread.join();
}

// A lost race against 31 others may be a lost one for good; the caller decides again.
template <class Attempt>
absl::Status UntilDecided(Attempt attempt) {
  for (;;) {
    const absl::Status status = attempt();
    if (ReasonOf(status) != Reason::kContended) return status;
  }
}

TEST(Races, OpenedOrRevokedButNeverBoth) {
  for (int round = 0; round < 10; ++round) {
    World world;
    const HandoffId id = world.Send();
    std::atomic<int> opened = 0;
    std::atomic<int> revoked = 0;
    Race([&](int i) {
      if (i % 2 == 0) {
        const absl::Status status = UntilDecided([&] {
          return world
              .Report(i % 4 == 0 ? world.worker : world.colleague, id, v1::HANDOFF_STATE_OPENED)
              .status();
        });
        if (status.ok()) ++opened;
        EXPECT_TRUE(status.ok() || ReasonOf(status) == Reason::kHandoffStateInvalid) << status;
      } else {
        const absl::Status status =
            UntilDecided([&] { return world.Revoke(world.op, id).status(); });
        if (status.ok()) ++revoked;
        EXPECT_TRUE(status.ok() || ReasonOf(status) == Reason::kHandoffAlreadyOpened ||
                    ReasonOf(status) == Reason::kHandoffStateInvalid)
            << status;
      }
    });
    EXPECT_TRUE((opened == 16 && revoked == 0) || (opened == 0 && revoked == 1))
        << opened << " " << revoked;
    const bool has_package = world.Fetch(world.worker).at(0).has_package();
    EXPECT_EQ(has_package, opened > 0);
  }
}

TEST(Races, NothingIsLeftAfterAWithdrawal) {
  for (int round = 0; round < 5; ++round) {
    World world;
    Race([&](int i) {
      if (i == 0) {
        world.consents.Set(world.case_id, world.centre, {.active = false, .owner = world.hotline});
        EXPECT_TRUE(
            UntilDecided([&] { return world.Destroy(world.case_id, world.centre).status(); }).ok());
        return;
      }
      const v1::SendHandoffRequest request = world.SendRequest();
      const absl::Status status = UntilDecided(
          [&] { return world.handoffs->Send(world.Command(world.op), request).status(); });
      EXPECT_TRUE(status.ok() || ReasonOf(status) == Reason::kConsentMissing) << status;
    });
    // Whatever was sent before the withdrawal was destroyed by it.
    for (uint64_t after = 0;;) {
      const auto messages = world.Fetch(world.worker, after);
      if (messages.empty()) break;
      for (const v1::Message& message : messages) EXPECT_FALSE(message.has_package());
      after = messages.back().sequence();
    }
  }
}

TEST(Races, ManyDriversDeliverOnce) {
  World world;
  world.faulty.FailFrom(2, false);
  const HandoffId id = world.Send();
  world.faulty.Heal();
  Race([&](int) {
    UntilDecided([&] {
      return world.delivery->Deliver(CallContext::ForTimer("t", Deadline::After(absl::Seconds(30))),
                                     id);
    }).IgnoreError();
  });
  EXPECT_EQ(world.Fetch(world.worker).size(), 1u);
  EXPECT_EQ(world.Fetch(world.colleague).size(), 1u);
}

TEST(Races, SequencesAreDenseWhoeverSends) {
  World world;
  Race([&](int) {
    const v1::SendHandoffRequest request = world.SendRequest();
    EXPECT_TRUE(UntilDecided([&] {
                  return world.handoffs->Send(world.Command(world.op), request).status();
                }).ok());
  });
  world.clock.Advance(absl::Seconds(5));
  EXPECT_TRUE(world.RunTimers());
  uint64_t expected = 0;
  for (;;) {
    const auto messages = world.Fetch(world.worker, expected);
    if (messages.empty()) break;
    for (const v1::Message& message : messages) EXPECT_EQ(message.sequence(), ++expected);
  }
  EXPECT_EQ(expected, static_cast<uint64_t>(kThreads));
}

TEST(Races, TheQuotaIsKeptByAll) {
  World world;
  v1::BeginAttachmentRequest large;
  large.set_ciphertext_digest(std::string(32, 'd'));
  large.set_size(domain::kMaxAttachmentBytes);
  std::atomic<int> begun = 0;
  Race([&](int) {
    for (int i = 0; i < 3; ++i) {
      const absl::Status status = UntilDecided(
          [&] { return world.attachments->Begin(world.Command(world.op), large).status(); });
      if (status.ok()) ++begun;
      EXPECT_TRUE(status.ok() || ReasonOf(status) == Reason::kAttachmentQuotaExceeded) << status;
    }
  });
  EXPECT_EQ(begun, static_cast<int>(domain::kQuotaBytes / domain::kMaxAttachmentBytes));
}

}  // namespace
}  // namespace amana::messaging
