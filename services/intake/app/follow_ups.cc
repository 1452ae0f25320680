#include "services/intake/app/follow_ups.h"

#include <utility>

#include "common/store/execute.h"
#include "services/intake/app/messages.h"

namespace amana::intake {
namespace {

std::string FollowUpsIndex(const OrganisationId& organisation) {
  return "follow_ups/" + organisation.ToString();
}

double DueScore(absl::Time due) { return static_cast<double>(absl::ToUnixMicros(due)); }

}  // namespace

absl::StatusOr<std::string> FollowUps::Schedule(const CallContext& context, const CaseId& case_id,
                                                const ReferralId& referral_id,
                                                absl::Time due_time) {
  const auto decide = [&]() -> absl::StatusOr<store::Commit> {
    AMANA_ASSIGN_OR_RETURN(const Loaded<domain::Case> found,
                           LoadOwn<domain::Case>(deps_, context, case_id, Reason::kCaseNotFound));
    const absl::Time now = deps_.Now();
    AMANA_ASSIGN_OR_RETURN(
        const domain::FollowUp follow_up,
        domain::Schedule(store::NewIdBeside<FollowUpId>(deps_.random, case_id), case_id,
                         found.value.organisation, referral_id, due_time, now));
    if (!domain::TakesWork(found.value.state)) return Error(Reason::kCaseStateInvalid);

    store::Commit commit;
    commit.shard = deps_.ShardOf(case_id);
    commit.checks.push_back({.key = KeyOf(case_id), .expected_version = found.version});
    commit.Put(KeyOf(follow_up.id), 0, Encode(follow_up));
    commit.index_edits.push_back({.index = FollowUpsIndex(follow_up.organisation),
                                  .member = follow_up.id.ToString(),
                                  .score = DueScore(due_time)});
    Audit(deps_, context, now,
          {.subject = case_id.bytes(),
           .object = follow_up.id.bytes(),
           .state = domain::NameOf(follow_up.state)},
          &commit);
    commit.reply = FollowUpReply<v1::ScheduleFollowUpResponse>(follow_up);
    return commit;
  };
  return store::Execute(deps_.store, context, deps_.ShardOf(case_id), decide);
}

absl::StatusOr<std::string> FollowUps::Record(const CallContext& context, const FollowUpId& id,
                                              domain::FollowUpOutcome outcome,
                                              domain::FollowUpReason reason) {
  const auto decide = [&]() -> absl::StatusOr<store::Commit> {
    AMANA_ASSIGN_OR_RETURN(
        const Loaded<domain::FollowUp> before,
        LoadOwn<domain::FollowUp>(deps_, context, id, Reason::kFollowUpNotFound));
    AMANA_ASSIGN_OR_RETURN(const domain::FollowUp after,
                           domain::RecordOutcome(before.value, outcome, reason));

    store::Commit commit;
    commit.shard = deps_.ShardOf(id);
    commit.Put(KeyOf(id), before.version, Encode(after));
    commit.index_edits.push_back({.index = FollowUpsIndex(after.organisation),
                                  .member = id.ToString(),
                                  .score = std::nullopt});
    // "Helped" is what counts, so the outcome is the state that the log shows.
    Audit(deps_, context, deps_.Now(),
          {.subject = after.case_id.bytes(),
           .object = id.bytes(),
           .state = domain::NameOf(after.outcome),
           .reason = domain::NameOf(after.reason)},
          &commit);
    commit.reply = FollowUpReply<v1::RecordFollowUpResponse>(after);
    return commit;
  };
  return store::Execute(deps_.store, context, deps_.ShardOf(id), decide);
}

absl::StatusOr<Page<domain::FollowUp>> FollowUps::List(const CallContext& context,
                                                       absl::Time due_until, uint32_t page_size,
                                                       const std::string& page_token) const {
  return LoadPage<domain::FollowUp, FollowUpId>(
      deps_, FollowUpsIndex(context.caller.organisation),
      {.maximum = DueScore(due_until), .limit = store::PageSize(page_size)}, page_token,
      context.deadline,
      [](const domain::FollowUp& one) { return one.state == domain::FollowUpState::kScheduled; });
}

}  // namespace amana::intake
