#include "common/client/exclusion.h"

#include <algorithm>

namespace amana::client {

void ApplyExclusions(const Exclusions& exclusions, referral::v1::MatchResponse& response) {
  auto* candidates = response.mutable_candidates();
  candidates->erase(
      std::remove_if(candidates->begin(), candidates->end(),
                     [&](const referral::v1::Candidate& candidate) {
                       return exclusions.province_codes.contains(candidate.province_code()) ||
                              exclusions.organisation_ids.contains(candidate.organisation_id());
                     }),
      candidates->end());
}

}  // namespace amana::client
