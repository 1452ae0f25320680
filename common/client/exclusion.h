#pragma once

// Where she must not go: applied on this machine to the ranked list, so that no server learns it
// (domain.md, "What servers may know"). Pure.

#include <set>
#include <string>

#include "amana/referral/v1/directory.pb.h"

namespace amana::client {

struct Exclusions {
  std::set<std::string> province_codes;    // HCP, "04.421"
  std::set<std::string> organisation_ids;  // 16 bytes each
};

// Takes the excluded candidates out, without a word about them in the answer: what is shown may be
// seen over a shoulder.
void ApplyExclusions(const Exclusions& exclusions, referral::v1::MatchResponse& response);

}  // namespace amana::client
