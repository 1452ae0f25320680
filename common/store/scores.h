#pragma once
// Times of timers as scores, and the one order of merged results: what both stores must agree on.
//
// A timer's time is kept in whole microseconds, which a double holds exactly until the year 2255.
// Arming rounds up and asking rounds down, so that a timer is never found before its time.

#include <cstdint>
#include <vector>

#include "common/store/store.h"

namespace amana::store {

double MicrosUp(absl::Time time);
double MicrosDown(absl::Time time);
absl::Time FromMicros(double micros);

// By score, then member (both backwards if the range is descending); at most range.limit.
void SortAndCut(const IndexRange& range, std::vector<IndexEntry>& entries);
// By time, then shard and name; at most `limit`.
void SortAndCut(uint32_t limit, std::vector<DueTimer>& due);

}  // namespace amana::store
