#include "services/referral/app/page.h"

#include <bit>
#include <cmath>

#include "common/base/error.h"
#include "common/base/hex.h"
#include "common/base/ids.h"
#include "common/base/status_macros.h"

namespace amana::referral {
namespace {

// Entries that share one score, to the microsecond, beyond which a page could lose some.
constexpr uint32_t kMostTies = 64;

struct Position {
  double score = -1e300;
  std::string member_prefix;
};

std::string ToToken(const store::IndexEntry& entry) {
  const auto bits = std::bit_cast<uint64_t>(entry.score);
  std::string bytes;
  for (int shift = 56; shift >= 0; shift -= 8) bytes.push_back(static_cast<char>(bits >> shift));
  return HexEncode(bytes) + entry.member.substr(0, kIdTextSize);
}

absl::StatusOr<Position> FromToken(const std::string& token) {
  if (token.empty()) return Position{};
  if (token.size() != 16 + kIdTextSize) return Error(Reason::kPageTokenInvalid);
  const auto bytes = HexDecode(token.substr(0, 16));
  if (!bytes.ok()) return Error(Reason::kPageTokenInvalid);
  uint64_t bits = 0;
  for (const char byte : *bytes) bits = bits << 8 | static_cast<unsigned char>(byte);
  const auto score = std::bit_cast<double>(bits);
  if (!std::isfinite(score)) return Error(Reason::kPageTokenInvalid);
  return Position{score, token.substr(16)};
}

}  // namespace

absl::StatusOr<Page> ReadPage(store::Store& store, const std::string& index, double maximum,
                              uint32_t page_size, const std::string& token, Deadline deadline) {
  AMANA_ASSIGN_OR_RETURN(const Position after, FromToken(token));
  const uint32_t size = page_size == 0 ? kDefaultPageSize : std::min(page_size, kMaxPageSize);
  AMANA_ASSIGN_OR_RETURN(
      std::vector<store::IndexEntry> entries,
      store.ReadIndexEverywhere(
          index, {.minimum = after.score, .maximum = maximum, .limit = size + kMostTies + 1},
          deadline));
  Page page;
  for (store::IndexEntry& entry : entries) {
    const bool seen =
        entry.score == after.score && entry.member.substr(0, kIdTextSize) <= after.member_prefix;
    if (seen) continue;
    if (page.entries.size() == size) {
      page.next_token = ToToken(page.entries.back());
      break;
    }
    page.entries.push_back(std::move(entry));
  }
  return page;
}

}  // namespace amana::referral
