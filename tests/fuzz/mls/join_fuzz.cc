// What a newcomer is sent: welcomes and group infos, from anybody, and from somebody who has made a
// group to do harm. That one knows all its keys, so that whatever the program does to tree, context
// and secrets is signed, hashed, tagged and sealed as it must be, unless the input leaves one of
// these out. Who joined can work with the group, and save it.
//
// Input: how to join, what is left out, then what is done to the group.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/check.h"
#include "common/mls/key_schedule.h"
#include "common/mls/test_forge.h"
#include "tests/fuzz/mls/fuzz_change.h"
#include "tests/fuzz/mls/fuzz_input.h"
#include "tests/fuzz/mls/fuzz_world.h"

namespace amana::mls {
namespace {

constexpr size_t kNewcomer = kMembers;

// One bit each of what is left as the program made it.
enum Omission : uint8_t {
  kLeafSignatures = 1,
  kTreeHash = 2,
  kConfirmationTag = 4,
  kInfoSignature = 8,
  kTreeOutside = 16,  // told beside the group info
};

class HostileGroup {
 public:
  HostileGroup(bool with_newcomer, uint8_t omissions)
      : group_(world_.Member(0)),
        omissions_(omissions),
        random_(5),
        tree_(group_.tree()),
        joiner_secret_(RandomBytes(random_, kHashSize)) {
    info_.group_context = group_.context();
    if (!with_newcomer) return;
    ++info_.group_context.epoch;
    AMANA_CHECK(tree_.Add(world_.PublicPackage(kNewcomer).leaf_node).ok(), "no room");
  }

  void Run(FuzzInput& input) {
    while (!input.empty()) Step(input);
  }

  std::string Welcome() {
    Finish();
    const KeyPackage& package = world_.PublicPackage(kNewcomer);
    const SecretBytes psk_secret = PskSecret();
    const SecretBytes secret = DeriveWelcomeSecret(joiner_secret_, psk_secret.Expose());
    const crypto::Aead& aead = *kSuite3.aead;
    mls::Welcome welcome;
    welcome.cipher_suite = kSuite3.id;
    welcome.encrypted_group_info = aead.seal(
        ExpandWithLabel(secret.Expose(), "key", "", aead.key_size).Expose(),
        ExpandWithLabel(secret.Expose(), "nonce", "", aead.nonce_size).Expose(), "", Encode(info_));
    GroupSecrets secrets;
    secrets.joiner_secret = SecretBytes::CopyOf(joiner_secret_);
    if (path_secret_.has_value()) secrets.path_secret.emplace(SecretBytes::CopyOf(*path_secret_));
    secrets.psks = psks_;
    auto sealed = EncryptWithLabel(EncryptContext(kSuite3, "Welcome", welcome.encrypted_group_info),
                                   package.init_key, EncodeSecret(secrets).Expose(), random_);
    welcome.secrets.push_back({RefOf(package), *std::move(sealed)});
    return Encode(MlsMessage{std::move(welcome)});
  }

  std::string Info() {
    const auto external = DeriveExternalKey(*GroupTestPeer::epoch(group_).secrets).public_key();
    info_.extensions.push_back({kExternalPub, Encode(ExternalPub{external.bytes()})});
    Finish();
    return Encode(MlsMessage{info_});
  }

  JoinOptions Options() const {
    JoinOptions options{.resumed = &group_};
    if ((omissions_ & kTreeOutside) != 0) options.ratchet_tree = tree_.Encode();
    return options;
  }
  const std::vector<PreSharedKeyId>& psks() const { return psks_; }

 private:
  void Step(FuzzInput& input) {
    switch (input.Below(10)) {
      case 0:
        return TamperTree(input);
      case 1:
        return ChangeTree(input);
      case 2:
        return Commit(input.Below(kMembers));
      case 3:
        return Change(input, info_.group_context);
      case 4:
        return Change(input, info_);
      case 5:
        return AddPsk(input);
      case 6:
        return Change(input, joiner_secret_);
      case 7:
        path_secret_ = input.Piece();
        return;
      case 8:
        info_.signer = LeafIndex{input.Byte()};
        return;
      default:
        info_.extensions.push_back({input.Word(), std::string(input.Piece())});
    }
  }

