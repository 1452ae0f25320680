#include "services/intake/app/calls.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "common/store/execute.h"
#include "services/intake/app/call_watch.h"
#include "services/intake/app/messages.h"

namespace amana::intake {
namespace {

std::string CallsIndex(const OrganisationId& organisation) {
  return "calls/" + organisation.ToString();
}

size_t Below(Random& random, size_t n) {
  uint32_t number = 0;
  random.Fill(reinterpret_cast<char*>(&number), sizeof(number));
  return number % n;
}

}  // namespace

std::string CallTimer(const CallId& id) { return "call/" + id.ToString(); }

// The index holds a call while it waits; the timer stands until it is over.
store::Commit Calls::Change(const CallContext& context, const domain::Call& after, uint64_t version,
                            absl::Time now) const {
  store::Commit commit;
  commit.shard = deps_.ShardOf(after.organisation);
  commit.Put(KeyOf(after.id), version, Encode(after));
  store::IndexEdit place{.index = CallsIndex(after.organisation),
                         .member = after.id.ToString(),
                         .score = std::nullopt};
  store::IndexEdit wait{
      .index = WaitingIndex(after.priority), .member = after.id.ToString(), .score = std::nullopt};
  if (after.state == domain::CallState::kWaiting) {
    place.score = domain::PlaceOf(after);
    wait.score = static_cast<double>(absl::ToUnixMicros(after.enqueue_time));
  }
  commit.index_edits.push_back(std::move(place));
  commit.index_edits.push_back(std::move(wait));
  commit.timer_edits.push_back({.timer = CallTimer(after.id), .due = domain::TimeOf(after)});
  Audit(deps_, context, now,
        {.subject = after.organisation.bytes(),
         .object = after.id.bytes(),
         .state = domain::NameOf(after.state),
         .action = after.state == domain::CallState::kAbandoned ? "call.abandoned" : ""},
        &commit);
  return commit;
}

absl::StatusOr<std::string> Calls::Enqueue(const CallContext& context, domain::Priority priority) {
  const OrganisationId& organisation = context.caller.organisation;
  const store::Shard shard = deps_.ShardOf(organisation);
  const auto decide = [&]() -> absl::StatusOr<store::Commit> {
    const absl::Time now = deps_.Now();
    AMANA_ASSIGN_OR_RETURN(const domain::Call call,
                           domain::Enqueue(store::NewIdBeside<CallId>(deps_.random, organisation),
                                           organisation, priority, now));
    AMANA_ASSIGN_OR_RETURN(
        const std::vector<store::IndexEntry> waiting,
        deps_.store.ReadIndex(shard, CallsIndex(organisation),
                              {.limit = static_cast<uint32_t>(domain::kMaxWaitingCalls)},
                              context.deadline));
    if (waiting.size() >= domain::kMaxWaitingCalls) return Error(Reason::kCallQueueFull);
    store::Commit commit = Change(context, call, 0, now);
    commit.reply = CallReply<v1::EnqueueCallResponse>(call);
    return commit;
  };
  return store::Execute(deps_.store, context, shard, decide);
}

// The first try looks at the head. If somebody else was sooner, the next ones choose among more and
// more calls of the same priority, so that many who claim at once soon part.
absl::StatusOr<Loaded<domain::Call>> Calls::FindNext(const CallContext& context, int* tries) {
  const OrganisationId& organisation = context.caller.organisation;
  const store::Shard shard = deps_.ShardOf(organisation);
  for (; *tries < kMaxClaimTries; ++*tries) {
    AMANA_ASSIGN_OR_RETURN(
        std::vector<store::IndexEntry> head,
        deps_.store.ReadIndex(shard, CallsIndex(organisation),
                              {.limit = uint32_t{1} << std::min(*tries, 6)}, context.deadline));
    if (head.empty()) return Error(Reason::kCallQueueEmpty);
    std::erase_if(head, [first = head.front().score](const store::IndexEntry& entry) {
      return !domain::SamePriority(entry.score, first);
    });
    AMANA_ASSIGN_OR_RETURN(const CallId id,
                           CallId::Parse(head[Below(deps_.random, head.size())].member));
    AMANA_ASSIGN_OR_RETURN(Loaded<domain::Call> call,
                           LoadOwn<domain::Call>(deps_, context, id, Reason::kCallNotFound));
    if (call.value.state != domain::CallState::kWaiting) continue;
    ++*tries;  // the next try comes if this one loses the race to commit
    return call;
  }
  return Error(Reason::kContended);
}

absl::StatusOr<std::string> Calls::Claim(const CallContext& context) {
  int tries = 0;
  const auto decide = [&]() -> absl::StatusOr<store::Commit> {
    AMANA_ASSIGN_OR_RETURN(const Loaded<domain::Call> next, FindNext(context, &tries));
    const absl::Time now = deps_.Now();
    AMANA_ASSIGN_OR_RETURN(const domain::Call claimed,
                           domain::Claim(next.value, context.caller.device, now));
    store::Commit commit = Change(context, claimed, next.version, now);
    commit.reply = CallReply<v1::ClaimCallResponse>(claimed);
    return commit;
  };
  return store::Execute(deps_.store, context, deps_.ShardOf(context.caller.organisation), decide);
}

absl::StatusOr<Page<domain::Call>> Calls::List(const CallContext& context, uint32_t page_size,
                                               const std::string& page_token) const {
  return LoadPage<domain::Call, CallId>(
      deps_, CallsIndex(context.caller.organisation), {.limit = store::PageSize(page_size)},
      page_token, context.deadline,
      [](const domain::Call& one) { return one.state == domain::CallState::kWaiting; });
}

absl::StatusOr<std::string> Calls::RenewLease(const CallContext& context, const CallId& id) {
  const auto decide = [&]() -> absl::StatusOr<store::Commit> {
    AMANA_ASSIGN_OR_RETURN(const Loaded<domain::Call> before,
                           LoadOwn<domain::Call>(deps_, context, id, Reason::kCallNotFound));
    const absl::Time now = deps_.Now();
    AMANA_ASSIGN_OR_RETURN(const domain::Call after,
                           domain::Renew(before.value, context.caller.device, now));
    store::Commit commit = Change(context, after, before.version, now);
    commit.reply = CallReply<v1::RenewCallLeaseResponse>(after);
    return commit;
  };
  return store::Execute(deps_.store, context, deps_.ShardOf(id), decide);
}

absl::StatusOr<std::string> Calls::Complete(const CallContext& context, const CallId& id) {
  const auto decide = [&]() -> absl::StatusOr<store::Commit> {
    AMANA_ASSIGN_OR_RETURN(const Loaded<domain::Call> before,
                           LoadOwn<domain::Call>(deps_, context, id, Reason::kCallNotFound));
    const absl::Time now = deps_.Now();
    AMANA_ASSIGN_OR_RETURN(const domain::Call after,
                           domain::Complete(before.value, context.caller.device, now));
    store::Commit commit = Change(context, after, before.version, now);
    commit.reply = CallReply<v1::CompleteCallResponse>(after);
    return commit;
  };
  return store::Execute(deps_.store, context, deps_.ShardOf(id), decide);
}

absl::Status Calls::RunTimer(const CallId& id, Deadline deadline) {
  const CallContext context = CallContext::ForTimer("call.lease_expired", deadline);
  const auto decide = [&]() -> absl::StatusOr<store::Commit> {
    AMANA_ASSIGN_OR_RETURN(const store::Row row,
                           deps_.store.Read(deps_.ShardOf(id), KeyOf(id), deadline));
    if (!row.exists()) return Error(Reason::kCallNotFound);
    AMANA_ASSIGN_OR_RETURN(const Loaded<domain::Call> before, DecodeRow<domain::Call>(row));
    const absl::Time now = deps_.Now();
    const std::optional<domain::Call> after = domain::AtItsTime(before.value, now);
    if (!after) return Error(Reason::kCallStateInvalid);
    return Change(context, *after, before.version, now);
  };
  const absl::Status done =
      store::Execute(deps_.store, context, deps_.ShardOf(id), decide).status();
  // Renewed or completed meanwhile: that commit has seen to the timer.
  if (ReasonOf(done) == Reason::kCallStateInvalid) return absl::OkStatus();
  return done;
}

}  // namespace amana::intake
