#include "common/store/scores.h"

#include <algorithm>
#include <tuple>

namespace amana::store {
namespace {

template <class T>
void Cut(size_t limit, std::vector<T>& entries) {
  if (entries.size() > limit) entries.resize(limit);
}

}  // namespace

double MicrosUp(absl::Time time) {
  return static_cast<double>(
      absl::ToUnixMicros(time + absl::Microseconds(1) - absl::Nanoseconds(1)));
}

double MicrosDown(absl::Time time) { return static_cast<double>(absl::ToUnixMicros(time)); }

absl::Time FromMicros(double micros) { return absl::FromUnixMicros(static_cast<int64_t>(micros)); }

void SortAndCut(const IndexRange& range, std::vector<IndexEntry>& entries) {
  std::sort(entries.begin(), entries.end(), [&](const IndexEntry& a, const IndexEntry& b) {
    const auto left = std::tie(a.score, a.member);
    const auto right = std::tie(b.score, b.member);
    return range.descending ? right < left : left < right;
  });
  Cut(range.limit, entries);
}

void SortAndCut(uint32_t limit, std::vector<DueTimer>& due) {
  std::sort(due.begin(), due.end(), [](const DueTimer& a, const DueTimer& b) {
    return std::tie(a.due, a.shard, a.timer) < std::tie(b.due, b.shard, b.timer);
  });
  Cut(limit, due);
}

}  // namespace amana::store
