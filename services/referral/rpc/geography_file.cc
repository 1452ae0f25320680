#include "services/referral/rpc/geography_file.h"

#include <nlohmann/json.hpp>
#include <string>
#include <unordered_map>

#include "common/base/error.h"

namespace amana::referral {

absl::StatusOr<domain::Geography> ParseGeography(std::string_view json) {
  const auto root = nlohmann::json::parse(json, nullptr, /*allow_exceptions=*/false);
  const absl::Status invalid = Error(Reason::kConfigurationInvalid, {.field = "geography_file"});
  if (!root.is_object() || !root.contains("provinces") || !root["provinces"].is_array()) {
    return invalid;
  }
  std::unordered_map<std::string, domain::Coordinates> provinces;
  for (const auto& province : root["provinces"]) {
    const bool complete = province.is_object() && province.contains("code") &&
                          province["code"].is_string() && province.contains("lat") &&
                          province["lat"].is_number() && province.contains("lon") &&
                          province["lon"].is_number();
    if (!complete) return invalid;
    const domain::Coordinates at{province["lat"].get<double>(), province["lon"].get<double>()};
    if (!domain::Valid(at)) return invalid;
    provinces[province["code"].get<std::string>()] = at;
  }
  if (provinces.empty()) return invalid;
  return domain::Geography(std::move(provinces));
}

}  // namespace amana::referral
