#pragma once

// One HSDS service at one of its locations as a record of ours. Internal to the HSDS reader.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "amana/referral/v1/directory.pb.h"
#include "common/client/hsds_json.h"

namespace amana::client::hsds {

// What is said about a location anywhere in the file, the stricter where two differ; by its id.
using Visibilities = std::map<std::string, referral::v1::LocationVisibility>;

// The codes of a service's attributes of `taxonomy` about `entity`, and about `link_id` unless it
// is empty.
std::vector<std::string> Codes(const Json& service, std::string_view taxonomy,
                               std::string_view entity, std::string_view link_id = "");

// Whether it shelters someone for the night.
bool Shelters(const Json& service);

// "04.421" of a location that carries an HCP code, else empty.
std::string ProvinceOf(const Json& location);

struct Reading {
  referral::v1::ServiceAtLocation record;  // without the organisation
  std::vector<std::string> warnings;       // fixed words
  std::optional<std::string> refused;      // fixed words; the record is then not to be used
};

struct Place {
  const Json& at_location;
  const Visibilities& visibilities;
  bool with_pools;  // pools belong to the service: only its first location gets them
};

Reading ReadServiceAt(const Json& service, const Place& place, absl::Time now);

}  // namespace amana::client::hsds
