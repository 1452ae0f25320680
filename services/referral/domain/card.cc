#include "services/referral/domain/card.h"

namespace amana::referral::domain {

AgeRange RangeOf(AgeBand band) {
  switch (band) {
    case AgeBand::k0To5:
      return {0, 5};
    case AgeBand::k6To11:
      return {6, 11};
    case AgeBand::k12To14:
      return {12, 14};
    case AgeBand::k15To17:
      return {15, 17};
    case AgeBand::k18To24:
      return {18, 24};
    case AgeBand::k25To59:
      return {25, 59};
    case AgeBand::k60Plus:
      return {60, 130};
    case AgeBand::kUnspecified:
    case AgeBand::kUnknown:
      break;
  }
  return {};
}

bool IsChild(const Dependant& dependant) { return RangeOf(dependant.age_band).oldest < 18; }

bool MediationBarred(const RoutingCard& card, NeedCode need) {
  return need == NeedCode::kFamilyMediation && card.partner_violence && !card.mediation_requested;
}

RoutingCard CardForOffer(const RoutingCard& card, NeedCode need) {
  RoutingCard shown = card;
  shown.needs = {need};
  shown.commune_code.clear();
  return shown;
}

}  // namespace amana::referral::domain
