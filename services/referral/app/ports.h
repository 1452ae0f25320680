#pragma once

// What this service needs from others, as it needs it. Implemented in rpc/ and by fakes in tests.

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/call_context.h"
#include "common/base/ids.h"
#include "services/referral/domain/card.h"

namespace amana::referral {

struct RoutedCase {
  OrganisationId organisation_id;
  bool closed = false;
  domain::RoutingCard card;
};

// Intake. Thread-safe; bound by the context's deadline.
class IntakePort {
 public:
  virtual ~IntakePort() = default;

  // kCaseNotFound; kServiceUnavailable.
  virtual absl::StatusOr<RoutedCase> GetCase(const CallContext& context, const CaseId& case_id) = 0;

  // Whether she agreed to be referred to this organisation, now. No answer is not a yes:
  // kServiceUnavailable.
  virtual absl::StatusOr<bool> MayRefer(const CallContext& context, const CaseId& case_id,
                                        const OrganisationId& recipient) = 0;
};

// What is counted. Thread-safe.
class ReferralMetrics {
 public:
  virtual ~ReferralMetrics() = default;
  // An offer came into this state; pending means that it was made.
  virtual void OfferOutcome(domain::OfferState state) = 0;
  virtual void FirstAnswer(domain::Priority priority, absl::Duration after) = 0;
  virtual void Escalation() = 0;
};

}  // namespace amana::referral
