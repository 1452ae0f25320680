#pragma once

// How a handoff stands in the store, and what else a change of it changes.

#include <string>
#include <string_view>

#include "services/messaging/app/context.h"

namespace amana::messaging {

using LoadedHandoff = Loaded<domain::Handoff>;

absl::StatusOr<LoadedHandoff> LoadHandoff(const Deps& deps, const HandoffId& id, Deadline deadline);

// Adds a new handoff and its package: rows, indexes, timers.
void PutNewHandoff(const domain::Handoff& handoff, std::string package, store::Commit* commit);

// Adds a change of a handoff: its row; its place among the unopened ones; and where the package is
// let go, the package's row, which takes ciphertext and keys along, and the timers: nothing more is
// delivered, and the attachments are taken away.
void PutHandoff(const LoadedHandoff& before, const domain::Handoff& after, absl::Time now,
                store::Commit* commit);

}  // namespace amana::messaging
