#include "common/store/history_parts.h"

#include <algorithm>

namespace amana::store {

std::vector<HistoryPart> PartsOfHistory(const std::vector<uint64_t>& sizes, HistoryPosition from,
                                        uint64_t limit, std::optional<HistoryPosition>& next) {
  std::vector<HistoryPart> parts;
  for (Shard shard = from.shard; shard < sizes.size(); ++shard) {
    const uint64_t first = shard == from.shard ? from.index : 0;
    if (first >= sizes[shard]) continue;
    if (limit == 0) {
      next = HistoryPosition{shard, first};
      break;
    }
    const uint64_t count = std::min(limit, sizes[shard] - first);
    parts.push_back({shard, first, count});
    limit -= count;
    if (first + count < sizes[shard]) {
      next = HistoryPosition{shard, first + count};
      break;
    }
  }
  return parts;
}

}  // namespace amana::store
