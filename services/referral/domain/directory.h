#pragma once

// One record of the directory: an HSDS service_at_location with what decides who is taken there.
// Its pools' live figures are not here but in the ledger (ledger.h).

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/base/ids.h"
#include "services/referral/domain/codes.h"
#include "services/referral/domain/geography.h"

namespace amana::referral::domain {

// Who is taken. What is not said excludes nobody.
struct Eligibility {
  std::vector<Gender> genders;
  std::optional<uint32_t> minimum_age;  // whole years, inclusive, like all ages here
  std::optional<uint32_t> maximum_age;
  std::optional<bool> children_accepted;
  std::optional<uint32_t> maximum_age_of_boys;
  std::optional<uint32_t> maximum_age_of_girls;
  std::vector<std::string> residence_province_codes;
  std::vector<Circumstance> not_accepted;

  friend bool operator==(const Eligibility&, const Eligibility&) = default;
};

// Weekly hours on the wall clock of Morocco.
struct OpeningHours {
  std::vector<uint32_t> weekdays;  // 1 = Monday … 7 = Sunday
  uint32_t opens_minute = 0;       // after midnight
  uint32_t closes_minute = 0;      // <= opens_minute: past midnight

  friend bool operator==(const OpeningHours&, const OpeningHours&) = default;
};

// A pool as it stands in a record or in the ledger.
struct Pool {
  PoolId pool_id;
  CapacityUnit unit = CapacityUnit::kUnspecified;
  std::vector<NeedCode> needs;  // empty: every need of the record
  uint32_t maximum = 0;
  uint32_t occupied_elsewhere = 0;  // by people who did not come through the network
  absl::Time update_time = absl::UnixEpoch();

  friend bool operator==(const Pool&, const Pool&) = default;
};

struct ServiceAtLocation {
  ServiceAtLocationId id;
  OrganisationId organisation_id;
  std::string organisation_name;
  std::string service_name;
  ServiceStatus status = ServiceStatus::kUnspecified;
  std::vector<NeedCode> needs;
  Visibility visibility = Visibility::kUnspecified;
  std::string province_code;
  std::optional<Coordinates> coordinates;
  std::string phone;
  std::vector<std::string> languages;
  std::vector<AccessibilityNeed> accessibility;
  Eligibility eligibility;
  std::vector<OpeningHours> hours;  // empty: not known
  std::vector<Pool> pools;
  std::vector<std::string> service_area_province_codes;  // empty: any
  bool mobile_unit = false;
  std::string assured_date;  // "2026-05-01", or empty

  friend bool operator==(const ServiceAtLocation&, const ServiceAtLocation&) = default;
};

// A record as it is kept.
struct DirectoryRecord {
  // What counts. Its pools are empty: the ledger has them.
  ServiceAtLocation current;
  // What the last import said, with its pools, so that importing the same again changes nothing
  // that a centre has said since.
  ServiceAtLocation imported;

  friend bool operator==(const DirectoryRecord&, const DirectoryRecord&) = default;
};

// kDirectoryRecordInvalid, or kDirectoryRecordPolitical: services only, non-partisan (Inform USA).
// The political words are few and explicit ("parti politique", "political party", "حزب"); a trade
// union's legal-aid desk is not a party.
absl::Status Validate(const ServiceAtLocation& record);

// What an import stores of a record: a sealed location loses its own coordinates for its
// province's (or none, where the province is unknown), and its languages "ar" and "ary" are one.
ServiceAtLocation Normalised(ServiceAtLocation record, const Geography& geography);

// The record after an import of `imported` (normalised), keeping what was said here since the last
// one: a status set by SetServiceStatus stays until an import says something new about it.
DirectoryRecord Merge(const DirectoryRecord& stored, const ServiceAtLocation& imported);
DirectoryRecord NewRecord(const ServiceAtLocation& imported);

// Morocco's clock: UTC+1 all year (the weeks of Ramadan, an hour earlier, are not followed: an
// open sign that is an hour wrong costs a call, not a place).
absl::TimeZone Morocco();

// False where hours are not known.
bool IsOpenAt(const std::vector<OpeningHours>& hours, absl::Time now);

}  // namespace amana::referral::domain
