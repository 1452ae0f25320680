#include "services/intake/domain/consent.h"

#include <algorithm>
#include <utility>

#include "common/base/error.h"
#include "common/base/status_macros.h"

namespace amana::intake::domain {
namespace {

// Whether a number from outside is a word of the enum that ends with `last`.
template <class Word>
constexpr bool IsWord(Word word, Word last) {
  return word > Word{} && word <= last;
}

absl::Status Invalid(std::string field) {
  return Error(Reason::kInvalidField, {.field = std::move(field)});
}

absl::Status CheckFieldGroups(const std::vector<FieldGroup>& groups) {
  if (groups.size() > kMaxFieldGroups) return Invalid("field_groups");
  for (size_t i = 0; i < groups.size(); ++i) {
    const auto here = groups.begin() + static_cast<std::ptrdiff_t>(i);
    if (!IsWord(*here, FieldGroup::kDocuments) || std::find(groups.begin(), here, *here) != here) {
      return Invalid("field_groups[" + std::to_string(i) + "]");
    }
  }
  return absl::OkStatus();
}

// From 15 on she may speak for herself; for a younger child a guardian or an authority does.
bool MayGive(ConsentGiver giver, AgeBand age_band) {
  if (!IsWord(giver, ConsentGiver::kAuthority)) return false;
  const bool child = age_band >= AgeBand::k0To5 && age_band <= AgeBand::k12To14;
  return !child || giver != ConsentGiver::kSurvivor;
}

absl::Status CheckTerms(const ConsentTerms& terms, AgeBand age_band, absl::Time now) {
  if (!IsWord(terms.purpose, ConsentPurpose::kAuthorityReport)) return Invalid("purpose");
  if (terms.recipient.is_zero() && terms.purpose != ConsentPurpose::kAggregateStatistics) {
    return Invalid("recipient_organisation_id");
  }
  AMANA_RETURN_IF_ERROR(CheckFieldGroups(terms.field_groups));
  if (!IsWord(terms.manner, ConsentManner::kThumbprint)) return Invalid("manner");
  if (!MayGive(terms.giver, age_band)) return Invalid("giver");
  if (!IsLanguage(terms.language)) return Invalid("language");
  if (terms.expire_time <= now || terms.expire_time > now + kMaxConsentLife) {
    return Invalid("expire_time");
  }
  return absl::OkStatus();
}

// Her no; those who act on it are to be told.
Consent SaysNo(Consent consent, ConsentState state) {
  consent.state = state;
  consent.revocation_pending = RevocationOf(consent.terms.purpose).any();
  return consent;
}

}  // namespace

Revocation RevocationOf(ConsentPurpose purpose) {
  // Without a referral there is no reason left for its documents.
  return {
      .offers = purpose == ConsentPurpose::kRefer,
      .packages = purpose == ConsentPurpose::kRefer || purpose == ConsentPurpose::kShareDocuments};
}

ConsentState StateAt(const Consent& consent, absl::Time now) {
  if (IsOpen(consent.state) && consent.terms.expire_time <= now) return ConsentState::kExpired;
  return consent.state;
}

bool Allows(const Consent& consent, ConsentPurpose purpose, const OrganisationId& recipient,
            absl::Time now) {
  if (consent.terms.purpose != purpose) return false;
  if (!consent.terms.recipient.is_zero() && consent.terms.recipient != recipient) return false;
  return StateAt(consent, now) == ConsentState::kActive;
}

absl::StatusOr<Consent> Record(const ConsentId& id, const CaseId& case_id,
                               const OrganisationId& organisation, ConsentTerms terms,
                               ConsentState state, AgeBand age_band, absl::Time now) {
  AMANA_RETURN_IF_ERROR(CheckTerms(terms, age_band, now));
  if (!IsOpen(state) && state != ConsentState::kRefused) return Invalid("state");
  // A yes to sharing that names nothing would be taken for a yes to everything, or to nothing. Her
  // no needs no names.
  if (IsOpen(state) && terms.purpose == ConsentPurpose::kShareDocuments &&
      terms.field_groups.empty()) {
    return Invalid("field_groups");
  }
  Consent consent;
  consent.id = id;
  consent.case_id = case_id;
  consent.organisation = organisation;
  consent.terms = std::move(terms);
  consent.state = state;
  consent.record_time = now;
  if (state == ConsentState::kRefused) return SaysNo(std::move(consent), state);
  return consent;
}

absl::StatusOr<Consent> Supersede(const Consent& older, ConsentState newer_state) {
  Consent after = older;
  if (newer_state == ConsentState::kRefused) {
    after.state = ConsentState::kWithdrawn;
  } else if (newer_state == ConsentState::kActive) {
    after.state = ConsentState::kExpired;
  } else {
    return Error(Reason::kConsentStateInvalid);
  }
  return after;
}

absl::StatusOr<Consent> Answer(const Consent& before, bool given, absl::Time now) {
  if (StateAt(before, now) != ConsentState::kProposed) return Error(Reason::kConsentStateInvalid);
  if (!given) return SaysNo(before, ConsentState::kRefused);
  Consent after = before;
  after.state = ConsentState::kActive;
  return after;
}

absl::StatusOr<Consent> Withdraw(const Consent& before, absl::Time now) {
  const ConsentState state = StateAt(before, now);
  if (!IsOpen(state) && state != ConsentState::kExpired) {
    return Error(Reason::kConsentStateInvalid);
  }
  return SaysNo(before, ConsentState::kWithdrawn);
}

std::optional<Consent> Expire(const Consent& before, absl::Time now) {
  if (!IsOpen(before.state) || StateAt(before, now) != ConsentState::kExpired) return std::nullopt;
  Consent after = before;
  after.state = ConsentState::kExpired;
  return after;
}

std::string_view NameOf(ConsentState state) {
  switch (state) {
    case ConsentState::kUnspecified:
      break;
    case ConsentState::kProposed:
      return "proposed";
    case ConsentState::kActive:
      return "active";
    case ConsentState::kExpired:
      return "expired";
    case ConsentState::kWithdrawn:
      return "withdrawn";
    case ConsentState::kRefused:
      return "refused";
  }
  return "unspecified";
}

}  // namespace amana::intake::domain
