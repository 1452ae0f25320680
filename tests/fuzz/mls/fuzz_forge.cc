#include "tests/fuzz/mls/fuzz_forge.h"

#include <array>
#include <utility>

#include "common/mls/framing.h"
#include "common/mls/test_forge.h"
#include "tests/fuzz/mls/fuzz_change.h"
#include "tests/fuzz/mls/fuzz_world.h"

namespace amana::mls {
namespace {

std::string NewKey(Random& random) {
  return crypto::HpkePrivateKey::Generate(random).public_key().bytes();
}

KeyPackage AnyPackage(FuzzInput& input) {
  const FuzzWorld& world = FuzzWorld::Get();
  const size_t device = input.Below(kDevices);
  KeyPackage package = world.PublicPackage(device);
  if (!input.Flag()) return package;
  Change(input, package);
  if (input.Flag()) Resign(package, world.signer(device));
  return package;
}

PreSharedKeyId AnyPsk(FuzzInput& input, const Group& group, Random& random) {
  PreSharedKeyId id;
  id.type = input.Flag() ? PskType::kResumption : PskType::kExternal;
  id.psk_id = kExternalPsks[input.Below(kExternalPsks.size())];
  id.group_id = group.group_id();
  id.epoch = group.epoch() - input.Below(3);
  id.nonce = RandomBytes(random, kHashSize);
  if (input.Flag()) Change(input, id);
  return id;
}

Extensions AnyExtensions(FuzzInput& input, const Group& group) {
  Extensions extensions = group.context().extensions;
  if (input.Flag()) {
    RequiredCapabilities required{.extensions = {kLastResort}, .proposals = {}, .credentials = {}};
    if (input.Flag()) Change(input, required);
    extensions.push_back({kRequiredCapabilities, Encode(required)});
  }
  if (input.Flag()) Change(input, extensions);
  return extensions;
}

LeafNode AnyLeaf(FuzzInput& input, const FuzzMember& member, const Group& group,
                 LeafNodeSource source, Random& random) {
  LeafNode leaf = group.own_leaf_node();
  leaf.encryption_key = NewKey(random);
  leaf.source = source;
  leaf.lifetime = {};
  leaf.parent_hash.clear();
  if (input.Flag()) Change(input, leaf);
  Resign(leaf, member.signer(), group.group_id(), group.own_leaf());
  return leaf;
}

// A hook for each thing that the input chooses; the others stay as they are.
template <class T>
Edit<T> AnyEdit(FuzzInput& input, bool chosen) {
  if (!chosen) return nullptr;
  return [&input](T& value) { Change(input, value); };
}

// A PrivateMessage around a plaintext, with the keys of any leaf. Without a reuse guard, so that
// the nonce stays as it is.
std::string SealAnything(FuzzInput& input, Group& group, ContentType type,
                         std::string_view plaintext) {
  const Epoch& epoch = GroupTestPeer::epoch(group);
  const crypto::Aead& aead = *group.suite().aead;
  SenderData sender{.leaf = group.own_leaf(), .generation = 0, .reuse_guard = 0};
  if (input.Flag()) sender.leaf.value = input.Byte();
  const RatchetKind kind =
      type == ContentType::kApplication ? RatchetKind::kApplication : RatchetKind::kHandshake;
  sender.generation = input.Word() % (kMaxForward + 100);
  const auto found = GroupTestPeer::secret_tree(group).Find(sender.leaf, kind, sender.generation);
  if (!found.ok()) return "";

  PrivateMessage message{group.group_id(), group.epoch(), type, "", "", ""};
  Writer associated;
  associated.Opaque(message.group_id);
  associated.U64(message.epoch);
  EncodeInto(associated, message.content_type);
  const std::string for_sender = std::move(associated).Take();
  Writer empty_data;
  empty_data.Opaque("");
  message.ciphertext = aead.seal(found->key.key.Expose(), found->key.nonce.Expose(),
                                 for_sender + std::move(empty_data).Take(), plaintext);
  const std::string_view secret = epoch.secrets->sender_data_secret.Expose();
  const std::string sample = message.ciphertext.substr(0, kHashSize);
  std::string told = Encode(sender);
  if (input.Flag()) Change(input, told);
  message.encrypted_sender_data = aead.seal(
      ExpandWithLabel(secret, "key", sample, aead.key_size).Expose(),
      ExpandWithLabel(secret, "nonce", sample, aead.nonce_size).Expose(), for_sender, told);
  return Encode(MlsMessage{std::move(message)});
}

Sender AnySender(FuzzInput& input, const Group& group) {
  if (!input.Flag()) return Sender::Member(group.own_leaf());
  return {static_cast<SenderType>(1 + input.Below(4)), static_cast<uint32_t>(input.Below(8))};
}

decltype(FramedContent::content) AnyContent(FuzzInput& input, const FuzzMember& member,
                                            const Group& group, Random& random) {
  switch (input.Below(4)) {
    case 0:
      return AnyProposal(input, group, random);
    case 1:
      return Proposal{Update{AnyLeaf(input, member, group, LeafNodeSource::kUpdate, random)}};
    case 2: {
      Commit commit{AnyProposals(input, group, random), std::nullopt};
      if (input.Flag()) {
        commit.path =
            UpdatePath{AnyLeaf(input, member, group, LeafNodeSource::kCommit, random), {}};
      }
      Change(input, commit);
      return commit;
    }
    default:
      return std::string(input.Piece());
  }
}

}  // namespace

Proposal AnyProposal(FuzzInput& input, const Group& group, Random& random) {
  switch (input.Below(6)) {
    case 0:
      return {Add{AnyPackage(input)}};
    case 1:
      return {Remove{LeafIndex{input.Byte()}}};
    case 2:
      return {PreSharedKey{AnyPsk(input, group, random)}};
    case 3: {
      ReInit reinit{.group_id = "next group",
                    .version = kMls10,
                    .cipher_suite = kSuite3.id,
                    .extensions = AnyExtensions(input, group)};
      return {std::move(reinit)};
    }
    case 4:
      return {ExternalInit{std::string(input.Piece())}};
    default:
      return {GroupContextExtensions{AnyExtensions(input, group)}};
  }
}

std::vector<ProposalOrRef> AnyProposals(FuzzInput& input, const Group& group, Random& random) {
  std::vector<ProposalOrRef> list;
  for (size_t left = input.Below(5); left > 0; --left) {
    const auto& waiting = GroupTestPeer::waiting(group);
    if (waiting.empty() || input.Flag()) {
      list.push_back({AnyProposal(input, group, random)});
    } else {
      ProposalRef reference = waiting[input.Below(waiting.size())].reference;
      if (input.Flag()) Change(input, reference);
      list.push_back({std::move(reference)});
    }
  }
  return list;
}

AnyCommit ForgeAnyCommit(FuzzInput& input, FuzzMember& member, Random& random) {
  const Group& group = member.group();
  // Two things are changed at most, or one mistake would always hide all others.
  const std::array<size_t, 2> edits = {input.Below(12), input.Below(12)};
  const auto chosen = [&](size_t edit) { return edit == edits[0] || edit == edits[1]; };
  Forgery forgery;
  forgery.psks = &FuzzWorld::Get().psks();
  forgery.with_path = input.Below(4) != 1;
  forgery.external = input.Below(4) == 1;
  forgery.identity = FuzzWorld::IdentityOf(member.device());
  forgery.proposals = AnyProposals(input, group, random);
  if (chosen(2)) {
    // As many as before: who makes a path knows how many nodes it has.
    forgery.path_keys = [&](std::vector<std::string>& keys) {
      if (!keys.empty()) Change(input, keys[input.Below(keys.size())]);
    };
  }
  forgery.leaf = AnyEdit<LeafNode>(input, chosen(3));
  forgery.signed_leaf = AnyEdit<LeafNode>(input, chosen(4));
  forgery.path = AnyEdit<UpdatePath>(input, chosen(5));
  if (chosen(6)) {
    forgery.content = [&](FramedContent& content) {
      FramedContent changed = content;
      Change(input, changed);
      if (changed.type() == ContentType::kCommit) content = std::move(changed);
    };
  }
  if (chosen(7)) {
    forgery.signed_content = [&](AuthenticatedContent& content) {
      Change(input, input.Flag() ? content.auth.signature : content.auth.confirmation_tag);
    };
  }
  forgery.info = AnyEdit<GroupInfo>(input, chosen(8));
  forgery.signed_info = AnyEdit<GroupInfo>(input, chosen(9));
  forgery.secrets = AnyEdit<GroupSecrets>(input, chosen(10));
  forgery.welcome = AnyEdit<Welcome>(input, chosen(11));
  Forged forged = Forge(group, member.signer(), forgery, random);
  return {std::move(forged.message), std::move(forged.welcome), forgery.external};
}

std::string ForgeAnyMessage(FuzzInput& input, FuzzMember& member, Random& random) {
  Group& group = member.group();
  const bool in_clear = input.Flag();
  FramedContent content{group.group_id(), group.epoch(), AnySender(input, group), "",
                        AnyContent(input, member, group, random)};
  if (in_clear) {
    if (content.type() == ContentType::kApplication) return "";
    return ForgeContent(group, member.signer(), content.sender, std::move(content.content));
  }
  const ContentType type = content.type();
  const AuthenticatedContent signed_content =
      SignContent(member.signer(), WireFormat::kPrivateMessage, std::move(content),
                  GroupTestPeer::epoch(group).encoded_context);
  Writer writer;
  EncodeContent(writer, signed_content.content);
  signed_content.auth.EncodeTo(writer, type);
  std::string plaintext = std::move(writer).Take();
  if (input.Flag()) Change(input, plaintext);
  return SealAnything(input, group, type, plaintext);
}

}  // namespace amana::mls
