#pragma once

// How a client finds its network: a file of `key = value` lines, handed out by the network and read
// once, at enrolment. What it names is copied into the vault.

#include <string>

#include "absl/status/statusor.h"
#include "amana/identity/v1/identity.pb.h"
#include "common/client/vault.pb.h"

namespace amana::client {

struct ClientConfig {
  std::string network;
  v1::Addresses addresses;
  std::string ca_file;
  std::string genesis_file;
  std::string log_key_file;
};

// kConfigurationInvalid or kFileUnreadable.
absl::StatusOr<ClientConfig> ReadClientConfig(const std::string& path);

// A profile with everything that comes from the network: its name, addresses, CA, root key and log
// key. kConfigurationInvalid (field "genesis_file") if the genesis is of another network or not
// signed by its own root key.
absl::StatusOr<v1::Profile> NetworkProfile(const ClientConfig& config);

// The same with a genesis that is not a file yet.
absl::StatusOr<v1::Profile> NetworkProfile(const ClientConfig& config,
                                           const identity::v1::Genesis& genesis);

}  // namespace amana::client
