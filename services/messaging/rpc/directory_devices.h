#pragma once

// Devices, by the same directory that says who callers are.

#include "common/rpc/callers.h"
#include "services/messaging/app/ports.h"

namespace amana::messaging {

class DirectoryDevices final : public Devices {
 public:
  // `directory` outlives this.
  explicit DirectoryDevices(rpc::CallerDirectory& directory) : directory_(directory) {}

  absl::StatusOr<OrganisationId> OrganisationOf(const DeviceId& device, Deadline deadline) override;

 private:
  rpc::CallerDirectory& directory_;
};

}  // namespace amana::messaging
