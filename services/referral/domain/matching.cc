#include "services/referral/domain/matching.h"

#include <algorithm>
#include <limits>
#include <string_view>
#include <tuple>
#include <utility>

namespace amana::referral::domain {
namespace {

using Reasons = std::vector<ExclusionReason>;

template <class T>
bool Contains(const std::vector<T>& values, const T& value) {
  return std::ranges::find(values, value) != values.end();
}

bool Urgent(Priority priority) { return priority == Priority::kP0 || priority == Priority::kP1; }

bool TakesGenders(const Eligibility& e, const RoutingCard& card) {
  if (e.genders.empty()) return true;
  if (!Contains(e.genders, Gender::kFemale)) return false;
  // Boys are a matter of children's ages; a grown man with her is not.
  return std::ranges::all_of(card.dependants, [&](const Dependant& d) {
    return d.gender != Gender::kMale || RangeOf(d.age_band).youngest < 18 ||
           Contains(e.genders, Gender::kMale);
  });
}

bool TakesAge(const Eligibility& e, AgeBand band) {
  const AgeRange range = RangeOf(band);
  return (!e.minimum_age || range.oldest >= *e.minimum_age) &&
         (!e.maximum_age || range.youngest <= *e.maximum_age);
}

// A band that only partly lies above the limit does not exclude: the centre decides.
bool TakesChild(const Eligibility& e, const Dependant& child) {
  const uint32_t youngest = RangeOf(child.age_band).youngest;
  const auto over = [&](const std::optional<uint32_t>& limit) {
    return limit && youngest > *limit;
  };
  switch (child.gender) {
    case Gender::kMale:
      return !over(e.maximum_age_of_boys);
    case Gender::kFemale:
      return !over(e.maximum_age_of_girls);
    case Gender::kUnspecified:
      break;
  }
  return !(over(e.maximum_age_of_boys) && over(e.maximum_age_of_girls));
}

void CheckPeople(const Eligibility& e, const RoutingCard& card, Reasons& reasons) {
  if (!TakesGenders(e, card)) reasons.push_back(ExclusionReason::kGender);
  if (!TakesAge(e, card.age_band)) reasons.push_back(ExclusionReason::kAge);
  const bool no_children = e.children_accepted.has_value() && !*e.children_accepted;
  if (no_children && std::ranges::any_of(card.dependants, IsChild)) {
    reasons.push_back(ExclusionReason::kNoChildren);
  }
  const auto refused = [&](const Dependant& d) { return IsChild(d) && !TakesChild(e, d); };
  if (std::ranges::any_of(card.dependants, refused)) reasons.push_back(ExclusionReason::kChildAge);
  if (!e.residence_province_codes.empty() &&
      !Contains(e.residence_province_codes, card.province_code)) {
    reasons.push_back(ExclusionReason::kResidence);
  }
  const auto not_accepted = [&](Circumstance c) { return Contains(e.not_accepted, c); };
  if (std::ranges::any_of(card.circumstances, not_accepted)) {
    reasons.push_back(ExclusionReason::kCircumstance);
  }
}

bool IsStale(const SnapshotEntry& entry, const std::vector<Line>& lines, absl::Time now) {
  if (lines.empty()) return true;  // no figure at all
  return std::ranges::any_of(lines, [&](const Line& line) {
    const auto pool = std::ranges::find(entry.ledger.pools, line.pool_id, &Pool::pool_id);
    return pool == entry.ledger.pools.end() || pool->update_time + kCapacityFresh < now;
  });
}

bool SpeaksWithHer(const ServiceAtLocation& record, const RoutingCard& card) {
  if (record.languages.empty() || card.languages.empty()) return true;
  return std::ranges::any_of(card.languages, [&](const std::string& language) {
    return Contains(record.languages, language == "ary" ? std::string("ar") : language);
  });
}

void AddPart(Candidate& candidate, CostKind kind, double km) {
  candidate.parts.push_back({kind, km});
  candidate.cost_km += km;
}

void AddScarcity(Candidate& candidate, const Line& line) {
  const Ledger& ledger = candidate.entry->ledger;
  const auto pool = std::ranges::find(ledger.pools, line.pool_id, &Pool::pool_id);
  candidate.unit = pool->unit;
  candidate.quantity = line.quantity;
  candidate.free = Count(ledger, line.pool_id).free;
  const double used = 1.0 - static_cast<double>(candidate.free) / std::max(1U, pool->maximum);
  if (used > 0) AddPart(candidate, CostKind::kScarcity, kScarcityKm * used * used);
}

Candidate Rank(std::shared_ptr<const SnapshotEntry> entry, const MatchQuery& query,
               std::optional<double> road_km) {
  Candidate candidate;
  candidate.entry = std::move(entry);
  candidate.road_km = road_km;
  const ServiceAtLocation& record = candidate.entry->record;
  const auto lines = PlanLines(RoomOf(candidate.entry->ledger), query.card, query.need)
                         .value_or(std::vector<Line>{});
  candidate.capacity_stale = IsStale(*candidate.entry, lines, query.now);
  candidate.open_now = IsOpenAt(record.hours, query.now);

  if (road_km) AddPart(candidate, CostKind::kDistance, *road_km);
  if (!lines.empty()) AddScarcity(candidate, lines.front());
  if (candidate.capacity_stale) AddPart(candidate, CostKind::kStaleCapacity, kStaleCapacityKm);
  if (Urgent(query.card.priority) && !record.hours.empty() && !candidate.open_now) {
    AddPart(candidate, CostKind::kClosedNow, kClosedNowKm);
  }
  if (!SpeaksWithHer(record, query.card)) {
    AddPart(candidate, CostKind::kLanguageByInterpreter, kInterpreterKm);
  }
  if (record.assured_date.empty()) AddPart(candidate, CostKind::kNotVerified, kNotVerifiedKm);
  return candidate;
}

double OrFar(std::optional<double> km) {
  return km.value_or(std::numeric_limits<double>::infinity());
}

}  // namespace

double MaxRoadKm(Priority priority) {
  switch (priority) {
    case Priority::kP0:
      return 300;
    case Priority::kP1:
      return 400;
    case Priority::kP2:
      return 600;
    case Priority::kUnspecified:
    case Priority::kP3:
      break;
  }
  return 800;
}

std::optional<double> RoadKmTo(const ServiceAtLocation& record, const RoutingCard& card,
                               const Geography& geography) {
  const auto from = geography.Province(card.province_code);
  const auto to =
      record.coordinates ? record.coordinates : geography.Province(record.province_code);
  if (!from || !to) return std::nullopt;
  return RoadKm(*from, *to);
}

std::vector<ExclusionReason> ReasonsAgainst(const SnapshotEntry& entry, const MatchQuery& query,
                                            std::optional<double> road_km) {
  const ServiceAtLocation& record = entry.record;
  const RoutingCard& card = query.card;
  Reasons reasons;
  if (record.status == ServiceStatus::kPlanned) {
    reasons.push_back(ExclusionReason::kNotOpenYet);
  } else if (record.status != ServiceStatus::kActive) {
    reasons.push_back(ExclusionReason::kClosed);
  }
  if (!PlanLines(RoomOf(entry.ledger), card, query.need)) {
    reasons.push_back(ExclusionReason::kNoCapacity);
  }
  CheckPeople(record.eligibility, card, reasons);
  const auto lacks = [&](AccessibilityNeed need) { return !Contains(record.accessibility, need); };
  if (std::ranges::any_of(card.accessibility, lacks)) {
    reasons.push_back(ExclusionReason::kAccessibility);
  }
  if (!record.service_area_province_codes.empty() &&
      !Contains(record.service_area_province_codes, card.province_code)) {
    reasons.push_back(ExclusionReason::kServiceArea);
  }
  if (MediationBarred(card, query.need)) reasons.push_back(ExclusionReason::kMediationNotRequested);
  if (road_km && *road_km > MaxRoadKm(card.priority)) reasons.push_back(ExclusionReason::kTooFar);
  // Where it can wait, a unit that is off duty now comes with its next shift.
  if (record.mobile_unit && Urgent(card.priority) && !record.hours.empty() &&
      !IsOpenAt(record.hours, query.now)) {
    reasons.push_back(ExclusionReason::kOffDuty);
  }
  return reasons;
}

MatchResult Match(const Snapshot& snapshot, const Geography& geography, const MatchQuery& query) {
  MatchResult result;
  for (const auto& [id, entry] : snapshot.entries) {
    if (!Contains(entry->record.needs, query.need)) continue;
    const auto road_km = RoadKmTo(entry->record, query.card, geography);
    Reasons reasons = ReasonsAgainst(*entry, query, road_km);
    if (reasons.empty()) {
      result.candidates.push_back(Rank(entry, query, road_km));
      continue;
    }
    for (const ExclusionReason reason : reasons) ++result.exclusion_counts[reason];
    result.exclusions.push_back({entry, road_km, std::move(reasons)});
  }
  std::ranges::sort(result.candidates, {}, [](const Candidate& c) {
    return std::tuple(!c.road_km.has_value(), c.cost_km, c.entry->record.id);
  });
  std::ranges::sort(result.exclusions, {}, [](const Exclusion& e) {
    return std::pair(OrFar(e.road_km), e.entry->record.id);
  });
  result.candidate_count = result.candidates.size();
  if (result.candidates.size() > query.limit) result.candidates.resize(query.limit);
  if (result.exclusions.size() > kMaxExclusionsShown) result.exclusions.resize(kMaxExclusionsShown);
  return result;
}

}  // namespace amana::referral::domain
