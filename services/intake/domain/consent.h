#pragma once

// A consent: her word about one purpose and one recipient, until a day.
//
//   proposed → active | refused          proposed, active → withdrawn | expired → withdrawn
//
// Her no (refused, withdrawn) always takes back what left by an earlier yes, also by one that has
// run out: time ends what may still leave, her no ends what has left.
//
// Time passes by itself: a consent past its expire_time counts as expired from that instant,
// whether or not the timer has written it down (StateAt). Everything that asks about a consent asks
// StateAt.
//
// Of one case, at most one consent for the same purpose and recipient is open (proposed or active).
// A newer word takes the older one's place (Supersede), so that one withdrawal is always enough.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/ids.h"
#include "services/intake/domain/words.h"

namespace amana::intake::domain {

inline constexpr size_t kMaxConsentsPerCase = 200;
inline constexpr size_t kMaxFieldGroups = 8;
inline constexpr absl::Duration kMaxConsentLife = absl::Hours(24 * 366);

enum class ConsentPurpose : int32_t {
  kUnspecified = 0,
  kRefer,
  kShareDocuments,
  kContactBack,
  kAggregateStatistics,
  kAuthorityReport,
};

enum class ConsentState : int32_t {
  kUnspecified = 0,
  kProposed,
  kActive,
  kExpired,
  kWithdrawn,
  kRefused,
};

enum class ConsentManner : int32_t { kUnspecified = 0, kOralByPhone, kWritten, kThumbprint };
enum class ConsentGiver : int32_t { kUnspecified = 0, kSurvivor, kGuardian, kAuthority };
enum class FieldGroup : int32_t {
  kUnspecified = 0,
  kNeeds,
  kIdentity,
  kContact,
  kStory,
  kDocuments
};

// What was said.
struct ConsentTerms {
  ConsentPurpose purpose = ConsentPurpose::kUnspecified;
  OrganisationId recipient;  // zero: everyone who counts, for kAggregateStatistics only
  std::vector<FieldGroup> field_groups;
  ConsentManner manner = ConsentManner::kUnspecified;
  ConsentGiver giver = ConsentGiver::kUnspecified;
  std::string language;  // it was explained in
  absl::Time expire_time;

  friend bool operator==(const ConsentTerms&, const ConsentTerms&) = default;
};

struct Consent {
  ConsentId id;
  CaseId case_id;
  OrganisationId organisation;  // the case's
  ConsentTerms terms;
  ConsentState state = ConsentState::kUnspecified;
  absl::Time record_time;
  // She said no, and those who act on it (referral, messaging) have not all heard of it yet.
  bool revocation_pending = false;

  friend bool operator==(const Consent&, const Consent&) = default;
};

// Who has to hear of her no.
struct Revocation {
  bool offers = false;    // referral withdraws open offers
  bool packages = false;  // messaging destroys what was not opened

  bool any() const { return offers || packages; }
};
Revocation RevocationOf(ConsentPurpose purpose);

constexpr bool IsOpen(ConsentState s) {
  return s == ConsentState::kProposed || s == ConsentState::kActive;
}

// The state at an instant: an open consent is expired from its expire_time on.
ConsentState StateAt(const Consent& consent, absl::Time now);

// Whether this consent, active at `now`, allows `purpose` towards `recipient`.
bool Allows(const Consent& consent, ConsentPurpose purpose, const OrganisationId& recipient,
            absl::Time now);

// A new consent as proposed, active or refused. `age_band` is the case's: a child under 15 can't
// give it herself. kInvalidField with the field's path.
absl::StatusOr<Consent> Record(const ConsentId& id, const CaseId& case_id,
                               const OrganisationId& organisation, ConsentTerms terms,
                               ConsentState state, AgeBand age_band, absl::Time now);

// What becomes of an open consent when she says something newer about the same purpose and
// recipient: given again, the old one has run out; refused, it is withdrawn, and the refusal is
// what those who act on it hear of. A proposal does not touch what stands: kConsentStateInvalid,
// answer or withdraw that first.
absl::StatusOr<Consent> Supersede(const Consent& older, ConsentState newer_state);

absl::StatusOr<Consent> Answer(const Consent& before, bool given, absl::Time now);
// Also of one that has run out, if no newer one took its place (the app's question).
absl::StatusOr<Consent> Withdraw(const Consent& before, absl::Time now);

// By the timer. Nothing if there is nothing to write down.
std::optional<Consent> Expire(const Consent& before, absl::Time now);

std::string_view NameOf(ConsentState state);

}  // namespace amana::intake::domain
