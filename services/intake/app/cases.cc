#include "services/intake/app/cases.h"

#include <utility>

#include "common/store/execute.h"
#include "services/intake/app/calls.h"
#include "services/intake/app/messages.h"

namespace amana::intake {
namespace {

constexpr std::string_view kTellClosure = "case.closure_told";

std::string CasesIndex(const OrganisationId& organisation) {
  return "cases/" + organisation.ToString();
}

// The place of a case in its organisation's list: there while it isn't closed.
store::IndexEdit Listing(const domain::Case& value) {
  store::IndexEdit edit{.index = CasesIndex(value.organisation),
                        .member = value.id.ToString(),
                        .score = static_cast<double>(absl::ToUnixMicros(value.open_time))};
  if (value.state == domain::CaseState::kClosed) edit.score.reset();
  return edit;
}

store::TimerEdit Telling(const domain::Case& value, absl::Time now) {
  store::TimerEdit edit{.timer = CloseTimer(value.id), .due = std::nullopt};
  if (!value.untold_closure.is_zero()) edit.due = now + kRevocationTimerDelay;
  return edit;
}

Event About(const domain::Case& value) {
  return {.subject = value.id.bytes(),
          .state = domain::NameOf(value.state),
          .reason = domain::NameOf(value.closure_reason)};
}

}  // namespace

std::string CloseTimer(const CaseId& id) { return "close/" + id.ToString(); }

absl::StatusOr<std::string> Cases::Open(const CallContext& context, const OpenCase& command) {
  const store::Shard shard = command.call_id.is_zero() ? deps_.ShardOf(context.request_id)
                                                       : deps_.ShardOf(command.call_id);
  return store::Execute(deps_.store, context, shard, [&] { return DecideOpen(context, command); });
}

absl::StatusOr<store::Commit> Cases::DecideOpen(const CallContext& context,
                                                const OpenCase& command) {
  const bool from_call = !command.call_id.is_zero();
  const CaseId id = from_call ? store::NewIdBeside<CaseId>(deps_.random, command.call_id)
                              : store::NewIdBeside<CaseId>(deps_.random, context.request_id);
  const absl::Time now = deps_.Now();
  AMANA_ASSIGN_OR_RETURN(const domain::Case opened,
                         domain::Open(id, context.caller, command.channel, command.card, now));

  store::Commit commit;
  commit.shard = deps_.ShardOf(id);
  commit.Put(KeyOf(id), 0, Encode(opened));
  commit.index_edits.push_back(Listing(opened));
  Audit(deps_, context, now, About(opened), &commit);
  if (from_call) AMANA_RETURN_IF_ERROR(CompleteCall(context, command.call_id, now, &commit));
  commit.reply = CaseReply<v1::OpenCaseResponse>(opened);
  return commit;
}

// The call lives in the case's shard (its id is beside), so both change at once.
absl::Status Cases::CompleteCall(const CallContext& context, const CallId& id, absl::Time now,
                                 store::Commit* commit) {
  AMANA_ASSIGN_OR_RETURN(const Loaded<domain::Call> call,
                         LoadOwn<domain::Call>(deps_, context, id, Reason::kCallNotFound));
  AMANA_ASSIGN_OR_RETURN(const domain::Call completed,
                         domain::Complete(call.value, context.caller.device, now));
  commit->Put(KeyOf(id), call.version, Encode(completed));
  commit->Disarm(CallTimer(id));
  Audit(deps_, context, now,
        {.subject = completed.organisation.bytes(),
         .object = id.bytes(),
         .state = domain::NameOf(completed.state),
         .action = "call.completed"},
        commit);
  return absl::OkStatus();
}

template <class Response, class Decide>
absl::StatusOr<std::string> Cases::ChangeCase(const CallContext& context, const CaseId& id,
                                              Decide decide) {
  const auto attempt = [&]() -> absl::StatusOr<store::Commit> {
    AMANA_ASSIGN_OR_RETURN(const Loaded<domain::Case> before,
                           LoadOwn<domain::Case>(deps_, context, id, Reason::kCaseNotFound));
    const absl::Time now = deps_.Now();
    AMANA_ASSIGN_OR_RETURN(const domain::Case after, decide(before.value, now));

    store::Commit commit;
    commit.shard = deps_.ShardOf(id);
    commit.Put(KeyOf(id), before.version, Encode(after));
    const bool was_closed = before.value.state == domain::CaseState::kClosed;
    if (was_closed != (after.state == domain::CaseState::kClosed)) {
      commit.index_edits.push_back(Listing(after));
      commit.timer_edits.push_back(Telling(after, now));
    }
    Audit(deps_, context, now, About(after), &commit);
    commit.reply = CaseReply<Response>(after);
    return commit;
  };
  return store::Execute(deps_.store, context, deps_.ShardOf(id), attempt);
}

absl::StatusOr<std::string> Cases::Update(const CallContext& context, const CaseId& id,
                                          const domain::RoutingCard& card) {
  return ChangeCase<v1::UpdateCaseResponse>(context, id,
                                            [&](const domain::Case& before, absl::Time now) {
                                              return domain::Update(before, card, now);
                                            });
}

absl::StatusOr<std::string> Cases::ChangeState(const CallContext& context, const CaseId& id,
                                               domain::CaseCommand command,
                                               domain::ClosureReason reason) {
  const auto decide = [&](const domain::Case& before,
                          absl::Time now) -> absl::StatusOr<domain::Case> {
    AMANA_ASSIGN_OR_RETURN(domain::Case after,
                           domain::Move(before, command, reason, context.caller, now));
    // Its own for each closure: of a case that is reopened and closed again referral hears again.
    const bool closed = after.state == domain::CaseState::kClosed;
    after.untold_closure = closed ? NewId<RequestId>(deps_.random) : RequestId();
    return after;
  };
  AMANA_ASSIGN_OR_RETURN(std::string reply,
                         ChangeCase<v1::ChangeCaseStateResponse>(context, id, decide));
  // If this fails, the timer goes on; the caller need not know.
  if (command == domain::CaseCommand::kApproveClosure) {
    TellClosure(FirstTry(context, kTellClosure), id).IgnoreError();
  }
  return reply;
}

absl::Status Cases::TellClosure(const CaseId& id, Deadline deadline) {
  return TellClosure(CallContext::ForTimer(kTellClosure, deadline), id);
}

absl::Status Cases::TellClosure(const CallContext& context, const CaseId& id) {
  const auto decide = [&]() -> absl::StatusOr<store::Commit> {
    AMANA_ASSIGN_OR_RETURN(Loaded<domain::Case> found,
                           Load<domain::Case>(deps_, id, Reason::kCaseNotFound, context.deadline));
    domain::Case& closed = found.value;
    if (closed.untold_closure.is_zero()) return Error(Reason::kCaseStateInvalid);
    AMANA_RETURN_IF_ERROR(
        revocations_.WithdrawReferrals(closed.untold_closure, id, context.deadline));
    closed.untold_closure = {};
    const absl::Time now = deps_.Now();
    store::Commit commit;
    commit.Put(KeyOf(id), found.version, Encode(closed));
    commit.timer_edits.push_back(Telling(closed, now));
    Audit(deps_, context, now, About(closed), &commit);
    return commit;
  };
  absl::Status told = store::Execute(deps_.store, context, deps_.ShardOf(id), decide).status();
  // Told by whoever came first, or reopened: that commit has disarmed the timer.
  if (ReasonOf(told) == Reason::kCaseStateInvalid) return absl::OkStatus();
  return told;
}

absl::StatusOr<std::string> Cases::Assign(const CallContext& context, const CaseId& id,
                                          const DeviceId& device) {
  return ChangeCase<v1::AssignCaseResponse>(
      context, id, [&](const domain::Case& before, absl::Time now) -> absl::StatusOr<domain::Case> {
        AMANA_ASSIGN_OR_RETURN(
            const bool may_have,
            colleagues_.TakesCases(before.organisation, device, context.deadline));
        if (!may_have) return Error(Reason::kAssigneeInvalid);
        return domain::Assign(before, device, now);
      });
}

absl::StatusOr<domain::Case> Cases::Get(const CallContext& context, const CaseId& id) {
  AMANA_ASSIGN_OR_RETURN(Loaded<domain::Case> found,
                         LoadOwn<domain::Case>(deps_, context, id, Reason::kCaseNotFound));
  return std::move(found.value);
}

absl::StatusOr<domain::Case> Cases::GetForService(const CallContext& context, const CaseId& id) {
  AMANA_ASSIGN_OR_RETURN(Loaded<domain::Case> found,
                         Load<domain::Case>(deps_, id, Reason::kCaseNotFound, context.deadline));
  return std::move(found.value);
}

absl::StatusOr<Page<domain::Case>> Cases::List(const CallContext& context, uint32_t page_size,
                                               const std::string& page_token) {
  return LoadPage<domain::Case, CaseId>(
      deps_, CasesIndex(context.caller.organisation),
      {.limit = store::PageSize(page_size), .descending = true}, page_token, context.deadline,
      [](const domain::Case& one) { return one.state != domain::CaseState::kClosed; });
}

absl::StatusOr<bool> Cases::MayReadHistory(const CallContext& context, std::string_view subject) {
  if (subject == context.caller.organisation.view()) return true;
  AMANA_ASSIGN_OR_RETURN(const CaseId id, CaseId::FromBytes(subject));
  const absl::Status found = Get(context, id).status();
  if (ReasonOf(found) == Reason::kCaseNotFound) return false;
  AMANA_RETURN_IF_ERROR(found);
  return true;
}

}  // namespace amana::intake
