#pragma once

// Who this device is: what its vault holds under fixed names, typed.

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/ids.h"
#include "common/client/vault.h"
#include "common/client/vault.pb.h"
#include "common/crypto/hpke.h"
#include "common/crypto/sign.h"

namespace amana::client {

// Names in the vault. HPKE keys lie under kHpkePrefix and the public key in hexadecimal.
inline constexpr char kProfileName[] = "profile";
inline constexpr char kSigningSeedName[] = "signing seed";
inline constexpr char kTransportKeyName[] = "transport key";
inline constexpr char kPendingEnrolmentName[] = "pending enrolment";
inline constexpr char kCurrentHpkeName[] = "current hpke key";
inline constexpr char kHpkePrefix[] = "hpke/";

// A certificate with less time than this left is renewed.
inline constexpr absl::Duration kRenewBefore = absl::Hours(8);

// kVaultLocked if this device has never been enrolled.
absl::StatusOr<v1::Profile> LoadProfile(const Vault& vault);
absl::StatusOr<crypto::SigningKey> LoadSigningKey(const Vault& vault);

// PKCS #8 PEM.
absl::StatusOr<SecretBytes> LoadTransportKey(const Vault& vault);

// A new key under which others can seal for this device; earlier ones stay, so that what was sealed
// before still opens. Written before it returns.
absl::StatusOr<crypto::HpkePublicKey> AddHpkeKey(Vault& vault);

// All of them, the current one first.
absl::StatusOr<std::vector<crypto::HpkePrivateKey>> LoadHpkeKeys(const Vault& vault);

}  // namespace amana::client
