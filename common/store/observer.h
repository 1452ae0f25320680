#pragma once
// What a store tells about itself: the seam to metrics, so that this folder needs none.

#include <string_view>

#include "absl/time/time.h"

namespace amana::store {

// Thread-safe; called after every operation, on the caller's thread: must be quick.
class StoreObserver {
 public:
  virtual ~StoreObserver() = default;

  // `operation` is one of a fixed few ("apply", "read", "read_outbox" …) and lives for ever. `ok`
  // is false if the store failed; a conflict or a reused request id is not its failure.
  virtual void OnOperation(std::string_view operation, absl::Duration took, bool ok) = 0;
};

}  // namespace amana::store
