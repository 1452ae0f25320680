#include "common/crypto/hpke.h"

#include <limits>
#include <utility>

#include "common/base/check.h"
#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "common/crypto/aead.h"
#include "common/crypto/hash.h"
#include "common/crypto/random.h"
#include "common/crypto/sodium.h"

namespace amana::crypto {
namespace {

using internal::Bytes;
using internal::EnsureSodium;
using std::string_view_literals::operator""sv;

// RFC 9180: suite ids of sections 4.1 and 5.1 for KEM 0x0020, KDF 0x0001, AEAD 0x0003.
constexpr std::string_view kKemSuite = "KEM\x00\x20"sv;
constexpr std::string_view kHpkeSuite = "HPKE\x00\x20\x00\x01\x00\x03"sv;
constexpr char kModeBase = 0;

std::string Concat(std::initializer_list<std::string_view> parts) {
  size_t size = 0;
  for (const std::string_view part : parts) size += part.size();
  std::string out;
  out.reserve(size);  // no growth: parts can be secret, and a growing string leaves copies behind
  for (const std::string_view part : parts) out.append(part);
  return out;
}

// LabeledExtract of section 4.
SecretBytes LabeledExtract(std::string_view suite, std::string_view salt, std::string_view label,
                           std::string_view ikm) {
  const SecretBytes labeled = SecretBytes::Take(Concat({"HPKE-v1", suite, label, ikm}));
  return HkdfExtract(salt, labeled.Expose());
}

// LabeledExpand of section 4.
SecretBytes LabeledExpand(std::string_view suite, std::string_view prk, std::string_view label,
                          std::string_view info, size_t size) {
  const char length[2] = {static_cast<char>(size >> 8), static_cast<char>(size)};
  return HkdfExpand(prk, Concat({std::string_view(length, 2), "HPKE-v1", suite, label, info}),
                    size);
}

// X25519, refusing the all-zero result of a point of small order (section 7.1.4).
absl::StatusOr<SecretBytes> DiffieHellman(const HpkePrivateKey& mine, std::string_view theirs) {
  if (theirs.size() != kHpkeKeySize) return Error(Reason::kDecryptionFailed);
  EnsureSodium();
  SecretBytes shared(kHpkeKeySize);
  if (crypto_scalarmult(Bytes(shared.ExposeMutable()), Bytes(mine.bytes().Expose()),
                        Bytes(theirs)) != 0) {
    return Error(Reason::kDecryptionFailed);
  }
  return shared;
}

// ExtractAndExpand of section 4.1.
SecretBytes SharedSecret(const SecretBytes& dh, std::string_view enc, std::string_view recipient) {
  const SecretBytes prk = LabeledExtract(kKemSuite, "", "eae_prk", dh.Expose());
  return LabeledExpand(kKemSuite, prk.Expose(), "shared_secret", Concat({enc, recipient}),
                       kHpkeKeySize);
}

}  // namespace

absl::StatusOr<HpkePublicKey> HpkePublicKey::FromBytes(std::string_view bytes) {
  if (bytes.size() != kHpkeKeySize) return Error(Reason::kInputMalformed);
  HpkePublicKey key;
  key.bytes_ = std::string(bytes);
  return key;
}

HpkePrivateKey::HpkePrivateKey(SecretBytes bytes) : bytes_(std::move(bytes)) {
  EnsureSodium();
  std::string point(kHpkeKeySize, '\0');
  crypto_scalarmult_base(Bytes(point.data()), Bytes(bytes_.Expose()));
  public_key_ = *HpkePublicKey::FromBytes(point);
}

HpkePrivateKey HpkePrivateKey::Generate(Random& random) {
  SecretBytes input_key(kHpkeKeySize);
  random.Fill(input_key.ExposeMutable(), input_key.size());
  return Derive(input_key.Expose());
}

HpkePrivateKey HpkePrivateKey::Derive(std::string_view input_key) {
  AMANA_CHECK(input_key.size() >= kHpkeKeySize, "too little to derive a key from");
  const SecretBytes prk = LabeledExtract(kKemSuite, "", "dkp_prk", input_key);
  return HpkePrivateKey(LabeledExpand(kKemSuite, prk.Expose(), "sk", "", kHpkeKeySize));
}

absl::StatusOr<HpkePrivateKey> HpkePrivateKey::FromBytes(std::string_view bytes) {
  if (bytes.size() != kHpkeKeySize) return Error(Reason::kInputMalformed);
  return HpkePrivateKey(SecretBytes::CopyOf(bytes));
}

HpkeContext MakeHpkeContext(std::string_view shared_secret, std::string_view info, bool sender) {
  // KeySchedule of section 5.1, without a pre-shared key.
  const SecretBytes psk_id_hash = LabeledExtract(kHpkeSuite, "", "psk_id_hash", "");
  const SecretBytes info_hash = LabeledExtract(kHpkeSuite, "", "info_hash", info);
  const std::string schedule =
      Concat({std::string_view(&kModeBase, 1), psk_id_hash.Expose(), info_hash.Expose()});
  const SecretBytes secret = LabeledExtract(kHpkeSuite, shared_secret, "secret", "");
  HpkeContext context;
  context.sender_ = sender;
  context.key_ = LabeledExpand(kHpkeSuite, secret.Expose(), "key", schedule, kAeadKeySize);
  context.base_nonce_ =
      LabeledExpand(kHpkeSuite, secret.Expose(), "base_nonce", schedule, kIetfNonceSize);
  context.exporter_secret_ =
      LabeledExpand(kHpkeSuite, secret.Expose(), "exp", schedule, kDigestSize);
  return context;
}

std::string HpkeContext::NextNonce() const {
  AMANA_CHECK(sequence_ != std::numeric_limits<uint64_t>::max(), "an HPKE context was used up");
  std::string nonce(base_nonce_.Expose());
  for (size_t i = 0; i < sizeof(sequence_); ++i) {
    nonce[kIetfNonceSize - 1 - i] ^= static_cast<char>(sequence_ >> (8 * i));
  }
  return nonce;
}

std::string HpkeContext::Seal(std::string_view ad, std::string_view plaintext) {
  AMANA_CHECK(sender_, "only the sender's side seals");
  std::string ciphertext = SealIetf(key_.Expose(), NextNonce(), ad, plaintext);
  ++sequence_;
  return ciphertext;
}

absl::StatusOr<std::string> HpkeContext::Open(std::string_view ad, std::string_view ciphertext) {
  AMANA_CHECK(!sender_, "only the receiver's side opens");
  AMANA_ASSIGN_OR_RETURN(std::string plaintext,
                         OpenIetf(key_.Expose(), NextNonce(), ad, ciphertext));
  ++sequence_;
  return plaintext;
}

SecretBytes HpkeContext::Export(std::string_view exporter_context, size_t size) const {
  return LabeledExpand(kHpkeSuite, exporter_secret_.Expose(), "sec", exporter_context, size);
}

absl::StatusOr<HpkeSender> SetupBaseS(const HpkePublicKey& recipient, std::string_view info,
                                      Random& random) {
  const HpkePrivateKey ephemeral = HpkePrivateKey::Generate(random);
  const std::string& enc = ephemeral.public_key().bytes();
  AMANA_ASSIGN_OR_RETURN(const SecretBytes dh, DiffieHellman(ephemeral, recipient.bytes()));
  const SecretBytes shared = SharedSecret(dh, enc, recipient.bytes());
  return HpkeSender{enc, MakeHpkeContext(shared.Expose(), info, /*sender=*/true)};
}

absl::StatusOr<HpkeContext> SetupBaseR(const HpkePrivateKey& recipient, std::string_view enc,
                                       std::string_view info) {
  AMANA_ASSIGN_OR_RETURN(const SecretBytes dh, DiffieHellman(recipient, enc));
  const SecretBytes shared = SharedSecret(dh, enc, recipient.public_key().bytes());
  return MakeHpkeContext(shared.Expose(), info, /*sender=*/false);
}

absl::StatusOr<Sealed> SealBase(const HpkePublicKey& recipient, std::string_view info,
                                std::string_view ad, std::string_view plaintext) {
  AMANA_ASSIGN_OR_RETURN(HpkeSender sender, SetupBaseS(recipient, info, SystemRandom::Instance()));
  return Sealed{std::move(sender.enc), sender.context.Seal(ad, plaintext)};
}

absl::StatusOr<std::string> OpenBase(const HpkePrivateKey& recipient, const Sealed& sealed,
                                     std::string_view info, std::string_view ad) {
  AMANA_ASSIGN_OR_RETURN(HpkeContext context, SetupBaseR(recipient, sealed.enc, info));
  return context.Open(ad, sealed.ciphertext);
}

}  // namespace amana::crypto
