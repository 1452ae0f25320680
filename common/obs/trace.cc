#include "common/obs/trace.h"

#include <algorithm>

namespace amana::obs {
namespace {

constexpr char kDigits[] = "0123456789abcdef";

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

// Reads out.size() bytes from twice as many digits.
template <size_t N>
bool ReadHex(std::string_view text, std::array<uint8_t, N>& out) {
  for (size_t i = 0; i < N; ++i) {
    const int high = HexValue(text[2 * i]);
    const int low = HexValue(text[2 * i + 1]);
    if (high < 0 || low < 0) return false;
    out[i] = static_cast<uint8_t>(high << 4 | low);
  }
  return true;
}

template <size_t N>
void AppendHex(std::string& out, const std::array<uint8_t, N>& bytes) {
  for (uint8_t b : bytes) {
    out += kDigits[b >> 4];
    out += kDigits[b & 15];
  }
}

template <size_t N>
bool IsZero(const std::array<uint8_t, N>& bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](uint8_t b) { return b == 0; });
}

template <size_t N>
void FillNonZero(std::array<uint8_t, N>& bytes, Random& random) {
  do {
    random.Fill(reinterpret_cast<char*>(bytes.data()), N);
  } while (IsZero(bytes));
}

}  // namespace

// https://www.w3.org/TR/trace-context/#traceparent-header
std::optional<TraceParent> TraceParent::Parse(std::string_view text) {
  if (text.size() != 55 || text.substr(0, 3) != "00-" || text[35] != '-' || text[52] != '-') {
    return std::nullopt;
  }
  TraceParent trace;
  std::array<uint8_t, 1> flags{};
  if (!ReadHex(text.substr(3, 32), trace.trace_id_) ||
      !ReadHex(text.substr(36, 16), trace.span_id_) || !ReadHex(text.substr(53, 2), flags) ||
      IsZero(trace.trace_id_) || IsZero(trace.span_id_)) {
    return std::nullopt;
  }
  trace.flags_ = flags[0];
  return trace;
}

TraceParent TraceParent::Fresh(Random& random) {
  TraceParent trace;
  FillNonZero(trace.trace_id_, random);
  FillNonZero(trace.span_id_, random);
  return trace;
}

TraceParent TraceParent::Child(Random& random) const {
  TraceParent child = *this;
  FillNonZero(child.span_id_, random);
  return child;
}

std::string TraceParent::ToString() const {
  std::string text;
  text.reserve(55);
  text += "00-";
  AppendHex(text, trace_id_);
  text += '-';
  AppendHex(text, span_id_);
  text += '-';
  AppendHex(text, std::array<uint8_t, 1>{flags_});
  return text;
}

std::string TraceParent::trace_id_hex() const {
  std::string text;
  AppendHex(text, trace_id_);
  return text;
}

}  // namespace amana::obs
