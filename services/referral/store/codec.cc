#include "services/referral/store/codec.h"

#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "services/referral/store/convert.h"
#include "services/referral/store/state.pb.h"

namespace amana::referral {
namespace {

using store::v1::DirectoryRow;
using store::v1::LedgerRow;
using store::v1::OfferRow;
using store::v1::ReferenceRow;
using store::v1::ReferralRow;
using store::v1::ReservationRow;

// "Never" of either kind is 0.
int64_t Micros(absl::Time time) {
  if (time == absl::InfinitePast() || time == absl::InfiniteFuture()) return 0;
  return absl::ToUnixMicros(time);
}

absl::Time FromMicros(int64_t micros, absl::Time never) {
  return micros == 0 ? never : absl::FromUnixMicros(micros);
}

template <class Row>
absl::StatusOr<Row> Parse(std::string_view bytes) {
  Row row;
  if (!row.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return Error(Reason::kStoredValueUnreadable);
  }
  return row;
}

OfferRow ToRow(const domain::Offer& offer) {
  OfferRow row;
  row.set_offer_id(offer.id.bytes());
  row.set_service_at_location_id(offer.service_at_location_id.bytes());
  row.set_organisation_id(offer.organisation_id.bytes());
  row.set_state(static_cast<int32_t>(offer.state));
  row.set_places(static_cast<int32_t>(offer.places));
  row.set_turn(offer.turn);
  row.set_decline_reason(static_cast<int32_t>(offer.decline_reason));
  row.set_offer_time_us(Micros(offer.offer_time));
  row.set_expire_time_us(Micros(offer.expire_time));
  row.set_answer_time_us(Micros(offer.answer_time));
  return row;
}

domain::Offer FromRow(const OfferRow& row) {
  domain::Offer offer;
  offer.id = IdFrom<OfferId>(row.offer_id());
  offer.service_at_location_id = IdFrom<ServiceAtLocationId>(row.service_at_location_id());
  offer.organisation_id = IdFrom<OrganisationId>(row.organisation_id());
  offer.state = static_cast<domain::OfferState>(row.state());
  offer.places = static_cast<domain::Places>(row.places());
  offer.turn = row.turn();
  offer.decline_reason = static_cast<domain::DeclineReason>(row.decline_reason());
  offer.offer_time = FromMicros(row.offer_time_us(), absl::InfinitePast());
  offer.expire_time = FromMicros(row.expire_time_us(), absl::InfiniteFuture());
  offer.answer_time = FromMicros(row.answer_time_us(), absl::InfinitePast());
  return offer;
}

ReservationRow ToRow(const domain::Reservation& reservation) {
  ReservationRow row;
  row.set_offer_id(reservation.id.offer_id.bytes());
  row.set_turn(reservation.id.turn);
  row.set_case_id(reservation.case_id.bytes());
  for (const domain::Line& line : reservation.lines) {
    auto& added = *row.add_lines();
    added.set_pool_id(line.pool_id.bytes());
    added.set_quantity(line.quantity);
  }
  row.set_state(static_cast<int32_t>(reservation.state));
  row.set_expire_time_us(Micros(reservation.expire_time));
  row.set_change_time_us(Micros(reservation.change_time));
  return row;
}

domain::Reservation FromRow(const ReservationRow& row) {
  domain::Reservation reservation;
  reservation.id = {IdFrom<OfferId>(row.offer_id()), row.turn()};
  reservation.case_id = IdFrom<CaseId>(row.case_id());
  for (const auto& line : row.lines()) {
    reservation.lines.push_back({IdFrom<PoolId>(line.pool_id()), line.quantity()});
  }
  reservation.state = static_cast<domain::ReservationState>(row.state());
  reservation.expire_time = FromMicros(row.expire_time_us(), absl::InfiniteFuture());
  reservation.change_time = FromMicros(row.change_time_us(), absl::UnixEpoch());
  return reservation;
}

}  // namespace

std::string Encode(const domain::Referral& referral) {
  ReferralRow row;
  row.set_referral_id(referral.id.bytes());
  row.set_case_id(referral.case_id.bytes());
  row.set_organisation_id(referral.organisation_id.bytes());
  row.set_need(static_cast<int32_t>(referral.need));
  *row.mutable_card() = ToProto(referral.card);
  row.set_state(static_cast<int32_t>(referral.state));
  for (const auto& candidate : referral.candidates) row.add_candidates(candidate.bytes());
  row.set_next_candidate(referral.next_candidate);
  for (const domain::Offer& offer : referral.offers) *row.add_offers() = ToRow(offer);
  for (const domain::Skipped& skipped : referral.skipped) {
    auto& added = *row.add_skipped();
    added.set_service_at_location_id(skipped.service_at_location_id.bytes());
    added.set_reason(static_cast<int32_t>(skipped.reason));
  }
  if (!referral.accepted_offer_id.is_zero()) {
    row.set_accepted_offer_id(referral.accepted_offer_id.bytes());
  }
  row.set_escalated(referral.escalated);
  row.set_survivor_reason(static_cast<int32_t>(referral.survivor_reason));
  row.set_create_time_us(Micros(referral.create_time));
  row.set_update_time_us(Micros(referral.update_time));
  row.set_send_time_us(Micros(referral.send_time));
  row.set_first_answer_time_us(Micros(referral.first_answer_time));
  return row.SerializeAsString();
}

absl::StatusOr<domain::Referral> DecodeReferral(std::string_view bytes) {
  AMANA_ASSIGN_OR_RETURN(const ReferralRow row, Parse<ReferralRow>(bytes));
  domain::Referral referral;
  referral.id = IdFrom<ReferralId>(row.referral_id());
  referral.case_id = IdFrom<CaseId>(row.case_id());
  referral.organisation_id = IdFrom<OrganisationId>(row.organisation_id());
  referral.need = static_cast<domain::NeedCode>(row.need());
  referral.card = FromProto(row.card());
  referral.state = static_cast<domain::ReferralState>(row.state());
  for (const std::string& candidate : row.candidates()) {
    referral.candidates.push_back(IdFrom<ServiceAtLocationId>(candidate));
  }
  referral.next_candidate = row.next_candidate();
  for (const OfferRow& offer : row.offers()) referral.offers.push_back(FromRow(offer));
  for (const auto& skipped : row.skipped()) {
    referral.skipped.push_back({IdFrom<ServiceAtLocationId>(skipped.service_at_location_id()),
                                static_cast<domain::SkipReason>(skipped.reason())});
  }
  referral.accepted_offer_id = IdFrom<OfferId>(row.accepted_offer_id());
  referral.escalated = row.escalated();
  referral.survivor_reason = static_cast<domain::SurvivorReason>(row.survivor_reason());
  referral.create_time = FromMicros(row.create_time_us(), absl::UnixEpoch());
  referral.update_time = FromMicros(row.update_time_us(), absl::UnixEpoch());
  referral.send_time = FromMicros(row.send_time_us(), absl::InfinitePast());
  referral.first_answer_time = FromMicros(row.first_answer_time_us(), absl::InfinitePast());
  return referral;
}

std::string Encode(const domain::DirectoryRecord& record) {
  DirectoryRow row;
  *row.mutable_current() = ToProto(record.current);
  *row.mutable_imported() = ToProto(record.imported);
  return row.SerializeAsString();
}

absl::StatusOr<domain::DirectoryRecord> DecodeDirectoryRecord(std::string_view bytes) {
  AMANA_ASSIGN_OR_RETURN(const DirectoryRow row, Parse<DirectoryRow>(bytes));
  return domain::DirectoryRecord{.current = FromProto(row.current()),
                                 .imported = FromProto(row.imported())};
}

std::string Encode(const domain::Ledger& ledger) {
  LedgerRow row;
  row.set_service_at_location_id(ledger.id.bytes());
  for (const domain::Pool& pool : ledger.pools) *row.add_pools() = ToProto(pool);
  for (const domain::Reservation& r : ledger.reservations) *row.add_reservations() = ToRow(r);
  return row.SerializeAsString();
}

absl::StatusOr<domain::Ledger> DecodeLedger(std::string_view bytes) {
  AMANA_ASSIGN_OR_RETURN(const LedgerRow row, Parse<LedgerRow>(bytes));
  domain::Ledger ledger;
  ledger.id = IdFrom<ServiceAtLocationId>(row.service_at_location_id());
  for (const auto& pool : row.pools()) ledger.pools.push_back(FromProto(pool));
  for (const auto& reservation : row.reservations()) {
    ledger.reservations.push_back(FromRow(reservation));
  }
  return ledger;
}

std::string EncodeReference(const ReferralId& id) {
  ReferenceRow row;
  row.set_referral_id(id.bytes());
  return row.SerializeAsString();
}

absl::StatusOr<ReferralId> DecodeReference(std::string_view bytes) {
  AMANA_ASSIGN_OR_RETURN(const ReferenceRow row, Parse<ReferenceRow>(bytes));
  return ReferralId::FromBytes(row.referral_id());
}

}  // namespace amana::referral
