#pragma once

// Domain values as the contract shows them, to whoever may see them.

#include <string>

#include "amana/referral/v1/directory.pb.h"
#include "amana/referral/v1/referral.pb.h"
#include "services/referral/app/referrals.h"
#include "services/referral/domain/ledger.h"
#include "services/referral/domain/matching.h"
#include "services/referral/domain/referral.h"

namespace amana::referral {

// To the referring organisation: all of it; prepared offers that nobody has been asked for are not
// shown, a claim that is being confirmed is shown as what it was.
v1::Referral ToProto(const domain::Referral& referral);

// To the organisation it was made to: with the card while it is pending or accepted; what is over
// needs no card, and a list has what its keeper wrote down when asked.
v1::Offer ToProto(const domain::Referral& referral, const domain::Offer& offer);

// With the counts of the ledger's reservations.
v1::Pool ToProto(const domain::Ledger& ledger, const domain::Pool& pool);
v1::ServiceAtLocation ToProto(const domain::ServiceAtLocation& record,
                              const domain::Ledger& ledger);
v1::Reservation ToProto(const domain::Reservation& reservation);

v1::MatchResponse ToProto(const domain::MatchResult& result, absl::Time snapshot_time);

}  // namespace amana::referral
