#pragma once

// The key schedule (RFC 9420, section 8): from the init secret of one epoch, a commit's secret and
// pre-shared keys to the secrets of the next. Pure functions. `context` is always an encoded
// GroupContext of the epoch that the secrets are for.

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/secret.h"
#include "common/crypto/hpke.h"
#include "common/mls/messages.h"
#include "common/mls/suite.h"

namespace amana::mls {

// Table 4. The encryption secret is missing: it goes into the SecretTree at once and is deleted.
struct EpochSecrets {
  SecretBytes sender_data_secret;
  SecretBytes exporter_secret;
  SecretBytes external_secret;
  SecretBytes confirmation_key;
  SecretBytes membership_key;
  SecretBytes resumption_psk;
  SecretBytes epoch_authenticator;
  SecretBytes init_secret;
  static constexpr auto kFields =
      std::tuple(&EpochSecrets::sender_data_secret, &EpochSecrets::exporter_secret,
                 &EpochSecrets::external_secret, &EpochSecrets::confirmation_key,
                 &EpochSecrets::membership_key, &EpochSecrets::resumption_psk,
                 &EpochSecrets::epoch_authenticator, &EpochSecrets::init_secret);
};

struct DerivedEpoch {
  EpochSecrets secrets;
  SecretBytes encryption_secret;
};

SecretBytes DeriveJoinerSecret(std::string_view init_secret, std::string_view commit_secret,
                               std::string_view context);

SecretBytes DeriveWelcomeSecret(std::string_view joiner_secret, std::string_view psk_secret);

DerivedEpoch DeriveEpoch(std::string_view joiner_secret, std::string_view psk_secret,
                         std::string_view context);

// The first epoch of a group, from a random secret (section 11).
DerivedEpoch DeriveFirstEpoch(std::string_view epoch_secret);

// The key that newcomers from outside send their init secret to.
crypto::HpkePrivateKey DeriveExternalKey(const EpochSecrets& secrets);

// MLS-Exporter of section 8.5. kExportTooLong above 255 hashes.
absl::StatusOr<SecretBytes> ExportSecret(const EpochSecrets& secrets, std::string_view label,
                                         std::string_view context, size_t size);

// Section 8.4.
struct Psk {
  PreSharedKeyId id;
  SecretBytes secret;
};
SecretBytes DerivePskSecret(const std::vector<Psk>& psks);

// Section 8.2.
std::string ConfirmedTranscriptHash(std::string_view interim_before,
                                    const AuthenticatedContent& commit);
std::string InterimTranscriptHash(std::string_view confirmed, std::string_view confirmation_tag);

}  // namespace amana::mls
