#pragma once

// Puts an organisation's devices into an order in which a client can verify their certificates.

#include <functional>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/ids.h"
#include "services/identity/domain/device.h"

namespace amana::identity {

// Reads devices of one organisation by id; those that are not there are left out.
using DeviceReader =
    std::function<absl::StatusOr<std::vector<domain::Device>>(const std::vector<DeviceId>&)>;

// The devices whose certificates a client needs, each after the issuer of its own: those among
// `devices` that were ever approved, and those that their chains lead through, which are asked for
// by `read`, a generation at a time.
absl::StatusOr<std::vector<domain::Device>> OrderByIssuer(std::vector<domain::Device> devices,
                                                          const DeviceReader& read);

}  // namespace amana::identity
