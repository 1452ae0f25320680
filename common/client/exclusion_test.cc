#include "common/client/exclusion.h"

#include <gtest/gtest.h>

namespace amana::client {
namespace {

referral::v1::MatchResponse Ranked() {
  referral::v1::MatchResponse response;
  for (const auto& [province, organisation] :
       {std::pair("04.421", "a"), {"04.441", "b"}, {"04.421", "c"}, {"06.141", "b"}}) {
    auto& candidate = *response.add_candidates();
    candidate.set_province_code(province);
    candidate.set_organisation_id(organisation);
  }
  response.set_candidate_count(4);
  return response;
}

std::string Organisations(const referral::v1::MatchResponse& response) {
  std::string all;
  for (const auto& candidate : response.candidates()) all += candidate.organisation_id();
  return all;
}

TEST(ExclusionTest, TakesOutProvincesAndOrganisationsAndKeepsTheOrder) {
  auto response = Ranked();
  ApplyExclusions({}, 10, response);
  EXPECT_EQ(Organisations(response), "abcb");
  ApplyExclusions({.province_codes = {"04.441"}, .organisation_ids = {}}, 10, response);
  EXPECT_EQ(Organisations(response), "acb");
  EXPECT_EQ(response.candidate_count(), 3u);
  ApplyExclusions({.province_codes = {}, .organisation_ids = {"a", "b"}}, 10, response);
  EXPECT_EQ(Organisations(response), "c");
}

TEST(ExclusionTest, IsAppliedBeforeTheListIsCut) {
  auto response = Ranked();
  ApplyExclusions({.province_codes = {"04.421"}, .organisation_ids = {}}, 1, response);
  EXPECT_EQ(Organisations(response), "b");
  EXPECT_EQ(response.candidates(0).province_code(), "04.441");
  EXPECT_EQ(response.candidate_count(), 2u);
}

TEST(ExclusionTest, LeavesNoWordOfItInTheAnswer) {
  auto response = Ranked();
  ApplyExclusions({.province_codes = {"04.421", "04.441", "06.141"}, .organisation_ids = {}}, 10,
                  response);
  EXPECT_EQ(response.ByteSizeLong(), 0u);
}

}  // namespace
}  // namespace amana::client
