#pragma once

// RFC 4648 base32 in lower case without padding, strict: one text for every byte string and one
// byte string for every text.

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace amana {

std::string Base32Encode(std::string_view bytes);

// kInputMalformed: a character outside a-z2-7, a length no encoding has, or left-over bits that are
// not zero.
absl::StatusOr<std::string> Base32Decode(std::string_view text);

}  // namespace amana
