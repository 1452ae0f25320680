#include "services/referral/app/driver.h"

#include <algorithm>
#include <utility>

#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "services/referral/app/names.h"
#include "services/referral/domain/matching.h"
#include "services/referral/store/codec.h"

namespace amana::referral {
namespace {

using domain::Referral;
using domain::SkipReason;
using domain::Step;
using Kind = domain::Step::Kind;

// More steps than a referral with kMaxCandidates can need; an end in case of a fault of ours.
constexpr int kMaxSteps = 1000;

// What the ledger said is about the offer as it was seen. Meanwhile it may have gone to a list and
// left it again, in the same state and with places of its own.
absl::Status EnsureAsSeen(const Referral& referral, const domain::Offer& seen) {
  const domain::Offer* offer = referral.Find(seen.id);
  return offer != nullptr && *offer == seen ? absl::OkStatus() : Error(Reason::kContended);
}

// Where it was said that the places are gone for good.
bool IsRefusalOfPlaces(Reason reason) {
  return reason == Reason::kNoCapacity || reason == Reason::kOfferStateInvalid ||
         reason == Reason::kServiceAtLocationNotFound;
}

}  // namespace

absl::Status Driver::Drive(const ReferralId& id, const CallContext& cause) {
  CallContext context = CallContext::ForTimer("referral.driven", cause.deadline);
  context.traceparent = cause.traceparent;
  for (int i = 0; i < kMaxSteps; ++i) {
    if (context.deadline.expired()) return Error(Reason::kDeadlinePassed);
    AMANA_ASSIGN_OR_RETURN(const LoadedReferral loaded, p_.rows.Load(id, context.deadline));
    const Step step = domain::NextStep(loaded.referral, p_.policy);
    if (step.kind == Kind::kNothing) return absl::OkStatus();
    const absl::Status taken = Take(context, loaded, step);
    // kContended: somebody else took this step. Look again.
    if (!taken.ok() && ReasonOf(taken) != Reason::kContended) return taken;
  }
  return Error(Reason::kContended);
}

absl::Status Driver::Take(const CallContext& context, const LoadedReferral& loaded,
                          const Step& step) {
  switch (step.kind) {
    case Kind::kConfirm: {
      const auto done = FinishClaim(context, loaded, step.offer_id, nullptr);
      return ReasonOf(done.status()) == Reason::kNoCapacity ? absl::OkStatus() : done.status();
    }
    case Kind::kSettle:
      return Settle(context, loaded, step);
    case Kind::kMake:
      return Make(context, loaded, step);
    case Kind::kPrepare:
      return Prepare(context, loaded, step);
    case Kind::kRunOut:
      return p_.rows.Change(context, loaded.referral.id, domain::RunOut, nullptr).status();
    case Kind::kNothing:
      break;
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> Driver::FinishClaim(const CallContext& context,
                                                const LoadedReferral& loaded,
                                                const OfferId& offer_id, const Render& render) {
  const Referral& referral = loaded.referral;
  const domain::Offer& offer = *referral.Find(offer_id);
  CallContext step = context;
  step.request_id = RequestId();  // the recorded reply goes with the last commit
  absl::Status confirmed = p_.ledgers.Confirm(step, referral, offer);
  if (confirmed.ok()) {
    return p_.rows.Change(
        context, referral.id,
        [&](Referral& r, absl::Time now, domain::Events& events) {
          // Extended in this moment: the places are to be confirmed for whoever comes now.
          if (r.card != referral.card) return absl::Status(Error(Reason::kContended));
          AMANA_RETURN_IF_ERROR(EnsureAsSeen(r, offer));
          return domain::Accept(r, offer_id, now, events);
        },
        render);
  }
  if (!IsRefusalOfPlaces(ReasonOf(confirmed))) return confirmed;
  const auto lose = [&](Referral& r, absl::Time now, domain::Events& events) {
    AMANA_RETURN_IF_ERROR(EnsureAsSeen(r, offer));
    return domain::Lose(r, offer_id, now, events);
  };
  AMANA_RETURN_IF_ERROR(p_.rows.Change(step, referral.id, lose, nullptr).status());
  return Error(Reason::kNoCapacity);
}

absl::Status Driver::Settle(const CallContext& context, const LoadedReferral& loaded,
                            const Step& step) {
  const Referral& referral = loaded.referral;
  const domain::Offer& offer = *referral.Find(step.offer_id);
  AMANA_RETURN_IF_ERROR(p_.ledgers.Bring(context, referral, offer, step.places));
  return p_.rows
      .Change(
          context, referral.id,
          [&](Referral& r, absl::Time now, domain::Events& events) {
            AMANA_RETURN_IF_ERROR(EnsureAsSeen(r, offer));
            return domain::Settle(r, step.offer_id, step.places, now, events);
          },
          nullptr)
      .status();
}

absl::Status Driver::Prepare(const CallContext& context, const LoadedReferral& loaded,
                             const Step& step) {
  const Referral& referral = loaded.referral;
  const store::Shard shard = store::ShardOf(step.candidate, p_.store.shards());
  AMANA_ASSIGN_OR_RETURN(const store::Row row,
                         p_.store.Read(shard, RecordKey(step.candidate), context.deadline));
  OrganisationId organisation;
  if (row.exists()) {
    AMANA_ASSIGN_OR_RETURN(const domain::DirectoryRecord record, DecodeDirectoryRecord(row.value));
    organisation = record.current.organisation_id;
  }
  const auto offer_id = store::NewIdBeside<OfferId>(p_.random, referral.id);
  return p_.rows
      .Change(
          context, referral.id,
          [&](Referral& r, absl::Time now, domain::Events& events) {
            if (!row.exists()) {
              return domain::Skip(r, step.candidate, SkipReason::kNotFound, now, events);
            }
            return domain::Prepare(r, step.candidate, offer_id, organisation, now, events);
          },
          nullptr)
      .status();
}

absl::StatusOr<SkipReason> Driver::ReasonToSkip(const CallContext& context,
                                                const Referral& referral,
                                                const domain::Offer& offer) {
  const ServiceAtLocationId& id = offer.service_at_location_id;
  AMANA_ASSIGN_OR_RETURN(const std::vector<store::Row> rows,
                         p_.store.ReadMany(store::ShardOf(id, p_.store.shards()),
                                           {RecordKey(id), LedgerKey(id)}, context.deadline));
  if (!rows[0].exists() || !rows[1].exists()) return SkipReason::kNotFound;
  AMANA_ASSIGN_OR_RETURN(domain::DirectoryRecord record, DecodeDirectoryRecord(rows[0].value));
  // Whoever runs it now is not who was going to be asked.
  if (record.current.organisation_id != offer.organisation_id) return SkipReason::kNotEligible;

  domain::SnapshotEntry entry;
  entry.record = std::move(record.current);
  // Room is decided by the hold itself. How far is too far was the operator's choice.
  const auto reasons = domain::ReasonsAgainst(
      entry, {.card = referral.card, .need = referral.need, .now = p_.clock.Now()}, std::nullopt);
  const auto& needs = entry.record.needs;
  const bool offers_need = std::find(needs.begin(), needs.end(), referral.need) != needs.end();
  if (!reasons.empty() || !offers_need) return SkipReason::kNotEligible;

  // After the preparation was committed: a consent withdrawn from now on finds the prepared offer
  // and drops it (domain::RevokeConsent), so no offer leaves without consent.
  AMANA_ASSIGN_OR_RETURN(const bool consent,
                         p_.intake.MayRefer(context, referral.case_id, offer.organisation_id));
  return consent ? SkipReason::kUnspecified : SkipReason::kConsentMissing;
}

absl::Status Driver::Make(const CallContext& context, const LoadedReferral& loaded,
                          const Step& step) {
  // Hours or days may have passed since the last offer: who is asked now is asked for her as she is
  // now, with the children that have come and what is known by now.
  AMANA_ASSIGN_OR_RETURN(const RoutedCase routed,
                         p_.intake.GetCase(context, loaded.referral.case_id));
  Referral referral = loaded.referral;
  const domain::Offer& offer = *std::as_const(referral).Find(step.offer_id);
  if (!domain::Renew(referral, routed.card).ok()) {
    return Drop(context, loaded, offer.id, SkipReason::kNotEligible);
  }
  AMANA_ASSIGN_OR_RETURN(const SkipReason skip, ReasonToSkip(context, referral, offer));
  if (skip != SkipReason::kUnspecified) return Drop(context, loaded, offer.id, skip);

  const absl::Time expire_time =
      domain::OfferExpiry(p_.policy, referral.card.priority, p_.clock.Now());
  const absl::Status held =
      p_.ledgers.Hold(context, referral, offer, expire_time + p_.policy.hold_grace);
  if (IsRefusalOfPlaces(ReasonOf(held))) {
    return Drop(context, loaded, offer.id, SkipReason::kNoCapacity);
  }
  AMANA_RETURN_IF_ERROR(held);
  return p_.rows
      .Change(
          context, referral.id,
          [&](Referral& r, absl::Time now, domain::Events& events) {
            // Renewed by somebody else since: perhaps by what is newer than ours.
            if (r.card != loaded.referral.card) return absl::Status(Error(Reason::kContended));
            AMANA_RETURN_IF_ERROR(domain::Renew(r, routed.card));
            return domain::Make(r, offer.id, expire_time, now, events);
          },
          nullptr)
      .status();
}

absl::Status Driver::Drop(const CallContext& context, const LoadedReferral& loaded,
                          const OfferId& offer_id, SkipReason reason) {
  return p_.rows
      .Change(
          context, loaded.referral.id,
          [&](Referral& r, absl::Time now, domain::Events& events) {
            return domain::Drop(r, offer_id, reason, now, events);
          },
          nullptr)
      .status();
}

}  // namespace amana::referral