  void TamperTree(FuzzInput& input) {
    std::string encoded = tree_.Encode();
    Change(input, encoded);
    auto changed = RatchetTree::Decode(encoded);
    if (changed.ok()) tree_ = *std::move(changed);
  }

  // One node of it, so that the rest still reads.
  void ChangeTree(FuzzInput& input) {
    const NodeIndex index{static_cast<uint32_t>(input.Below(NodeCount(tree_.leaves())))};
    Node node = tree_.node(index);
    if (IsLeaf(index)) {
      LeafNode leaf = node.leaf != nullptr ? *node.leaf : LeafNode{};
      Change(input, leaf);
      tree_.SetLeaf(LeafOf(index), std::move(leaf));
      if (input.Flag() && tree_.members() > 1) tree_.Remove(LeafOf(index));
    } else {
      auto parent =
          std::make_shared<ParentNode>(node.parent != nullptr ? *node.parent : ParentNode{});
      Change(input, *parent);
      node.parent = std::move(parent);
      tree_.Restore(index, std::move(node)).IgnoreError();
    }
  }

  // As an honest commit of one of them would leave it, with the newcomer's secret of the path.
  void Commit(size_t member) {
    const LeafIndex committer{static_cast<uint32_t>(member)};
    const LeafNode* before = tree_.leaf(committer);
    const auto newcomer = tree_.FindLeaf(
        [&](const LeafNode& leaf) { return leaf == world_.PublicPackage(kNewcomer).leaf_node; });
    if (before == nullptr || newcomer == committer) return;
    LeafNode leaf = *before;
    const std::vector<NodeIndex> path = tree_.FilteredDirectPath(committer);
    SecretBytes secret = RandomSecret(random_);
    std::vector<std::string> keys;
    path_secret_.reset();
    for (const NodeIndex node : path) {
      if (newcomer.has_value() && IsInSubtree(NodeOf(*newcomer), node) && !path_secret_) {
        path_secret_ = secret.Expose();
      }
      keys.push_back(crypto::HpkePrivateKey::Derive(DeriveSecret(secret.Expose(), "node").Expose())
                         .public_key()
                         .bytes());
      secret = DeriveSecret(secret.Expose(), "path");
    }
    leaf.encryption_key = crypto::HpkePrivateKey::Generate(random_).public_key().bytes();
    leaf.source = LeafNodeSource::kCommit;
    leaf.lifetime = {};
    leaf.parent_hash = tree_.SetPath(committer, path, keys);
    tree_.SetLeaf(committer, std::move(leaf));
    info_.signer = committer;
  }

  void AddPsk(FuzzInput& input) {
    PreSharedKeyId id;
    id.type = input.Flag() ? PskType::kResumption : PskType::kExternal;
    id.psk_id = kExternalPsks[input.Below(kExternalPsks.size())];
    id.usage = static_cast<ResumptionUsage>(1 + input.Below(3));
    id.group_id = group_.group_id();
    id.epoch = group_.epoch() - input.Below(3);
    id.nonce = RandomBytes(random_, kHashSize);
    if (input.Flag()) Change(input, id);
    psks_.push_back(std::move(id));
  }

  SecretBytes PskSecret() const {
    std::vector<Psk> psks;
    for (const PreSharedKeyId& id : psks_) {
      auto secret = id.type == PskType::kExternal ? world_.psks().External(id.psk_id)
                                                  : group_.ResumptionPsk(id.epoch);
      psks.push_back({id, secret.has_value() ? *std::move(secret) : SecretBytes()});
    }
    return DerivePskSecret(psks);
  }

  // Whoever's key it has: they all are the same person's here.
  const crypto::SigningKey* SignerOf(const LeafNode* leaf) const {
    for (size_t i = 0; leaf != nullptr && i < kDevices; ++i) {
      if (world_.signer(i).verifying_key().bytes() == leaf->signature_key) {
        return &world_.signer(i);
      }
    }
    return nullptr;
  }

  void SignLeaves() {
    for (uint32_t i = 0; i < tree_.leaves().value; ++i) {
      const LeafNode* leaf = tree_.leaf(LeafIndex{i});
      const crypto::SigningKey* signer = SignerOf(leaf);
      if (signer == nullptr) continue;
      LeafNode changed = *leaf;
      const bool is_placed = leaf->source != LeafNodeSource::kKeyPackage;
      Resign(changed, *signer, is_placed ? info_.group_context.group_id : "", LeafIndex{i});
      tree_.SetLeaf(LeafIndex{i}, std::move(changed));
    }
  }

