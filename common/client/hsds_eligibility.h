#pragma once

// The typed predicates of `amana-eligibility` (docs/hsds.md). Internal to the HSDS reader.

#include "amana/referral/v1/directory.pb.h"
#include "common/client/hsds_json.h"

namespace amana::client::hsds {

// Fills the record's eligibility, and adds what it is equipped for. False if a predicate is not
// understood.
bool ReadEligibility(const Json& service, referral::v1::ServiceAtLocation& record);

}  // namespace amana::client::hsds
