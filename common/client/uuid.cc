#include "common/client/uuid.h"

#include "absl/strings/ascii.h"
#include "common/base/base32.h"
#include "common/base/error.h"
#include "common/base/hex.h"
#include "common/base/ids.h"
#include "common/base/status_macros.h"

namespace amana::client {
namespace {

constexpr size_t kUuidSize = 36;

bool IsDashAt(size_t i) { return i == 8 || i == 13 || i == 18 || i == 23; }

}  // namespace

absl::StatusOr<std::string> ParseUuid(std::string_view text) {
  if (text.size() != kUuidSize) return Error(Reason::kInputMalformed);
  std::string digits;
  for (size_t i = 0; i < text.size(); ++i) {
    if (IsDashAt(i) != (text[i] == '-')) return Error(Reason::kInputMalformed);
    if (!IsDashAt(i)) digits.push_back(absl::ascii_tolower(static_cast<unsigned char>(text[i])));
  }
  return HexDecode(digits);
}

std::string FormatUuid(std::string_view bytes) {
  const std::string digits = HexEncode(bytes);
  std::string uuid;
  for (const char digit : digits) {
    if (IsDashAt(uuid.size())) uuid.push_back('-');
    uuid.push_back(digit);
  }
  return uuid;
}

absl::StatusOr<std::string> ParseId(std::string_view text) {
  if (text.size() == kUuidSize) return ParseUuid(text);
  if (text.size() != kIdTextSize) return Error(Reason::kInputMalformed);
  AMANA_ASSIGN_OR_RETURN(std::string bytes, Base32Decode(text));
  if (bytes.size() != kIdSize) return Error(Reason::kInputMalformed);
  return bytes;
}

}  // namespace amana::client