  void Finish() {
    GroupContext& context = info_.group_context;
    if ((omissions_ & kLeafSignatures) == 0) SignLeaves();
    if ((omissions_ & kTreeHash) == 0) context.tree_hash = tree_.RootHash();
    if ((omissions_ & kTreeOutside) == 0) {
      info_.extensions.push_back({kRatchetTree, tree_.Encode()});
    }
    if ((omissions_ & kConfirmationTag) == 0) {
      const DerivedEpoch epoch = DeriveEpoch(joiner_secret_, PskSecret().Expose(), Encode(context));
      info_.confirmation_tag =
          Mac(epoch.secrets.confirmation_key.Expose(), context.confirmed_transcript_hash);
    }
    const crypto::SigningKey* signer = SignerOf(tree_.leaf(info_.signer));
    if ((omissions_ & kInfoSignature) == 0 && signer != nullptr) Resign(info_, *signer);
  }

  const FuzzWorld& world_ = FuzzWorld::Get();
  Group group_;
  uint8_t omissions_;
  SeededRandom random_;
  RatchetTree tree_;
  GroupInfo info_;
  std::string joiner_secret_;
  std::optional<std::string> path_secret_;
  std::vector<PreSharedKeyId> psks_;
};

void CheckJoined(Group group) {
  SeededRandom random(6);
  StateRows rows;
  Exercise(group, FuzzWorld::Get().signer(kNewcomer), random);
  ApplyDelta(rows, group.TakeDelta());
  AMANA_CHECK(Group::Restore(kSuite3, rows, group.sequence()).ok(),
              "a group can't be restored that was just saved");
}

bool Join(std::string_view welcome, const JoinOptions& options) {
  const FuzzWorld& world = FuzzWorld::Get();
  auto group = Group::Join(kSuite3, welcome, world.OwnPackage(kNewcomer), world.policy(),
                           world.psks(), InNoGroup, options);
  AMANA_CHECK(group.ok() || FaultOf(group.status()) != Fault::kNone, "refused for no reason");
  if (!group.ok()) return false;
  CheckJoined(*std::move(group));
  return true;
}

bool JoinExternally(std::string_view info, const std::vector<PreSharedKeyId>& psks,
                    std::optional<LeafIndex> resync, const JoinOptions& options) {
  const FuzzWorld& world = FuzzWorld::Get();
  SeededRandom random(7);
  auto joined = Group::JoinExternally(kSuite3, info, FuzzWorld::IdentityOf(kNewcomer),
                                      world.signer(kNewcomer), psks, resync, world.policy(),
                                      world.psks(), InNoGroup, random, options);
  AMANA_CHECK(joined.ok() || FaultOf(joined.status()) != Fault::kNone, "refused for no reason");
  if (!joined.ok()) return false;
  CheckJoined(std::move(joined->group));
  return true;
}

void Fuzz(FuzzInput input) {
  const uint8_t way = input.Byte();
  const bool externally = (way & 1) != 0;
  if ((way & 2) != 0) {
    externally ? JoinExternally(input.Rest(), {}, std::nullopt, {}) : Join(input.Rest(), {});
    return;
  }
  std::optional<LeafIndex> resync;
  if ((way & 4) != 0) resync = LeafIndex{input.Byte()};
  const uint8_t omissions = input.Byte();
  const bool is_honest = input.empty() && omissions == 0 && !resync.has_value();
  HostileGroup group(!externally, omissions);
  group.Run(input);
  const std::string sent = externally ? group.Info() : group.Welcome();
  const bool joined = externally ? JoinExternally(sent, group.psks(), resync, group.Options())
                                 : Join(sent, group.Options());
  // Otherwise all that is refused would be refused for a mistake of ours.
  AMANA_CHECK(joined || !is_honest, "an honest group can't be joined");
}

}  // namespace
}  // namespace amana::mls

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  amana::mls::Fuzz(amana::mls::FuzzInput(data, size));
  return 0;
}
