#include "common/store/execute.h"

#include <algorithm>
#include <random>
#include <thread>

#include "common/base/error.h"
#include "common/base/status_macros.h"

namespace amana::store {
namespace {

std::optional<RequestRecord> RequestOf(const CallContext& context) {
  if (context.request_id.is_zero()) return std::nullopt;
  const Caller& caller = context.caller;
  return RequestRecord{caller.device.is_zero() ? caller.service : caller.device.ToString(),
                       context.request_id, context.request_digest};
}

// Whether the refusal came from the rules, and not from a store that gave no answer.
bool IsRefusal(const absl::Status& status) {
  const Reason reason = ReasonOf(status);
  return reason != Reason::kStoreUnavailable && reason != Reason::kDeadlinePassed;
}

// What the caller of a refused command gets: the reply to its first try, if there was one.
absl::StatusOr<std::string> ReplyToRefused(Store& store, const CallContext& context, Shard shard,
                                           const absl::Status& refusal) {
  const std::optional<RequestRecord> request = RequestOf(context);
  if (!request || !IsRefusal(refusal)) return refusal;
  AMANA_ASSIGN_OR_RETURN(std::optional<std::string> reply,
                         store.FindReply(shard, *request, context.deadline));
  if (reply) return *std::move(reply);
  return refusal;
}

// Lets others of a crowd go first: a random pause from a range that doubles up to 13 ms.
void Pause(int attempt, Deadline deadline) {
  thread_local std::minstd_rand random(std::random_device{}());
  const int longest = 100 << std::min(attempt, 7);
  const absl::Duration pause =
      absl::Microseconds(std::uniform_int_distribution<int>(0, longest)(random));
  const Deadline until = Deadline::Earlier(Deadline::After(pause), deadline);
  std::this_thread::sleep_until(until.steady_time());
}

}  // namespace

absl::StatusOr<std::string> Execute(Store& store, const CallContext& context, Shard shard,
                                    const std::function<absl::StatusOr<Commit>()>& decide) {
  for (int attempt = 0; attempt < kMaxAttempts; ++attempt) {
    if (context.deadline.expired()) return Error(Reason::kDeadlinePassed);
    absl::StatusOr<Commit> commit = decide();
    if (!commit.ok()) return ReplyToRefused(store, context, shard, commit.status());
    commit->shard = shard;
    commit->traceparent = context.traceparent;
    commit->request = RequestOf(context);
    AMANA_ASSIGN_OR_RETURN(Outcome outcome, store.Apply(*commit, context.deadline));
    if (outcome.kind == Outcome::Kind::kReplayed) return std::move(outcome.reply);
    if (outcome.kind == Outcome::Kind::kCommitted) return std::move(commit->reply);
    Pause(attempt, context.deadline);
  }
  return Error(Reason::kContended);
}

}  // namespace amana::store
