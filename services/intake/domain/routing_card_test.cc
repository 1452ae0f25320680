#include "services/intake/domain/routing_card.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "common/base/error.h"
#include "services/intake/domain/test_values.h"

namespace amana::intake::domain {
namespace {

TEST(RoutingCard, AWholeCardIsFine) { EXPECT_TRUE(CheckCard(Card()).ok()); }

TEST(RoutingCard, EachFaultNamesItsField) {
  struct Row {
    std::function<void(RoutingCard&)> spoil;
    std::string field;
    Reason reason = Reason::kInvalidField;
  };
  const std::vector<Row> rows = {
      {[](auto& c) { c.needs.clear(); }, "card.needs"},
      {[](auto& c) { c.needs.push_back(Numbered<NeedCode>(21)); }, "card.needs[2]",
       Reason::kNeedCodeUnknown},
      {[](auto& c) { c.needs[0] = Numbered<NeedCode>(0); }, "card.needs[0]",
       Reason::kNeedCodeUnknown},
      {[](auto& c) { c.needs[1] = c.needs[0]; }, "card.needs[1]"},
      {[](auto& c) { c.needs.resize(21, Numbered<NeedCode>(1)); }, "card.needs"},
      {[](auto& c) { c.priority = Priority::kUnspecified; }, "card.priority"},
      {[](auto& c) { c.priority = Numbered<Priority>(5); }, "card.priority"},
      {[](auto& c) { c.province_code = ""; }, "card.province_code"},
      {[](auto& c) { c.province_code = "03231"; }, "card.province_code"},
      {[](auto& c) { c.province_code = "3.2311"; }, "card.province_code"},
      {[](auto& c) { c.province_code = "03.2.1"; }, "card.province_code"},
      {[](auto& c) { c.province_code = "03.23a"; }, "card.province_code"},
      {[](auto& c) { c.commune_code = "her street"; }, "card.commune_code"},
      {[](auto& c) { c.commune_code = std::string(17, '1'); }, "card.commune_code"},
      {[](auto& c) { c.age_band = AgeBand::kUnspecified; }, "card.age_band"},
      {[](auto& c) { c.age_band = Numbered<AgeBand>(9); }, "card.age_band"},
      {[](auto& c) { c.dependants.resize(17, c.dependants[0]); }, "card.dependants"},
      {[](auto& c) { c.dependants[0].age_band = {}; }, "card.dependants[0].age_band"},
      {[](auto& c) { c.dependants[0].gender = Numbered<Gender>(3); }, "card.dependants[0].gender"},
      {[](auto& c) { c.languages.resize(9, "ar"); }, "card.languages"},
      {[](auto& c) { c.languages[1] = "arabic"; }, "card.languages[1]"},
      {[](auto& c) { c.languages[1] = "ar"; }, "card.languages[1]"},
      {[](auto& c) { c.accessibility.push_back(Numbered<AccessibilityNeed>(5)); },
       "card.accessibility[1]"},
      {[](auto& c) { c.circumstances.push_back(Numbered<Circumstance>(4)); },
       "card.circumstances[1]"},
  };
  for (const Row& row : rows) {
    RoutingCard card = Card();
    row.spoil(card);
    const absl::Status status = CheckCard(card);
    EXPECT_EQ(ReasonOf(status), row.reason) << row.field;
    EXPECT_EQ(DetailOf(status).field, row.field);
  }
}

TEST(RoutingCard, SixteenDependantsAndACommune) {
  RoutingCard card = Card();
  card.dependants.resize(16, card.dependants[0]);
  card.commune_code = "COM_0123";
  EXPECT_TRUE(CheckCard(card).ok());
}

TEST(Languages, ShortTagsOnly) {
  for (const char* good : {"ar", "fr", "zgh", "rif", "fr-MA", "ar-Arab"}) {
    EXPECT_TRUE(IsLanguage(good)) << good;
  }
  for (const char* bad :
       {"", "a", "AR", "arab", "ar-", "ar-M", "ar-Arabic", "fr_MA", "-ar", "a1"}) {
    EXPECT_FALSE(IsLanguage(bad)) << bad;
  }
}

}  // namespace
}  // namespace amana::intake::domain
