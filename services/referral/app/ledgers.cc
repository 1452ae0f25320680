#include "services/referral/app/ledgers.h"

#include <algorithm>

#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "common/store/audit_record.h"
#include "common/store/execute.h"
#include "services/referral/app/names.h"
#include "services/referral/store/codec.h"

namespace amana::referral {
namespace {

std::string CaseOf(const domain::Ledger& ledger, const std::string& offer_id) {
  const auto it = std::ranges::find_if(ledger.reservations, [&](const domain::Reservation& r) {
    return r.id.offer_id.view() == offer_id;
  });
  return it == ledger.reservations.end() ? ledger.id.bytes() : it->case_id.bytes();
}

domain::HoldRequest RequestFor(const domain::Referral& referral, const domain::Offer& offer,
                               absl::Time expire_time) {
  return {.id = offer.reservation_id(),
          .case_id = referral.case_id,
          .card = referral.card,
          .need = referral.need,
          .expire_time = expire_time};
}

}  // namespace

store::TimerEdit HoldsTimer(const domain::Ledger& ledger) {
  return {std::string(kHoldsTimer) + ledger.id.ToString(), domain::NextExpiry(ledger)};
}

absl::Status Ledgers::Hold(const CallContext& context, const domain::Referral& referral,
                           const domain::Offer& offer, absl::Time expire_time) {
  return Apply(context, offer.service_at_location_id, [&](domain::Ledger& ledger, absl::Time now) {
    return domain::Hold(ledger, RequestFor(referral, offer, expire_time), now);
  });
}

absl::Status Ledgers::Confirm(const CallContext& context, const domain::Referral& referral,
                              const domain::Offer& offer) {
  return Apply(context, offer.service_at_location_id, [&](domain::Ledger& ledger, absl::Time now) {
    return domain::Confirm(ledger, RequestFor(referral, offer, absl::InfiniteFuture()), now);
  });
}

absl::Status Ledgers::Bring(const CallContext& context, const domain::Referral& referral,
                            const domain::Offer& offer, domain::Places places) {
  return Apply(context, offer.service_at_location_id,
               [&](domain::Ledger& ledger, absl::Time now) -> absl::StatusOr<domain::Events> {
                 if (places == domain::Places::kReleased) {
                   return domain::Release(ledger, offer.reservation_id(), referral.case_id, now);
                 }
                 return domain::Occupy(ledger, offer.reservation_id(), now);
               });
}

absl::Status Ledgers::ExpireHolds(const CallContext& context, const ServiceAtLocationId& id) {
  return Apply(context, id,
               [](domain::Ledger& ledger, absl::Time now) -> absl::StatusOr<domain::Events> {
                 return domain::ExpireHolds(ledger, now);
               });
}

absl::Status Ledgers::Apply(const CallContext& context, const ServiceAtLocationId& id,
                            const Change& change) {
  const store::Shard shard = store::ShardOf(id, store_.shards());
  domain::Ledger ledger;
  uint64_t version = 0;
  bool nothing_to_do = false;
  const auto decide = [&]() -> absl::StatusOr<store::Commit> {
    AMANA_ASSIGN_OR_RETURN(const store::Row row,
                           store_.Read(shard, LedgerKey(id), context.deadline));
    if (!row.exists()) return Error(Reason::kServiceAtLocationNotFound);
    AMANA_ASSIGN_OR_RETURN(ledger, DecodeLedger(row.value));
    version = row.version;
    const absl::Time now = clock_.Now();
    AMANA_ASSIGN_OR_RETURN(const domain::Events events, change(ledger, now));
    nothing_to_do = events.empty();
    if (nothing_to_do) return Error(Reason::kContended);
    store::Commit commit;
    commit.Put(LedgerKey(id), version, Encode(ledger));
    commit.timer_edits.push_back(HoldsTimer(ledger));
    for (const domain::Event& event : events) {
      commit.audit.push_back(store::MakeAuditRecord(context,
                                                    {.service = "referral",
                                                     .subject = CaseOf(ledger, event.object),
                                                     .object = event.object,
                                                     .state = event.state,
                                                     .reason = event.reason,
                                                     .action = event.action},
                                                    now, random_));
    }
    return commit;
  };
  const auto done = store::Execute(store_, context, shard, decide);
  if (nothing_to_do) return absl::OkStatus();
  if (done.ok()) snapshot_.PutLedger(ledger, version + 1);
  return done.status();
}

}  // namespace amana::referral
