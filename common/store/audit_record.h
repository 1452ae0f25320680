#pragma once
// Makes the audit record of a commit: the event's exact bytes, a fresh opening, and the leaf that
// commits to both (common/merkle/leaf.h).

#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "common/base/call_context.h"
#include "common/base/random.h"
#include "common/store/store.h"

namespace amana::store {

// What happened, in words of the domain: ids and enum names only, never free text.
struct AuditInput {
  std::string_view service;  // "referral"
  std::string subject;       // 16 bytes: the case, organisation, device or service_at_location
  std::string object;        // 16 bytes or empty: the referral, offer, consent that changed
  std::string_view state;    // its new state, "accepted"
  std::string_view reason;   // a coded reason, or empty
  // Overrides the context's action where one command causes several events.
  std::string_view action;
};

AuditRecord MakeAuditRecord(const CallContext& context, const AuditInput& input, absl::Time now,
                            Random& random);

}  // namespace amana::store
