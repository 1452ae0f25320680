#pragma once
// One command, from decision to commit. Every app-layer command and timer goes through Execute().

#include <functional>
#include <string>

#include "common/store/store.h"

namespace amana::store {

// How often a command is decided again after somebody else's change came first.
inline constexpr int kMaxAttempts = 16;

// Runs `decide` (read, domain::Decide, build the commit with its reply and audit record), then
// Apply(); on a conflict runs it again, up to kMaxAttempts times (then kContended).
//
// Fills in the commit's traceparent and, where the context has a request_id, its request record; a
// repetition gets the reply recorded the first time, also where `decide` would now refuse.
// Returns the reply: the bytes the caller is answered with.
absl::StatusOr<std::string> Execute(Store& store, const CallContext& context, Shard shard,
                                    const std::function<absl::StatusOr<Commit>()>& decide);

}  // namespace amana::store
