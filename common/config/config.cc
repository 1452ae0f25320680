#include "common/config/config.h"

#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/base/check.h"
#include "common/base/error.h"
#include "common/base/files.h"
#include "common/base/status_macros.h"

namespace amana::config {
namespace {

constexpr size_t kMaxLineBytes = 1024;
constexpr size_t kMaxShownKey = 40;

absl::Status Invalid(std::string where) {
  return Error(Reason::kConfigurationInvalid, {.field = std::move(where)});
}

std::string_view Trim(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

// A key as it may be shown: what does not look like one is not repeated, it may be a secret that
// slipped into the wrong place.
std::string Shown(std::string_view key) {
  const bool plain =
      !key.empty() && key.size() <= kMaxShownKey && std::all_of(key.begin(), key.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
      });
  return plain ? std::string(key) : "not a key";
}

std::string At(int line, std::string_view key) {
  return absl::StrCat("line ", line, ": ", Shown(key));
}

bool IsPrintable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= 0x20 && byte != 0x7f;
  });
}

template <class Integer>
bool ParseInteger(std::string_view text, Integer& value) {
  const char* end = text.data() + text.size();
  // NOLINTNEXTLINE(bugprone-suspicious-stringview-data-usage): the end goes along
  const auto [parsed, error] = std::from_chars(text.data(), end, value);
  return !text.empty() && error == std::errc() && parsed == end;
}

bool IsAddress(std::string_view text) {
  if (text.starts_with("unix:/")) return text.size() > 6;
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  int port = -1;
  return ParseInteger(text.substr(colon + 1), port) && port >= 0 && port <= 65535 &&
         text.find(' ') == std::string_view::npos;
}

bool IsAbsolutePath(std::string_view text) { return text.starts_with('/') && IsPrintable(text); }

}  // namespace

void Schema::Add(Entry entry) {
  for (const Entry& other : entries_) {
    AMANA_CHECK(other.key != entry.key, "a configuration key is declared once");
  }
  entries_.push_back(std::move(entry));
}

void Schema::String(const char* key, const char* description, std::string& value, Need need) {
  Add({key, description, need, "text", value, [&value](std::string_view text) {
         if (!IsPrintable(text)) return false;
         value = text;
         return true;
       }});
}

void Schema::Address(const char* key, const char* description, std::string& value, Need need) {
  Add({key, description, need, "host:port", value, [&value](std::string_view text) {
         if (!IsAddress(text)) return false;
         value = text;
         return true;
       }});
}

void Schema::Path(const char* key, const char* description, std::string& value, Need need) {
  Add({key, description, need, "absolute path", value, [&value](std::string_view text) {
         if (!IsAbsolutePath(text)) return false;
         value = text;
         return true;
       }});
}

void Schema::SecretFile(const char* key, const char* description, std::string& value, Need need) {
  Add({key, description, need, "absolute path of a file that only its owner can read", value,
       [&value](std::string_view text) {
         if (!IsAbsolutePath(text) || !IsPrivateFile(std::string(text))) return false;
         value = text;
         return true;
       }});
}

void Schema::Bool(const char* key, const char* description, bool& value) {
  Add({key, description, Need::kOptional, "true or false", value ? "true" : "false",
       [&value](std::string_view text) {
         if (text != "true" && text != "false") return false;
         value = text == "true";
         return true;
       }});
}

void Schema::Int(const char* key, const char* description, int64_t& value, IntBounds bounds) {
  AMANA_CHECK(bounds.minimum <= value && value <= bounds.maximum, "a default is within its bounds");
  const std::string shape = bounds.maximum == INT64_MAX
                                ? absl::StrCat("number, at least ", bounds.minimum)
                                : absl::StrCat(bounds.minimum, " to ", bounds.maximum);
  Add({key, description, Need::kOptional, shape, absl::StrCat(value),
       [&value, bounds](std::string_view text) {
         int64_t parsed = 0;
         if (!ParseInteger(text, parsed)) return false;
         if (parsed < bounds.minimum || parsed > bounds.maximum) return false;
         value = parsed;
         return true;
       }});
}

void Schema::Word(const char* key, const char* description, std::string& value,
                  std::vector<std::string> words) {
  std::string shape = "one of";
  for (const std::string& word : words) shape += " " + word;
  Add({key, description, Need::kOptional, shape, value,
       [&value, words = std::move(words)](std::string_view text) {
         if (std::find(words.begin(), words.end(), text) == words.end()) return false;
         value = text;
         return true;
       }});
}

absl::Status Schema::SetLine(std::string_view line, int number, std::vector<int>& seen) {
  line = Trim(line);
  if (line.empty() || line.front() == '#') return absl::OkStatus();
  const size_t equals = line.find('=');
  if (line.size() > kMaxLineBytes || equals == std::string_view::npos) {
    return Invalid(absl::StrCat("line ", number));
  }
  const std::string_view key = Trim(line.substr(0, equals));
  const std::string_view value = Trim(line.substr(equals + 1));
  for (size_t i = 0; i < entries_.size(); ++i) {
    if (entries_[i].key != key) continue;
    if (seen[i]++ > 0 || value.empty() || !entries_[i].set(value)) return Invalid(At(number, key));
    return absl::OkStatus();
  }
  return Invalid(At(number, key));
}

absl::Status Schema::Parse(std::string_view text) {
  std::vector<int> seen(entries_.size());
  int number = 0;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    AMANA_RETURN_IF_ERROR(SetLine(text.substr(0, end), ++number, seen));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  for (size_t i = 0; i < entries_.size(); ++i) {
    if (entries_[i].need == Need::kRequired && seen[i] == 0) {
      return Invalid("missing: " + entries_[i].key);
    }
  }
  return absl::OkStatus();
}

absl::Status Schema::Load(const std::string& path) {
  AMANA_ASSIGN_OR_RETURN(const std::string text, ReadFile(path, kMaxConfigBytes));
  return Parse(text);
}

std::string Schema::Sample() const {
  std::string sample;
  for (const Entry& entry : entries_) {
    const bool required = entry.need == Need::kRequired;
    absl::StrAppend(&sample, "# ", entry.description, " (", entry.shape,
                    required ? "; required" : "", ")\n");
    absl::StrAppend(&sample, required || entry.initial.empty() ? "# " : "", entry.key, " = ",
                    entry.initial, "\n\n");
  }
  return sample;
}

}  // namespace amana::config
