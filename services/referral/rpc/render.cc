#include "services/referral/rpc/render.h"

#include "services/referral/store/convert.h"

namespace amana::referral {
namespace {

v1::Offer WithoutCard(const domain::Referral& referral, const domain::Offer& offer) {
  v1::Offer proto;
  proto.set_offer_id(offer.id.bytes());
  proto.set_referral_id(referral.id.bytes());
  proto.set_case_id(referral.case_id.bytes());
  proto.set_service_at_location_id(offer.service_at_location_id.bytes());
  proto.set_organisation_id(offer.organisation_id.bytes());
  proto.set_state(static_cast<v1::OfferState>(offer.shown()));
  proto.set_decline_reason(static_cast<v1::DeclineReason>(offer.decline_reason));
  Put(*proto.mutable_offer_time(), offer.offer_time);
  Put(*proto.mutable_expire_time(), offer.expire_time);
  const bool claimed = offer.state == domain::OfferState::kClaimed;
  if (offer.answer_time != absl::InfinitePast() && !claimed) {
    Put(*proto.mutable_answer_time(), offer.answer_time);
  }
  proto.set_need(static_cast<common::v1::NeedCode>(referral.need));
  return proto;
}

v1::Candidate ToProto(const domain::Candidate& candidate) {
  const domain::ServiceAtLocation& record = candidate.entry->record;
  v1::Candidate proto;
  proto.set_service_at_location_id(record.id.bytes());
  proto.set_organisation_id(record.organisation_id.bytes());
  proto.set_organisation_name(record.organisation_name);
  proto.set_service_name(record.service_name);
  proto.set_province_code(record.province_code);
  if (candidate.road_km) proto.set_road_km(*candidate.road_km);
  proto.set_cost_km(candidate.cost_km);
  for (const domain::CostPart& part : candidate.parts) {
    auto& added = *proto.add_parts();
    added.set_kind(static_cast<v1::CostKind>(part.kind));
    added.set_km(part.km);
  }
  proto.set_free(candidate.free);
  proto.set_unit(static_cast<v1::CapacityUnit>(candidate.unit));
  proto.set_quantity(candidate.quantity);
  proto.set_capacity_stale(candidate.capacity_stale);
  proto.set_open_now(candidate.open_now);
  for (const std::string& language : record.languages) proto.add_languages(language);
  proto.set_visibility(static_cast<v1::LocationVisibility>(record.visibility));
  proto.set_phone(record.phone);
  return proto;
}

v1::Exclusion ToProto(const domain::Exclusion& exclusion) {
  const domain::ServiceAtLocation& record = exclusion.entry->record;
  v1::Exclusion proto;
  proto.set_service_at_location_id(record.id.bytes());
  proto.set_organisation_name(record.organisation_name);
  proto.set_service_name(record.service_name);
  proto.set_province_code(record.province_code);
  if (exclusion.road_km) proto.set_road_km(*exclusion.road_km);
  for (const domain::ExclusionReason reason : exclusion.reasons) {
    proto.add_reasons(static_cast<v1::ExclusionReason>(reason));
  }
  return proto;
}

}  // namespace

v1::Referral ToProto(const domain::Referral& referral) {
  v1::Referral proto;
  proto.set_referral_id(referral.id.bytes());
  proto.set_case_id(referral.case_id.bytes());
  proto.set_organisation_id(referral.organisation_id.bytes());
  proto.set_need(static_cast<common::v1::NeedCode>(referral.need));
  proto.set_state(static_cast<v1::ReferralState>(referral.state));
  for (const auto& candidate : referral.candidates) {
    proto.add_candidate_service_at_location_ids(candidate.bytes());
  }
  for (const domain::Offer& offer : referral.offers) {
    if (offer.made()) *proto.add_offers() = WithoutCard(referral, offer);
  }
  for (const domain::Skipped& skipped : referral.skipped) {
    auto& added = *proto.add_skipped();
    added.set_service_at_location_id(skipped.service_at_location_id.bytes());
    added.set_reason(static_cast<v1::SkipReason>(skipped.reason));
  }
  if (!referral.accepted_offer_id.is_zero()) {
    proto.set_accepted_offer_id(referral.accepted_offer_id.bytes());
  }
  proto.set_escalated(referral.escalated);
  proto.set_survivor_reason(static_cast<v1::SurvivorReason>(referral.survivor_reason));
  Put(*proto.mutable_create_time(), referral.create_time);
  Put(*proto.mutable_update_time(), referral.update_time);
  return proto;
}

v1::Offer ToProto(const domain::Referral& referral, const domain::Offer& offer) {
  v1::Offer proto = WithoutCard(referral, offer);
  // As long as a place is kept for her: not after an answer other than yes, and not after the end.
  // On a list neither: no clock runs there, and the card goes on telling of her.
  if (domain::WantedPlaces(referral, offer) != domain::Places::kReleased) {
    *proto.mutable_card() = ToProto(domain::CardForOffer(referral.card, referral.need));
  }
  return proto;
}

v1::Pool ToProto(const domain::Ledger& ledger, const domain::Pool& pool) {
  v1::Pool proto = ToProto(pool);
  const domain::PoolCount count = domain::Count(ledger, pool.pool_id);
  proto.set_held(count.held);
  proto.set_confirmed(count.confirmed);
  proto.set_occupied(count.occupied);
  proto.set_free(count.free);
  return proto;
}

v1::ServiceAtLocation ToProto(const domain::ServiceAtLocation& record,
                              const domain::Ledger& ledger) {
  v1::ServiceAtLocation proto = ToProto(record);
  proto.clear_pools();
  for (const domain::Pool& pool : ledger.pools) *proto.add_pools() = ToProto(ledger, pool);
  return proto;
}

v1::Reservation ToProto(const domain::Reservation& reservation) {
  v1::Reservation proto;
  proto.set_offer_id(reservation.id.offer_id.bytes());
  for (const domain::Line& line : reservation.lines) {
    auto& added = *proto.add_lines();
    added.set_pool_id(line.pool_id.bytes());
    added.set_quantity(line.quantity);
  }
  proto.set_state(static_cast<v1::ReservationState>(reservation.state));
  if (reservation.state == domain::ReservationState::kHeld) {
    Put(*proto.mutable_expire_time(), reservation.expire_time);
  }
  return proto;
}

v1::MatchResponse ToProto(const domain::MatchResult& result, absl::Time snapshot_time) {
  v1::MatchResponse proto;
  for (const domain::Candidate& c : result.candidates) *proto.add_candidates() = ToProto(c);
  for (const domain::Exclusion& e : result.exclusions) *proto.add_exclusions() = ToProto(e);
  for (const auto& [reason, count] : result.exclusion_counts) {
    auto& added = *proto.add_exclusion_counts();
    added.set_reason(static_cast<v1::ExclusionReason>(reason));
    added.set_count(count);
  }
  proto.set_candidate_count(static_cast<uint32_t>(result.candidate_count));
  Put(*proto.mutable_snapshot_time(), snapshot_time);
  return proto;
}

}  // namespace amana::referral
