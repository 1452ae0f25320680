#pragma once

#include "common/rpc/callers.h"
#include "services/identity/app/devices.h"

namespace amana::identity {

// Who callers of identity itself are: from its own store, as LookUpCaller tells the others.
class OwnCallers final : public rpc::CallerDirectory {
 public:
  // `devices` outlives this.
  explicit OwnCallers(const Devices& devices) : devices_(devices) {}

  absl::StatusOr<Caller> LookUp(const DeviceId& device, Deadline deadline) override;

 private:
  const Devices& devices_;
};

}  // namespace amana::identity
