#pragma once
// Reading the outbox as it fills: the long poll behind OutboxService.ReadOutbox.

#include <cstdint>
#include <vector>

#include "common/store/store.h"

namespace amana::store {

// Store::ReadOutbox, but waits for entries until `wait_until`; then the answer is empty, not an
// error. Commits of this process wake it (gathered for a few milliseconds, so that a busy service
// is not read entry by entry), those of others are seen within 100 ms.
absl::StatusOr<std::vector<OutboxEntry>> ReadOutboxWaiting(Store& store,
                                                           const std::vector<uint64_t>& cursors,
                                                           uint32_t limit, Deadline wait_until);

}  // namespace amana::store
