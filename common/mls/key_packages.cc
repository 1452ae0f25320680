#include "common/mls/key_packages.h"

#include <utility>

#include "common/base/status_macros.h"
#include "common/mls/fault.h"
#include "common/mls/messages.h"

namespace amana::mls {
namespace {

struct SavedKeyPackage {
  KeyPackage key_package;
  SecretBytes init_key;
  SecretBytes leaf_key;
  static constexpr auto kFields = std::tuple(
      &SavedKeyPackage::key_package, &SavedKeyPackage::init_key, &SavedKeyPackage::leaf_key);
};

absl::StatusOr<crypto::HpkePrivateKey> PairOf(const SecretBytes& key, std::string_view public_key) {
  auto named = crypto::HpkePublicKey::FromBytes(public_key);
  auto pair = crypto::HpkePrivateKey::FromBytes(key.Expose());
  if (!named.ok() || !pair.ok() || pair->public_key() != *named) {
    return Refuse(Fault::kStateDamaged);
  }
  return pair;
}

}  // namespace

Credential BasicCredential(std::string_view identity) {
  return {.type = kBasicCredential, .content = std::string(identity)};
}

Capabilities DefaultCapabilities(const Suite& suite) {
  return {.versions = {kMls10},
          .cipher_suites = {suite.id},
          .extensions = {kLastResort},
          .proposals = {},
          .credentials = {kBasicCredential}};
}

SecretBytes OwnKeyPackage::Encode() const {
  return EncodeSecret(SavedKeyPackage{.key_package = key_package,
                                      .init_key = init_key.bytes().Clone(),
                                      .leaf_key = leaf_key.bytes().Clone()});
}

absl::StatusOr<OwnKeyPackage> OwnKeyPackage::Decode(std::string_view encoded) {
  auto saved = mls::Decode<SavedKeyPackage>(encoded);
  if (!saved.ok()) return Refuse(Fault::kStateDamaged);
  AMANA_ASSIGN_OR_RETURN(auto init_key, PairOf(saved->init_key, saved->key_package.init_key));
  AMANA_ASSIGN_OR_RETURN(auto leaf_key,
                         PairOf(saved->leaf_key, saved->key_package.leaf_node.encryption_key));
  return OwnKeyPackage{std::move(saved->key_package), std::move(init_key), std::move(leaf_key)};
}

OwnKeyPackage MakeKeyPackage(const Suite& suite, const Identity& identity,
                             const crypto::SigningKey& signer, const Lifetime& lifetime,
                             bool last_resort, Random& random) {
  OwnKeyPackage own{.key_package = {},
                    .init_key = crypto::HpkePrivateKey::Generate(random),
                    .leaf_key = crypto::HpkePrivateKey::Generate(random)};
  LeafNode& leaf = own.key_package.leaf_node;
  leaf.encryption_key = own.leaf_key.public_key().bytes();
  leaf.signature_key = signer.verifying_key().bytes();
  leaf.credential = identity.credential;
  leaf.capabilities = identity.capabilities;
  leaf.extensions = identity.leaf_extensions;
  leaf.source = LeafNodeSource::kKeyPackage;
  leaf.lifetime = lifetime;
  leaf.signature = SignWithLabel(signer, "LeafNodeTBS", LeafNodeToBeSigned(leaf, "", {}));

  KeyPackage& key_package = own.key_package;
  key_package.cipher_suite = suite.id;
  key_package.init_key = own.init_key.public_key().bytes();
  if (last_resort) key_package.extensions.push_back({.type = kLastResort, .data = {}});
  key_package.signature = SignWithLabel(signer, "KeyPackageTBS", KeyPackageToBeSigned(key_package));
  return own;
}

bool IsLastResort(const KeyPackage& key_package) {
  return FindExtension(key_package.extensions, kLastResort) != nullptr;
}

std::string RefOf(const KeyPackage& key_package) { return KeyPackageRefOf(Encode(key_package)); }

std::string EncodeMessage(const KeyPackage& key_package) { return Encode(MlsMessage{key_package}); }

absl::StatusOr<KeyPackage> DecodeKeyPackageMessage(std::string_view encoded) {
  AMANA_ASSIGN_OR_RETURN(MlsMessage message, Decode<MlsMessage>(encoded));
  auto* key_package = std::get_if<KeyPackage>(&message.content);
  if (key_package == nullptr) return Refuse(Fault::kUnexpectedMessage);
  return std::move(*key_package);
}

}  // namespace amana::mls
