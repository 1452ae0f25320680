// The strict text rules that notes, checkpoints and proofs share: one value has one spelling, so
// that nobody can make a second document that means the same. Inside this library only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace amana::merkle {

std::string EncodeBase64(std::string_view bytes);

// Standard alphabet, padded, no spaces, no stray bits in the last character (RFC 4648, 3.5).
std::optional<std::string> DecodeBase64(std::string_view text);

// ASCII digits without leading zeros or sign; nullopt beyond 64 bits.
std::optional<uint64_t> ParseDecimal(std::string_view text);

// Valid UTF-8 without ASCII control characters other than the newline.
bool IsNoteText(std::string_view text);

// Not empty, valid UTF-8, no Unicode space, no control character, no '+'.
bool IsKeyName(std::string_view name);

// Takes lines off the front of a text. A line ends with a newline; a rest without one is no line.
class LineReader {
 public:
  // `text` must outlive the reader and the lines.
  explicit LineReader(std::string_view text) : rest_(text) {}

  // The next line without its newline, or nullopt.
  std::optional<std::string_view> Next();
  std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

// What follows `prefix` in `line`, or nullopt if it does not begin so.
std::optional<std::string_view> After(std::string_view prefix, std::string_view line);

}  // namespace amana::merkle
