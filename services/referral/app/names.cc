#include "services/referral/app/names.h"

namespace amana::referral {

store::Key ReferralKey(const ReferralId& id) { return {"referral", id.ToString()}; }
store::Key OfferKey(const OfferId& id) { return {"offer", id.ToString()}; }
store::Key GuardKey(const CaseId& case_id, domain::NeedCode need) {
  return {"guard", case_id.ToString() + "." + std::to_string(static_cast<int32_t>(need))};
}
store::Key RecordKey(const ServiceAtLocationId& id) { return {"record", id.ToString()}; }
store::Key LedgerKey(const ServiceAtLocationId& id) { return {"ledger", id.ToString()}; }

std::string ReferralsIndex(const OrganisationId& organisation) {
  return "referrals." + organisation.ToString();
}
std::string EscalatedIndex(const OrganisationId& organisation) {
  return "escalated." + organisation.ToString();
}
std::string CaseIndex(const CaseId& case_id) { return "case." + case_id.ToString(); }
std::string InboxIndex(const OrganisationId& organisation) {
  return "inbox." + organisation.ToString();
}

double InboxScore(const domain::Offer& offer) {
  // Microseconds since 1970 are below 8e15 until the year 2223, and exact in a double.
  const auto micros = static_cast<double>(absl::ToUnixMicros(offer.offer_time));
  switch (offer.shown()) {
    case domain::OfferState::kPending:
      return -8e15 + micros;
    case domain::OfferState::kWaitlisted:
      return -4e15 + micros / 1e6;  // in seconds: between the two others until 2096
    default:
      return -micros;
  }
}

}  // namespace amana::referral
