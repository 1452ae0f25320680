#pragma once

// Values that tests of intake start from.

#include <bit>
#include <cstdint>
#include <string>

#include "absl/time/time.h"
#include "common/base/call_context.h"
#include "common/base/ids.h"
#include "services/intake/domain/consent.h"
#include "services/intake/domain/routing_card.h"

namespace amana::intake::domain {

// A word by its number on the wire, also where there is no such word.
template <class Word>
constexpr Word Numbered(int32_t number) {
  return std::bit_cast<Word>(number);
}

// An id made of one letter.
template <class I>
I IdOf(char c) {
  return *I::FromBytes(std::string(kIdSize, c));
}

inline const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);

inline Caller Person(char device, Role role, char organisation = 'o') {
  Caller caller;
  caller.role = role;
  caller.device = IdOf<DeviceId>(device);
  caller.organisation = IdOf<OrganisationId>(organisation);
  return caller;
}

// A mother with a child, tonight, in Fès.
inline RoutingCard Card() {
  RoutingCard card;
  card.needs = {Numbered<NeedCode>(11), Numbered<NeedCode>(13)};
  card.priority = Priority::kP1;
  card.province_code = "03.231";
  card.age_band = AgeBand::k25To59;
  card.dependants = {{.age_band = AgeBand::k0To5, .gender = Gender::kUnspecified}};
  card.languages = {"ar", "zgh", "fr-MA"};
  card.accessibility = {Numbered<AccessibilityNeed>(1)};
  card.circumstances = {Numbered<Circumstance>(4)};
  card.partner_violence = true;
  return card;
}

inline ConsentTerms Terms(ConsentPurpose purpose = ConsentPurpose::kRefer, char recipient = 'r') {
  ConsentTerms terms;
  terms.purpose = purpose;
  terms.recipient = IdOf<OrganisationId>(recipient);
  terms.field_groups = {FieldGroup::kNeeds, FieldGroup::kStory};
  terms.manner = ConsentManner::kOralByPhone;
  terms.giver = ConsentGiver::kSurvivor;
  terms.language = "ar";
  terms.expire_time = kNow + absl::Hours(24 * 30);
  return terms;
}

}  // namespace amana::intake::domain
