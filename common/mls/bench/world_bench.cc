#include <algorithm>
#include <bit>
#include <cstdio>
#include <utility>

#include "common/base/check.h"
#include "common/crypto/random.h"
#include "common/mls/bench/world.h"
#include "common/mls/treekem.h"

namespace amana::mls {
namespace {

constexpr uint64_t kNow = 1'800'000'000;
constexpr uint64_t kMonth = uint64_t{30} * 24 * 3600;
constexpr std::string_view kGroupId = "sixteen bytes id";

Random& TheRandom() { return crypto::SystemRandom::Instance(); }

// The leaves of a full tree in an order in which each commit has few blank nodes beside its path:
// with their bits reversed.
std::vector<LeafIndex> FarApart(uint32_t members) {
  const uint32_t room = RoomFor(members).value;
  std::vector<LeafIndex> order;
  for (uint32_t i = 0; i < room; ++i) {
    uint32_t reversed = 0;
    for (uint32_t bit = 1; bit < room; bit <<= 1) {
      if ((i & bit) != 0) reversed |= room / 2 / bit;
    }
    if (reversed < members) order.push_back({reversed});
  }
  return order;
}

RatchetTree WarmTree(const std::vector<Client>& clients) {
  RatchetTree tree = RatchetTree::Of(clients[0].NewKeyPackage().key_package.leaf_node);
  for (size_t i = 1; i < clients.size(); ++i) {
    AMANA_CHECK(tree.Add(clients[i].NewKeyPackage().key_package.leaf_node).ok(), "no room");
  }
  GroupContext context;
  context.group_id = kGroupId;
  for (const LeafIndex member : FarApart(static_cast<uint32_t>(clients.size()))) {
    LeafNode leaf = *tree.leaf(member);
    leaf.lifetime = {};
    AMANA_CHECK(CreatePath(kSuite3, tree, member, std::move(leaf), clients[member.value].signer,
                           context, {}, TheRandom())
                    .ok(),
                "a path that can't be made");
  }
  return tree;
}

// What clients from outside need to join a group of which there is nothing but its tree.
std::string InfoOf(const RatchetTree& tree, const Client& signer) {
  GroupInfo info;
  info.group_context.cipher_suite = kSuite3.id;
  info.group_context.group_id = kGroupId;
  info.group_context.epoch = 1;
  info.group_context.tree_hash = tree.RootHash();
  info.group_context.confirmed_transcript_hash = RandomBytes(TheRandom(), kHashSize);
  const auto external = crypto::HpkePrivateKey::Generate(TheRandom());
  info.extensions = {{kRatchetTree, tree.Encode()},
                     {kExternalPub, Encode(ExternalPub{external.public_key().bytes()})}};
  info.confirmation_tag = RandomBytes(TheRandom(), kHashSize);
  info.signature = SignWithLabel(signer.signer, "GroupInfoTBS", GroupInfoToBeSigned(info));
  return Encode(MlsMessage{std::move(info)});
}

// `client` comes back to its leaf with a commit from outside, so that it knows the keys above it.
ExternalJoin Resync(const std::string& info, const Client& client, LeafIndex leaf) {
  auto joined = Group::JoinExternally(kSuite3, info, client.identity, client.signer, {}, leaf,
                                      ThePolicy(), NoPsks(), InNoGroup, TheRandom());
  AMANA_CHECK(joined.ok(), "a warm group can't be joined");
  return *std::move(joined);
}

std::string IdentityOf(uint32_t number) {
  char text[32];
  std::snprintf(text, sizeof(text), "amana/device/%011u", number);
  return text;
}

}  // namespace

Client::Client(uint32_t number)
    : identity{BasicCredential(IdentityOf(number)), DefaultCapabilities(kSuite3), {}},
      signer(crypto::SigningKey::Generate(TheRandom())) {}

OwnKeyPackage Client::NewKeyPackage() const {
  return MakeKeyPackage(kSuite3, identity, signer, {kNow - 60, kNow + kMonth - 60},
                        /*last_resort=*/false, TheRandom());
}

std::vector<Client> MakeClients(uint32_t count) {
  std::vector<Client> clients;
  clients.reserve(count);
  for (uint32_t i = 0; i < count; ++i) clients.emplace_back(i);
  return clients;
}

const Policy& ThePolicy() {
  static const BasicCredentials credentials;
  static const Policy policy{.credentials = &credentials, .now = kNow};
  return policy;
}

const PskSource& NoPsks() {
  static const PskMap none;
  return none;
}

Saved::Saved(Group group) {
  ApplyDelta(rows_, group.TakeDelta());
  sequence_ = group.sequence();
}

Group Saved::Fresh() const {
  auto group = Group::Restore(kSuite3, rows_, sequence_);
  AMANA_CHECK(group.ok(), "a group that was saved can't be restored");
  return *std::move(group);
}

size_t Saved::bytes() const {
  size_t bytes = 0;
  for (const auto& [key, value] : rows_) bytes += key.size() + value.size();
  return bytes;
}

Couple WarmGroup(const std::vector<Client>& clients) {
  Group alice = Resync(InfoOf(WarmTree(clients), clients[0]), clients[0], LeafIndex{0}).group;
  ExternalJoin bob =
      Resync(*alice.MakeGroupInfo(clients[0].signer, /*with_tree=*/true), clients[1], LeafIndex{1});
  auto followed = alice.Handle(bob.message, ThePolicy(), NoPsks());
  AMANA_CHECK(followed.ok(), "Alice can't follow Bob");
  AMANA_CHECK(alice.Merge(std::get<StagedCommit>(*std::move(followed))).ok(), "merging");
  alice.DropPastEpochs();
  return {std::move(alice), std::move(bob.group)};
}

Couple ColdGroup(const std::vector<Client>& clients) {
  Group alice = Alone(clients[0]);
  std::vector<OwnKeyPackage> others;
  for (size_t i = 1; i < clients.size(); ++i) others.push_back(clients[i].NewKeyPackage());
  auto commit = alice.Commit({.proposals = AddAll(others)}, clients[0].signer, ThePolicy(),
                             NoPsks(), TheRandom());
  AMANA_CHECK(commit.ok() && alice.Merge(std::move(commit->staged)).ok(), "adding all");
  alice.DropPastEpochs();
  auto bob = Group::Join(kSuite3, commit->welcome.value_or(""), std::move(others[0]), ThePolicy(),
                         NoPsks(), InNoGroup);
  AMANA_CHECK(bob.ok(), "Bob can't join");
  return {std::move(alice), *std::move(bob)};
}

Group Alone(const Client& client) {
  auto group =
      Group::Create(kSuite3, kGroupId, client.NewKeyPackage(), {}, ThePolicy(), TheRandom());
  AMANA_CHECK(group.ok(), "a group can't be created");
  return *std::move(group);
}

std::vector<Proposal> AddAll(const std::vector<OwnKeyPackage>& key_packages) {
  std::vector<Proposal> proposals;
  proposals.reserve(key_packages.size());
  for (const OwnKeyPackage& one : key_packages) proposals.push_back({Add{one.key_package}});
  return proposals;
}

OwnKeyPackage CopyOf(const OwnKeyPackage& key_package) {
  return {key_package.key_package, key_package.init_key.Clone(), key_package.leaf_key.Clone()};
}

}  // namespace amana::mls
