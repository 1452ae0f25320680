#pragma once

// Pages of an index: where the last one ended, as a token.

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/deadline.h"
#include "common/store/store.h"

namespace amana::referral {

inline constexpr uint32_t kDefaultPageSize = 100;
inline constexpr uint32_t kMaxPageSize = 500;

struct Page {
  std::vector<store::IndexEntry> entries;
  std::string next_token;  // empty: this was the last
};

// The entries of `index` in all shards, in ascending order up to `maximum`, after the token.
// kPageTokenInvalid. Tokens stay good while entries come and go.
absl::StatusOr<Page> ReadPage(store::Store& store, const std::string& index, double maximum,
                              uint32_t page_size, const std::string& token, Deadline deadline);

}  // namespace amana::referral
