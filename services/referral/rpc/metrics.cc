#include "services/referral/rpc/metrics.h"

#include <map>

namespace amana::referral {
namespace {

using domain::OfferState;
using domain::Priority;

class PrometheusMetrics final : public ReferralMetrics {
 public:
  explicit PrometheusMetrics(obs::Metrics& metrics)
      : escalations_(metrics.AddCounter("amana_referral_escalations_total",
                                        "Referrals with nobody left to ask.")) {
    AddOutcome(metrics, OfferState::kPending, "made");
    AddOutcome(metrics, OfferState::kAccepted, "accepted");
    AddOutcome(metrics, OfferState::kDeclined, "declined");
    AddOutcome(metrics, OfferState::kExpired, "expired");
    AddOutcome(metrics, OfferState::kWithdrawn, "withdrawn");
    AddOutcome(metrics, OfferState::kSuperseded, "superseded");
    AddOutcome(metrics, OfferState::kWaitlisted, "waitlisted");
    AddPriority(metrics, Priority::kP0, "p0");
    AddPriority(metrics, Priority::kP1, "p1");
    AddPriority(metrics, Priority::kP2, "p2");
    AddPriority(metrics, Priority::kP3, "p3");
  }

  void OfferOutcome(OfferState state) override {
    if (const auto it = outcomes_.find(state); it != outcomes_.end()) it->second->Increment();
  }
  void FirstAnswer(Priority priority, absl::Duration after) override {
    if (const auto it = answers_.find(priority); it != answers_.end()) it->second->Observe(after);
  }
  void Escalation() override { escalations_.Increment(); }

 private:
  void AddOutcome(obs::Metrics& metrics, OfferState state, obs::Name outcome) {
    outcomes_[state] = &metrics.AddCounter("amana_referral_offers_total", "Offers, by outcome.",
                                           {{"outcome", outcome}});
  }
  void AddPriority(obs::Metrics& metrics, Priority priority, obs::Name name) {
    answers_[priority] =
        &metrics.AddHistogram("amana_referral_time_to_first_answer_seconds",
                              "From sending a referral to the first answer.", {{"priority", name}});
  }

  std::map<OfferState, obs::Counter*> outcomes_;
  std::map<Priority, obs::Histogram*> answers_;
  obs::Counter& escalations_;
};

}  // namespace

std::unique_ptr<ReferralMetrics> MakeMetrics(obs::Metrics& metrics) {
  return std::make_unique<PrometheusMetrics>(metrics);
}

}  // namespace amana::referral
