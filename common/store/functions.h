#pragma once
// commit.lua, as built into the program.

#include <string_view>

namespace amana::store {

inline constexpr std::string_view kFunctionLibrary = "amana_v1";
inline constexpr std::string_view kCommitFunction = "amana_commit_v1";

// The whole library, as FUNCTION LOAD takes it.
std::string_view FunctionCode();

}  // namespace amana::store
