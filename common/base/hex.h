#pragma once

// Lower-case hexadecimal, strict.

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace amana {

std::string HexEncode(std::string_view bytes);

// kInputMalformed: an odd length, or a character outside 0-9a-f (upper case is refused: one text
// for every byte string).
absl::StatusOr<std::string> HexDecode(std::string_view text);

}  // namespace amana
