#pragma once

// Our referral states in the words of others: HL7 FHIR R4 Task.status (SDOH Clinical Care 3.0) and
// the referral status of Primero / GBVIMS. Declined is the provider's word, cancelled the
// survivor's: they are never merged.

#include <string_view>
#include <vector>

#include "services/referral/domain/codes.h"

namespace amana::referral::domain {

struct StatusMapping {
  ReferralState state;
  std::string_view fhir;
  // FHIR Task.statusReason, or empty.
  std::string_view fhir_reason;
  // Empty: Primero has no word for it.
  std::string_view primero;
};

// One row for each state.
const std::vector<StatusMapping>& StatusMappings();

}  // namespace amana::referral::domain
