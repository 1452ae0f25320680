#pragma once

// The cryptography of MLS (RFC 9420, section 5) over common/crypto. One suite is in use: 0x0003
// (DHKEM X25519, ChaCha20-Poly1305, SHA-256, Ed25519). What another suite of the same family would
// change is its number and its AEAD, so these two are what a Suite is; everything else is fixed
// here. All functions are thread-safe and depend on nothing but their arguments.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "common/base/random.h"
#include "common/base/secret.h"
#include "common/crypto/aead.h"
#include "common/crypto/hpke.h"
#include "common/crypto/sign.h"
#include "common/mls/types.h"

namespace amana::mls {

inline constexpr size_t kHashSize = 32;  // KDF.Nh

// Lives as long as every group that uses it.
struct Suite {
  CipherSuiteId id = 0;
  const crypto::Aead* aead = nullptr;
};

inline constexpr Suite kSuite3 = {0x0003, &crypto::kChaCha20Poly1305};

std::string Hash(std::string_view data);

// RefHash of section 5.2, with the labels below.
std::string RefHash(std::string_view label, std::string_view value);
std::string KeyPackageRefOf(std::string_view encoded_key_package);
std::string ProposalRefOf(std::string_view encoded_authenticated_content);

std::string Mac(std::string_view key, std::string_view data);
// In a time that depends on the sizes alone; a tag of another size is never the right one.
bool VerifyMac(std::string_view key, std::string_view data, std::string_view tag);

// Section 8.
SecretBytes Extract(std::string_view salt, std::string_view input_key);
SecretBytes ExpandWithLabel(std::string_view secret, std::string_view label,
                            std::string_view context, size_t size);
SecretBytes DeriveSecret(std::string_view secret, std::string_view label);
// Section 9.1.
SecretBytes DeriveTreeSecret(std::string_view secret, std::string_view label, uint32_t generation,
                             size_t size);
// 32 zero bytes: where no secret goes in.
std::string_view ZeroSecret();

// Section 5.1.2. The label is put in front of `content`, which can be long and is wiped: it is
// best moved here.
std::string SignWithLabel(const crypto::SigningKey& key, std::string_view label,
                          std::string content);
bool VerifyWithLabel(std::string_view public_key, std::string_view label, std::string content,
                     std::string_view signature);

// Section 5.1.3. kKeyMalformed if the key has another size or is no usable point;
// kDecryptionFailed. The context is hashed once, however many recipients get something about it.
crypto::HpkeInfo EncryptContext(const Suite& suite, std::string_view label,
                                std::string_view context);
absl::StatusOr<HpkeCiphertext> EncryptWithLabel(const crypto::HpkeInfo& context,
                                                std::string_view public_key,
                                                std::string_view plaintext, Random& random);
absl::StatusOr<SecretBytes> DecryptWithLabel(const crypto::HpkeInfo& context,
                                             const crypto::HpkePrivateKey& key,
                                             const HpkeCiphertext& sealed);

// Random bytes that are nobody's secret, such as nonces.
std::string RandomBytes(Random& random, size_t size);
SecretBytes RandomSecret(Random& random, size_t size = kHashSize);

}  // namespace amana::mls
