#pragma once

#include <memory>

#include "common/obs/metrics.h"
#include "services/referral/app/ports.h"

namespace amana::referral {

//   amana_referral_offers_total{outcome}
//   amana_referral_time_to_first_answer_seconds{priority}
//   amana_referral_escalations_total
// `metrics` must outlive it.
std::unique_ptr<ReferralMetrics> MakeMetrics(obs::Metrics& metrics);

}  // namespace amana::referral
