#include "services/referral/domain/directory.h"

#include <gtest/gtest.h>

#include "common/base/error.h"

namespace amana::referral::domain {
namespace {

template <class I>
I IdOf(char c) {
  return *I::FromBytes(std::string(kIdSize, c));
}

ServiceAtLocation GoodRecord() {
  ServiceAtLocation record;
  record.id = IdOf<ServiceAtLocationId>('s');
  record.organisation_id = IdOf<OrganisationId>('o');
  record.organisation_name = "Association Tilila";
  record.service_name = "Écoute";
  record.status = ServiceStatus::kActive;
  record.needs = {NeedCode::kListening};
  record.visibility = Visibility::kNetwork;
  record.province_code = "04.421";
  record.pools.push_back({.pool_id = IdOf<PoolId>('p'),
                          .unit = CapacityUnit::kCaseload,
                          .needs = {},
                          .maximum = 10,
                          .occupied_elsewhere = 0});
  return record;
}

TEST(DirectoryTest, RefusesWhatIsIncomplete) {
  EXPECT_TRUE(Validate(GoodRecord()).ok());
  const auto refused = [](const std::function<void(ServiceAtLocation&)>& spoil) {
    ServiceAtLocation record = GoodRecord();
    spoil(record);
    return ReasonOf(Validate(record)) == Reason::kDirectoryRecordInvalid;
  };
  EXPECT_TRUE(refused([](auto& r) { r.id = {}; }));
  EXPECT_TRUE(refused([](auto& r) { r.organisation_id = {}; }));
  EXPECT_TRUE(refused([](auto& r) { r.service_name.clear(); }));
  EXPECT_TRUE(refused([](auto& r) { r.needs.clear(); }));
  EXPECT_TRUE(refused([](auto& r) { r.province_code.clear(); }));
  EXPECT_TRUE(refused([](auto& r) { r.status = ServiceStatus::kUnspecified; }));
  EXPECT_TRUE(refused([](auto& r) { r.visibility = Visibility::kUnspecified; }));
  EXPECT_TRUE(refused([](auto& r) { r.coordinates = Coordinates{100, 101}; }));
  EXPECT_TRUE(refused([](auto& r) { r.hours.push_back({{8}, 0, 60}); }));
  EXPECT_TRUE(refused([](auto& r) { r.pools.push_back(r.pools[0]); }));
  EXPECT_TRUE(refused([](auto& r) { r.pools[0].occupied_elsewhere = 11; }));
  EXPECT_TRUE(refused([](auto& r) {
    r.eligibility.minimum_age = 30;
    r.eligibility.maximum_age = 20;
  }));
}

TEST(DirectoryTest, RefusesPoliticalBodies) {
  const auto reason = [](const char* name) {
    ServiceAtLocation record = GoodRecord();
    record.organisation_name = name;
    return ReasonOf(Validate(record));
  };
  EXPECT_EQ(reason("Section locale du Parti Politique X"), Reason::kDirectoryRecordPolitical);
  EXPECT_EQ(reason("The Political Party of Y"), Reason::kDirectoryRecordPolitical);
  EXPECT_EQ(reason("حزب خيالي"), Reason::kDirectoryRecordPolitical);
  EXPECT_EQ(reason("مكتب الحزب"), Reason::kDirectoryRecordPolitical);
  EXPECT_EQ(reason("Espace d'écoute du Syndicat des enseignantes"), Reason::kUnspecified);
  EXPECT_EQ(reason("جمعية الأحزاب"), Reason::kUnspecified);  // a word that only contains it
}

TEST(DirectoryTest, ASealedPlaceLosesItsCoordinates) {
  const Geography geography({{"04.421", {34.0, -6.8}}});
  ServiceAtLocation record = GoodRecord();
  record.coordinates = Coordinates{34.0123, -6.8456};
  EXPECT_EQ(Normalised(record, geography).coordinates, record.coordinates);
  record.visibility = Visibility::kSealed;
  EXPECT_EQ(Normalised(record, geography).coordinates, (Coordinates{34.0, -6.8}));
  EXPECT_FALSE(Normalised(record, Geography()).coordinates.has_value());
}

TEST(DirectoryTest, ArabicIsOneLanguage) {
  ServiceAtLocation record = GoodRecord();
  record.languages = {"ary", "fr"};
  EXPECT_EQ(Normalised(record, Geography()).languages, (std::vector<std::string>{"ar", "fr"}));
}

TEST(DirectoryTest, AnImportKeepsAStatusSetHere) {
  ServiceAtLocation planned = GoodRecord();
  planned.status = ServiceStatus::kPlanned;
  DirectoryRecord stored = NewRecord(planned);
  stored.current.status = ServiceStatus::kActive;  // opened here
  ServiceAtLocation again = planned;
  again.phone = "+212500000000";
  EXPECT_EQ(Merge(stored, again).current.status, ServiceStatus::kActive);
  EXPECT_EQ(Merge(stored, again).current.phone, again.phone);
  again.status = ServiceStatus::kDefunct;
  EXPECT_EQ(Merge(stored, again).current.status, ServiceStatus::kDefunct);
}

TEST(DirectoryTest, OpeningHours) {
  const auto at = [](int day, int hour, int minute) {  // of June 2026; the 1st is a Monday
    return absl::FromCivil(absl::CivilMinute(2026, 6, day, hour, minute), Morocco());
  };
  const std::vector<OpeningHours> office = {{{1, 2, 3, 4, 5}, 9 * 60, 17 * 60}};
  EXPECT_FALSE(IsOpenAt(office, at(1, 8, 59)));
  EXPECT_TRUE(IsOpenAt(office, at(1, 9, 0)));
  EXPECT_FALSE(IsOpenAt(office, at(1, 17, 0)));
  EXPECT_FALSE(IsOpenAt(office, at(6, 12, 0)));  // Saturday

  const std::vector<OpeningHours> night = {{{5}, 22 * 60, 6 * 60}};
  EXPECT_TRUE(IsOpenAt(night, at(5, 23, 0)));
  EXPECT_TRUE(IsOpenAt(night, at(6, 5, 59)));
  EXPECT_FALSE(IsOpenAt(night, at(5, 5, 0)));

  const std::vector<OpeningHours> always = {{{1, 2, 3, 4, 5, 6, 7}, 0, 0}};
  EXPECT_TRUE(IsOpenAt(always, at(7, 3, 33)));
  EXPECT_FALSE(IsOpenAt({}, at(1, 12, 0)));
}

TEST(GeographyTest, RoadDistance) {
  // Rabat to Casablanca: 87 km as the crow flies.
  EXPECT_NEAR(RoadKm({34.02, -6.84}, {33.57, -7.59}), 87 * kRoadFactor, 3);
  EXPECT_EQ(RoadKm({34, -6}, {34, -6}), 0);
}

}  // namespace
}  // namespace amana::referral::domain
