#include "services/referral/domain/status_map.h"

namespace amana::referral::domain {

const std::vector<StatusMapping>& StatusMappings() {
  using R = ReferralState;
  static const auto* const kRows = new std::vector<StatusMapping>{
      {R::kDraft, "draft", "", ""},
      {R::kConsented, "draft", "", ""},
      {R::kMatching, "draft", "", ""},
      {R::kOffered, "requested", "", "in_progress"},
      {R::kAccepted, "accepted", "", "accepted"},
      {R::kWaitlisted, "on-hold", "", ""},
      {R::kArrived, "in-progress", "", "accepted"},
      {R::kInService, "in-progress", "", "accepted"},
      {R::kCompleted, "completed", "", "done"},
      {R::kDeclinedByProvider, "rejected", "declined_by_provider", "rejected"},
      {R::kDeclinedBySurvivor, "cancelled", "by-subject", "referral_declined_by_survivor"},
      {R::kWithdrawn, "cancelled", "withdrawn", "revoked"},
      {R::kConsentRevoked, "cancelled", "consent_revoked", "revoked"},
      {R::kNoMatch, "failed", "no_match", "service_unavailable"},
      {R::kNoShow, "failed", "no_show", "done"},
      {R::kFailed, "failed", "failed", "done"},
      {R::kEnteredInError, "entered-in-error", "", ""},
  };
  return *kRows;
}

}  // namespace amana::referral::domain
