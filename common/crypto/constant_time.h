#pragma once

#include <string_view>

namespace amana::crypto {

// Whether both are the same bytes, in a time that depends on their sizes alone: for codes, tags and
// digests of secrets.
bool ConstantTimeEqual(std::string_view a, std::string_view b);

}  // namespace amana::crypto
