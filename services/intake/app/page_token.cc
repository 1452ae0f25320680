#include "services/intake/app/page_token.h"

#include <bit>
#include <cmath>
#include <cstdint>

#include "common/base/base32.h"
#include "common/base/error.h"
#include "common/base/ids.h"

namespace amana::intake {
namespace {

constexpr size_t kScoreSize = 8;  // bytes, big-endian IEEE 754

}  // namespace

std::string EncodePageToken(const store::IndexEntry& entry) {
  const auto bits = std::bit_cast<uint64_t>(entry.score);
  std::string bytes;
  for (size_t i = 0; i < kScoreSize; ++i) {
    bytes.push_back(static_cast<char>(bits >> (8 * (kScoreSize - 1 - i))));
  }
  return Base32Encode(bytes) + entry.member;
}

absl::StatusOr<store::IndexEntry> DecodePageToken(std::string_view token) {
  constexpr size_t kScoreText = 13;
  if (token.size() != kScoreText + kIdTextSize) return Error(Reason::kPageTokenInvalid);
  const absl::StatusOr<std::string> bytes = Base32Decode(token.substr(0, kScoreText));
  if (!bytes.ok() || !CaseId::Parse(token.substr(kScoreText)).ok()) {
    return Error(Reason::kPageTokenInvalid);
  }
  uint64_t bits = 0;
  for (const char byte : *bytes) bits = (bits << 8) | static_cast<unsigned char>(byte);
  const auto score = std::bit_cast<double>(bits);
  if (!std::isfinite(score)) return Error(Reason::kPageTokenInvalid);
  return store::IndexEntry{.member = std::string(token.substr(kScoreText)), .score = score};
}

}  // namespace amana::intake
