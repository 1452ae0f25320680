#pragma once

// Which parts of a history make up one page. Pure.

#include <cstdint>
#include <optional>
#include <vector>

#include "common/store/store.h"

namespace amana::store {

struct HistoryPart {
  Shard shard = 0;
  uint64_t first = 0;
  uint64_t count = 0;  // at least 1
};

// At most `limit` entries in all, from `from` on; `sizes` has one for each shard. `next` is set
// where there are more.
std::vector<HistoryPart> PartsOfHistory(const std::vector<uint64_t>& sizes, HistoryPosition from,
                                        uint64_t limit, std::optional<HistoryPosition>& next);

}  // namespace amana::store
