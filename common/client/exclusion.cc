#include "common/client/exclusion.h"

#include <algorithm>

namespace amana::client {

void ApplyExclusions(const Exclusions& exclusions, int limit,
                     referral::v1::MatchResponse& response) {
  auto* candidates = response.mutable_candidates();
  const int before = candidates->size();
  candidates->erase(
      std::remove_if(candidates->begin(), candidates->end(),
                     [&](const referral::v1::Candidate& candidate) {
                       return exclusions.province_codes.contains(candidate.province_code()) ||
                              exclusions.organisation_ids.contains(candidate.organisation_id());
                     }),
      candidates->end());
  const auto removed = static_cast<uint32_t>(before - candidates->size());
  response.set_candidate_count(response.candidate_count() - removed);
  if (candidates->size() > limit) candidates->DeleteSubrange(limit, candidates->size() - limit);
}

}  // namespace amana::client
