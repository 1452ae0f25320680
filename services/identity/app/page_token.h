#pragma once

// Where a page of an index ended, as text that a client hands back without looking into it. It
// holds positions only: nothing that a caller may not see.

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace amana::identity {

// The next page begins at `score`, after the first `skip` members that have it.
struct PagePosition {
  double score = -1e300;
  uint32_t skip = 0;

  friend bool operator==(const PagePosition&, const PagePosition&) = default;
};

inline constexpr uint32_t kMaxSkip = 4096;

std::string MakePageToken(const PagePosition& position);

// The beginning for an empty token. kPageTokenInvalid.
absl::StatusOr<PagePosition> ParsePageToken(std::string_view token);

}  // namespace amana::identity
