#include "services/referral/rpc/geography_file.h"

#include <gtest/gtest.h>

#include "common/base/error.h"

namespace amana::referral {
namespace {

TEST(GeographyFileTest, ReadsProvinces) {
  const auto geography = ParseGeography(
      R"({"regions": [], "provinces": [{"code": "04.421", "lat": 34.0, "lon": -6.8, "x": 1}]})");
  ASSERT_TRUE(geography.ok());
  EXPECT_EQ(geography->size(), 1u);
  EXPECT_EQ(geography->Province("04.421")->longitude, -6.8);
  EXPECT_FALSE(geography->Province("99.999").has_value());
}

TEST(GeographyFileTest, RefusesWhatIsNotIt) {
  for (const char* text : {"", "[]", "{}", R"({"provinces": 1})", R"({"provinces": []})",
                           R"({"provinces": [1]})", R"({"provinces": [{"code": "a"}]})",
                           R"({"provinces": [{"code": "a", "lat": 200, "lon": 0}]})"}) {
    EXPECT_EQ(ReasonOf(ParseGeography(text).status()), Reason::kConfigurationInvalid) << text;
  }
}

}  // namespace
}  // namespace amana::referral
