#pragma once

// HPKE (RFC 9180), base mode: DHKEM(X25519, HKDF-SHA256) 0x0020, HKDF-SHA256 0x0001, and
// ChaCha20-Poly1305 unless another AEAD is named. Base mode says nothing about the sender: sign
// what must be trusted.
//
//   Sealed s = *SealBase(their_key, "amana/handoff/v1", ad, plaintext);
//   std::string plaintext = *OpenBase(my_key, s, "amana/handoff/v1", ad);

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "common/base/random.h"
#include "common/base/secret.h"
#include "common/crypto/aead.h"

namespace amana::crypto {

inline constexpr size_t kHpkeKeySize = 32;  // of private keys, public keys and `enc`

// A value of 32 public bytes.
class HpkePublicKey {
 public:
  HpkePublicKey() = default;

  // kInputMalformed unless there are 32 bytes.
  static absl::StatusOr<HpkePublicKey> FromBytes(std::string_view bytes);

  // Whether anything can be sealed to these bytes: to a point of small order nothing can. Costs a
  // multiplication.
  static bool IsUsable(std::string_view bytes);

  const std::string& bytes() const { return bytes_; }

  friend bool operator==(const HpkePublicKey&, const HpkePublicKey&) = default;

 private:
  std::string bytes_;
};

// Move-only; wiped.
class HpkePrivateKey {
 public:
  static HpkePrivateKey Generate(Random& random);

  // DeriveKeyPair of RFC 9180 section 7.1.3. `input_key` has at least 32 bytes of entropy.
  static HpkePrivateKey Derive(std::string_view input_key);

  // kInputMalformed unless there are 32 bytes.
  static absl::StatusOr<HpkePrivateKey> FromBytes(std::string_view bytes);

  // The same for a key whose public half is at hand: it is believed, which saves a multiplication.
  static absl::StatusOr<HpkePrivateKey> FromPair(std::string_view bytes, HpkePublicKey public_key);

  HpkePrivateKey Clone() const { return HpkePrivateKey(bytes_.Clone(), public_key_); }

  const HpkePublicKey& public_key() const { return public_key_; }

  // The 32 bytes to keep in a vault.
  const SecretBytes& bytes() const { return bytes_; }

 private:
  explicit HpkePrivateKey(SecretBytes bytes);
  HpkePrivateKey(SecretBytes bytes, HpkePublicKey public_key)
      : bytes_(std::move(bytes)), public_key_(std::move(public_key)) {}

  SecretBytes bytes_;
  HpkePublicKey public_key_;
};

struct Sealed {
  std::string enc;         // 32 bytes: the sender's ephemeral public key
  std::string ciphertext;  // plaintext and 16 bytes of tag
};

// What a message is about, hashed: made once where many recipients get something about the same
// thing.
class HpkeInfo {
 public:
  explicit HpkeInfo(std::string_view info, const Aead& aead = kChaCha20Poly1305);
  // The same of `start` and `rest` together, which can be long.
  HpkeInfo(std::string_view start, std::string_view rest, const Aead& aead);

 private:
  friend class HpkeContext;
  const Aead* aead_;
  std::string suite_;     // suite_id of section 5.1
  SecretBytes schedule_;  // key_schedule_context of section 5.1
};

// One for each side and direction; messages open in the order in which they were sealed. Not
// thread-safe.
class HpkeContext {
 public:
  // KeySchedule of section 5.1: a context from the KEM's shared secret. SetupBaseS and SetupBaseR
  // are what makes one; a test of the key schedule may.
  HpkeContext(std::string_view shared_secret, const HpkeInfo& info, bool sender);

  // Encrypts the next message. Only on the sender's side.
  std::string Seal(std::string_view ad, std::string_view plaintext);

  // Decrypts the next message; kDecryptionFailed leaves the context where it was. Only on the
  // receiver's side.
  absl::StatusOr<std::string> Open(std::string_view ad, std::string_view ciphertext);

  // A secret that both sides get, of at most 255 * 32 bytes.
  SecretBytes Export(std::string_view exporter_context, size_t size) const;

 private:
  SecretBytes NextNonce() const;

  const Aead* aead_;
  std::string suite_;
  bool sender_;
  SecretBytes key_;
  SecretBytes base_nonce_;
  SecretBytes exporter_secret_;
  uint64_t sequence_ = 0;
};

struct HpkeSender {
  std::string enc;
  HpkeContext context;
};

// kDecryptionFailed if the public key is no usable point (X25519 gives zero).
absl::StatusOr<HpkeSender> SetupBaseS(const HpkePublicKey& recipient, const HpkeInfo& info,
                                      Random& random);
absl::StatusOr<HpkeContext> SetupBaseR(const HpkePrivateKey& recipient, std::string_view enc,
                                       const HpkeInfo& info);

// One message, with the system's randomness.
absl::StatusOr<Sealed> SealBase(const HpkePublicKey& recipient, std::string_view info,
                                std::string_view ad, std::string_view plaintext);
absl::StatusOr<std::string> OpenBase(const HpkePrivateKey& recipient, const Sealed& sealed,
                                     std::string_view info, std::string_view ad);

}  // namespace amana::crypto
