// Every decoder that bytes of others reach. The first byte says which one. What it takes it must
// write back as it was: there is one encoding of each value, or signatures and hashes over what was
// sent would say nothing about what was read.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/check.h"
#include "common/mls/framing.h"
#include "common/mls/key_packages.h"
#include "common/mls/messages.h"
#include "common/mls/ratchet_tree.h"
#include "common/mls/types.h"
#include "tests/fuzz/mls/fuzz_input.h"

namespace amana::mls {
namespace {

void CheckRefusal(const absl::Status& status) {
  AMANA_CHECK(FaultOf(status) != Fault::kNone, "bytes are refused for no reason");
}

template <class T>
void Struct(std::string_view bytes) {
  const auto value = Decode<T>(bytes);
  if (!value.ok()) return CheckRefusal(value.status());
  AMANA_CHECK(Encode(*value) == bytes, "a struct is written in another way than it was read");
}

void Tree(std::string_view bytes) {
  const auto tree = RatchetTree::Decode(bytes);
  if (!tree.ok()) return CheckRefusal(tree.status());
  AMANA_CHECK(tree->Encode() == bytes, "a tree is written in another way than it was read");
}

// PrivateMessageContent of section 6.3.1, without its padding.
template <ContentType kType>
void Content(std::string_view bytes) {
  FramedContent content;
  FramedContentAuthData auth;
  Reader reader(bytes);
  DecodeContent(reader, kType, content);
  auth.DecodeFrom(reader, kType);
  if (!reader.ok()) return CheckRefusal(Refuse(reader.fault()));
  Writer writer;
  EncodeContent(writer, content);
  auth.EncodeTo(writer, kType);
  bytes.remove_suffix(reader.rest().size());
  AMANA_CHECK(std::move(writer).Take() == bytes, "content is written in another way");
}

void SavedKeyPackage(std::string_view bytes) {
  const auto own = OwnKeyPackage::Decode(bytes);
  if (!own.ok()) return CheckRefusal(own.status());
  AMANA_CHECK(own->Encode().Expose() == bytes, "a saved key package is written in another way");
}

// seeds.py names them by their place: what is new comes last.
constexpr void (*kDecoders[])(std::string_view) = {
    Struct<MlsMessage>,
    Struct<Welcome>,
    Struct<GroupInfo>,
    Struct<GroupSecrets>,
    Struct<KeyPackage>,
    Struct<LeafNode>,
    Struct<Proposal>,
    Struct<Commit>,
    Struct<UpdatePath>,
    Struct<FramedContent>,
    Struct<AuthenticatedContent>,
    Struct<PublicMessage>,
    Struct<PrivateMessage>,
    Struct<SenderData>,
    Struct<GroupContext>,
    Struct<Extensions>,
    Struct<RequiredCapabilities>,
    Struct<ExternalSenders>,
    Struct<ExternalPub>,
    Struct<Capabilities>,
    Struct<PreSharedKeyId>,
    Struct<std::vector<std::optional<Node>>>,
    Tree,
    Content<ContentType::kApplication>,
    Content<ContentType::kProposal>,
    Content<ContentType::kCommit>,
    SavedKeyPackage,
};

}  // namespace
}  // namespace amana::mls

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  amana::mls::FuzzInput input(data, size);
  const size_t decoder = input.Below(std::size(amana::mls::kDecoders));
  amana::mls::kDecoders[decoder](input.Rest());
  return 0;
}
