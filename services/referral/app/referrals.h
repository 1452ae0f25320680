#pragma once

// The commands on referrals and offers. Whoever is not concerned gets kReferralNotFound or
// kOfferNotFound, like for something that does not exist.

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/call_context.h"
#include "common/base/clock.h"
#include "common/base/random.h"
#include "common/store/store.h"
#include "services/referral/app/driver.h"
#include "services/referral/app/ports.h"
#include "services/referral/app/referral_rows.h"
#include "services/referral/domain/referral.h"

namespace amana::referral {

struct CreateCommand {
  CaseId case_id;
  domain::NeedCode need = domain::NeedCode::kUnspecified;
  std::vector<ServiceAtLocationId> candidates;
};

struct ReferralPage {
  std::vector<domain::Referral> referrals;
  std::string next_token;
};

// An offer as its organisation sees it.
struct OfferView {
  domain::Referral referral;
  OfferId offer_id;
};

struct OfferPage {
  std::vector<OfferView> offers;
  std::string next_token;
};

// Thread-safe. Commands return the reply bytes made by `render` and recorded with their commit, the
// same ones for a request that comes again. What then follows is driven before they return, but the
// reply doesn't tell it: whom a referral was offered to by then, Get() says.
class Referrals {
 public:
  Referrals(store::Store& store, const Clock& clock, Random& random, IntakePort& intake,
            ReferralRows& rows, Driver& driver)
      : store_(store),
        clock_(clock),
        random_(random),
        intake_(intake),
        rows_(rows),
        driver_(driver) {}

  // kCaseNotFound (also a foreign case), kCaseStateInvalid, kReferralDuplicate, kInvalidField,
  // kCandidateNotEligible, kServiceUnavailable.
  absl::StatusOr<std::string> Create(const CallContext& context, const CreateCommand& command,
                                     const Render& render);
  // Send and Extend take her card as it is now: kCaseStateInvalid where the case is closed, and
  // what Create says of the need. kConsentMissing where no candidate has it: the draft stays as it
  // was.
  absl::StatusOr<std::string> Send(const CallContext& context, const ReferralId& id,
                                   const Render& render);
  absl::StatusOr<std::string> Extend(const CallContext& context, const ReferralId& id,
                                     const std::vector<ServiceAtLocationId>& candidates,
                                     const Render& render);
  absl::StatusOr<std::string> End(const CallContext& context, const ReferralId& id,
                                  domain::ReferralEnd end, domain::SurvivorReason reason,
                                  const Render& render);

  // Says yes only once the places are confirmed. kOfferExpired, kOfferSuperseded, kNoCapacity;
  // kOfferStateInvalid; kCaseStateInvalid. Accepting twice is accepting once. From a list also
  // kConsentMissing, kCandidateNotEligible, kServiceUnavailable: since she was asked her consent
  // may have run out, the place be closed or run by others, her card no longer fit.
  absl::StatusOr<std::string> Accept(const CallContext& context, const OfferId& id,
                                     const Render& render);
  absl::StatusOr<std::string> Decline(const CallContext& context, const OfferId& id,
                                      domain::DeclineReason reason, const Render& render);
  // kTooUrgentToWaitlist, kOfferStateInvalid, kCaseStateInvalid.
  absl::StatusOr<std::string> Waitlist(const CallContext& context, const OfferId& id,
                                       const Render& render);
  absl::StatusOr<std::string> Report(const CallContext& context, const OfferId& id,
                                     domain::Progress progress, const Render& render);

  // From intake: all open referrals of the case, in one commit as far as that takes them. Returns
  // what `render` makes of the number of offers withdrawn.
  absl::StatusOr<std::string> RevokeConsent(const CallContext& context, const CaseId& case_id,
                                            const OrganisationId& recipient,
                                            const std::function<std::string(uint32_t)>& render);
  // From intake: ends each referral of the case that waits for an answer or for her arrival.
  // Returns what `render` makes of their number. kCaseStateInvalid: the case is not closed (any
  // more), and those that are left go on.
  absl::StatusOr<std::string> CloseCase(const CallContext& context, const CaseId& case_id,
                                        const std::function<std::string(uint32_t)>& render);

  absl::StatusOr<domain::Referral> Get(const CallContext& context, const ReferralId& id) const;
  absl::StatusOr<ReferralPage> List(const CallContext& context, bool escalated_only,
                                    uint32_t page_size, const std::string& token) const;
  absl::StatusOr<OfferPage> ListOffers(const CallContext& context, bool pending_only,
                                       uint32_t page_size, const std::string& token) const;

  // Whether the caller's organisation owns any referral of the case.
  absl::StatusOr<bool> OwnsReferralOf(const CallContext& context, const CaseId& case_id) const;

  // The timer of an offer nobody answered.
  absl::Status Expire(const CallContext& context, const OfferId& id);

 private:
  // The referral of an offer that was made to the caller; kOfferNotFound.
  absl::StatusOr<LoadedReferral> LoadOffered(const CallContext& context, const OfferId& id) const;
  // One try; kContended: look again.
  absl::StatusOr<std::string> TryAccept(const CallContext& context, const OfferId& id,
                                        const Render& render);
  // The reply recorded for this request; kContended if there is none.
  absl::StatusOr<std::string> FindReply(const CallContext& context, store::Shard shard) const;
  // kConsentMissing unless one candidate may be asked, or none of them exists.
  absl::Status EnsureSomeConsent(const CallContext& context,
                                 const domain::Referral& referral) const;
  // Her case as it is now; kCaseStateInvalid where it is closed.
  absl::Status Renew(const CallContext& context, domain::Referral& referral) const;
  // The case at the moment of a centre's answer; nothing where intake does not answer.
  // kCaseNotFound. kCaseStateInvalid: the case is closed, and the referral ended with it unless she
  // has arrived by it.
  absl::StatusOr<std::optional<RoutedCase>> CaseForAnswer(const CallContext& context,
                                                          const domain::Referral& referral);
  // kConsentMissing, kCandidateNotEligible: the centre would not be asked any more.
  absl::Status EnsureStillAsked(const CallContext& context, const domain::Referral& referral,
                                const OfferId& id) const;
  // A change in a commit of its own, driven at once, where another commit records the reply. False:
  // `mutate` found nothing to do (kReferralStateInvalid).
  absl::StatusOr<bool> ChangeAlone(const CallContext& context, const ReferralId& id,
                                   const ReferralRows::Mutate& mutate);
  // Withdraws a referral of a closed case: nobody is to come by it any more, and what is held for
  // her is given back at once. Returns whether there was anything to end: she may be there already.
  // kCaseStateInvalid: the case is not closed.
  absl::StatusOr<bool> EndWithCase(const CallContext& context, const ReferralId& id);
  // What CaseForAnswer says and, from a list, EnsureStillAsked.
  absl::Status Claim(const CallContext& context, const LoadedReferral& loaded, const OfferId& id);
  // A change and, at once, the steps that follow from it; the reply is the change's own.
  absl::StatusOr<std::string> ChangeAndDrive(const CallContext& context, const ReferralId& id,
                                             const ReferralRows::Mutate& mutate,
                                             const Render& render);
  absl::StatusOr<std::vector<LoadedReferral>> LoadAll(const std::vector<ReferralId>& ids,
                                                      Deadline deadline) const;

  store::Store& store_;
  const Clock& clock_;
  Random& random_;
  IntakePort& intake_;
  ReferralRows& rows_;
  Driver& driver_;
};

}  // namespace amana::referral
