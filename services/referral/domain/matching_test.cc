#include "services/referral/domain/matching.h"

#include <gtest/gtest.h>

#include <functional>

namespace amana::referral::domain {
namespace {

const absl::Time kNow = absl::FromCivil(absl::CivilHour(2026, 6, 2, 12), Morocco());  // a Tuesday
constexpr NeedCode kNeed = NeedCode::kEmergencyShelter;

template <class I>
I IdOf(char c) {
  return *I::FromBytes(std::string(kIdSize, c));
}

// Rabat, Casablanca 113 road km away, Dakhla more than 1500.
const Geography kGeography({{"04.421", {34.02, -6.84}},
                            {"06.141", {33.57, -7.59}},
                            {"12.391", {23.72, -15.93}}});

RoutingCard Card() {
  RoutingCard card;
  card.needs = {kNeed};
  card.priority = Priority::kP1;
  card.province_code = "04.421";
  card.age_band = AgeBand::k25To59;
  card.languages = {"fr"};
  return card;
}

SnapshotEntry Entry(char id) {
  SnapshotEntry entry;
  entry.record.id = IdOf<ServiceAtLocationId>(id);
  entry.record.status = ServiceStatus::kActive;
  entry.record.needs = {kNeed, NeedCode::kFamilyMediation};
  entry.record.province_code = "04.421";
  entry.record.languages = {"ar", "fr"};
  entry.record.assured_date = "2026-05-01";
  entry.ledger.id = entry.record.id;
  entry.ledger.pools.push_back({.pool_id = IdOf<PoolId>(id),
                                .unit = CapacityUnit::kBed,
                                .needs = {},
                                .maximum = 10,
                                .occupied_elsewhere = 0,
                                .update_time = kNow});
  return entry;
}

Snapshot SnapshotOf(const std::vector<SnapshotEntry>& entries) {
  Snapshot snapshot;
  for (const SnapshotEntry& entry : entries) {
    snapshot.entries[entry.record.id] = std::make_shared<const SnapshotEntry>(entry);
  }
  return snapshot;
}

MatchResult Ask(const std::vector<SnapshotEntry>& entries, const RoutingCard& card,
                NeedCode need = kNeed, size_t limit = 10) {
  return Match(SnapshotOf(entries), kGeography,
               {.card = card, .need = need, .limit = limit, .now = kNow});
}

struct ExclusionCase {
  ExclusionReason reason;
  std::function<void(SnapshotEntry&, RoutingCard&)> arrange;
};

// Each reason once, alone: nothing else may exclude her.
TEST(MatchingTest, EachReasonExcludes) {
  const Dependant boy{AgeBand::k12To14, Gender::kMale};
  using R = ExclusionReason;
  const std::vector<ExclusionCase> cases = {
      {R::kNotOpenYet, [](auto& e, auto&) { e.record.status = ServiceStatus::kPlanned; }},
      {R::kClosed, [](auto& e, auto&) { e.record.status = ServiceStatus::kTemporarilyClosed; }},
      {R::kNoCapacity, [](auto& e, auto&) { e.ledger.pools[0].occupied_elsewhere = 10; }},
      {R::kGender, [](auto& e, auto&) { e.record.eligibility.genders = {Gender::kMale}; }},
      {R::kAge, [](auto& e, auto&) { e.record.eligibility.minimum_age = 60; }},
      {R::kNoChildren,
       [&](auto& e, auto& c) {
         c.dependants = {boy};
         e.record.eligibility.children_accepted = false;
       }},
      {R::kChildAge,
       [&](auto& e, auto& c) {
         c.dependants = {boy};
         e.record.eligibility.maximum_age_of_boys = 11;
         e.record.eligibility.maximum_age_of_girls = 17;
       }},
      {R::kResidence,
       [](auto& e, auto&) { e.record.eligibility.residence_province_codes = {"06.141"}; }},
      {R::kCircumstance,
       [](auto& e, auto& c) {
         c.circumstances = {Circumstance::kNoDocuments};
         e.record.eligibility.not_accepted = {Circumstance::kNoDocuments};
       }},
      {R::kAccessibility,
       [](auto&, auto& c) { c.accessibility = {AccessibilityNeed::kWheelchair}; }},
      {R::kServiceArea, [](auto& e, auto&) { e.record.service_area_province_codes = {"06.141"}; }},
      {R::kTooFar, [](auto& e, auto&) { e.record.province_code = "12.391"; }},
      {R::kOffDuty,
       [](auto& e, auto&) {
         e.record.mobile_unit = true;
         e.record.hours = {{{2}, 20 * 60, 23 * 60}};
       }},
  };
  for (const ExclusionCase& one : cases) {
    SnapshotEntry entry = Entry('a');
    RoutingCard card = Card();
    one.arrange(entry, card);
    const MatchResult result = Ask({entry}, card);
    ASSERT_EQ(result.exclusions.size(), 1u) << static_cast<int>(one.reason);
    EXPECT_EQ(result.exclusions[0].reasons, std::vector{one.reason});
    EXPECT_EQ(result.exclusion_counts.at(one.reason), 1u);
    EXPECT_TRUE(result.candidates.empty());
  }
  // With the one that needs another need, that is all of them.
  EXPECT_EQ(cases.size() + 1, static_cast<size_t>(kMaxExclusionReason));
}

TEST(MatchingTest, MediationOnlyIfSheAsks) {
  RoutingCard card = Card();
  card.needs = {NeedCode::kFamilyMediation};
  card.partner_violence = true;
  const auto reasons = [&] {
    const MatchResult result = Ask({Entry('a')}, card, NeedCode::kFamilyMediation);
    return result.exclusions.empty() ? std::vector<ExclusionReason>{}
                                     : result.exclusions[0].reasons;
  };
  EXPECT_EQ(reasons(), std::vector{ExclusionReason::kMediationNotRequested});
  card.mediation_requested = true;
  EXPECT_TRUE(reasons().empty());
  card.mediation_requested = card.partner_violence = false;
  EXPECT_TRUE(reasons().empty());
}

TEST(MatchingTest, AllReasonsAreSaidAndCounted) {
  SnapshotEntry planned = Entry('a');
  planned.record.status = ServiceStatus::kPlanned;
  planned.record.eligibility.minimum_age = 60;
  SnapshotEntry old = Entry('b');
  old.record.eligibility.minimum_age = 60;
  const MatchResult result = Ask({planned, old, Entry('c')}, Card());
  EXPECT_EQ(result.candidates.size(), 1u);
  EXPECT_EQ(result.exclusions.size(), 2u);
  EXPECT_EQ(result.exclusion_counts.at(ExclusionReason::kAge), 2u);
  EXPECT_EQ(result.exclusion_counts.at(ExclusionReason::kNotOpenYet), 1u);
}

TEST(MatchingTest, WhoDoesNotOfferTheNeedIsNotExcluded) {
  SnapshotEntry other = Entry('a');
  other.record.needs = {NeedCode::kTemporaryShelter};
  const MatchResult result = Ask({other}, Card());
  EXPECT_TRUE(result.candidates.empty());
  EXPECT_TRUE(result.exclusions.empty());
}

TEST(MatchingTest, DoubtExcludesNobody) {
  SnapshotEntry entry = Entry('a');
  entry.record.eligibility.minimum_age = 30;          // she is between 25 and 59
  entry.record.eligibility.maximum_age_of_boys = 13;  // he is between 12 and 14
  RoutingCard card = Card();
  card.dependants = {{AgeBand::k12To14, Gender::kMale}, {AgeBand::kUnknown, Gender::kUnspecified}};
  EXPECT_EQ(Ask({entry}, card).candidates.size(), 1u);
}

TEST(MatchingTest, AGrownManIsNotABoy) {
  SnapshotEntry entry = Entry('a');
  entry.record.eligibility.genders = {Gender::kFemale};
  RoutingCard card = Card();
  card.dependants = {{AgeBand::k6To11, Gender::kMale}};
  EXPECT_EQ(Ask({entry}, card).candidates.size(), 1u);
  card.dependants = {{AgeBand::k18To24, Gender::kMale}};
  EXPECT_EQ(Ask({entry}, card).exclusions.at(0).reasons, std::vector{ExclusionReason::kGender});
}

double CostOf(const Candidate& candidate, CostKind kind) {
  for (const CostPart& part : candidate.parts) {
    if (part.kind == kind) return part.km;
  }
  return 0;
}

TEST(MatchingTest, CostsAddUp) {
  SnapshotEntry entry = Entry('a');
  entry.record.province_code = "06.141";
  entry.record.languages = {"shi"};
  entry.record.assured_date.clear();
  entry.record.hours = {{{2}, 14 * 60, 18 * 60}};
  entry.ledger.pools[0].occupied_elsewhere = 5;
  entry.ledger.pools[0].update_time = kNow - absl::Hours(25);
  const Candidate c = Ask({entry}, Card()).candidates.at(0);
  EXPECT_NEAR(CostOf(c, CostKind::kDistance), 113, 3);
  EXPECT_DOUBLE_EQ(CostOf(c, CostKind::kScarcity), 300 * 0.3 * 0.25);
  EXPECT_EQ(CostOf(c, CostKind::kStaleCapacity), 30);
  EXPECT_EQ(CostOf(c, CostKind::kClosedNow), 20);
  EXPECT_EQ(CostOf(c, CostKind::kLanguageByInterpreter), 25);
  EXPECT_EQ(CostOf(c, CostKind::kNotVerified), 5);
  double sum = 0;
  for (const CostPart& part : c.parts) sum += part.km;
  EXPECT_DOUBLE_EQ(c.cost_km, sum);
  EXPECT_TRUE(c.capacity_stale);
  EXPECT_FALSE(c.open_now);
  EXPECT_EQ(c.free, 5u);
  EXPECT_EQ(c.quantity, 1u);
  EXPECT_EQ(c.unit, CapacityUnit::kBed);
}

TEST(MatchingTest, CheapestFirstThenById) {
  SnapshotEntry far = Entry('a');
  far.record.province_code = "06.141";
  SnapshotEntry unknown = Entry('b');
  unknown.record.province_code = "99.999";
  const MatchResult result = Ask({far, unknown, Entry('d'), Entry('c')}, Card());
  std::string order;
  for (const Candidate& c : result.candidates) order += c.entry->record.id.view()[0];
  EXPECT_EQ(order, "cdab");  // a place that is not known comes last
  EXPECT_FALSE(result.candidates.back().road_km.has_value());
  EXPECT_EQ(Ask({far, Entry('c'), Entry('d')}, Card(), kNeed, 2).candidates.size(), 2u);
}

TEST(MatchingTest, WithoutPoolsTheCentreAnswers) {
  SnapshotEntry entry = Entry('a');
  entry.ledger.pools.clear();
  const Candidate c = Ask({entry}, Card()).candidates.at(0);
  EXPECT_TRUE(c.capacity_stale);
  EXPECT_EQ(c.unit, CapacityUnit::kUnspecified);
}

}  // namespace
}  // namespace amana::referral::domain
