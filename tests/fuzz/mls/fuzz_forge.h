#pragma once

// What a member can send that does not keep to the rules, as the input says: right keys, tags and
// signatures around anything.

#include <string>
#include <vector>

#include "tests/fuzz/mls/fuzz_input.h"
#include "tests/fuzz/mls/fuzz_member.h"

namespace amana::mls {

// Any but an update. Often valid.
Proposal AnyProposal(FuzzInput& input, const Group& group, Random& random);

// As a commit's list has them: by value, of those that wait, and of ones that nobody knows.
std::vector<ProposalOrRef> AnyProposals(FuzzInput& input, const Group& group, Random& random);

struct AnyCommit {
  std::string message;
  std::string welcome;  // empty if nobody was added
  bool from_outside = false;
};
AnyCommit ForgeAnyCommit(FuzzInput& input, FuzzMember& member, Random& random);

// A PublicMessage or PrivateMessage with any content, of any sender.
std::string ForgeAnyMessage(FuzzInput& input, FuzzMember& member, Random& random);

}  // namespace amana::mls
