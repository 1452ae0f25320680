#pragma once

// JSON as HSDS files have it: members that may be missing, null or of another type. Internal to the
// HSDS reader.

#include <google/protobuf/descriptor.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace amana::client::hsds {

using Json = nlohmann::json;

// Parses with a byte order mark skipped. Bytes that are not UTF-8 become kNotUtf8, so that one bad
// record does not cost the file; discarded JSON (is_discarded()) if it is none.
Json ParseJson(std::string_view text);

// U+FFFF, which no text has: stands where a file was not UTF-8.
inline constexpr std::string_view kNotUtf8 = "\xEF\xBF\xBF";

// Whether some string of it was not UTF-8. Does not look into the member `except`.
bool HasBadText(const Json& json, std::string_view except);

// The member as a list; empty if it is missing, null or no list.
const Json& List(const Json& json, const char* name);

// The member as an object; an empty one if it is none.
const Json& Object(const Json& json, const char* name);

// The member as text without spaces around it; empty if it is missing or no string.
std::string Text(const Json& json, const char* name);

// A number, also where it was written as text.
std::optional<double> Number(const Json& json, const char* name);

// Minutes after midnight: "9:00am", "9:00", "09:00:00", "09:00Z", "09:00+01:00"; "24:00" is 1440.
std::optional<uint32_t> MinuteOfDay(std::string_view text);

// The number of prefix + WORD, or 0.
int NumberOfWord(const google::protobuf::EnumDescriptor& type, std::string_view prefix,
                 std::string_view word);

}  // namespace amana::client::hsds
