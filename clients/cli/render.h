#pragma once

// Messages as JSON and as words: field names as in the protos, ids in base32, other bytes in
// base64, enums as their lower-case names without prefix ("p1", "25_59"), times in RFC 3339,
// repeated fields always present, absent messages and optional values left out.

#include <google/protobuf/descriptor.h>
#include <google/protobuf/generated_enum_reflection.h>
#include <google/protobuf/message.h>
#include <google/protobuf/timestamp.pb.h>

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace amana::cli {

using Json = nlohmann::ordered_json;

Json ToJson(const google::protobuf::Message& message);

// "emergency_shelter" for NEED_CODE_EMERGENCY_SHELTER; "unspecified" for 0; the number if this
// build does not know it.
std::string WordOf(const google::protobuf::EnumDescriptor& type, int number);

template <class Enum>
std::string Word(Enum value) {
  return WordOf(*google::protobuf::GetEnumDescriptor<Enum>(), value);
}

// What `describe` says of each, a line or more; `none` where there is nothing.
template <class Items, class Describe>
std::string Lines(const Items& items, Describe describe, std::string_view none) {
  std::string lines;
  for (const auto& item : items) lines += describe(item) + "\n";
  return lines.empty() ? std::string(none) : lines;
}

// "" for no id.
std::string IdText(const std::string& bytes);

std::string TimeText(const google::protobuf::Timestamp& time);

}  // namespace amana::cli
