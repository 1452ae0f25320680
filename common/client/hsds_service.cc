#include "common/client/hsds_service.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/client/hsds_areas.h"
#include "common/client/hsds_eligibility.h"
#include "common/client/uuid.h"

namespace amana::client::hsds {
namespace {

namespace cv = amana::common::v1;
namespace rv = amana::referral::v1;

constexpr size_t kMaxName = 200;
constexpr size_t kMaxPhone = 32;
constexpr size_t kMaxLanguage = 8;
constexpr int kMaxLanguages = 16;
constexpr int kMaxHours = 32;
constexpr int kMaxPools = 32;
constexpr double kMaxPlaces = 10'000;
constexpr std::string_view kAreaPrefix = "urn:amana:area:";

bool IsProvince(std::string_view code) {
  return std::ranges::find(kProvinces, code) != kProvinces.end();
}

// -- status
// ----------------------------------------------------------------------------------------

rv::ServiceStatus StatusOf(const Json& service) {
  const std::string status = Text(service, "status");
  if (status == "active") return rv::SERVICE_STATUS_ACTIVE;
  if (status == "defunct") return rv::SERVICE_STATUS_DEFUNCT;
  if (status == "temporarily closed") return rv::SERVICE_STATUS_TEMPORARILY_CLOSED;
  if (status != "inactive") return rv::SERVICE_STATUS_UNSPECIFIED;
  const auto said = Codes(service, "amana-status", "service");
  return std::ranges::find(said, "planned") != said.end() ? rv::SERVICE_STATUS_PLANNED
                                                          : rv::SERVICE_STATUS_INACTIVE;
}

// -- needs, languages
// ------------------------------------------------------------------------------

void ReadNeeds(const Json& service, Reading& reading) {
  std::set<int> seen;
  for (const std::string& code : Codes(service, "amana-need", "service")) {
    const int number = NumberOfWord(*cv::NeedCode_descriptor(), "NEED_CODE_", code);
    if (number == 0) reading.warnings.push_back("a need that this program does not know");
    if (number != 0 && seen.insert(number).second) {
      reading.record.add_needs(static_cast<cv::NeedCode>(number));
    }
  }
}

void ReadLanguages(const Json& service, rv::ServiceAtLocation& record) {
  std::set<std::string> seen;
  for (const Json& language : List(service, "languages")) {
    std::string code = Text(language, "code");
    if (code == "ary") code = "ar";
    if (code.empty() || code.size() > kMaxLanguage || record.languages_size() == kMaxLanguages) {
      continue;
    }
    if (seen.insert(code).second) record.add_languages(code);
  }
}

// -- place
// -----------------------------------------------------------------------------------------

bool IsCoarse(double degrees) { return std::abs(degrees * 10 - std::round(degrees * 10)) < 1e-9; }

void ReadCoordinates(const Json& location, Reading& reading) {
  const auto latitude = Number(location, "latitude");
  const auto longitude = Number(location, "longitude");
  if (!latitude || !longitude) return;
  if (std::abs(*latitude) > 90 || std::abs(*longitude) > 180) {
    reading.warnings.push_back("coordinates out of range, read as the province's");
    return;
  }
  // What is finer than a tenth of a degree may be the shelter's own.
  const bool sealed = reading.record.visibility() == rv::LOCATION_VISIBILITY_SEALED;
  if (sealed && !(IsCoarse(*latitude) && IsCoarse(*longitude))) {
    reading.warnings.push_back("the coordinates of a sealed place, dropped");
    return;
  }
  reading.record.set_latitude(*latitude);
  reading.record.set_longitude(*longitude);
}

std::string FirstPhone(const Json& holder) {
  for (const Json& phone : List(holder, "phones")) {
    const std::string number = Text(phone, "number");
    if (!number.empty() && number.size() <= kMaxPhone) return number;
  }
  return "";
}

// Of a sealed place only the front door's own phone; of others whichever is nearest.
std::string PhoneOf(const Json& service, const Json& at_location, bool sealed) {
  std::string phone = FirstPhone(at_location);
  if (phone.empty() && !sealed) phone = FirstPhone(Object(at_location, "location"));
  if (phone.empty() && !sealed) phone = FirstPhone(service);
  return phone;
}

void ReadAccessibility(const Json& location, rv::ServiceAtLocation& record) {
  for (const Json& each : List(location, "accessibility")) {
    const int number = NumberOfWord(*cv::AccessibilityNeed_descriptor(), "ACCESSIBILITY_NEED_",
                                    Text(each, "description"));
    const auto value = static_cast<cv::AccessibilityNeed>(number);
    const auto& known = record.accessibility();
    if (number != 0 && std::find(known.begin(), known.end(), number) == known.end()) {
      record.add_accessibility(value);
    }
  }
}

// Provinces as they are, regions as all of their provinces, the country as no limit.
void ReadArea(const Json& service, const Json& at_location, Reading& reading) {
  const Json& own = List(at_location, "service_areas");
  std::set<std::string> provinces;
  for (const Json& area : own.empty() ? List(service, "service_areas") : own) {
    std::string code = Text(area, "uri");
    if (!code.starts_with(kAreaPrefix)) continue;
    code.erase(0, kAreaPrefix.size());
    if (code == "MA") return;
    for (const std::string_view province : kProvinces) {
      if (province == code || province.substr(0, 2) == code) provinces.emplace(province);
    }
  }
  if (provinces.empty()) provinces.insert(reading.record.province_code());
  for (const std::string& province : provinces) {
    reading.record.add_service_area_province_codes(province);
  }
}

void ReadLocation(const Json& service, const Place& place, Reading& reading) {
  const Json& location = Object(place.at_location, "location");
  const std::string id = Text(location, "id");
  const auto said = place.visibilities.find(id);
  rv::ServiceAtLocation& record = reading.record;
  record.set_visibility(said != place.visibilities.end() ? said->second
                        : Shelters(service)              ? rv::LOCATION_VISIBILITY_SEALED
                                                         : rv::LOCATION_VISIBILITY_NETWORK);
  const bool sealed = record.visibility() == rv::LOCATION_VISIBILITY_SEALED;
  record.set_province_code(ProvinceOf(location));
  ReadCoordinates(location, reading);
  record.set_phone(PhoneOf(service, place.at_location, sealed));
  ReadAccessibility(location, record);
  ReadArea(service, place.at_location, reading);
  record.set_mobile_unit(Text(location, "location_type") == "virtual" &&
                         !Codes(service, "amana-mobile", "location", id).empty());
}

// -- hours
// -----------------------------------------------------------------------------------------

std::vector<uint32_t> Weekdays(const std::string& byday) {
  static constexpr std::array<std::string_view, 7> kDays = {"MO", "TU", "WE", "TH",
                                                            "FR", "SA", "SU"};
  std::vector<uint32_t> weekdays;
  for (const absl::string_view each : absl::StrSplit(byday, ',', absl::SkipWhitespace())) {
    const auto day = std::ranges::find(kDays, std::string_view(each.data(), each.size()));
    if (day != kDays.end()) weekdays.push_back(uint32_t(day - kDays.begin()) + 1);
  }
  return weekdays;
}

bool IsOver(const Json& schedule, absl::Time now) {
  absl::Time end;
  std::string error;
  return absl::ParseTime("%Y-%m-%d", Text(schedule, "valid_to"), &end, &error) &&
         now > end + absl::Hours(24);
}

void ReadHours(const Json& service, const Json& at_location, absl::Time now, Reading& reading) {
  const Json* schedules = &List(at_location, "schedules");
  if (schedules->empty()) schedules = &List(service, "schedules");
  for (const Json& schedule : *schedules) {
    if (IsOver(schedule, now) || reading.record.hours_size() == kMaxHours) continue;
    const auto opens = MinuteOfDay(Text(schedule, "opens_at"));
    const auto closes = MinuteOfDay(Text(schedule, "closes_at"));
    const auto weekdays = Weekdays(Text(schedule, "byday"));
    const bool weekly = Text(schedule, "freq") == "WEEKLY" &&
                        Number(schedule, "interval").value_or(1) == 1 && !weekdays.empty();
    if (!weekly || !opens || !closes) {
      reading.warnings.push_back("a schedule that is not weekly or has no times, left out");
      continue;
    }
    rv::OpeningHours& hours = *reading.record.add_hours();
    hours.mutable_weekdays()->Add(weekdays.begin(), weekdays.end());
    hours.set_opens_minute(*opens);
    hours.set_closes_minute(*closes);
  }
}

// -- pools
// -----------------------------------------------------------------------------------------

bool IsCount(std::optional<double> number) {
  return !number || (*number >= 0 && *number == std::floor(*number) && *number <= kMaxPlaces);
}

// A pool for emergencies and one for longer stays serve one need each; others what the service
// does.
void ReadPoolNeeds(const Json& service, const std::string& capacity_id,
                   const rv::ServiceAtLocation& record, rv::Pool& pool) {
  for (const std::string& code : Codes(service, "amana-stay", "service_capacity", capacity_id)) {
    if (code == "stay:emergency") pool.add_needs(cv::NEED_CODE_EMERGENCY_SHELTER);
    if (code == "stay:temporary") pool.add_needs(cv::NEED_CODE_TEMPORARY_SHELTER);
  }
  if (pool.needs().empty()) *pool.mutable_needs() = record.needs();
}

void ReadPool(const Json& service, const Json& capacity, Reading& reading) {
  const auto id = ParseUuid(Text(capacity, "id"));
  const auto maximum = Number(capacity, "maximum");
  const auto available = Number(capacity, "available");
  if (!id.ok() || !IsCount(maximum) || !IsCount(available)) {
    reading.refused = "a capacity without an id, or not a number of places";
    return;
  }
  const int unit = NumberOfWord(*rv::CapacityUnit_descriptor(), "CAPACITY_UNIT_",
                                Text(Object(capacity, "unit"), "name"));
  if (unit == 0 || (!maximum && !available)) {
    reading.warnings.push_back("a capacity in no unit of ours or without a number, left out");
    return;
  }
  if (!maximum || available.value_or(0) > *maximum) {
    reading.warnings.push_back("more places free than there are, or no number of all places");
  }
  const double total = maximum.value_or(*available);
  // Nothing is said about what is free: nothing is promised.
  const double free = std::min(available.value_or(0), total);
  rv::Pool& pool = *reading.record.add_pools();
  pool.set_pool_id(*id);
  pool.set_unit(static_cast<rv::CapacityUnit>(unit));
  pool.set_maximum(uint32_t(total));
  pool.set_occupied_elsewhere(uint32_t(total - free));
  ReadPoolNeeds(service, Text(capacity, "id"), reading.record, pool);
  absl::Time updated;
  std::string error;
  if (absl::ParseTime(absl::RFC3339_full, Text(capacity, "updated"), &updated, &error)) {
    pool.mutable_update_time()->set_seconds(absl::ToUnixSeconds(updated));
  }
}

// -- what the network would refuse
// -----------------------------------------------------------------

std::optional<std::string> Fault(const Json& service, const rv::ServiceAtLocation& record) {
  if (record.service_at_location_id().empty()) return "no id, or one that is no UUID";
  if (record.service_name().empty()) return "a service without a name";
  if (record.service_name().size() > kMaxName) return "a name that is too long";
  if (Text(service, "status").empty()) return "a service without a status";
  if (record.status() == rv::SERVICE_STATUS_UNSPECIFIED) return "an unknown status";
  if (record.needs().empty()) return "no need of ours that it answers to";
  if (record.province_code().empty()) return "no province (HCP code) that it is in";
  if (record.pools_size() > kMaxPools) return "too many capacities";
  return std::nullopt;
}

}  // namespace

std::vector<std::string> Codes(const Json& service, std::string_view taxonomy,
                               std::string_view entity, std::string_view link_id) {
  std::vector<std::string> codes;
  for (const Json& attribute : List(service, "attributes")) {
    const Json& term = Object(attribute, "taxonomy_term");
    if (Text(term, "taxonomy") != taxonomy || Text(attribute, "link_entity") != entity) continue;
    if (!link_id.empty() && Text(attribute, "link_id") != link_id) continue;
    codes.push_back(Text(term, "code"));
  }
  return codes;
}

bool Shelters(const Json& service) {
  return std::ranges::any_of(Codes(service, "amana-need", "service"), [](const std::string& code) {
    return code == "emergency_shelter" || code == "temporary_shelter";
  });
}

std::string ProvinceOf(const Json& location) {
  const std::string code = Text(location, "external_identifier");
  const bool hcp = Text(location, "external_identifier_type") == "HCP-province";
  return hcp && IsProvince(code) ? code : "";
}

Reading ReadServiceAt(const Json& service, const Place& place, absl::Time now) {
  Reading reading;
  rv::ServiceAtLocation& record = reading.record;
  record.set_service_at_location_id(ParseUuid(Text(place.at_location, "id")).value_or(""));
  record.set_service_name(Text(service, "name"));
  record.set_status(StatusOf(service));
  ReadNeeds(service, reading);
  ReadLanguages(service, record);
  ReadLocation(service, place, reading);
  ReadHours(service, place.at_location, now, reading);
  if (!ReadEligibility(service, record)) {
    // A rule that is not understood must not let anyone through.
    reading.warnings.push_back("an eligibility rule that this program does not know: not matched");
    record.set_status(rv::SERVICE_STATUS_INACTIVE);
  }
  const std::string assured = Text(service, "assured_date");
  if (assured.size() == std::string_view("2026-05-01").size()) record.set_assured_date(assured);
  if (place.with_pools) {
    for (const Json& capacity : List(service, "capacities")) ReadPool(service, capacity, reading);
  }
  if (!reading.refused) reading.refused = Fault(service, record);
  return reading;
}

}  // namespace amana::client::hsds
