#pragma once

// How a device comes into a network: a code, keys that never leave the vault, a pending device; and
// how another device approves it.

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "amana/identity/v1/identity.pb.h"
#include "common/base/ids.h"
#include "common/client/client_config.h"
#include "common/client/session.h"
#include "common/crypto/sign.h"

namespace amana::client {

// Exchanges the code for a pending device whose keys and certificate are in the vault in `home`,
// which is made if need be. Interrupted, it may be called again with the same code and takes up
// where it was. kDeviceStateInvalid if this home is enrolled already.
absl::StatusOr<identity::v1::Device> Enrol(const std::string& home, std::string_view passphrase,
                                           const ClientConfig& config, std::string_view code,
                                           absl::Duration timeout);

// What is vouched for, as a person read it from the new device itself or heard it from who holds
// it. Never as identity tells it: a server that swaps a key would get it signed.
struct Vouched {
  OrganisationId organisation;
  DeviceId device;
  options::v1::Role role;
  crypto::VerifyingKey signing_key;
};

// Vouches for a pending device with this device's signing key, or with the network's root key for
// an organisation's first. kDeviceCertificateInvalid if identity knows the device with another key
// or role.
absl::StatusOr<identity::v1::Device> Approve(Session& session, const Vouched& vouched,
                                             const crypto::SigningKey* root_key);

// Makes a new HPKE key, keeps it, and publishes it.
absl::Status PublishHpkeKey(Session& session);

}  // namespace amana::client
