#include "common/client/hsds.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "absl/strings/str_replace.h"
#include "common/base/ids.h"
#include "common/client/hsds_json.h"
#include "common/client/test_folder.h"
#include "common/client/uuid.h"

namespace amana::client {
namespace {

namespace cv = amana::common::v1;
namespace rv = amana::referral::v1;

const absl::Time kNow = absl::FromUnixSeconds(1'795'000'000);  // November 2026

std::string Slurp(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string Shared(const std::string& name) {
  const char* folder = std::getenv("AMANA_SHARED");
  return (folder != nullptr ? std::string(folder) : AMANA_SOURCE_DIR "/../shared") + "/data/hsds/" +
         name;
}

// One shelter of a foreign file: with an address, contacts and exact coordinates.
constexpr char kShelter[] = R"({
  "id": "11111111-1111-4111-8111-111111111111", "name": "Centre", "legal_status": "centre",
  "services": [{
    "id": "22222222-2222-4222-8222-222222222222", "name": "Night", "status": "active",
    "languages": [{"code": "ary"}, {"code": "ar"}, {"code": "fr"}],
    "capacities": [{"id": "33333333-3333-4333-8333-333333333333", "unit": {"name": "bed"},
                    "available": 2, "maximum": 6, "updated": "2026-11-13T04:03:00Z"}],
    "attributes": [
      {"link_entity": "service", "taxonomy_term": {"taxonomy": "amana-need", "code": "emergency_shelter"}},
      {"link_entity": "service", "taxonomy_term": {"taxonomy": "amana-eligibility", "code": "gender:female"}},
      {"link_entity": "service", "taxonomy_term": {"taxonomy": "amana-eligibility", "code": "child_age_max_boys:12"}},
      {"link_entity": "service_capacity", "link_id": "33333333-3333-4333-8333-333333333333",
       "taxonomy_term": {"taxonomy": "amana-stay", "code": "stay:emergency"}}],
    "service_at_locations": [{
      "id": "44444444-4444-4444-8444-444444444444",
      "schedules": [{"freq": "WEEKLY", "byday": "MO,SU", "opens_at": "9:00am", "closes_at": "17:30+01:00"}],
      "location": {"id": "55555555-5555-4555-8555-555555555555", "location_type": "physical",
        "latitude": 34.01325, "longitude": -6.83255, "url": "http://CANARY",
        "transportation": "CANARY", "addresses": [{"address_1": "CANARY"}],
        "contacts": [{"name": "CANARY"}], "phones": [{"number": "CANARY"}],
        "external_identifier": "04.421", "external_identifier_type": "HCP-province"}}]}]})";

HsdsDirectory Read(const std::string& text) {
  const auto directory = ReadHsds(text, kNow);
  EXPECT_TRUE(directory.ok());
  return directory.ok() ? *directory : HsdsDirectory();
}

HsdsDirectory ReadShelter(const std::vector<std::pair<std::string, std::string>>& changes = {}) {
  return Read(absl::StrReplaceAll(kShelter, changes));
}

TEST(HsdsTest, ReadsAShelter) {
  const HsdsDirectory directory = ReadShelter();
  ASSERT_EQ(directory.organisations.size(), 1u);
  EXPECT_EQ(directory.organisations[0].kind(), identity::v1::ORGANISATION_KIND_CENTRE);
  EXPECT_EQ(directory.organisations[0].province_code(), "04.421");
  ASSERT_EQ(directory.records.size(), 1u);
  const rv::ServiceAtLocation& record = directory.records[0];
  EXPECT_EQ(FormatUuid(record.service_at_location_id()), "44444444-4444-4444-8444-444444444444");
  EXPECT_EQ(record.status(), rv::SERVICE_STATUS_ACTIVE);
  ASSERT_EQ(record.languages_size(), 2);
  EXPECT_EQ(record.languages(0), "ar");
  ASSERT_EQ(record.hours_size(), 1);
  EXPECT_EQ(record.hours(0).opens_minute(), 540u);
  EXPECT_EQ(record.hours(0).closes_minute(), 1050u);
  EXPECT_EQ(record.hours(0).weekdays(1), 7u);
  ASSERT_EQ(record.pools_size(), 1);
  EXPECT_EQ(record.pools(0).maximum(), 6u);
  EXPECT_EQ(record.pools(0).occupied_elsewhere(), 4u);
  ASSERT_EQ(record.pools(0).needs_size(), 1);
  EXPECT_EQ(record.pools(0).needs(0), cv::NEED_CODE_EMERGENCY_SHELTER);
  EXPECT_EQ(record.eligibility().maximum_age_of_boys(), 12u);
  EXPECT_FALSE(record.eligibility().has_maximum_age_of_girls());
  ASSERT_EQ(record.service_area_province_codes_size(), 1);
}

TEST(HsdsTest, TakesNothingOfASealedPlaceThatLeadsThere) {
  const rv::ServiceAtLocation record = ReadShelter().records.at(0);
  EXPECT_EQ(record.visibility(), rv::LOCATION_VISIBILITY_SEALED);
  EXPECT_FALSE(record.has_latitude());
  EXPECT_EQ(record.SerializeAsString().find("CANARY"), std::string::npos);
  EXPECT_TRUE(ReadShelter({{"34.01325", "34.1"}, {"-6.83255", "-6.8"}}).records[0].has_latitude());
}

TEST(HsdsTest, ReadsTolerantly) {
  EXPECT_EQ(Read("\xEF\xBB\xBF[" + std::string(kShelter) + "]").records.size(), 1u);
  EXPECT_EQ(Read("{\"contents\": [" + std::string(kShelter) + "]}").records.size(), 1u);
  const auto more = ReadShelter({{"\"available\": 2", "\"available\": 9"}});
  EXPECT_EQ(more.records.at(0).pools(0).occupied_elsewhere(), 0u);
  EXPECT_FALSE(more.warnings.empty());
  const auto no_maximum = ReadShelter({{", \"maximum\": 6", ""}});
  EXPECT_EQ(no_maximum.records.at(0).pools(0).maximum(), 2u);
  EXPECT_FALSE(ReadShelter({{"34.01325", "100"}}).records.at(0).has_latitude());
}

TEST(HsdsTest, RefusesWhatWouldBeAWrongRecord) {
  const auto refused = [](const std::string& from, const std::string& to) {
    const HsdsDirectory directory = ReadShelter({{from, to}});
    EXPECT_TRUE(directory.records.empty()) << to;
    return directory.refused.empty() ? Reason::kUnspecified : directory.refused[0].reason;
  };
  EXPECT_EQ(refused("\"active\"", "\"open\""), Reason::kDirectoryRecordInvalid);
  EXPECT_EQ(refused("\"status\": \"active\",", ""), Reason::kDirectoryRecordInvalid);
  EXPECT_EQ(refused("\"name\": \"Night\",", ""), Reason::kDirectoryRecordInvalid);
  EXPECT_EQ(refused("\"maximum\": 6", "\"maximum\": -1"), Reason::kDirectoryRecordInvalid);
  EXPECT_EQ(refused("\"maximum\": 6", "\"maximum\": 2.5"), Reason::kDirectoryRecordInvalid);
  EXPECT_EQ(refused("Night", "N\xFFght"), Reason::kDirectoryRecordInvalid);
  EXPECT_EQ(refused("44444444-4444-4444-8444-444444444444", "22222222-2222-4222-8222-222222222222"),
            Reason::kDirectoryRecordInvalid);
  EXPECT_EQ(refused("\"legal_status\": \"centre\"", "\"legal_status\": \"political_party\""),
            Reason::kDirectoryRecordPolitical);
  EXPECT_EQ(refused("\"Centre\"", "\"Parti Politique X\""), Reason::kDirectoryRecordPolitical);
  EXPECT_EQ(refused("\"Centre\"", "\"حزب\""), Reason::kDirectoryRecordPolitical);
}

TEST(HsdsTest, OneBadRecordDoesNotCostTheOthers) {
  const std::string bad = absl::StrReplaceAll(kShelter, {{"Centre", "C\xFF"}});
  const std::string good = absl::StrReplaceAll(
      kShelter,
      {{"1111", "a111"}, {"2222", "a222"}, {"3333", "a333"}, {"4444", "a444"}, {"5555", "a555"}});
  const HsdsDirectory directory = Read("[" + bad + "," + good + "]");
  EXPECT_EQ(directory.records.size(), 1u);
  EXPECT_EQ(directory.refused.size(), 1u);
}

TEST(HsdsTest, ARuleThatIsNotUnderstoodLetsNobodyThrough) {
  for (const char* rule : {"gender:other", "moon:full", "age_min:x", "gender"}) {
    const HsdsDirectory directory = ReadShelter({{"gender:female", rule}});
    EXPECT_EQ(directory.records.at(0).status(), rv::SERVICE_STATUS_INACTIVE) << rule;
    EXPECT_FALSE(directory.warnings.empty());
  }
}

TEST(HsdsTest, TheStricterVisibilityHolds) {
  const auto with = [](const std::string& code) {
    return R"({"link_entity": "location", "link_id": "55555555-5555-4555-8555-555555555555",
               "taxonomy_term": {"taxonomy": "amana-visibility", "code": ")" +
           code + "\"}},";
  };
  const auto visibility = [&](const std::string& attributes) {
    return ReadShelter({{"\"attributes\": [", "\"attributes\": [" + attributes}})
        .records.at(0)
        .visibility();
  };
  EXPECT_EQ(visibility(with("public")), rv::LOCATION_VISIBILITY_PUBLIC);
  EXPECT_EQ(visibility(with("sealed") + with("public")), rv::LOCATION_VISIBILITY_SEALED);
  EXPECT_EQ(visibility(with("no such word")), rv::LOCATION_VISIBILITY_SEALED);
}

TEST(HsdsTest, RefusesWhatIsNoDirectory) {
  for (const char* text : {"", "{", "7", "\"text\""}) {
    EXPECT_EQ(ReasonOf(ReadHsds(text, kNow).status()), Reason::kInputMalformed) << text;
  }
  EXPECT_EQ(Read("[7, null, {}]").refused.size(), 3u);
}

TEST(HsdsTest, TimesOfDay) {
  using hsds::MinuteOfDay;
  for (const char* nine : {"9:00am", "9:00", "09:00", "09:00:00", "09:00Z", "09:00+01:00"}) {
    EXPECT_EQ(MinuteOfDay(nine), 540u) << nine;
  }
  EXPECT_EQ(MinuteOfDay("12:30 AM"), 30u);
  EXPECT_EQ(MinuteOfDay("24:00"), 1440u);
  for (const char* none : {"", "9", "25:00", "09:60", "13:00pm", "aa:bb", "09:0x"}) {
    EXPECT_EQ(MinuteOfDay(none), std::nullopt) << none;
  }
}

// The published examples have no province of ours and no need: read without harm, nothing matched.
TEST(HsdsTest, ReadsThePublishedExamples) {
  const char* files[] = {
      "spec_3.0_examples/organization_full.json", "spec_3.1_examples/organization_full.json",
      "spec_3.1_examples/organization_list.json",
      "mock_api_3.0/data/organizations/d9d5e0f5-d3ce-4f73-9a2f-4dd0ecc6c610.json"};
  for (const char* name : files) {
    if (!std::filesystem::exists(Shared(name)))
      GTEST_SKIP() << "no shared data beside the checkout";
    const HsdsDirectory directory = Read(Slurp(Shared(name)));
    EXPECT_EQ(directory.organisations.size(), 1u) << name;
    EXPECT_TRUE(directory.records.empty()) << name;
  }
  EXPECT_TRUE(Read(Slurp(Shared("spec_3.1_examples/service_full.json"))).organisations.empty());
}

class GeneratedDirectoryTest : public testing::Test {
 protected:
  void SetUp() override {
    const std::string command = AMANA_SOURCE_DIR "/scripts/make-directory --out " +
                                (folder_ / "directory") + " >/dev/null 2>&1";
    if (std::system(command.c_str()) != 0) GTEST_SKIP() << "scripts/make-directory does not run";
    directory_ = Read(Slurp(folder_ / "directory/organizations.json"));
  }

  TestFolder folder_;
  HsdsDirectory directory_;
};

TEST_F(GeneratedDirectoryTest, IsTakenWhole) {
  EXPECT_EQ(directory_.organisations.size(), 127u);
  EXPECT_EQ(directory_.records.size(), 643u);
  EXPECT_TRUE(directory_.refused.empty());
  EXPECT_TRUE(directory_.warnings.empty());
  std::map<int, int> statuses;
  uint32_t beds = 0;  // of shelters, as the generator counts them
  for (const auto& record : directory_.records) {
    ++statuses[record.status()];
    const bool sealed = record.visibility() == rv::LOCATION_VISIBILITY_SEALED;
    for (const auto& pool : record.pools()) {
      EXPECT_LE(pool.occupied_elsewhere(), pool.maximum());
      if (sealed && pool.unit() == rv::CAPACITY_UNIT_BED) beds += pool.maximum();
    }
    for (const int need : record.needs()) {
      EXPECT_EQ(sealed,
                need == cv::NEED_CODE_EMERGENCY_SHELTER || need == cv::NEED_CODE_TEMPORARY_SHELTER);
    }
  }
  EXPECT_EQ(statuses[rv::SERVICE_STATUS_PLANNED], 26);
  EXPECT_EQ(statuses[rv::SERVICE_STATUS_ACTIVE], 607);
  EXPECT_EQ(beds, 467u);
}

TEST_F(GeneratedDirectoryTest, ParentsComeFirst) {
  std::set<std::string> seen;
  for (const auto& organisation : directory_.organisations) {
    const std::string& parent = organisation.parent_organisation_id();
    EXPECT_TRUE(parent.empty() || seen.contains(parent));
    seen.insert(organisation.organisation_id());
  }
}

TEST(UuidTest, TwoSpellingsOfOneId) {
  const std::string bytes = *ParseUuid("D9D5E0F5-d3ce-4f73-9a2f-4dd0ecc6c610");
  EXPECT_EQ(FormatUuid(bytes), "d9d5e0f5-d3ce-4f73-9a2f-4dd0ecc6c610");
  EXPECT_EQ(*ParseId(FormatUuid(bytes)), bytes);
  EXPECT_EQ(*ParseId(OrganisationId::FromBytes(bytes)->ToString()), bytes);
  for (const char* text :
       {"", "d9d5e0f5", "d9d5e0f5-d3ce-4f73-9a2f-4dd0ecc6c61",
        "d9d5e0f5xd3ce-4f73-9a2f-4dd0ecc6c610", "g9d5e0f5-d3ce-4f73-9a2f-4dd0ecc6c610"}) {
    EXPECT_FALSE(ParseId(text).ok()) << text;
  }
}

}  // namespace
}  // namespace amana::client
