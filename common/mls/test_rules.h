#pragma once

// The stage for tests of single rules: clients, groups of them, and an application that refuses one
// name. Each test shows first that what it is about to break is accepted.

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/check.h"
#include "common/mls/test_forge.h"
#include "common/mls/test_group.h"
#include "common/mls/test_vectors.h"

namespace amana::mls {

// Whom the application does not believe.
inline constexpr std::string_view kRefusedName = "mallory";
// Of the private use range.
inline constexpr ExtensionType kSomeExtension = 0xF001;
inline constexpr ProposalType kSomeProposal = 0xF001;
inline constexpr CredentialType kSomeCredential = 0xF001;

class SuspiciousCredentials final : public BasicCredentials {
 public:
  bool Accepts(const Credential& credential, std::string_view) const override {
    return credential.content != kRefusedName;
  }
};

// A key that nothing can be sealed to.
inline const std::string kPointOfSmallOrder(32, '\0');

struct Client {
  crypto::SigningKey signer;
  OwnKeyPackage own;

  KeyPackage& key_package() { return own.key_package; }
  LeafNode& leaf() { return own.key_package.leaf_node; }
};

struct Member {
  crypto::SigningKey signer;
  Group group;

  LeafIndex index() const { return group.own_leaf(); }
};

class RulesTest : public testing::Test {
 protected:
  static constexpr uint64_t kNow = 1'700'000'000;

  RulesTest() : random_(1), policy_{.credentials = &credentials_, .now = kNow} {}

  static Identity IdentityOf(std::string_view name) {
    return {BasicCredential(name), DefaultCapabilities(kSuite3), {}};
  }

  // What all clients of the test say of themselves; changed before they are made.
  Capabilities capabilities_ = DefaultCapabilities(kSuite3);

  Client NewClient(std::string_view name) {
    crypto::SigningKey signer = crypto::SigningKey::Generate(random_);
    OwnKeyPackage own =
        MakeKeyPackage(kSuite3, {BasicCredential(name), capabilities_, {}}, signer,
                       {.not_before = kNow - 60, .not_after = kNow + 86400}, false, random_);
    return {std::move(signer), std::move(own)};
  }

  // One whose key package was changed before it was signed.
  template <class Change>
  Client NewClient(std::string_view name, Change change) {
    Client client = NewClient(name);
    change(client.key_package());
    Resign(client.key_package(), client.signer);
    return client;
  }

  Member Found(std::string_view name, std::string_view group_id = "group",
               Extensions extensions = {}) {
    Client founder = NewClient(name);
    auto group = Group::Create(kSuite3, group_id, std::move(founder.own), std::move(extensions),
                               policy_, random_);
    AMANA_CHECK(group.ok(), "no group");
    return {std::move(founder.signer), *std::move(group)};
  }

  // Members "0", "1", … of which the first one added all others.
  std::vector<Member> NewGroup(size_t size, bool with_path = false, Extensions extensions = {}) {
    std::vector<Member> members;
    members.push_back(Found("0", "group", std::move(extensions)));
    std::vector<Client> clients;
    for (size_t i = 1; i < size; ++i) clients.push_back(NewClient(std::to_string(i)));
    AddAll(members, std::move(clients), with_path);
    return members;
  }

  // By the first member.
  void AddAll(std::vector<Member>& members, std::vector<Client> clients, bool with_path = false) {
    if (clients.empty()) return;
    CommitRequest request{.without_path = !with_path};
    for (Client& client : clients) request.proposals.push_back({Add{client.key_package()}});
    const std::string welcome = CommitAll(members, 0, request).welcome.value_or("");
    for (Client& client : clients) {
      auto group = Group::Join(kSuite3, welcome, std::move(client.own), policy_, psks_, InNoGroup);
      AMANA_CHECK(group.ok(), "no way into the group");
      members.push_back({std::move(client.signer), *std::move(group)});
    }
  }

