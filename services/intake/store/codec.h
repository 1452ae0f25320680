#pragma once

// Domain values as bytes for the store (state.proto). Times keep microseconds, so `now` is cut to
// those before a decision (app/context.h). Decoding what Encode() did not write gives
// kStoredValueUnreadable.

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/ids.h"
#include "services/intake/domain/call.h"
#include "services/intake/domain/case.h"
#include "services/intake/domain/consent.h"
#include "services/intake/domain/follow_up.h"

namespace amana::intake {

// The consents of a case, oldest first.
using ConsentIds = std::vector<ConsentId>;

std::string Encode(const domain::Case& value);
std::string Encode(const domain::Consent& value);
std::string Encode(const domain::Call& value);
std::string Encode(const domain::FollowUp& value);
std::string Encode(const ConsentIds& value);

template <class T>
absl::StatusOr<T> Decode(std::string_view bytes);

template <>
absl::StatusOr<domain::Case> Decode(std::string_view bytes);
template <>
absl::StatusOr<domain::Consent> Decode(std::string_view bytes);
template <>
absl::StatusOr<domain::Call> Decode(std::string_view bytes);
template <>
absl::StatusOr<domain::FollowUp> Decode(std::string_view bytes);
template <>
absl::StatusOr<ConsentIds> Decode(std::string_view bytes);

}  // namespace amana::intake
