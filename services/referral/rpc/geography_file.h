#pragma once

#include <string_view>

#include "absl/status/statusor.h"
#include "services/referral/domain/geography.h"

namespace amana::referral {

// Reads geography.json (scripts/make-directory): {"provinces": [{"code", "lat", "lon", …}, …]}.
// Other keys are not looked at. kConfigurationInvalid if it is not that, or has no province.
absl::StatusOr<domain::Geography> ParseGeography(std::string_view json);

}  // namespace amana::referral
