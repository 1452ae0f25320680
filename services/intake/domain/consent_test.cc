#include "services/intake/domain/consent.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "common/base/error.h"
#include "services/intake/domain/test_values.h"

namespace amana::intake::domain {
namespace {

using enum ConsentState;

absl::StatusOr<Consent> Recorded(const ConsentTerms& terms, ConsentState state = kActive,
                                 AgeBand age_band = AgeBand::k25To59) {
  return Record(IdOf<ConsentId>('n'), IdOf<CaseId>('c'), IdOf<OrganisationId>('o'), terms, state,
                age_band, kNow);
}

Consent ConsentIn(ConsentState state) {
  Consent consent = *Recorded(Terms());
  consent.state = state;
  return consent;
}

TEST(Consent, EveryStateWithEveryCommand) {
  for (const ConsentState state : {kProposed, kActive, kExpired, kWithdrawn, kRefused}) {
    const Consent before = ConsentIn(state);
    const auto given = Answer(before, true, kNow);
    const auto refused = Answer(before, false, kNow);
    const auto withdrawn = Withdraw(before, kNow);
    EXPECT_EQ(given.ok(), state == kProposed);
    EXPECT_EQ(refused.ok(), state == kProposed);
    EXPECT_EQ(withdrawn.ok(), state == kProposed || state == kActive || state == kExpired);
    EXPECT_FALSE(Expire(before, kNow).has_value());
    EXPECT_EQ(Expire(before, before.terms.expire_time).has_value(),
              state == kProposed || state == kActive);
    for (const auto* result : {&given, &refused, &withdrawn}) {
      if (!result->ok()) {
        EXPECT_EQ(ReasonOf(result->status()), Reason::kConsentStateInvalid);
      }
    }
    if (given.ok()) {
      EXPECT_EQ(given->state, kActive);
    }
    if (refused.ok()) {
      EXPECT_EQ(refused->state, kRefused);
      EXPECT_TRUE(refused->revocation_pending);
    }
    if (withdrawn.ok()) {
      EXPECT_EQ(withdrawn->state, kWithdrawn);
      EXPECT_TRUE(withdrawn->revocation_pending);
    }
  }
}

TEST(Consent, IsOverAtItsTimeWhateverTheTimerDid) {
  const OrganisationId r = IdOf<OrganisationId>('r');
  for (const ConsentState state : {kProposed, kActive}) {
    const Consent consent = ConsentIn(state);
    const absl::Time end = consent.terms.expire_time;
    EXPECT_EQ(StateAt(consent, end - absl::Microseconds(1)), state);
    EXPECT_EQ(StateAt(consent, end), kExpired);
    EXPECT_FALSE(Answer(consent, true, end).ok());
    EXPECT_EQ(Withdraw(consent, end)->state, kWithdrawn);  // what left by it is taken back
    EXPECT_FALSE(Allows(consent, ConsentPurpose::kRefer, r, end));
  }
}

TEST(Consent, AllowsItsPurposeAndItsRecipientAlone) {
  const OrganisationId r = IdOf<OrganisationId>('r');
  for (const ConsentState state : {kProposed, kActive, kExpired, kWithdrawn, kRefused}) {
    EXPECT_EQ(Allows(ConsentIn(state), ConsentPurpose::kRefer, r, kNow), state == kActive);
  }
  const Consent active = ConsentIn(kActive);
  EXPECT_FALSE(Allows(active, ConsentPurpose::kShareDocuments, r, kNow));
  EXPECT_FALSE(Allows(active, ConsentPurpose::kRefer, IdOf<OrganisationId>('q'), kNow));
  ConsentTerms counting = Terms(ConsentPurpose::kAggregateStatistics);
  counting.recipient = {};
  EXPECT_TRUE(Allows(*Recorded(counting), ConsentPurpose::kAggregateStatistics, r, kNow));
}

TEST(Consent, OnlyAYesToSharingNamesWhatMayBeShared) {
  ConsentTerms terms = Terms(ConsentPurpose::kShareDocuments);
  EXPECT_TRUE(Recorded(terms).ok());
  terms.field_groups.clear();
  for (const ConsentState state : {kActive, kProposed}) {
    EXPECT_EQ(DetailOf(Recorded(terms, state).status()).field, "field_groups");
  }
  EXPECT_TRUE(Recorded(terms, kRefused).ok());
  terms.purpose = ConsentPurpose::kRefer;
  EXPECT_TRUE(Recorded(terms).ok());
}

TEST(Consent, EachFaultNamesItsField) {
  struct Row {
    std::function<void(ConsentTerms&)> spoil;
    std::string field;
  };
  const std::vector<Row> rows = {
      {[](auto& t) { t.purpose = ConsentPurpose::kUnspecified; }, "purpose"},
      {[](auto& t) { t.purpose = Numbered<ConsentPurpose>(6); }, "purpose"},
      {[](auto& t) { t.recipient = {}; }, "recipient_organisation_id"},
      {[](auto& t) { t.field_groups.push_back(Numbered<FieldGroup>(6)); }, "field_groups[2]"},
      {[](auto& t) { t.field_groups[1] = t.field_groups[0]; }, "field_groups[1]"},
      {[](auto& t) { t.manner = Numbered<ConsentManner>(4); }, "manner"},
      {[](auto& t) { t.manner = ConsentManner::kUnspecified; }, "manner"},
      {[](auto& t) { t.giver = ConsentGiver::kUnspecified; }, "giver"},
      {[](auto& t) { t.giver = Numbered<ConsentGiver>(4); }, "giver"},
      {[](auto& t) { t.language = ""; }, "language"},
      {[](auto& t) { t.expire_time = kNow; }, "expire_time"},
      {[](auto& t) { t.expire_time = kNow + absl::Hours(24 * 367); }, "expire_time"},
  };
  for (const Row& row : rows) {
    ConsentTerms terms = Terms();
    row.spoil(terms);
    const auto result = Recorded(terms);
    EXPECT_EQ(ReasonOf(result.status()), Reason::kInvalidField) << row.field;
    EXPECT_EQ(DetailOf(result.status()).field, row.field);
  }
  for (const ConsentState state : {kUnspecified, kExpired, kWithdrawn, Numbered<ConsentState>(6)}) {
    EXPECT_EQ(DetailOf(Recorded(Terms(), state).status()).field, "state");
  }
}

TEST(Consent, AYoungChildDoesNotGiveItAlone) {
  struct Row {
    AgeBand age_band;
    bool herself;
  };
  for (const Row& row :
       {Row{AgeBand::k0To5, false}, Row{AgeBand::k6To11, false}, Row{AgeBand::k12To14, false},
        Row{AgeBand::k15To17, true}, Row{AgeBand::k18To24, true}, Row{AgeBand::kUnknown, true}}) {
    EXPECT_EQ(Recorded(Terms(), kActive, row.age_band).ok(), row.herself);
    ConsentTerms terms = Terms();
    terms.giver = ConsentGiver::kGuardian;
    EXPECT_TRUE(Recorded(terms, kActive, row.age_band).ok());
    terms.giver = ConsentGiver::kAuthority;
    EXPECT_TRUE(Recorded(terms, kActive, row.age_band).ok());
  }
}

TEST(Consent, AWithdrawalIsToldToThoseWhoActOnIt) {
  struct Row {
    ConsentPurpose purpose;
    bool offers;
    bool packages;
  };
  using enum ConsentPurpose;
  for (const Row& row :
       {Row{kRefer, true, true}, Row{kShareDocuments, false, true}, Row{kContactBack, false, false},
        Row{kAggregateStatistics, false, false}, Row{kAuthorityReport, false, false}}) {
    EXPECT_EQ(RevocationOf(row.purpose).offers, row.offers);
    EXPECT_EQ(RevocationOf(row.purpose).packages, row.packages);
    EXPECT_EQ(Withdraw(*Recorded(Terms(row.purpose)), kNow)->revocation_pending,
              row.offers || row.packages);
    EXPECT_EQ(Recorded(Terms(row.purpose), kRefused)->revocation_pending,
              row.offers || row.packages);
    EXPECT_FALSE(Recorded(Terms(row.purpose), kProposed)->revocation_pending);
  }
}

TEST(Consent, ANewerWordTakesTheOlderOnesPlace) {
  const Consent older = ConsentIn(kActive);
  EXPECT_EQ(Supersede(older, kActive)->state, kExpired);
  EXPECT_FALSE(Supersede(older, kActive)->revocation_pending);
  EXPECT_EQ(Supersede(older, kRefused)->state, kWithdrawn);
  EXPECT_FALSE(Supersede(older, kRefused)->revocation_pending);  // the refusal's own says it
  EXPECT_EQ(ReasonOf(Supersede(older, kProposed).status()), Reason::kConsentStateInvalid);
}

}  // namespace
}  // namespace amana::intake::domain
