#include "services/referral/domain/directory.h"

#include <algorithm>
#include <array>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "common/base/error.h"
#include "common/base/status_macros.h"

namespace amana::referral::domain {
namespace {

constexpr size_t kMaxPools = 32;
constexpr uint32_t kMinutesOfDay = 24 * 60;

bool IsPolitical(std::string_view name) {
  static constexpr std::array<std::string_view, 2> kWords = {"parti politique", "political party"};
  const std::string lower = absl::AsciiStrToLower(std::string(name));
  for (const std::string_view word : kWords) {
    if (lower.find(word) != std::string::npos) return true;
  }
  // "حزب" as a word, with or without the article: not inside another word.
  std::string_view rest = name;
  while (!rest.empty()) {
    const size_t space = rest.find(' ');
    const std::string_view word = rest.substr(0, space);
    if (word == "حزب" || word == "الحزب") return true;
    rest = space == std::string_view::npos ? std::string_view() : rest.substr(space + 1);
  }
  return false;
}

bool ValidHours(const OpeningHours& hours) {
  const auto is_weekday = [](uint32_t day) { return day >= 1 && day <= 7; };
  return !hours.weekdays.empty() && std::ranges::all_of(hours.weekdays, is_weekday) &&
         hours.opens_minute <= kMinutesOfDay && hours.closes_minute <= kMinutesOfDay;
}

bool ValidPools(const std::vector<Pool>& pools) {
  if (pools.size() > kMaxPools) return false;
  std::set<PoolId> seen;
  return std::ranges::all_of(pools, [&](const Pool& pool) {
    return !pool.pool_id.is_zero() && seen.insert(pool.pool_id).second &&
           pool.unit != CapacityUnit::kUnspecified && pool.occupied_elsewhere <= pool.maximum;
  });
}

bool ValidAges(const Eligibility& e) {
  return !e.minimum_age || !e.maximum_age || *e.minimum_age <= *e.maximum_age;
}

}  // namespace

absl::Status Validate(const ServiceAtLocation& record) {
  if (IsPolitical(record.organisation_name) || IsPolitical(record.service_name)) {
    return Error(Reason::kDirectoryRecordPolitical);
  }
  const bool complete =
      !record.id.is_zero() && !record.organisation_id.is_zero() && !record.service_name.empty() &&
      !record.needs.empty() && !record.province_code.empty() &&
      record.status != ServiceStatus::kUnspecified && record.visibility != Visibility::kUnspecified;
  const bool consistent =
      (!record.coordinates || Valid(*record.coordinates)) &&
      std::ranges::all_of(record.hours, ValidHours) && ValidPools(record.pools) &&
      ValidAges(record.eligibility) &&
      std::ranges::find(record.needs, NeedCode::kUnspecified) == record.needs.end();
  if (!complete || !consistent) return Error(Reason::kDirectoryRecordInvalid);
  return absl::OkStatus();
}

ServiceAtLocation Normalised(ServiceAtLocation record, const Geography& geography) {
  if (record.visibility == Visibility::kSealed) {
    record.coordinates = geography.Province(record.province_code);
  }
  for (std::string& language : record.languages) {
    if (language == "ary") language = "ar";
  }
  return record;
}

DirectoryRecord NewRecord(const ServiceAtLocation& imported) {
  DirectoryRecord record{.current = imported, .imported = imported};
  record.current.pools.clear();
  return record;
}

DirectoryRecord Merge(const DirectoryRecord& stored, const ServiceAtLocation& imported) {
  DirectoryRecord record = NewRecord(imported);
  if (imported.status == stored.imported.status) record.current.status = stored.current.status;
  return record;
}

absl::TimeZone Morocco() { return absl::FixedTimeZone(60 * 60); }

bool IsOpenAt(const std::vector<OpeningHours>& hours, absl::Time now) {
  const absl::TimeZone::CivilInfo local = Morocco().At(now);
  const auto day = static_cast<uint32_t>(absl::GetWeekday(local.cs)) + 1;  // 1 = Monday
  const uint32_t yesterday = day == 1 ? 7 : day - 1;
  const auto minute = static_cast<uint32_t>(local.cs.hour() * 60 + local.cs.minute());
  return std::ranges::any_of(hours, [&](const OpeningHours& h) {
    const auto on = [&](uint32_t d) {
      return std::ranges::find(h.weekdays, d) != h.weekdays.end();
    };
    if (h.closes_minute > h.opens_minute) {
      return on(day) && minute >= h.opens_minute && minute < h.closes_minute;
    }
    return (on(day) && minute >= h.opens_minute) || (on(yesterday) && minute < h.closes_minute);
  });
}

}  // namespace amana::referral::domain
