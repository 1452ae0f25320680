#pragma once

// Follow-ups: they live beside their case; an index for each organisation has those that are due.
// Thread-safe.

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/call_context.h"
#include "services/intake/app/context.h"
#include "services/intake/domain/follow_up.h"

namespace amana::intake {

class FollowUps {
 public:
  explicit FollowUps(Deps deps) : deps_(deps) {}

  absl::StatusOr<std::string> Schedule(const CallContext& context, const CaseId& case_id,
                                       const ReferralId& referral_id, absl::Time due_time);
  absl::StatusOr<std::string> Record(const CallContext& context, const FollowUpId& id,
                                     domain::FollowUpOutcome outcome,
                                     domain::FollowUpReason reason);
  // The organisation's scheduled ones, due until then, earliest first.
  absl::StatusOr<Page<domain::FollowUp>> List(const CallContext& context, absl::Time due_until,
                                              uint32_t page_size,
                                              const std::string& page_token) const;

 private:
  const Deps deps_;
};

}  // namespace amana::intake
