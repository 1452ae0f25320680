#include "common/merkle/text.h"

#include <algorithm>
#include <array>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace amana::merkle {
namespace {

constexpr char32_t kInvalid = 0xFFFFFFFF;

size_t SequenceLength(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead < 0xE0) return 2;
  if (lead >= 0xE0 && lead < 0xF0) return 3;
  if (lead >= 0xF0 && lead < 0xF5) return 4;
  return 0;
}

// Takes one code point off the front; kInvalid for overlong forms, surrogates and what is cut
// short.
char32_t TakeCodePoint(std::string_view& text) {
  const auto lead = static_cast<unsigned char>(text.front());
  const size_t length = SequenceLength(lead);
  if (length == 0 || length > text.size()) return kInvalid;
  if (length == 1) {
    text.remove_prefix(1);
    return lead;
  }
  char32_t point = lead & (0xFF >> (length + 1));
  for (size_t i = 1; i < length; ++i) {
    const auto next = static_cast<unsigned char>(text[i]);
    if ((next & 0xC0) != 0x80) return kInvalid;
    point = (point << 6) | (next & 0x3F);
  }
  constexpr std::array<char32_t, 5> kSmallest = {0, 0, 0x80, 0x800, 0x10000};
  if (point < kSmallest[length] || point > 0x10FFFF) return kInvalid;
  if (point >= 0xD800 && point <= 0xDFFF) return kInvalid;
  text.remove_prefix(length);
  return point;
}

// Unicode's White_Space property beyond the ASCII controls.
bool IsSpace(char32_t point) {
  constexpr std::array<char32_t, 9> kSingle = {0x20,   0x85,   0xA0,   0x1680, 0x2028,
                                               0x2029, 0x202F, 0x205F, 0x3000};
  return (point >= 0x2000 && point <= 0x200A) ||
         std::find(kSingle.begin(), kSingle.end(), point) != kSingle.end();
}

}  // namespace

std::string EncodeBase64(std::string_view bytes) {
  return absl::Base64Escape({bytes.data(), bytes.size()});
}

std::optional<std::string> DecodeBase64(std::string_view text) {
  std::string bytes;
  if (!absl::Base64Unescape({text.data(), text.size()}, &bytes)) return std::nullopt;
  // The decoder forgives missing padding, spaces and stray bits; writing it again shows all three.
  if (EncodeBase64(bytes) != text) return std::nullopt;
  return bytes;
}

std::optional<uint64_t> ParseDecimal(std::string_view text) {
  uint64_t value = 0;
  if (!absl::SimpleAtoi(absl::string_view(text.data(), text.size()), &value)) return std::nullopt;
  if (absl::StrCat(value) != text) return std::nullopt;
  return value;
}

bool IsNoteText(std::string_view text) {
  while (!text.empty()) {
    const char32_t point = TakeCodePoint(text);
    if (point == kInvalid || (point < 0x20 && point != '\n')) return false;
  }
  return true;
}

bool IsKeyName(std::string_view name) {
  if (name.empty()) return false;
  while (!name.empty()) {
    const char32_t point = TakeCodePoint(name);
    if (point == kInvalid || point < 0x20 || point == '+' || IsSpace(point)) return false;
  }
  return true;
}

std::optional<std::string_view> LineReader::Next() {
  const size_t end = rest_.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view line = rest_.substr(0, end);
  rest_.remove_prefix(end + 1);
  return line;
}

std::optional<std::string_view> After(std::string_view prefix, std::string_view line) {
  if (!line.starts_with(prefix)) return std::nullopt;
  return line.substr(prefix.size());
}

}  // namespace amana::merkle
