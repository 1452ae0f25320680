// What a client does by itself: retries, pauses, budget.

#include <gtest/gtest.h>

#include "common/base/error.h"
#include "common/rpc/call.h"
#include "common/rpc/errors.h"

namespace amana::rpc {
namespace {

// Calls `attempt` as Call() does, with an answer for each try; the last one stays.
struct Tries {
  int count = 0;
  absl::Status Run(const std::vector<grpc::Status>& answers, CallOptions options = {}) {
    return internal::CallWithRetry(options, [&](grpc::ClientContext& context) {
      EXPECT_GT(context.deadline(), std::chrono::system_clock::now());
      const size_t i = std::min<size_t>(static_cast<size_t>(count++), answers.size() - 1);
      return answers[i];
    });
  }
};

TEST(CallTest, TriesAgainWhatIsUnavailableOrOverloaded) {
  Tries tries;
  EXPECT_TRUE(tries
                  .Run({ToGrpc(Error(Reason::kDraining)),
                        grpc::Status(grpc::StatusCode::UNAVAILABLE, "gone"),
                        grpc::Status(grpc::StatusCode::CANCELLED, "cut off by a drain"),
                        ToGrpc(Error(Reason::kOverloaded,
                                     {.field = "", .retry_after = absl::Milliseconds(1)})),
                        grpc::Status::OK})
                  .ok());
  EXPECT_EQ(tries.count, 5);
}

TEST(CallTest, ReturnsEverythingElseAtOnce) {
  for (const Reason reason :
       {Reason::kInvalidField, Reason::kCaseNotFound, Reason::kContended, Reason::kUnexpected,
        Reason::kNotEnoughTime, Reason::kCallQueueFull}) {
    Tries tries;
    EXPECT_EQ(ReasonOf(tries.Run({ToGrpc(Error(reason))})), reason);
    EXPECT_EQ(tries.count, 1);
  }
}

TEST(CallTest, DoesNotTryAgainWhereToldSo) {
  Tries tries;
  CallOptions options;
  options.retry = false;
  EXPECT_EQ(ReasonOf(tries.Run({ToGrpc(Error(Reason::kDraining))}, options)), Reason::kDraining);
  EXPECT_EQ(tries.count, 1);
}

TEST(CallTest, GivesUpBeforeTheDeadline) {
  Tries tries;
  CallOptions options;
  options.deadline = Deadline::After(absl::Milliseconds(300));
  EXPECT_EQ(ReasonOf(tries.Run({ToGrpc(Error(Reason::kDraining))}, options)), Reason::kDraining);
  EXPECT_FALSE(options.deadline.expired());
  EXPECT_GT(tries.count, 1);
}

TEST(CallTest, WaitsAsLongAsTheServerSays) {
  Tries tries;
  CallOptions options;
  options.deadline = Deadline::After(absl::Milliseconds(300));
  const ErrorDetail detail{.field = "", .retry_after = absl::Seconds(60)};
  EXPECT_EQ(ReasonOf(tries.Run({ToGrpc(Error(Reason::kRateLimited, detail))}, options)),
            Reason::kRateLimited);
  EXPECT_EQ(tries.count, 1);
}

TEST(RetryBudgetTest, RunsOutAndFillsWithSuccess) {
  RetryBudget budget;
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(budget.Spend());
  EXPECT_FALSE(budget.Spend());
  for (int i = 0; i < 10; ++i) budget.Earn();
  EXPECT_TRUE(budget.Spend());
  EXPECT_FALSE(budget.Spend());
}

}  // namespace
}  // namespace amana::rpc
