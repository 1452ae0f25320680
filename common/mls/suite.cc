#include "common/mls/suite.h"

#include <utility>

#include "common/crypto/constant_time.h"
#include "common/crypto/hash.h"

namespace amana::mls {
namespace {

constexpr std::string_view kLabelPrefix = "MLS 1.0 ";

constexpr size_t kAroundLabel = 24;  // what Start writes besides the label, at most

void PutLabel(Writer& writer, std::string_view label) {
  writer.Length(kLabelPrefix.size() + label.size());
  writer.Raw(kLabelPrefix);
  writer.Raw(label);
}

// All but the content itself of SignContent and EncryptContext:
// struct { opaque label<V>; opaque content<V>; }.
std::string Start(std::string_view label, size_t content_size) {
  Writer writer;
  writer.Reserve(label.size() + kAroundLabel);
  PutLabel(writer, label);
  writer.Length(content_size);
  return std::move(writer).Take();
}

// Of application data, too, so it is wiped.
WipedString Labeled(std::string_view label, std::string content) {
  const std::string start = Start(label, content.size());
  GrowString(content, start.size() + content.size());
  content.insert(0, start);
  return content;
}

}  // namespace

std::string Hash(std::string_view data) { return crypto::Sha256(data); }

std::string RefHash(std::string_view label, std::string_view value) {
  Writer writer;
  writer.Reserve(value.size() + label.size() + 16);
  writer.Opaque(label);
  writer.Opaque(value);
  return Hash(std::move(writer).Take());
}

std::string KeyPackageRefOf(std::string_view encoded_key_package) {
  return RefHash("MLS 1.0 KeyPackage Reference", encoded_key_package);
}

std::string ProposalRefOf(std::string_view encoded_authenticated_content) {
  return RefHash("MLS 1.0 Proposal Reference", encoded_authenticated_content);
}

std::string Mac(std::string_view key, std::string_view data) {
  return crypto::HmacSha256(key, data);
}

bool VerifyMac(std::string_view key, std::string_view data, std::string_view tag) {
  return crypto::ConstantTimeEqual(Mac(key, data), tag);
}

SecretBytes Extract(std::string_view salt, std::string_view input_key) {
  return crypto::HkdfExtract(salt, input_key);
}

SecretBytes ExpandWithLabel(std::string_view secret, std::string_view label,
                            std::string_view context, size_t size) {
  // struct { uint16 length; opaque label<V>; opaque context<V>; } KDFLabel;
  Writer writer;
  writer.Reserve(label.size() + kAroundLabel);
  writer.U16(static_cast<uint16_t>(size));
  PutLabel(writer, label);
  writer.Length(context.size());
  return crypto::HkdfExpand(secret, crypto::Parts{std::move(writer).Take(), context}, size);
}

SecretBytes DeriveSecret(std::string_view secret, std::string_view label) {
  return ExpandWithLabel(secret, label, "", kHashSize);
}

SecretBytes DeriveTreeSecret(std::string_view secret, std::string_view label, uint32_t generation,
                             size_t size) {
  const char context[4] = {static_cast<char>(generation >> 24), static_cast<char>(generation >> 16),
                           static_cast<char>(generation >> 8), static_cast<char>(generation)};
  return ExpandWithLabel(secret, label, std::string_view(context, sizeof(context)), size);
}

std::string_view ZeroSecret() {
  static constexpr char kZeros[kHashSize] = {};
  return {kZeros, kHashSize};
}

std::string SignWithLabel(const crypto::SigningKey& key, std::string_view label,
                          std::string content) {
  return key.Sign(Labeled(label, std::move(content)).text);
}

bool VerifyWithLabel(std::string_view public_key, std::string_view label, std::string content,
                     std::string_view signature) {
  const auto key = crypto::VerifyingKey::FromBytes(public_key);
  return key.ok() && key->Verify(Labeled(label, std::move(content)).text, signature);
}

crypto::HpkeInfo EncryptContext(const Suite& suite, std::string_view label,
                                std::string_view context) {
  return crypto::HpkeInfo(Start(label, context.size()), context, *suite.aead);
}

absl::StatusOr<HpkeCiphertext> EncryptWithLabel(const crypto::HpkeInfo& context,
                                                std::string_view public_key,
                                                std::string_view plaintext, Random& random) {
  const auto key = crypto::HpkePublicKey::FromBytes(public_key);
  if (!key.ok()) return Refuse(Fault::kKeyMalformed);
  auto sender = crypto::SetupBaseS(*key, context, random);
  if (!sender.ok()) return Refuse(Fault::kKeyMalformed);
  return HpkeCiphertext{std::move(sender->enc), sender->context.Seal("", plaintext)};
}

absl::StatusOr<SecretBytes> DecryptWithLabel(const crypto::HpkeInfo& context,
                                             const crypto::HpkePrivateKey& key,
                                             const HpkeCiphertext& sealed) {
  auto receiver = crypto::SetupBaseR(key, sealed.kem_output, context);
  if (!receiver.ok()) return Refuse(Fault::kDecryptionFailed);
  absl::StatusOr<std::string> plaintext = receiver->Open("", sealed.ciphertext);
  if (!plaintext.ok()) return Refuse(Fault::kDecryptionFailed);
  return SecretBytes::Take(*std::move(plaintext));
}

std::string RandomBytes(Random& random, size_t size) {
  std::string bytes(size, '\0');
  random.Fill(bytes.data(), size);
  return bytes;
}

SecretBytes RandomSecret(Random& random, size_t size) {
  SecretBytes secret(size);
  random.Fill(secret.ExposeMutable(), size);
  return secret;
}

}  // namespace amana::mls
