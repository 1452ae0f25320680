#pragma once
// Rows of several shards.

#include <utility>
#include <vector>

#include "common/store/store.h"

namespace amana::store {

// One row for each key, in order, with one read for each shard. They are not of one moment.
absl::StatusOr<std::vector<Row>> ReadEverywhere(Store& store,
                                                const std::vector<std::pair<Shard, Key>>& keys,
                                                Deadline deadline);

}  // namespace amana::store
