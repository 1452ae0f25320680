#pragma once

// The routing card: all that a server may know about a case, and what a referral is decided by.

#include <cstdint>
#include <string>
#include <vector>

#include "services/referral/domain/codes.h"

namespace amana::referral::domain {

struct Dependant {
  AgeBand age_band = AgeBand::kUnknown;
  Gender gender = Gender::kUnspecified;

  friend bool operator==(const Dependant&, const Dependant&) = default;
};

struct RoutingCard {
  std::vector<NeedCode> needs;
  Priority priority = Priority::kP3;
  std::string province_code;
  std::string commune_code;
  AgeBand age_band = AgeBand::kUnknown;
  std::vector<Dependant> dependants;
  std::vector<std::string> languages;
  std::vector<AccessibilityNeed> accessibility;
  std::vector<Circumstance> circumstances;
  bool partner_violence = false;
  bool mediation_requested = false;

  friend bool operator==(const RoutingCard&, const RoutingCard&) = default;
};

// Whole years, inclusive. A band that is not known covers every age: it excludes nobody.
struct AgeRange {
  uint32_t youngest = 0;
  uint32_t oldest = 130;
};
AgeRange RangeOf(AgeBand band);

// Certainly under 18. Not known is not certain.
bool IsChild(const Dependant& dependant);

// Family mediation is never suggested by itself where partner violence is recorded; she must ask.
bool MediationBarred(const RoutingCard& card, NeedCode need);

// What the receiving side needs to decide on one need: her other needs and her commune are not
// part of it.
RoutingCard CardForOffer(const RoutingCard& card, NeedCode need);

}  // namespace amana::referral::domain
