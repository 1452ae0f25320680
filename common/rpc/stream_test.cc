// Server streams: in order, bounded, ended with a reason.

#include <gmock/gmock.h>

#include <chrono>
#include <thread>

#include "common/rpc/errors.h"
#include "common/rpc/testing/server_fixture.h"

namespace amana::rpc::testing {
namespace {

namespace pb = amana::load::v1;

class StreamTest : public ServerTest {
 protected:
  // Opens a stream of `count` messages and reads `read` of them.
  std::unique_ptr<grpc::ClientReader<pb::WatchResponse>> Open(Stub& stub,
                                                              grpc::ClientContext& context,
                                                              uint32_t count, uint32_t read) {
    pb::WatchRequest request;
    request.set_count(count);
    auto reader = stub.Watch(&context, request);
    pb::WatchResponse response;
    for (uint32_t i = 0; i < read; ++i) {
      EXPECT_TRUE(reader->Read(&response));
      EXPECT_EQ(response.number(), i);
    }
    return reader;
  }

  static Reason End(grpc::ClientReader<pb::WatchResponse>& reader) {
    pb::WatchResponse response;
    while (reader.Read(&response)) {
    }
    return ReasonOf(FromGrpc(reader.Finish()));
  }
};

TEST_F(StreamTest, SendsInOrderAndHoldsNoWorker) {
  options_.workers = 1;
  Start();
  auto stub = StubFor(NewPerson(Role::kOperator));
  grpc::ClientContext first;
  grpc::ClientContext second;
  auto one = Open(*stub, first, 100, 100);
  auto two = Open(*stub, second, 100, 100);
  EXPECT_EQ(EchoReason(*stub), Reason::kUnspecified);
  first.TryCancel();
  EXPECT_EQ(End(*one), Reason::kCancelled);
  server_->Drain();
  EXPECT_EQ(End(*two), Reason::kDraining);
}

TEST_F(StreamTest, ASubscriberWhoDoesNotReadIsLetGo) {
  Start();
  auto stub = StubFor(NewPerson(Role::kOperator));
  grpc::ClientContext context;
  // 1 KiB each: far more than the outbox and the windows of the connection hold.
  auto reader = Open(*stub, context, 100000, 0);
  EXPECT_EQ(End(*reader), Reason::kStreamLagged);
}

TEST_F(StreamTest, RefusesWhoMayNotWatch) {
  Start();
  auto stub = StubFor(NewPerson(Role::kAnalyst));
  grpc::ClientContext context;
  auto reader = Open(*stub, context, 1, 0);
  EXPECT_EQ(End(*reader), Reason::kRoleNotAllowed);
}

TEST_F(StreamTest, EndsWhenTheDeviceIsRevoked) {
  Start();
  const Person person = NewPerson(Role::kOperator);
  auto stub = StubFor(person);
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(9));
  auto reader = Open(*stub, context, 1, 1);
  callers_.Set(person.device, Error(Reason::kDeviceRevoked));
  EXPECT_EQ(End(*reader), Reason::kDeviceRevoked);
}

}  // namespace
}  // namespace amana::rpc::testing
