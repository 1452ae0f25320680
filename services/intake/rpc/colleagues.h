#pragma once

#include "common/rpc/callers.h"
#include "services/intake/app/ports.h"

namespace amana::intake {

// Asks the directory of callers. Thread-safe.
class DirectoryColleagues final : public Colleagues {
 public:
  // `directory` outlives this.
  explicit DirectoryColleagues(rpc::CallerDirectory& directory) : directory_(directory) {}

  absl::StatusOr<bool> TakesCases(const OrganisationId& organisation, const DeviceId& device,
                                  Deadline deadline) override;

 private:
  rpc::CallerDirectory& directory_;
};

}  // namespace amana::intake
