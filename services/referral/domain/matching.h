#pragma once

// Matching: who can really take her, ranked by a cost in kilometres that a person can argue with,
// and why the others are left out. Pure: the same card, snapshot and minute give the same answer.
// Thread-safe on an immutable snapshot.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "absl/time/time.h"
#include "common/base/ids.h"
#include "services/referral/domain/card.h"
#include "services/referral/domain/directory.h"
#include "services/referral/domain/geography.h"
#include "services/referral/domain/ledger.h"

namespace amana::referral::domain {

// A record with its ledger as they were when the snapshot was made.
struct SnapshotEntry {
  ServiceAtLocation record;
  Ledger ledger;
  uint64_t record_version = 0;
  uint64_t ledger_version = 0;
};

struct Snapshot {
  absl::Time time = absl::UnixEpoch();
  // Ordered by id, so that an answer does not depend on the order of loading.
  std::map<ServiceAtLocationId, std::shared_ptr<const SnapshotEntry>> entries;
};

struct CostPart {
  CostKind kind = CostKind::kUnspecified;
  double km = 0;
};

struct Candidate {
  std::shared_ptr<const SnapshotEntry> entry;
  std::optional<double> road_km;  // nothing: a place is unknown, ranked behind all others
  double cost_km = 0;             // the sum of parts
  std::vector<CostPart> parts;
  uint32_t free = 0;      // in the pool of `unit`
  uint32_t quantity = 0;  // places this party takes of it
  CapacityUnit unit = CapacityUnit::kUnspecified;
  bool capacity_stale = false;
  bool open_now = false;
};

struct Exclusion {
  std::shared_ptr<const SnapshotEntry> entry;
  std::optional<double> road_km;
  std::vector<ExclusionReason> reasons;
};

struct MatchResult {
  std::vector<Candidate> candidates;  // best first, at most the query's limit
  size_t candidate_count = 0;         // all of them
  std::vector<Exclusion> exclusions;  // nearest first
  std::map<ExclusionReason, uint32_t> exclusion_counts;
};

struct MatchQuery {
  const RoutingCard& card;
  NeedCode need;
  size_t limit = 10;
  absl::Time now;
};

// The costs, in kilometres (routing research: 300 km is what a point of urgency is worth).
inline constexpr double kScarcityKm = 300 * 0.3;  // × utilisation²
inline constexpr double kStaleCapacityKm = 30;
inline constexpr double kClosedNowKm = 20;
inline constexpr double kInterpreterKm = 25;
inline constexpr double kNotVerifiedKm = 5;
inline constexpr absl::Duration kCapacityFresh = absl::Hours(24);
inline constexpr size_t kMaxExclusionsShown = 500;

// How far is too far, by road. Generous: tonight's bed three hours away is better than none, and
// only the operator and she know better.
double MaxRoadKm(Priority priority);

// Why `entry` can't take her; empty if it can. Records that don't offer the need are not asked.
std::vector<ExclusionReason> ReasonsAgainst(const SnapshotEntry& entry, const MatchQuery& query,
                                            std::optional<double> road_km);

// Kilometres from the middle of her province.
std::optional<double> RoadKmTo(const ServiceAtLocation& record, const RoutingCard& card,
                               const Geography& geography);

MatchResult Match(const Snapshot& snapshot, const Geography& geography, const MatchQuery& query);

}  // namespace amana::referral::domain
