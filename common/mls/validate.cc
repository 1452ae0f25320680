#include "common/mls/validate.h"

#include <algorithm>
#include <bitset>
#include <cstddef>

#include "common/base/check.h"
#include "common/base/status_macros.h"
#include "common/crypto/hpke.h"
#include "common/crypto/sign.h"
#include "common/mls/fault.h"

namespace amana::mls {
namespace {

// Seconds by which clocks may differ.
constexpr uint64_t kClockSkew = 3600;

template <class T>
bool Lists(const std::vector<T>& list, T value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

// The types that a list has. Lists come from anybody and are compared before any signature is
// looked at: to look through one for each entry of another would take seconds.
using TypeSet = std::bitset<size_t{1} << 16>;

TypeSet SetOf(const std::vector<uint16_t>& types) {
  TypeSet set;
  for (const uint16_t type : types) set.set(type);
  return set;
}

absl::Status CheckSource(LeafNodeSource source, LeafPlace place) {
  switch (place) {
    case LeafPlace::kKeyPackage:
      if (source != LeafNodeSource::kKeyPackage) return Refuse(Fault::kLeafSourceInKeyPackage);
      break;
    case LeafPlace::kUpdate:
      if (source != LeafNodeSource::kUpdate) return Refuse(Fault::kLeafSourceInUpdate);
      break;
    case LeafPlace::kCommit:
      if (source != LeafNodeSource::kCommit) return Refuse(Fault::kLeafSourceInCommit);
      break;
    case LeafPlace::kTree:
      break;
  }
  return absl::OkStatus();
}

// Any tree can be encoded (section 2.1.2), also one that is too large to be joined (kMaxTreeSize).
static_assert(kMaxLeaves * (kMaxIdentitySize + kMaxRestOfLeaf) < size_t{1} << 30);

absl::Status CheckSize(const LeafNode& leaf) {
  const size_t size = Encode(leaf.credential).size() + Encode(leaf.capabilities).size() +
                      Encode(leaf.extensions).size();
  return size <= kMaxIdentitySize ? absl::OkStatus() : Refuse(Fault::kLeafTooLarge);
}

absl::Status CheckListed(const LeafNode& leaf) {
  const Capabilities& can = leaf.capabilities;
  if (!Lists(can.credentials, leaf.credential.type)) {
    return Refuse(Fault::kOwnCredentialTypeNotListed);
  }
  AMANA_RETURN_IF_ERROR(CheckExtensions(leaf.extensions));
  const TypeSet listed = SetOf(can.extensions);
  for (const Extension& extension : leaf.extensions) {
    if (!IsDefaultExtension(extension.type) && !listed[extension.type]) {
      return Refuse(Fault::kLeafExtensionNotSupported);
    }
  }
  return absl::OkStatus();
}

absl::Status CheckRequired(const Capabilities& can, const RequiredCapabilities& required) {
  const TypeSet extensions = SetOf(can.extensions);
  const TypeSet proposals = SetOf(can.proposals);
  const TypeSet credentials = SetOf(can.credentials);
  const bool all =
      std::all_of(required.extensions.begin(), required.extensions.end(),
                  [&](auto type) { return IsDefaultExtension(type) || extensions[type]; }) &&
      std::all_of(required.proposals.begin(), required.proposals.end(),
                  [&](auto type) { return IsDefaultProposal(type) || proposals[type]; }) &&
      std::all_of(required.credentials.begin(), required.credentials.end(),
                  [&](auto type) { return credentials[type]; });
  return all ? absl::OkStatus() : Refuse(Fault::kRequiredCapabilityMissing);
}

}  // namespace

std::set<std::string_view> ClientsOf(const RatchetTree& tree, const Policy& policy) {
  std::set<std::string_view> clients;
  tree.ForEachLeaf(
      [&](LeafIndex, const LeafNode& leaf) { clients.insert(policy.credentials->ClientOf(leaf)); });
  return clients;
}

absl::Status CheckExtensions(const Extensions& extensions) {
  TypeSet seen;
  for (const Extension& extension : extensions) {
    if (seen[extension.type]) return Refuse(Fault::kExtensionRepeated);
    seen.set(extension.type);
  }
  return absl::OkStatus();
}

absl::Status ValidateGroupExtensions(const Extensions& extensions, const Policy& policy) {
  AMANA_CHECK(policy.credentials != nullptr, "nobody says whose credentials are good");
  AMANA_RETURN_IF_ERROR(CheckExtensions(extensions));
  const std::string* required = FindExtension(extensions, kRequiredCapabilities);
  if (required != nullptr && !Decode<RequiredCapabilities>(*required).ok()) {
    return Refuse(Fault::kExtensionDataMalformed);
  }
  const std::string* encoded = FindExtension(extensions, kExternalSenders);
  if (encoded == nullptr) return absl::OkStatus();
  const auto senders = Decode<ExternalSenders>(*encoded);
  if (!senders.ok()) return Refuse(Fault::kExtensionDataMalformed);
  const bool accepted =
      std::all_of(senders->begin(), senders->end(), [&](const ExternalSender& sender) {
        return policy.credentials->Accepts(sender.credential, sender.signature_key);
      });
  return accepted ? absl::OkStatus() : Refuse(Fault::kCredentialRefused);
}

absl::Status CheckLifetime(const Lifetime& lifetime, const Policy& policy) {
  if (policy.now + kClockSkew < lifetime.not_before) return Refuse(Fault::kLifetimeNotYet);
  if (policy.now > lifetime.not_after) return Refuse(Fault::kLifetimeOver);
  return absl::OkStatus();
}

absl::Status ValidateLeaf(const LeafNode& leaf, LeafPlace place, std::string_view group_id,
                          LeafIndex index, const Policy& policy) {
  AMANA_CHECK(policy.credentials != nullptr, "nobody says whose credentials are good");
  AMANA_RETURN_IF_ERROR(CheckSource(leaf.source, place));
  AMANA_RETURN_IF_ERROR(CheckSize(leaf));
  // Of a tree by size alone: thousands of multiplications for what its members have refused.
  const bool usable = place == LeafPlace::kTree
                          ? leaf.encryption_key.size() == crypto::kHpkeKeySize
                          : crypto::HpkePublicKey::IsUsable(leaf.encryption_key);
  if (!usable || leaf.signature_key.size() != crypto::kVerifyingKeySize) {
    return Refuse(Fault::kKeyMalformed);
  }
  AMANA_RETURN_IF_ERROR(CheckListed(leaf));
  // In a tree, too: its members have refused a longer one when it came. Whether it is running they
  // did not ask.
  if (leaf.source == LeafNodeSource::kKeyPackage &&
      (leaf.lifetime.not_after < leaf.lifetime.not_before ||
       leaf.lifetime.not_after - leaf.lifetime.not_before > policy.max_lifetime)) {
    return Refuse(Fault::kLifetimeTooLong);
  }
  if (!policy.credentials->Accepts(leaf.credential, leaf.signature_key)) {
    return Refuse(Fault::kCredentialRefused);
  }
  if (!VerifyWithLabel(leaf.signature_key, "LeafNodeTBS", LeafNodeToBeSigned(leaf, group_id, index),
                       leaf.signature)) {
    return Refuse(Fault::kLeafSignature);
  }
  return absl::OkStatus();
}

absl::Status CheckFits(const LeafNode& leaf, const GroupContext& context) {
  const Capabilities& can = leaf.capabilities;
  if (!Lists(can.versions, context.version) || !Lists(can.cipher_suites, context.cipher_suite)) {
    return Refuse(Fault::kSuiteNotListed);
  }
  const TypeSet listed = SetOf(can.extensions);
  for (const Extension& extension : context.extensions) {
    if (!IsDefaultExtension(extension.type) && !listed[extension.type]) {
      return Refuse(Fault::kGroupExtensionNotSupported);
    }
  }
  const std::string* data = FindExtension(context.extensions, kRequiredCapabilities);
  if (data == nullptr) return absl::OkStatus();
  const auto required = Decode<RequiredCapabilities>(*data);
  if (!required.ok()) return Refuse(Fault::kExtensionDataMalformed);
  return CheckRequired(can, *required);
}

absl::Status ValidateKeyPackage(const Suite& suite, const KeyPackage& key_package,
                                const Policy& policy) {
  if (key_package.version != kMls10 || key_package.cipher_suite != suite.id) {
    return Refuse(Fault::kKeyPackageSuite);
  }
  if (key_package.init_key.size() != crypto::kHpkeKeySize) return Refuse(Fault::kKeyMalformed);
  const LeafNode& leaf = key_package.leaf_node;
  if (key_package.init_key == leaf.encryption_key) return Refuse(Fault::kInitKeyIsEncryptionKey);
  AMANA_RETURN_IF_ERROR(CheckExtensions(key_package.extensions));
  AMANA_RETURN_IF_ERROR(ValidateLeaf(leaf, LeafPlace::kKeyPackage, "", {}, policy));
  if (!VerifyWithLabel(leaf.signature_key, "KeyPackageTBS", KeyPackageToBeSigned(key_package),
                       key_package.signature)) {
    return Refuse(Fault::kKeyPackageSignature);
  }
  return absl::OkStatus();
}

}  // namespace amana::mls
