#pragma once

#include <memory>

#include "common/rpc/service.h"
#include "services/referral/app/referrals.h"

namespace amana::referral {

// amana.referral.v1.ReferralService over `referrals`, which must outlive it.
std::unique_ptr<rpc::Service> MakeReferralService(Referrals& referrals);

}  // namespace amana::referral