  // One member's commit, which all follow, those who are removed by it too.
  NewCommit CommitAll(std::vector<Member>& members, size_t committer,
                      const CommitRequest& request = {}) {
    Member& sender = members[committer];
    auto commit = sender.group.Commit(request, sender.signer, policy_, psks_, random_);
    AMANA_CHECK(commit.ok(), "no commit");
    for (Member& member : members) {
      if (&member != &sender) Follow(member, commit->message);
    }
    AMANA_CHECK(sender.group.Merge(std::move(commit->staged)).ok(), "no merge");
    return *std::move(commit);
  }

  void Follow(Member& member, const std::string& message) {
    auto received = member.group.Handle(message, policy_, psks_);
    AMANA_CHECK(received.ok(), "a commit is refused");
    AMANA_CHECK(member.group.Merge(std::get<StagedCommit>(*std::move(received))).ok(), "no merge");
  }

  // --- What becomes of something. kNone: it is taken.

  Fault Handled(Member& member, const std::string& message) {
    return FaultIn(member.group.Handle(message, policy_, psks_));
  }
  // Of what `from` forges, at `to`.
  Fault Committed(const Member& from, Member& to, const Forgery& forgery) {
    return Handled(to, Forge(from.group, from.signer, forgery, random_).message);
  }
  Fault Committed(const Member& from, Member& to, std::vector<Proposal> proposals) {
    return Committed(from, to, {.proposals = ByValue(std::move(proposals)), .psks = &psks_});
  }
  Fault Proposed(const Member& from, Member& to, Proposal proposal) {
    return Handled(to, ForgeProposal(from.group, from.signer, std::move(proposal)));
  }
  // Of a client that is added in this way. Of `client` a copy joins, so that it can try again.
  Fault Joined(const Member& from, const Client& client, Forgery forgery,
               const JoinOptions& options = {}) {
    forgery.proposals.push_back({Proposal{Add{client.own.key_package}}});
    return JoinedBy(Forge(from.group, from.signer, forgery, random_).welcome, client, options);
  }
  Fault JoinedBy(const std::string& welcome, const Client& client,
                 const JoinOptions& options = {}) {
    return FaultIn(Group::Join(
        kSuite3, welcome, *OwnKeyPackage::Decode(client.own.Encode().Expose()), policy_, psks_,
        [&](std::string_view id) { return groups_.contains(id); }, options));
  }

  static std::vector<ProposalOrRef> ByValue(std::vector<Proposal> proposals) {
    std::vector<ProposalOrRef> list;
    list.reserve(proposals.size());
    for (Proposal& proposal : proposals) list.push_back({std::move(proposal)});
    return list;
  }

  // A leaf that may take the place of the member's as an update.
  LeafNode UpdateOf(const Member& member) {
    LeafNode leaf = member.group.own_leaf_node();
    leaf.encryption_key = crypto::HpkePrivateKey::Generate(random_).public_key().bytes();
    leaf.source = LeafNodeSource::kUpdate;
    leaf.lifetime = {};
    leaf.parent_hash.clear();
    Sign(leaf, member);
    return leaf;
  }
  static void Sign(LeafNode& leaf, const Member& member) {
    Resign(leaf, member.signer, member.group.group_id(), member.index());
  }

  std::string NewKey() { return crypto::HpkePrivateKey::Generate(random_).public_key().bytes(); }

  PreSharedKeyId ExternalPsk(std::string_view id) {
    psks_.external[std::string(id)] = "a secret that was shared before";
    PreSharedKeyId named;
    named.psk_id = std::string(id);
    named.nonce = RandomBytes(random_, kHashSize);
    return named;
  }

  SeededRandom random_;
  SuspiciousCredentials credentials_;
  Policy policy_;
  PskMap psks_;
  // The groups that a client is in which joins another one.
  std::set<std::string, std::less<>> groups_;
};

}  // namespace amana::mls
