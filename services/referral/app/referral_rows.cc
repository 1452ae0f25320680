#include "services/referral/app/referral_rows.h"

#include <utility>

#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "common/store/audit_record.h"
#include "common/store/execute.h"
#include "services/referral/app/names.h"
#include "services/referral/store/codec.h"

namespace amana::referral {
namespace {

using domain::Offer;
using domain::OfferState;
using domain::Referral;

// A case has at most one open referral for each need; this many closed ones are looked at too.
constexpr uint32_t kMaxReferralsOfCase = 500;

bool Listed(const Referral& referral) {
  return domain::IsOpen(referral.state) || referral.escalated;
}

double Score(absl::Time time) { return static_cast<double>(absl::ToUnixMicros(time)); }

const Offer* FindBefore(const ReferralRows::Difference& difference, const OfferId& id) {
  return difference.before ? std::as_const(difference.before->referral).Find(id) : nullptr;
}

void AddIndexes(store::Commit& commit, const ReferralRows::Difference& difference) {
  const Referral& after = difference.after;
  const std::string member = after.id.ToString();
  const double score = Score(after.create_time);
  const auto edit = [&](std::string index, bool was, bool is) {
    if (was == is) return;
    commit.index_edits.push_back(
        {std::move(index), member, is ? std::optional<double>(score) : std::nullopt});
  };
  const bool existed = difference.before.has_value();
  const Referral& before = existed ? difference.before->referral : Referral();
  edit(CaseIndex(after.case_id), existed, true);
  edit(ReferralsIndex(after.organisation_id), existed && Listed(before), Listed(after));
  edit(EscalatedIndex(after.organisation_id), existed && before.escalated, after.escalated);
}

}  // namespace

absl::StatusOr<LoadedReferral> ReferralRows::Load(const ReferralId& id, Deadline deadline) const {
  AMANA_ASSIGN_OR_RETURN(const store::Row row, store_.Read(ShardOf(id), ReferralKey(id), deadline));
  if (!row.exists()) return Error(Reason::kReferralNotFound);
  AMANA_ASSIGN_OR_RETURN(Referral referral, DecodeReferral(row.value));
  return LoadedReferral{std::move(referral), row.version};
}

absl::StatusOr<ReferralId> ReferralRows::FindByOffer(const OfferId& id, Deadline deadline) const {
  const store::Shard shard = store::ShardOf(id, store_.shards());
  AMANA_ASSIGN_OR_RETURN(const store::Row row, store_.Read(shard, OfferKey(id), deadline));
  if (!row.exists()) return Error(Reason::kOfferNotFound);
  return DecodeReference(row.value);
}

absl::StatusOr<std::vector<LoadedReferral>> ReferralRows::LoadCase(const CaseId& id,
                                                                   Deadline deadline) const {
  const store::Shard shard = store::ShardOf(id, store_.shards());
  AMANA_ASSIGN_OR_RETURN(
      const std::vector<store::IndexEntry> entries,
      store_.ReadIndex(shard, CaseIndex(id), {.limit = kMaxReferralsOfCase, .descending = true},
                       deadline));
  std::vector<LoadedReferral> referrals;
  if (entries.empty()) return referrals;
  std::vector<store::Key> keys;
  keys.reserve(entries.size());
  for (const store::IndexEntry& entry : entries) keys.push_back({"referral", entry.member});
  AMANA_ASSIGN_OR_RETURN(const std::vector<store::Row> rows,
                         store_.ReadMany(shard, keys, deadline));
  for (const store::Row& row : rows) {
    if (!row.exists()) continue;
    AMANA_ASSIGN_OR_RETURN(Referral referral, DecodeReferral(row.value));
    referrals.push_back({std::move(referral), row.version});
  }
  return referrals;
}

absl::StatusOr<std::string> ReferralRows::Change(const CallContext& context, const ReferralId& id,
                                                 const Mutate& mutate, const Render& render) {
  Difference difference;
  const auto decide = [&]() -> absl::StatusOr<store::Commit> {
    AMANA_ASSIGN_OR_RETURN(difference.before, Load(id, context.deadline));
    difference.after = difference.before->referral;
    difference.events.clear();
    const absl::Time now = clock_.Now();
    AMANA_RETURN_IF_ERROR(mutate(difference.after, now, difference.events));
    store::Commit commit;
    AMANA_RETURN_IF_ERROR(AddTo(commit, context, difference, now));
    if (render) commit.reply = render(difference.after);
    return commit;
  };
  auto reply = store::Execute(store_, context, ShardOf(id), decide);
  if (reply.ok()) Count(difference);
  return reply;
}

absl::Status ReferralRows::AddTo(store::Commit& commit, const CallContext& context,
                                 const Difference& difference, absl::Time now) const {
  const Referral& after = difference.after;
  const uint64_t version = difference.before ? difference.before->version : 0;
  if (difference.before && difference.before->referral == after) {
    commit.checks.push_back({ReferralKey(after.id), version});
  } else {
    commit.Put(ReferralKey(after.id), version, Encode(after));
  }
  AMANA_RETURN_IF_ERROR(AddGuard(commit, context, difference));
  AddIndexes(commit, difference);
  AddOffers(commit, difference);
  const bool work = domain::NextStep(after, policy_).kind != domain::Step::Kind::kNothing;
  commit.timer_edits.push_back(
      {std::string(kDriveTimer) + after.id.ToString(),
       work ? std::optional<absl::Time>(now + kDriveDelay) : std::nullopt});
  for (const domain::Event& event : difference.events) {
    commit.audit.push_back(store::MakeAuditRecord(context,
                                                  {.service = "referral",
                                                   .subject = after.case_id.bytes(),
                                                   .object = event.object,
                                                   .state = event.state,
                                                   .reason = event.reason,
                                                   .action = event.action},
                                                  now, random_));
  }
  return absl::OkStatus();
}

absl::Status ReferralRows::AddGuard(store::Commit& commit, const CallContext& context,
                                    const Difference& difference) const {
  const Referral& after = difference.after;
  const bool was_open = difference.before && domain::IsOpen(difference.before->referral.state);
  const bool is_open = domain::IsOpen(after.state);
  if (was_open == is_open) return absl::OkStatus();
  const store::Key key = GuardKey(after.case_id, after.need);
  if (!is_open) {
    // Written once and then deleted: it is at its first version.
    commit.Delete(key, 1);
    return absl::OkStatus();
  }
  AMANA_ASSIGN_OR_RETURN(const store::Row guard,
                         store_.Read(ShardOf(after.id), key, context.deadline));
  if (guard.exists()) return Error(Reason::kReferralDuplicate);
  commit.Put(key, 0, EncodeReference(after.id));
  return absl::OkStatus();
}

void ReferralRows::AddOffers(store::Commit& commit, const Difference& difference) const {
  for (const Offer& offer : difference.after.offers) {
    const Offer* before = FindBefore(difference, offer.id);
    const bool was_made = before != nullptr && before->made();
    if (!offer.made() || (was_made && before->state == offer.state)) continue;
    if (!was_made) {
      commit.Put(OfferKey(offer.id), 0, EncodeReference(difference.after.id));
    }
    commit.index_edits.push_back({InboxIndex(offer.organisation_id),
                                  offer.id.ToString() + difference.after.id.ToString(),
                                  InboxScore(offer)});
    const bool clock_runs = offer.state == OfferState::kPending;
    commit.timer_edits.push_back(
        {std::string(kExpireTimer) + offer.id.ToString(),
         clock_runs ? std::optional<absl::Time>(offer.expire_time) : std::nullopt});
  }
}

void ReferralRows::Count(const Difference& difference) const {
  const Referral& after = difference.after;
  for (const Offer& offer : after.offers) {
    const Offer* before = FindBefore(difference, offer.id);
    if (offer.made() && (before == nullptr || before->shown() != offer.shown())) {
      metrics_.OfferOutcome(offer.shown());
    }
  }
  if (!difference.before) return;
  const Referral& before = difference.before->referral;
  if (before.first_answer_time != after.first_answer_time) {
    metrics_.FirstAnswer(after.card.priority, after.first_answer_time - after.send_time);
  }
  if (after.escalated && !before.escalated) metrics_.Escalation();
}

}  // namespace amana::referral
