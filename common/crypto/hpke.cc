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

// RFC 9180: suite ids of sections 4.1 and 5.1 for KEM 0x0020 and KDF 0x0001.
constexpr std::string_view kKemSuite = "KEM\x00\x20"sv;
constexpr std::string_view kHpkeSuiteWithoutAead = "HPKE\x00\x20\x00\x01"sv;
constexpr char kModeBase = 0;

std::string Concat(std::initializer_list<std::string_view> parts) {
  size_t size = 0;
  for (const std::string_view part : parts) size += part.size();
  std::string out;
  out.reserve(size);
  for (const std::string_view part : parts) out.append(part);
  return out;
}

std::string HpkeSuite(const Aead& aead) {
  const char id[2] = {static_cast<char>(aead.id >> 8), static_cast<char>(aead.id)};
  return Concat({kHpkeSuiteWithoutAead, std::string_view(id, 2)});
}

// LabeledExtract of section 4.
SecretBytes LabeledExtract(std::string_view suite, std::string_view salt, std::string_view label,
                           std::string_view ikm) {
  return HkdfExtract(salt, Parts{"HPKE-v1", suite, label, ikm});
}

// LabeledExpand of section 4.
SecretBytes LabeledExpand(std::string_view suite, std::string_view prk, std::string_view label,
                          std::string_view info, size_t size) {
  const char length[2] = {static_cast<char>(size >> 8), static_cast<char>(size)};
  return HkdfExpand(prk, Parts{std::string_view(length, 2), "HPKE-v1", suite, label, info}, size);
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

// libsodium refuses the result that a point of small order has with every scalar: zero.
bool HpkePublicKey::IsUsable(std::string_view bytes) {
  if (bytes.size() != kHpkeKeySize) return false;
  EnsureSodium();
  constexpr unsigned char kAnyScalar[kHpkeKeySize] = {};
  unsigned char product[kHpkeKeySize];
  return crypto_scalarmult(product, kAnyScalar, Bytes(bytes)) == 0;
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

absl::StatusOr<HpkePrivateKey> HpkePrivateKey::FromPair(std::string_view bytes,
                                                        HpkePublicKey public_key) {
  if (bytes.size() != kHpkeKeySize) return Error(Reason::kInputMalformed);
  return HpkePrivateKey(SecretBytes::CopyOf(bytes), std::move(public_key));
}

HpkeInfo::HpkeInfo(std::string_view info, const Aead& aead) : HpkeInfo("", info, aead) {}

HpkeInfo::HpkeInfo(std::string_view start, std::string_view rest, const Aead& aead)
    : aead_(&aead), suite_(HpkeSuite(aead)) {
  const SecretBytes psk_id_hash = LabeledExtract(suite_, "", "psk_id_hash", "");
  const SecretBytes info_hash = HkdfExtract("", Parts{"HPKE-v1", suite_, "info_hash", start, rest});
  schedule_ = SecretBytes::Take(
      Concat({std::string_view(&kModeBase, 1), psk_id_hash.Expose(), info_hash.Expose()}));
}

HpkeContext::HpkeContext(std::string_view shared_secret, const HpkeInfo& info, bool sender)
    : aead_(info.aead_), suite_(info.suite_), sender_(sender) {
  const SecretBytes secret = LabeledExtract(suite_, shared_secret, "secret", "");
  key_ = LabeledExpand(suite_, secret.Expose(), "key", info.schedule_.Expose(), aead_->key_size);
  base_nonce_ = LabeledExpand(suite_, secret.Expose(), "base_nonce", info.schedule_.Expose(),
                              aead_->nonce_size);
  exporter_secret_ =
      LabeledExpand(suite_, secret.Expose(), "exp", info.schedule_.Expose(), kDigestSize);
}

SecretBytes HpkeContext::NextNonce() const {
  AMANA_CHECK(sequence_ != std::numeric_limits<uint64_t>::max(), "an HPKE context was used up");
  SecretBytes nonce = base_nonce_.Clone();
  for (size_t i = 0; i < sizeof(sequence_); ++i) {
    char& byte = nonce.ExposeMutable()[nonce.size() - 1 - i];
    byte = static_cast<char>(byte ^ static_cast<char>(sequence_ >> (8 * i)));
  }
  return nonce;
}

std::string HpkeContext::Seal(std::string_view ad, std::string_view plaintext) {
  AMANA_CHECK(sender_, "only the sender's side seals");
  std::string ciphertext = aead_->seal(key_.Expose(), NextNonce().Expose(), ad, plaintext);
  ++sequence_;
  return ciphertext;
}

absl::StatusOr<std::string> HpkeContext::Open(std::string_view ad, std::string_view ciphertext) {
  AMANA_CHECK(!sender_, "only the receiver's side opens");
  AMANA_ASSIGN_OR_RETURN(std::string plaintext,
                         aead_->open(key_.Expose(), NextNonce().Expose(), ad, ciphertext));
  ++sequence_;
  return plaintext;
}

SecretBytes HpkeContext::Export(std::string_view exporter_context, size_t size) const {
  return LabeledExpand(suite_, exporter_secret_.Expose(), "sec", exporter_context, size);
}

absl::StatusOr<HpkeSender> SetupBaseS(const HpkePublicKey& recipient, const HpkeInfo& info,
                                      Random& random) {
  const HpkePrivateKey ephemeral = HpkePrivateKey::Generate(random);
  const std::string& enc = ephemeral.public_key().bytes();
  AMANA_ASSIGN_OR_RETURN(const SecretBytes dh, DiffieHellman(ephemeral, recipient.bytes()));
  const SecretBytes shared = SharedSecret(dh, enc, recipient.bytes());
  return HpkeSender{enc, HpkeContext(shared.Expose(), info, /*sender=*/true)};
}

absl::StatusOr<HpkeContext> SetupBaseR(const HpkePrivateKey& recipient, std::string_view enc,
                                       const HpkeInfo& info) {
  AMANA_ASSIGN_OR_RETURN(const SecretBytes dh, DiffieHellman(recipient, enc));
  const SecretBytes shared = SharedSecret(dh, enc, recipient.public_key().bytes());
  return HpkeContext(shared.Expose(), info, /*sender=*/false);
}

absl::StatusOr<Sealed> SealBase(const HpkePublicKey& recipient, std::string_view info,
                                std::string_view ad, std::string_view plaintext) {
  AMANA_ASSIGN_OR_RETURN(HpkeSender sender,
                         SetupBaseS(recipient, HpkeInfo(info), SystemRandom::Instance()));
  return Sealed{std::move(sender.enc), sender.context.Seal(ad, plaintext)};
}

absl::StatusOr<std::string> OpenBase(const HpkePrivateKey& recipient, const Sealed& sealed,
                                     std::string_view info, std::string_view ad) {
  AMANA_ASSIGN_OR_RETURN(HpkeContext context, SetupBaseR(recipient, sealed.enc, HpkeInfo(info)));
  return context.Open(ad, sealed.ciphertext);
}

}  // namespace amana::crypto
