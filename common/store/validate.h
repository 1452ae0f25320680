#pragma once

#include "absl/status/status.h"
#include "common/store/store.h"

namespace amana::store {

// The longest kind, id, index, member, timer or caller.
inline constexpr size_t kMaxNameBytes = 128;
inline constexpr size_t kMaxTraceparentBytes = 64;

// kUnexpected for a commit that breaks the contract of store.h: too large, a key named twice, no
// audit record, a name with a colon. Only a fault in our own code makes one; nothing of it reaches
// Redis.
absl::Status ValidateCommit(const Commit& commit, uint32_t shards);

// kUnexpected for a shard that there is not.
absl::Status ValidateShard(Shard shard, uint32_t shards);

}  // namespace amana::store
