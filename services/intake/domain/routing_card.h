#pragma once

// The routing card: all that servers may know about a case. Codes, bands and flags; never a name,
// a place finer than a commune, or a word of her story.

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "services/intake/domain/words.h"

namespace amana::intake::domain {

inline constexpr size_t kMaxNeeds = 20;
// A mother comes with her children; a reservation takes all of them or none.
inline constexpr size_t kMaxDependants = 16;
inline constexpr size_t kMaxLanguages = 8;
inline constexpr size_t kMaxFlags = 8;
inline constexpr size_t kMaxCommuneCode = 16;

struct Dependant {
  AgeBand age_band = AgeBand::kUnspecified;
  Gender gender = Gender::kUnspecified;

  friend bool operator==(const Dependant&, const Dependant&) = default;
};

struct RoutingCard {
  std::vector<NeedCode> needs;
  Priority priority = Priority::kUnspecified;
  std::string province_code;  // HCP, "RR.PPP"
  std::string commune_code;   // only if she agrees; else empty
  AgeBand age_band = AgeBand::kUnspecified;
  std::vector<Dependant> dependants;
  std::vector<std::string> languages;
  std::vector<AccessibilityNeed> accessibility;
  std::vector<Circumstance> circumstances;
  bool partner_violence = false;
  bool mediation_requested = false;

  friend bool operator==(const RoutingCard&, const RoutingCard&) = default;
};

// OK if a case may be opened or updated with this card; else kNeedCodeUnknown or kInvalidField with
// the field's path ("card.needs[2]").
absl::Status CheckCard(const RoutingCard& card);

}  // namespace amana::intake::domain
