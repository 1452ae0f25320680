#include "common/mls/types.h"

#include <utility>

namespace amana::mls {
namespace {

// All of a LeafNode but its signature.
void EncodeLeafContent(Writer& writer, const LeafNode& leaf) {
  EncodeInto(writer, leaf.encryption_key);
  EncodeInto(writer, leaf.signature_key);
  EncodeInto(writer, leaf.credential);
  EncodeInto(writer, leaf.capabilities);
  EncodeInto(writer, leaf.source);
  if (leaf.source == LeafNodeSource::kKeyPackage) EncodeInto(writer, leaf.lifetime);
  if (leaf.source == LeafNodeSource::kCommit) EncodeInto(writer, leaf.parent_hash);
  EncodeInto(writer, leaf.extensions);
}

// Reads the alternative of a variant that stands at `index`; nothing of the variant if it has none.
template <class Variant, size_t I = 0>
bool DecodeAlternative(Reader& reader, size_t index, Variant& variant) {
  if constexpr (I < std::variant_size_v<Variant>) {
    if (index != I) return DecodeAlternative<Variant, I + 1>(reader, index, variant);
    DecodeFrom(reader, variant.template emplace<I>());
    return true;
  }
  return false;
}

}  // namespace

const std::string* FindExtension(const Extensions& extensions, ExtensionType type) {
  for (const Extension& extension : extensions) {
    if (extension.type == type) return &extension.data;
  }
  return nullptr;
}

void LeafNode::EncodeTo(Writer& writer) const {
  EncodeLeafContent(writer, *this);
  EncodeInto(writer, signature);
}

void LeafNode::DecodeFrom(Reader& reader) {
  mls::DecodeFrom(reader, encryption_key);
  mls::DecodeFrom(reader, signature_key);
  mls::DecodeFrom(reader, credential);
  mls::DecodeFrom(reader, capabilities);
  mls::DecodeFrom(reader, source);
  switch (source) {
    case LeafNodeSource::kKeyPackage:
      mls::DecodeFrom(reader, lifetime);
      break;
    case LeafNodeSource::kUpdate:
      break;
    case LeafNodeSource::kCommit:
      mls::DecodeFrom(reader, parent_hash);
      break;
    default:
      reader.Fail(Fault::kValueUnknown);
  }
  mls::DecodeFrom(reader, extensions);
  mls::DecodeFrom(reader, signature);
}

std::string LeafNodeToBeSigned(const LeafNode& leaf, std::string_view group_id, LeafIndex index) {
  Writer writer;
  writer.Reserve(512);
  EncodeLeafContent(writer, leaf);
  if (leaf.source != LeafNodeSource::kKeyPackage) {
    writer.Opaque(group_id);
    EncodeInto(writer, index);
  }
  return std::move(writer).Take();
}

std::string KeyPackageToBeSigned(const KeyPackage& key_package) {
  Writer writer;
  writer.Reserve(512);
  EncodeInto(writer, key_package.version);
  EncodeInto(writer, key_package.cipher_suite);
  EncodeInto(writer, key_package.init_key);
  EncodeInto(writer, key_package.leaf_node);
  EncodeInto(writer, key_package.extensions);
  return std::move(writer).Take();
}

void PreSharedKeyId::EncodeTo(Writer& writer) const {
  EncodeInto(writer, type);
  if (type == PskType::kExternal) {
    EncodeInto(writer, psk_id);
  } else {
    EncodeInto(writer, usage);
    EncodeInto(writer, group_id);
    EncodeInto(writer, epoch);
  }
  EncodeInto(writer, nonce);
}

void PreSharedKeyId::DecodeFrom(Reader& reader) {
  mls::DecodeFrom(reader, type);
  if (type == PskType::kExternal) {
    mls::DecodeFrom(reader, psk_id);
  } else if (type == PskType::kResumption) {
    mls::DecodeFrom(reader, usage);
    if (usage < ResumptionUsage::kApplication || usage > ResumptionUsage::kBranch) {
      reader.Fail(Fault::kValueUnknown);
    }
    mls::DecodeFrom(reader, group_id);
    mls::DecodeFrom(reader, epoch);
  } else {
    reader.Fail(Fault::kValueUnknown);
  }
  mls::DecodeFrom(reader, nonce);
}

bool Proposal::NeedsPath() const {
  return As<Update>() != nullptr || As<Remove>() != nullptr || As<ExternalInit>() != nullptr ||
         As<GroupContextExtensions>() != nullptr;
}

void Proposal::EncodeTo(Writer& writer) const {
  EncodeInto(writer, type());
  std::visit([&](const auto& form) { EncodeInto(writer, form); }, content);
}

void Proposal::DecodeFrom(Reader& reader) {
  const ProposalType number = reader.U16();
  if (!reader.ok()) return;
  if (number == 0 || !DecodeAlternative(reader, number - size_t{1}, content)) {
    reader.Fail(Fault::kProposalUnknown);
  }
}

void ProposalOrRef::EncodeTo(Writer& writer) const {
  writer.U8(static_cast<uint8_t>(content.index() + 1));
  std::visit([&](const auto& form) { EncodeInto(writer, form); }, content);
}

void ProposalOrRef::DecodeFrom(Reader& reader) {
  const uint8_t number = reader.U8();
  if (!reader.ok()) return;
  if (number == 0 || !DecodeAlternative(reader, number - size_t{1}, content)) {
    reader.Fail(Fault::kValueUnknown);
  }
}

}  // namespace amana::mls
