#pragma once

// The beginning of a network: its own organisation and its first administrator, vouched for by the
// offline root key.

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "common/base/deadline.h"
#include "common/crypto/sign.h"
#include "services/identity/app/context.h"
#include "services/identity/domain/device.h"

namespace amana::identity {

inline constexpr size_t kMaxGenesisBytes = 16 * 1024;

struct Genesis {
  crypto::VerifyingKey root_key;
  domain::Membership first;  // the network's organisation and its first administrator's device
};

// A serialised amana.identity.v1.Genesis of `network`. kConfigurationInvalid unless it is whole and
// signed by the root key it names.
absl::StatusOr<Genesis> ParseGenesis(std::string_view bytes, const std::string& network);

// Puts organisation and device into the store, if they are not there. Idempotent, also where
// several servers start at once; what has become of them since stays as it is.
// kConfigurationInvalid: the store is of another network.
absl::Status InstallGenesis(const Tools& tools, const Genesis& genesis, Deadline deadline);

}  // namespace amana::identity
