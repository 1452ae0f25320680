#pragma once

// Where a list goes on: the place of the last entry given. It names nothing that the list didn't,
// and says nothing about whose list it is: that is the caller's own, always.

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "common/store/store.h"

namespace amana::intake {

// `entry.member` is an id as text. 39 characters of base32.
std::string EncodePageToken(const store::IndexEntry& entry);

// kPageTokenInvalid for anything that EncodePageToken() did not write.
absl::StatusOr<store::IndexEntry> DecodePageToken(std::string_view token);

}  // namespace amana::intake
