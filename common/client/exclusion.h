#pragma once

// Where she must not go: applied on this machine to the ranked list, so that no server learns it.
// Pure.

#include <set>
#include <string>

#include "amana/referral/v1/directory.pb.h"

namespace amana::client {

struct Exclusions {
  std::set<std::string> province_codes;    // HCP, "04.421"
  std::set<std::string> organisation_ids;  // 16 bytes each
};

// What to ask the server for, whatever is wanted and excluded: fewer might all lie where she must
// not go, and another number would tell that something is excluded.
inline constexpr uint32_t kCandidatesAsked = 500;

// Takes the excluded candidates out, and then leaves the first `limit`. Without a word about the
// excluded ones in the answer: what is shown may be seen over a shoulder.
void ApplyExclusions(const Exclusions& exclusions, int limit,
                     referral::v1::MatchResponse& response);

}  // namespace amana::client
