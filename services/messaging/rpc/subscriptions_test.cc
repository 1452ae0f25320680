#include "services/messaging/rpc/subscriptions.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "common/base/error.h"
#include "services/messaging/app/test_world.h"

namespace amana::messaging {
namespace {

class FakeWriter final : public rpc::StreamWriter {
 public:
  explicit FakeWriter(size_t capacity = 1000) : capacity_(capacity) {}

  bool Write(std::string message) override {
    MutexLock lock(mutex_);
    if (closed_) return false;
    if (messages_.size() >= capacity_) {
      closed_ = true;
      final_ = Error(Reason::kStreamLagged);
      return false;
    }
    v1::SubscribeMessagesResponse response;
    EXPECT_TRUE(response.ParseFromString(message));
    messages_.push_back(response.message());
    changed_.NotifyAll();
    return true;
  }
  void Finish(absl::Status status) override {
    MutexLock lock(mutex_);
    closed_ = true;
    final_ = std::move(status);
    changed_.NotifyAll();
  }
  bool closed() const override {
    MutexLock lock(mutex_);
    return closed_;
  }
  void OnClosed(std::function<void()>) override {}

  // The numbers that came, once there are at least n or the stream has closed.
  std::vector<uint64_t> WaitFor(size_t n) {
    const Deadline deadline = Deadline::After(absl::Seconds(10));
    MutexLock lock(mutex_);
    while (messages_.size() < n && !closed_ && changed_.WaitUntil(mutex_, deadline)) {
    }
    std::vector<uint64_t> sequences;
    for (const v1::Message& message : messages_) sequences.push_back(message.sequence());
    return sequences;
  }
  Reason WaitForEnd() {
    const Deadline deadline = Deadline::After(absl::Seconds(10));
    MutexLock lock(mutex_);
    while (!closed_ && changed_.WaitUntil(mutex_, deadline)) {
    }
    return ReasonOf(final_);
  }

 private:
  const size_t capacity_;
  mutable Mutex mutex_;
  CondVar changed_;
  std::vector<v1::Message> messages_ AMANA_GUARDED_BY(mutex_);
  bool closed_ AMANA_GUARDED_BY(mutex_) = false;
  absl::Status final_ AMANA_GUARDED_BY(mutex_);
};

using Numbers = std::vector<uint64_t>;

class SubscriptionsTest : public testing::Test {
 protected:
  SubscriptionsTest()
      : subscriptions_(*world_.inbox, world_.bell, world_.directory,
                       {.streams = 5,
                        .streams_of_device = 2,
                        .look_again = absl::Milliseconds(100),
                        .messages = 2,
                        .pause = absl::Milliseconds(1)}) {
    subscriptions_.Start();
  }

  std::shared_ptr<FakeWriter> Subscribe(uint64_t after, size_t capacity = 1000) {
    auto writer = std::make_shared<FakeWriter>(capacity);
    EXPECT_TRUE(subscriptions_.Add(world_.Read(world_.worker).caller, after, writer).ok());
    return writer;
  }

  World world_;
  Subscriptions subscriptions_;
};

TEST_F(SubscriptionsTest, FirstWhatIsThereThenWhatComes) {
  for (int i = 0; i < 5; ++i) world_.Send();
  const auto writer = Subscribe(0);
  EXPECT_EQ(writer->WaitFor(5), (Numbers{1, 2, 3, 4, 5}));
  world_.Send();
  EXPECT_EQ(writer->WaitFor(6), (Numbers{1, 2, 3, 4, 5, 6}));
}

TEST_F(SubscriptionsTest, ResumesAfterWhatWasSeen) {
  for (int i = 0; i < 5; ++i) world_.Send();
  EXPECT_EQ(Subscribe(3)->WaitFor(2), (Numbers{4, 5}));
}

TEST_F(SubscriptionsTest, ASubscriberWhoLagsComesAgain) {
  for (int i = 0; i < 5; ++i) world_.Send();
  const auto slow = Subscribe(0, 3);
  EXPECT_EQ(slow->WaitForEnd(), Reason::kStreamLagged);
  const Numbers seen = slow->WaitFor(3);
  EXPECT_EQ(seen, (Numbers{1, 2, 3}));
  EXPECT_EQ(Subscribe(seen.back())->WaitFor(2), (Numbers{4, 5}));
}

TEST_F(SubscriptionsTest, ARemovedDeviceGetsNothingMore) {
  const auto writer = Subscribe(0);
  world_.Send();
  EXPECT_EQ(writer->WaitFor(1), (Numbers{1}));
  const HandoffId unseen = world_.Send();
  EXPECT_EQ(writer->WaitFor(2).size(), 2u);
  // Sent while it still was a device, stopped before it was pushed.
  world_.directory.Fail(Error(Reason::kServiceUnavailable));
  world_.directory.Remove(world_.worker);
  world_.directory.Fail(absl::OkStatus());
  v1::SendHandoffRequest request = world_.SendRequest();
  world_.directory.Set(world_.worker, world_.other);
  EXPECT_EQ(ReasonOf(world_.handoffs->Send(world_.Command(world_.op), request).status()),
            Reason::kRecipientInvalid);
  ASSERT_TRUE(world_.Revoke(world_.op, unseen).ok());
  const auto again = Subscribe(0);
  EXPECT_EQ(again->WaitForEnd(), Reason::kDeviceRevoked);
  EXPECT_TRUE(again->WaitFor(0).empty());
}

TEST_F(SubscriptionsTest, WhileNobodyCanSayNothingIsSent) {
  world_.Send();
  world_.directory.Fail(Error(Reason::kServiceUnavailable));
  const auto writer = Subscribe(0);
  absl::SleepFor(absl::Milliseconds(300));
  EXPECT_TRUE(writer->WaitFor(0).empty());
  world_.directory.Fail(absl::OkStatus());
  EXPECT_EQ(writer->WaitFor(1), (Numbers{1}));
}

TEST_F(SubscriptionsTest, StreamsAreLimitedAndClosedOnesForgotten) {
  const auto first = Subscribe(0);
  Subscribe(0);
  auto third = std::make_shared<FakeWriter>();
  const Caller caller = world_.Read(world_.worker).caller;
  EXPECT_EQ(ReasonOf(subscriptions_.Add(caller, 0, third)), Reason::kOverloaded);
  first->Finish(absl::OkStatus());
  EXPECT_TRUE(subscriptions_.Add(caller, 0, third).ok());
  EXPECT_EQ(subscriptions_.size(), 2u);
  for (const DeviceId& device : {world_.colleague, world_.op, world_.supervisor}) {
    EXPECT_TRUE(
        subscriptions_.Add(world_.Read(device).caller, 0, std::make_shared<FakeWriter>()).ok());
  }
  EXPECT_EQ(ReasonOf(subscriptions_.Add(world_.Read(world_.stranger).caller, 0,
                                        std::make_shared<FakeWriter>())),
            Reason::kOverloaded);
}

}  // namespace
}  // namespace amana::messaging
