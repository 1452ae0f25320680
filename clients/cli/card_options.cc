#include "clients/cli/card_options.h"

#include "clients/cli/options.h"

namespace amana::cli {
namespace {

// "6_11:female"
common::v1::Dependant ParseDependant(const std::string& text) {
  const size_t colon = text.find(':');
  if (colon == std::string::npos) {
    throw CLI::ValidationError("--child", "is an age band and a gender, such as 6_11:female");
  }
  common::v1::Dependant dependant;
  dependant.set_age_band(static_cast<common::v1::AgeBand>(
      NumberOf(*common::v1::AgeBand_descriptor(), "--child", text.substr(0, colon))));
  dependant.set_gender(static_cast<common::v1::Gender>(
      NumberOf(*common::v1::Gender_descriptor(), "--child", text.substr(colon + 1))));
  return dependant;
}

}  // namespace

void DeclareCard(CLI::App& app, CardOptions& options) {
  AddWords(app, "--need", options.needs, "What she needs; once for each need")->required();
  AddWord(app, "--priority", options.priority, "How soon")->required();
  app.add_option("--province", options.province, "HCP province code, such as 04.421")->required();
  app.add_option("--commune", options.commune, "HCP commune code, only if she agrees");
  AddWord(app, "--age", options.age, "Her age band")->required();
  app.add_option_function<std::vector<std::string>>(
         "--child",
         [&options](const std::vector<std::string>& texts) {
           for (const std::string& text : texts) options.dependants.push_back(ParseDependant(text));
         },
         "A child who comes with her, age band and gender: 6_11:female; once for each")
      ->allow_extra_args(false);
  AddTexts(app, "--language", options.languages, "A language she speaks: ar, fr, zgh …");
  AddWords(app, "--accessibility", options.accessibility, "What the place must have");
  AddWords(app, "--circumstance", options.circumstances, "What some centres can't take");
  app.add_flag("--partner-violence", options.partner_violence, "Partner violence is recorded");
  app.add_flag("--mediation-requested", options.mediation_requested,
               "She asked for family mediation herself");
}

common::v1::RoutingCard ToCard(const CardOptions& options) {
  common::v1::RoutingCard card;
  for (const auto need : options.needs) card.add_needs(need);
  card.set_priority(options.priority);
  card.set_province_code(options.province);
  card.set_commune_code(options.commune);
  card.set_age_band(options.age);
  for (const auto& dependant : options.dependants) *card.add_dependants() = dependant;
  for (const auto& language : options.languages) card.add_languages(language);
  for (const auto need : options.accessibility) card.add_accessibility(need);
  for (const auto circumstance : options.circumstances) card.add_circumstances(circumstance);
  card.set_partner_violence(options.partner_violence);
  card.set_mediation_requested(options.mediation_requested);
  return card;
}

}  // namespace amana::cli
