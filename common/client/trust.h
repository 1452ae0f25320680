#pragma once

// Whom to believe. A device certificate is signed by an approved head (supervisor, centre manager,
// network administrator) of the same organisation, the first one by the network's offline root. The
// servers hand the chain over; here it is checked from the root down, so that a server that invents
// a device, swaps a key or borrows another organisation's gets kTrustChainBroken, never a package.
//
// What a server can still do: leave devices out (the package then reaches fewer colleagues, which
// they notice), not tell of a revocation, or serve a device's earlier published key. Revocations
// and certificates are leaves of the audit log, where leaving one out is seen.
//
// All functions are pure and thread-safe.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "amana/identity/v1/identity.pb.h"
#include "amana/messaging/v1/messaging.pb.h"
#include "common/base/ids.h"
#include "common/crypto/hpke.h"
#include "common/crypto/sign.h"

namespace amana::client {

inline constexpr std::string_view kDeviceCertificatePrefix = "amana device certificate v1\n";
inline constexpr std::string_view kPublishedKeyPrefix = "amana published key v1\n";

struct TrustedDevice {
  DeviceId id;
  OrganisationId organisation;
  options::v1::Role role;
  crypto::VerifyingKey signing_key;
  // Kept because others follow from it, or something was signed before it was removed: never a
  // recipient.
  bool revoked = false;
};

// The devices of one organisation, all of whose certificates were followed up to the root.
class TrustedOrganisation {
 public:
  // kTrustChainBroken unless every certificate is right: this network, this organisation, its
  // issuer before it and a head of the same organisation or the root, its signature, no device
  // twice.
  static absl::StatusOr<TrustedOrganisation> Verify(
      std::string_view network, const crypto::VerifyingKey& root_key,
      const OrganisationId& organisation,
      const identity::v1::ListDeviceCertificatesResponse& answer);

  const OrganisationId& id() const { return id_; }
  const std::string& network() const { return network_; }

  // Null if there is none.
  const TrustedDevice* Find(const DeviceId& id) const;

  const std::map<DeviceId, TrustedDevice>& devices() const { return devices_; }

 private:
  absl::Status Add(const identity::v1::DeviceCertificate& certificate,
                   const crypto::VerifyingKey& root_key);

  std::string network_;
  OrganisationId id_;
  std::map<DeviceId, TrustedDevice> devices_;
};

// As many as a package may have (messaging.proto).
inline constexpr size_t kMaxRecipients = 64;

// A device that a package can be sealed for.
struct TrustedRecipient {
  DeviceId device;
  crypto::HpkePublicKey key;
};

// The newest published key of each device of the organisation that is not revoked. Left out is a
// key that is not signed by its device, names another network, belongs to a device that the
// organisation does not have, or can't be sealed to: nobody seals for it, and one device that
// publishes nonsense keeps no package from its colleagues. Of more than kMaxRecipients, those whose
// keys are newest. In the order of their ids.
std::vector<TrustedRecipient> VerifyPublishedKeys(const TrustedOrganisation& organisation,
                                                  const messaging::v1::ListKeysResponse& answer);

// What a device says about itself and others: signed statements.
identity::v1::DeviceCertificate SignDeviceCertificate(
    const identity::v1::DeviceStatement& statement, const crypto::SigningKey& key,
    const DeviceId* issuer);  // null: the key is the network's root
messaging::v1::PublishedKey SignPublishedKey(std::string_view network, const DeviceId& device,
                                             const crypto::HpkePublicKey& key, absl::Time now,
                                             const crypto::SigningKey& signing_key);

// kTrustChainBroken unless the first administrator is vouched for by the root key it names.
absl::Status VerifyGenesis(const identity::v1::Genesis& genesis);

}  // namespace amana::client
