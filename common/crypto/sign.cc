#include "common/crypto/sign.h"

#include "common/base/check.h"
#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "common/crypto/sodium.h"

namespace amana::crypto {

using internal::Bytes;
using internal::EnsureSodium;

static_assert(kSeedSize == crypto_sign_SEEDBYTES);
static_assert(kVerifyingKeySize == crypto_sign_PUBLICKEYBYTES);
static_assert(kSignatureSize == crypto_sign_BYTES);

absl::StatusOr<VerifyingKey> VerifyingKey::FromBytes(std::string_view bytes) {
  if (bytes.size() != kVerifyingKeySize) return Error(Reason::kInputMalformed);
  VerifyingKey key;
  key.bytes_ = std::string(bytes);
  return key;
}

bool VerifyingKey::Verify(std::string_view message, std::string_view signature) const {
  if (bytes_.size() != kVerifyingKeySize || signature.size() != kSignatureSize) return false;
  EnsureSodium();
  return crypto_sign_verify_detached(Bytes(signature), Bytes(message), message.size(),
                                     Bytes(std::string_view(bytes_))) == 0;
}

SigningKey SigningKey::Generate(Random& random) {
  SecretBytes seed(kSeedSize);
  random.Fill(seed.ExposeMutable(), seed.size());
  return *FromSeed(seed.Expose());
}

absl::StatusOr<SigningKey> SigningKey::FromSeed(std::string_view seed) {
  if (seed.size() != kSeedSize) return Error(Reason::kInputMalformed);
  EnsureSodium();
  std::string public_key(kVerifyingKeySize, '\0');
  SigningKey key;
  key.key_ = SecretBytes(crypto_sign_SECRETKEYBYTES);
  crypto_sign_seed_keypair(Bytes(public_key.data()), Bytes(key.key_.ExposeMutable()), Bytes(seed));
  AMANA_ASSIGN_OR_RETURN(key.verifying_key_, VerifyingKey::FromBytes(public_key));
  return key;
}

std::string SigningKey::Sign(std::string_view message) const {
  AMANA_CHECK(!key_.empty(), "a signing key that was moved away");
  std::string signature(kSignatureSize, '\0');
  crypto_sign_detached(Bytes(signature.data()), nullptr, Bytes(message), message.size(),
                       Bytes(key_.Expose()));
  return signature;
}

SecretBytes SigningKey::Seed() const {
  AMANA_CHECK(!key_.empty(), "a signing key that was moved away");
  return SecretBytes::CopyOf(key_.Expose().substr(0, kSeedSize));
}

}  // namespace amana::crypto
