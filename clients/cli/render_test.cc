#include "clients/cli/render.h"

#include <gtest/gtest.h>

#include "amana/identity/v1/identity.pb.h"
#include "amana/intake/v1/intake.pb.h"
#include "amana/referral/v1/directory.pb.h"
#include "clients/cli/commands.h"
#include "clients/cli/options.h"

namespace amana::cli {
namespace {

TEST(RenderTest, WordsIdsBytesAndTimes) {
  intake::v1::Case item;
  item.set_case_id(std::string(16, '\0'));
  item.mutable_card()->set_priority(common::v1::PRIORITY_P1);
  item.mutable_card()->set_age_band(common::v1::AGE_BAND_25_59);
  item.mutable_card()->add_needs(common::v1::NEED_CODE_EMERGENCY_SHELTER);
  item.mutable_open_time()->set_seconds(1);
  const Json json = ToJson(item);
  EXPECT_EQ(json["case_id"], std::string(26, 'a'));
  EXPECT_EQ(json["organisation_id"], "");
  EXPECT_EQ(json["card"]["priority"], "p1");
  EXPECT_EQ(json["card"]["age_band"], "25_59");
  EXPECT_EQ(json["card"]["needs"], Json::array({"emergency_shelter"}));
  EXPECT_EQ(json["card"]["dependants"], Json::array());
  EXPECT_EQ(json["open_time"], "1970-01-01T00:00:01.000Z");
  EXPECT_FALSE(json.contains("update_time"));

  identity::v1::Device device;
  device.set_signing_key("\x01\x02");
  EXPECT_EQ(ToJson(device)["signing_key"], "AQI=");
}

TEST(RenderTest, OptionalValuesAreLeftOut) {
  referral::v1::Candidate candidate;
  EXPECT_FALSE(ToJson(candidate).contains("road_km"));
  candidate.set_road_km(0);
  EXPECT_EQ(ToJson(candidate)["road_km"], 0.0);
  EXPECT_EQ(Word(referral::v1::ImportResult::OUTCOME_CREATED), "created");
}

TEST(OptionsTest, IdsAndWordsAreReadOnTheWay) {
  CLI::App app;
  std::string id;
  std::vector<std::string> ids;
  std::vector<common::v1::NeedCode> needs;
  AddId(app, "--case", id, "");
  AddIds(app, "--to", ids, "");
  AddWords(app, "--need", needs, "");
  app.parse(
      "--case aaaaaaaaaaaaaaaaaaaaaaaaaa --to aaaaaaaaaaaaaaaaaaaaaaaaaa --need listening "
      "--to 00000000-0000-0000-0000-000000000001 --need reception");
  EXPECT_EQ(id, std::string(16, '\0'));
  ASSERT_EQ(ids.size(), 2u);
  EXPECT_EQ(ids[1].back(), '\x01');
  EXPECT_EQ(needs, (std::vector{common::v1::NEED_CODE_LISTENING, common::v1::NEED_CODE_RECEPTION}));
  EXPECT_THROW(app.parse("--case short"), CLI::ValidationError);
  EXPECT_THROW(app.parse("--need unspecified"), CLI::ValidationError);
}

}  // namespace
}  // namespace amana::cli
