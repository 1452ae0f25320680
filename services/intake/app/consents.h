#pragma once

// Consents, beside their case. Her no acts at once: the commit that withdraws or refuses is the
// last instant at which Check() may have said yes, and referral and messaging hear of it
// (FirstTry, app/context.h). Thread-safe.

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/call_context.h"
#include "services/intake/app/context.h"
#include "services/intake/app/ports.h"
#include "services/intake/domain/consent.h"

namespace amana::intake {

// Run at the consent's expire_time, and while her no is not delivered.
std::string ExpireTimer(const ConsentId& id);
std::string RevokeTimer(const ConsentId& id);

struct RecordConsent {
  CaseId case_id;
  domain::ConsentTerms terms;
  domain::ConsentState state = domain::ConsentState::kUnspecified;
};

// The answer to "may this go there now?"
struct ConsentAnswer {
  std::optional<ConsentId> active;
  OrganisationId organisation;  // the case's
};

// With the instant they were read at: their states are of then.
struct ConsentsAt {
  std::vector<domain::Consent> consents;  // oldest first
  absl::Time now;
};

class Consents {
 public:
  // `revocations` outlives this.
  Consents(Deps deps, Revocations& revocations) : deps_(deps), revocations_(revocations) {}

  // A newer word about the same purpose and recipient takes the place of an open one
  // (domain::Supersede). With kMaxConsentsPerCase of a case in the list, the oldest one that is
  // over leaves it (its history stays); kTooManyOpenConsents if all are open.
  absl::StatusOr<std::string> Record(const CallContext& context, const RecordConsent& command);
  absl::StatusOr<std::string> Answer(const CallContext& context, const ConsentId& id, bool given);
  // kConsentStateInvalid also for one that has run out where a newer yes stands: withdraw that one.
  absl::StatusOr<std::string> Withdraw(const CallContext& context, const ConsentId& id);

  absl::StatusOr<ConsentsAt> List(const CallContext& context, const CaseId& case_id);
  // For services. What the store says at this moment, nothing remembered. A closed case is referred
  // to nobody, whatever she agreed to.
  absl::StatusOr<ConsentAnswer> Check(const CallContext& context, const CaseId& case_id,
                                      domain::ConsentPurpose purpose,
                                      const OrganisationId& recipient);

  // The timers.
  absl::Status Expire(const ConsentId& id, Deadline deadline);
  absl::Status Revoke(const ConsentId& id, Deadline deadline);

 private:
  // A case with its consents, as one decision needs them.
  struct File {
    Loaded<domain::Case> owner;
    uint64_t list_version = 0;
    std::vector<Loaded<domain::Consent>> consents;
  };
  absl::StatusOr<File> LoadFile(const CaseId& case_id, Deadline deadline);
  absl::StatusOr<Loaded<domain::Consent>> Load(const ConsentId& id, Deadline deadline);

  absl::StatusOr<store::Commit> DecideRecord(const CallContext& context, const ConsentId& id,
                                             const RecordConsent& command);
  void Change(const CallContext& context, const domain::Consent& after, uint64_t version,
              absl::Time now, std::string_view action, store::Commit* commit) const;
  absl::Status TellThoseWhoAct(const domain::Consent& consent, Deadline deadline);
  void RevokeSoon(const CallContext& context, const ConsentId& id);
  absl::Status Revoke(const CallContext& context, const ConsentId& id);

  const Deps deps_;
  Revocations& revocations_;
};

}  // namespace amana::intake
