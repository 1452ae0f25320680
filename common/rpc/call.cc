#include "common/rpc/call.h"

#include <algorithm>
#include <chrono>
#include <random>
#include <thread>

#include "common/base/error.h"
#include "common/crypto/random.h"
#include "common/obs/trace.h"
#include "common/rpc/errors.h"

namespace amana::rpc {
namespace {

constexpr absl::Duration kFirstPause = absl::Milliseconds(50);
constexpr absl::Duration kLongestPause = absl::Seconds(1);

Deadline DeadlineOf(const CallOptions& options) {
  return options.deadline.is_never() ? Deadline::After(kDefaultCallTime) : options.deadline;
}

// A call that the client itself did not cancel was cut off by a server at the end of its drain.
absl::Status Understand(const grpc::Status& answer) {
  absl::Status status = FromGrpc(answer);
  if (ReasonOf(status) == Reason::kCancelled) return Error(Reason::kDraining);
  return status;
}

bool MayTryAgain(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
      return true;
    case absl::StatusCode::kResourceExhausted:
      return DetailOf(status).retry_after > absl::ZeroDuration();
    default:
      return false;
  }
}

// Full jitter: anything from nothing to the pause of this attempt, after what the server asked for.
absl::Duration PauseBefore(int attempt, const absl::Status& status) {
  thread_local std::minstd_rand random{std::random_device{}()};
  const absl::Duration ceiling =
      std::min(kLongestPause, kFirstPause * (int64_t{1} << std::min(attempt, 10)));
  const absl::Duration jitter = ceiling * std::uniform_real_distribution<double>(0, 1)(random);
  return jitter + DetailOf(status).retry_after;
}

}  // namespace

RetryBudget& RetryBudget::OfProcess() {
  static RetryBudget budget;
  return budget;
}

bool RetryBudget::Spend() {
  int tenths = tenths_.load();
  while (tenths >= 10) {
    if (tenths_.compare_exchange_weak(tenths, tenths - 10)) return true;
  }
  return false;
}

void RetryBudget::Earn() {
  int tenths = tenths_.load(std::memory_order_relaxed);
  while (tenths < kFull && !tenths_.compare_exchange_weak(tenths, tenths + 1)) {
  }
}

void PrepareContext(grpc::ClientContext& context, const CallOptions& options) {
  const Deadline deadline = DeadlineOf(options);
  context.set_deadline(std::chrono::system_clock::now() +
                       absl::ToChronoNanoseconds(deadline.Remaining()));
  context.AddMetadata(obs::kTraceparentKey,
                      options.traceparent.empty()
                          ? obs::TraceParent::Fresh(crypto::SystemRandom::Instance()).ToString()
                          : options.traceparent);
}

absl::Status internal::CallWithRetry(
    const CallOptions& options, const std::function<grpc::Status(grpc::ClientContext&)>& attempt) {
  CallOptions fixed = options;  // one trace and one deadline for all attempts
  fixed.deadline = DeadlineOf(options);
  if (fixed.traceparent.empty()) {
    fixed.traceparent = obs::TraceParent::Fresh(crypto::SystemRandom::Instance()).ToString();
  }
  absl::Status last;
  for (int tries = 0;; ++tries) {
    grpc::ClientContext context;
    PrepareContext(context, fixed);
    // A process without a server has no thread that drives a connection but those inside calls: one
    // that failed fast and slept would connect only when gRPC looks by itself, every five seconds.
    context.set_wait_for_ready(tries > 0);
    absl::Status status = Understand(attempt(context));
    // Waited for a server that did not come: what it said last tells more.
    if (tries > 0 && ReasonOf(status) == Reason::kDeadlinePassed) return last;
    last = status;
    if (status.ok()) {
      RetryBudget::OfProcess().Earn();
      return status;
    }
    if (!options.retry || !MayTryAgain(status)) return status;
    const absl::Duration pause = PauseBefore(tries, status);
    if (pause >= fixed.deadline.Remaining() || !RetryBudget::OfProcess().Spend()) return status;
    std::this_thread::sleep_for(absl::ToChronoNanoseconds(pause));
  }
}

}  // namespace amana::rpc
