#include "common/base/base32.h"

#include <cstdint>

#include "common/base/error.h"

namespace amana {
namespace {

constexpr char kAlphabet[] = "abcdefghijklmnopqrstuvwxyz234567";

// The five bits of a character, or -1.
int ValueOf(char c) {
  if (c >= 'a' && c <= 'z') return c - 'a';
  if (c >= '2' && c <= '7') return c - '2' + 26;
  return -1;
}

}  // namespace

std::string Base32Encode(std::string_view bytes) {
  std::string text;
  text.reserve((bytes.size() * 8 + 4) / 5);
  uint32_t buffer = 0;
  int bits = 0;
  for (const char c : bytes) {
    buffer = (buffer << 8 | static_cast<uint8_t>(c)) & 0xfff;
    for (bits += 8; bits >= 5; bits -= 5) text.push_back(kAlphabet[buffer >> (bits - 5) & 31]);
  }
  if (bits > 0) text.push_back(kAlphabet[buffer << (5 - bits) & 31]);
  return text;
}

absl::StatusOr<std::string> Base32Decode(std::string_view text) {
  std::string bytes;
  bytes.reserve(text.size() * 5 / 8);
  uint32_t buffer = 0;
  int bits = 0;
  for (const char c : text) {
    const int value = ValueOf(c);
    if (value < 0) return Error(Reason::kInputMalformed);
    buffer = (buffer << 5 | static_cast<uint32_t>(value)) & 0xfff;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes.push_back(static_cast<char>(buffer >> bits & 0xff));
    }
  }
  // Five bits or more left over: a character that carries nothing. Any bit set among them: a second
  // text for these bytes.
  if (bits >= 5 || (buffer & ((1u << bits) - 1)) != 0) return Error(Reason::kInputMalformed);
  return bytes;
}

}  // namespace amana
