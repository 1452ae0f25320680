#pragma once

// A sealed handoff: story, contact and documents for the devices of one organisation. The seam that
// MLS will replace: callers see SealHandoff and OpenHandoff and nothing of what is between.
//
// How a package is made (K: 32 fresh random bytes, |: concatenation, every variable part preceded
// by its length as u32be):
//
//   entry(d)    device id | HPKE enc | HPKE seal of K for device d, info = "amana handoff v1" |
//               handoff id | case id | device id
//   content     HandoffContent with SHA-256(entry) of every recipient, padded to 256-byte buckets
//               (1 KiB above 4 KiB)
//   ciphertext  HMAC-SHA256(K, "amana handoff key v1") | XChaCha20-Poly1305(K, ad, content),
//               ad = handoff id | case id | sender organisation | recipient organisation
//   signature   Ed25519 by the sender's device over "amana handoff v1\n" | network | handoff id |
//               case id | referral id | sender organisation | sender device | recipient
//               organisation | number of attachments | their ids | SHA-256(ciphertext)
//
// A device gets the package with its own entry alone, so the entries are not under the signature:
// they are bound from inside, where every recipient finds the digest of its own entry and the names
// of the others. A server can thus neither send the package elsewhere, nor under another case, nor
// add a reader, nor show two readers two texts: the HMAC fixes the one key that opens the
// ciphertext (XChaCha20-Poly1305 alone would not).
//
// What it does not give: secrecy of old packages once a device's HPKE key is stolen (MLS will), and
// secrecy of sizes beyond the padding. Pure functions but for fresh randomness; thread-safe.

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "amana/messaging/v1/messaging.pb.h"
#include "common/base/ids.h"
#include "common/client/handoff.pb.h"
#include "common/client/trust.h"
#include "common/crypto/hpke.h"
#include "common/crypto/sign.h"

namespace amana::client {

// Who hands over what to whom. Public to the servers, and under the signature.
struct HandoffHeader {
  std::string network;
  HandoffId handoff;
  CaseId case_id;
  std::string referral_id;  // 16 bytes or empty
  OrganisationId sender_organisation;
  DeviceId sender_device;
  OrganisationId recipient_organisation;
};

// Any 16 random bytes whose first two are the case's: both live in one shard.
HandoffId NewHandoffId(const CaseId& case_id);

// `content` without its recipients; attachment ids are those of content.attachments.
// kRecipientKeyMissing if there is no recipient; kInvalidField (field "story") if the content does
// not fit into a package.
absl::StatusOr<messaging::v1::Package> SealHandoff(const HandoffHeader& header,
                                                   v1::HandoffContent content,
                                                   const std::vector<TrustedRecipient>& recipients,
                                                   const crypto::SigningKey& sender);

struct OpenedHandoff {
  v1::HandoffContent content;
  // The device that sealed it has been removed since: ask the office whether it stands by it.
  bool sender_revoked = false;
};

// Checks the sender before anything is decrypted. `sender` is the sending organisation, verified.
// kTrustChainBroken: the device is none of it; kSignatureInvalid: it did not sign this;
// kDecryptionFailed: not for this device, or changed.
absl::StatusOr<OpenedHandoff> OpenHandoff(const HandoffHeader& header,
                                          const messaging::v1::Package& package,
                                          const TrustedOrganisation& sender, const DeviceId& self,
                                          const std::vector<crypto::HpkePrivateKey>& keys);

}  // namespace amana::client
