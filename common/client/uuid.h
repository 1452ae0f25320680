#pragma once

// The two spellings of a 16-byte id: ours (26 characters of base32) and a UUID's, as HSDS has it.

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace amana::client {

// "d9d5e0f5-d3ce-4f73-9a2f-4dd0ecc6c610", in either case; kInputMalformed for anything else.
absl::StatusOr<std::string> ParseUuid(std::string_view text);

// `bytes` has 16.
std::string FormatUuid(std::string_view bytes);

// Base32 or UUID, into 16 bytes; kInputMalformed.
absl::StatusOr<std::string> ParseId(std::string_view text);

}  // namespace amana::client
