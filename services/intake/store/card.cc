#include "services/intake/store/card.h"

namespace amana::intake {
namespace {

template <class Word, class Repeated>
void Add(const std::vector<Word>& words, Repeated* out) {
  for (const Word word : words) out->Add(static_cast<int>(word));
}

template <class Word, class Repeated>
std::vector<Word> Words(const Repeated& numbers) {
  std::vector<Word> words;
  words.reserve(static_cast<size_t>(numbers.size()));
  for (const int number : numbers) words.push_back(static_cast<Word>(number));
  return words;
}

}  // namespace

void ToProto(const domain::RoutingCard& card, amana::common::v1::RoutingCard* out) {
  namespace v1 = amana::common::v1;
  Add(card.needs, out->mutable_needs());
  out->set_priority(static_cast<v1::Priority>(card.priority));
  out->set_province_code(card.province_code);
  out->set_commune_code(card.commune_code);
  out->set_age_band(static_cast<v1::AgeBand>(card.age_band));
  for (const domain::Dependant& one : card.dependants) {
    v1::Dependant* dependant = out->add_dependants();
    dependant->set_age_band(static_cast<v1::AgeBand>(one.age_band));
    dependant->set_gender(static_cast<v1::Gender>(one.gender));
  }
  for (const std::string& language : card.languages) out->add_languages(language);
  Add(card.accessibility, out->mutable_accessibility());
  Add(card.circumstances, out->mutable_circumstances());
  out->set_partner_violence(card.partner_violence);
  out->set_mediation_requested(card.mediation_requested);
}

domain::RoutingCard FromProto(const amana::common::v1::RoutingCard& card) {
  domain::RoutingCard out;
  out.needs = Words<domain::NeedCode>(card.needs());
  out.priority = static_cast<domain::Priority>(card.priority());
  out.province_code = card.province_code();
  out.commune_code = card.commune_code();
  out.age_band = static_cast<domain::AgeBand>(card.age_band());
  for (const auto& one : card.dependants()) {
    out.dependants.push_back({.age_band = static_cast<domain::AgeBand>(one.age_band()),
                              .gender = static_cast<domain::Gender>(one.gender())});
  }
  out.languages.assign(card.languages().begin(), card.languages().end());
  out.accessibility = Words<domain::AccessibilityNeed>(card.accessibility());
  out.circumstances = Words<domain::Circumstance>(card.circumstances());
  out.partner_violence = card.partner_violence();
  out.mediation_requested = card.mediation_requested();
  return out;
}

}  // namespace amana::intake
