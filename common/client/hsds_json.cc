#include "common/client/hsds_json.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace amana::client::hsds {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

bool IsContinuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

// The length of the UTF-8 sequence at the front of `text`, 0 if there is none: overlong forms,
// surrogates and what is beyond U+10FFFF are none.
size_t SequenceAt(std::string_view text) {
  const auto at = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = at(0);
  if (first < 0x80) return 1;
  const size_t size = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < size) return 0;
  for (size_t i = 1; i < size; ++i) {
    if (!IsContinuation(text[i])) return 0;
  }
  if ((first == 0xE0 && at(1) < 0xA0) || (first == 0xED && at(1) > 0x9F) ||
      (first == 0xF0 && at(1) < 0x90) || (first == 0xF4 && at(1) > 0x8F)) {
    return 0;
  }
  return size;
}

std::string MarkBadText(std::string_view text) {
  std::string marked;
  marked.reserve(text.size());
  while (!text.empty()) {
    const size_t size = SequenceAt(text);
    marked.append(size == 0 ? kNotUtf8 : text.substr(0, size));
    text.remove_prefix(size == 0 ? 1 : size);
  }
  return marked;
}

absl::string_view Absl(std::string_view text) { return {text.data(), text.size()}; }

// "9:00" or "09:00:00", without what may follow.
std::optional<std::pair<uint32_t, uint32_t>> HourAndMinute(std::string_view text) {
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0 || colon > 2) return std::nullopt;
  uint32_t hour = 0;
  uint32_t minute = 0;
  if (!absl::SimpleAtoi(Absl(text.substr(0, colon)), &hour) ||
      !absl::SimpleAtoi(Absl(text.substr(colon + 1, 2)), &minute)) {
    return std::nullopt;
  }
  const std::string_view rest = text.substr(std::min(text.size(), colon + 3));
  uint32_t second = 0;
  const bool whole = rest.empty() || (rest.size() == 3 && rest[0] == ':' &&
                                      absl::SimpleAtoi(Absl(rest.substr(1)), &second));
  if (!whole || minute > 59 || second > 59) return std::nullopt;
  return std::pair(hour, minute);
}

}  // namespace

Json ParseJson(std::string_view text) {
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  return Json::parse(MarkBadText(text), nullptr, /*allow_exceptions=*/false);
}

bool HasBadText(const Json& json, std::string_view except) {
  if (json.is_string()) {
    return json.get_ref<const std::string&>().find(kNotUtf8) != std::string::npos;
  }
  if (json.is_object()) {
    for (const auto& [name, value] : json.items()) {
      if (name != except && HasBadText(value, except)) return true;
    }
  }
  if (json.is_array()) {
    for (const Json& value : json) {
      if (HasBadText(value, except)) return true;
    }
  }
  return false;
}

const Json& List(const Json& json, const char* name) {
  static const Json kEmpty = Json::array();
  const auto found = json.find(name);
  return found != json.end() && found->is_array() ? *found : kEmpty;
}

const Json& Object(const Json& json, const char* name) {
  static const Json kEmpty = Json::object();
  const auto found = json.find(name);
  return found != json.end() && found->is_object() ? *found : kEmpty;
}

std::string Text(const Json& json, const char* name) {
  const auto found = json.find(name);
  if (found == json.end() || !found->is_string()) return "";
  return std::string(absl::StripAsciiWhitespace(found->get_ref<const std::string&>()));
}

std::optional<double> Number(const Json& json, const char* name) {
  const auto found = json.find(name);
  if (found == json.end()) return std::nullopt;
  if (found->is_number()) return found->get<double>();
  double number = 0;
  if (found->is_string() && absl::SimpleAtod(found->get_ref<const std::string&>(), &number)) {
    return number;
  }
  return std::nullopt;
}

std::optional<uint32_t> MinuteOfDay(std::string_view text) {
  std::string lower = absl::AsciiStrToLower(Absl(text));
  const bool am = lower.ends_with("am");
  const bool pm = lower.ends_with("pm");
  if (am || pm) lower.resize(lower.size() - 2);
  // A zone says nothing: opening hours are read off the clock on the wall.
  lower.resize(std::min(lower.size(), lower.find_first_of("z+-")));
  const auto time = HourAndMinute(std::string(absl::StripAsciiWhitespace(lower)));
  if (!time) return std::nullopt;
  auto [hour, minute] = *time;
  if (am || pm) {
    if (hour < 1 || hour > 12) return std::nullopt;
    hour = hour % 12 + (pm ? 12 : 0);
  }
  const uint32_t total = hour * 60 + minute;
  return total <= 24 * 60 ? std::optional(total) : std::nullopt;
}

int NumberOfWord(const google::protobuf::EnumDescriptor& type, std::string_view prefix,
                 std::string_view word) {
  const auto* value =
      type.FindValueByName(absl::StrCat(Absl(prefix), absl::AsciiStrToUpper(Absl(word))));
  return value == nullptr ? 0 : value->number();
}

}  // namespace amana::client::hsds
