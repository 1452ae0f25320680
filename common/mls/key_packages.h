#pragma once

// What a client publishes so that others can add it to groups (RFC 9420, section 10), and the
// private keys that it keeps for that.

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/random.h"
#include "common/crypto/hpke.h"
#include "common/crypto/sign.h"
#include "common/mls/suite.h"
#include "common/mls/types.h"

namespace amana::mls {

// What a client says of itself in each of its leaves. `capabilities` lists the suite and the type
// of `credential` at least: see DefaultCapabilities.
struct Identity {
  Credential credential;
  Capabilities capabilities;
  Extensions leaf_extensions;
};

Credential BasicCredential(std::string_view identity);

// MLS 1.0, this suite, basic credentials, last-resort key packages, and nothing else.
Capabilities DefaultCapabilities(const Suite& suite);

// A key package and both private halves of it. Move-only. Once it was joined with, it must be
// deleted: whoever has the init key can read the welcome again. One of last resort stays in the
// vault until another one was published in its place and no welcome for it is on its way any more;
// each join takes a Decode() of what is there.
struct OwnKeyPackage {
  KeyPackage key_package;
  crypto::HpkePrivateKey init_key;
  crypto::HpkePrivateKey leaf_key;

  // For a vault: the three of them; it holds secrets. kStateDamaged.
  SecretBytes Encode() const;
  static absl::StatusOr<OwnKeyPackage> Decode(std::string_view encoded);
};

// `last_resort` marks one that is given out when no others are left, so more than once perhaps
// (section 16.8): who is added with it should commit soon, which replaces the leaf's key, and
// publish another one.
OwnKeyPackage MakeKeyPackage(const Suite& suite, const Identity& identity,
                             const crypto::SigningKey& signer, const Lifetime& lifetime,
                             bool last_resort, Random& random);

// Whether it is kept when it was joined with.
bool IsLastResort(const KeyPackage& key_package);

// What a welcome names its newcomer by.
std::string RefOf(const KeyPackage& key_package);

// An MLSMessage with the key package in it, for publishing, and back again. Decoding says nothing
// about its validity.
std::string EncodeMessage(const KeyPackage& key_package);
absl::StatusOr<KeyPackage> DecodeKeyPackageMessage(std::string_view encoded);

}  // namespace amana::mls
