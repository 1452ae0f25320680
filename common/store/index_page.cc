#include "common/store/index_page.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <optional>
#include <string_view>

#include "common/base/base32.h"
#include "common/base/error.h"
#include "common/base/ids.h"
#include "common/base/status_macros.h"

namespace amana::store {
namespace {

constexpr uint32_t kDefaultPageSize = 100;
constexpr uint32_t kMaxPageSize = 500;
constexpr size_t kScoreSize = 8;  // bytes, big-endian IEEE 754
constexpr size_t kScoreText = 13;

// The last entry of a page.
struct Position {
  double score = 0;
  std::string id;
};

std::string_view IdOf(const IndexEntry& entry) {
  return std::string_view(entry.member).substr(0, kIdTextSize);
}

std::string ToToken(const IndexEntry& entry) {
  const auto bits = std::bit_cast<uint64_t>(entry.score);
  std::string bytes;
  for (size_t i = 0; i < kScoreSize; ++i) {
    bytes.push_back(static_cast<char>(bits >> (8 * (kScoreSize - 1 - i))));
  }
  return Base32Encode(bytes).append(IdOf(entry));
}

absl::StatusOr<std::optional<Position>> FromToken(std::string_view token) {
  if (token.empty()) return std::nullopt;
  if (token.size() != kScoreText + kIdTextSize) return Error(Reason::kPageTokenInvalid);
  const absl::StatusOr<std::string> bytes = Base32Decode(token.substr(0, kScoreText));
  const std::string_view id = token.substr(kScoreText);
  if (!bytes.ok() || !CaseId::Parse(id).ok()) return Error(Reason::kPageTokenInvalid);
  uint64_t bits = 0;
  for (const char byte : *bytes) bits = (bits << 8) | static_cast<unsigned char>(byte);
  const auto score = std::bit_cast<double>(bits);
  if (!std::isfinite(score)) return Error(Reason::kPageTokenInvalid);
  return Position{score, std::string(id)};
}

bool ComesAfter(const IndexEntry& entry, const Position& last, bool descending) {
  if (entry.score != last.score) return descending == (entry.score < last.score);
  const std::string_view id = IdOf(entry);
  return id != last.id && descending == (id < last.id);
}

}  // namespace

uint32_t PageSize(uint32_t asked) {
  return asked == 0 ? kDefaultPageSize : std::min(asked, kMaxPageSize);
}

absl::StatusOr<IndexPage> ReadIndexPage(Store& store, const std::string& index, IndexRange range,
                                        const std::string& token, Deadline deadline) {
  AMANA_ASSIGN_OR_RETURN(const std::optional<Position> last, FromToken(token));
  if (last && range.descending) range.maximum = std::min(range.maximum, last->score);
  if (last && !range.descending) range.minimum = std::max(range.minimum, last->score);
  const size_t size = range.limit;
  IndexPage page;
  // Entries with the very score of the last one may have been given, too: then it is read on.
  for (++range.limit;; range.limit *= 2) {
    AMANA_ASSIGN_OR_RETURN(page.entries, store.ReadIndexEverywhere(index, range, deadline));
    const bool all = page.entries.size() < range.limit;
    if (last) {
      std::erase_if(page.entries, [&](const IndexEntry& entry) {
        return !ComesAfter(entry, *last, range.descending);
      });
    }
    if (all || page.entries.size() > size) break;
  }
  if (page.entries.size() > size) {
    page.entries.resize(size);
    page.next_token = ToToken(page.entries.back());
  }
  return page;
}

}  // namespace amana::store
