// Rules for joining by a welcome and from outside (RFC 9420, sections 12.4.3.1 to 12.4.3.3). What
// is wrong with the tree or its leaves is rules_tree_test.cc's and rules_leaf_test.cc's business.

#include "common/mls/test_rules.h"

namespace amana::mls {
namespace {

// --- By a welcome ------------------------------------------------------------------------------

class WelcomeRules : public RulesTest {
 protected:
  Fault JoinedBy(Forgery forgery) {
    return Joined(members_[0], NewClient("new"), std::move(forgery));
  }
  Fault JoinedWithInfo(Edit<GroupInfo> change) { return JoinedBy({.info = std::move(change)}); }
  // The group's own secrets come from the context that was changed.
  Fault JoinedWithContext(Edit<GroupContext> change) {
    return JoinedBy({.context = std::move(change)});
  }
  Fault JoinedWithSecrets(Edit<GroupSecrets> change) {
    return JoinedBy({.secrets = std::move(change)});
  }
  Fault JoinedWithWelcome(Edit<Welcome> change) { return JoinedBy({.welcome = std::move(change)}); }

  std::vector<Member> members_ = NewGroup(2);
};

TEST_F(WelcomeRules, AValidOneIsTaken) {
  EXPECT_EQ(JoinedBy({}), Fault::kNone);
  EXPECT_EQ(JoinedBy({.with_path = false}), Fault::kNone);
}

TEST_F(WelcomeRules, IsAWelcome) {
  EXPECT_EQ(RulesTest::JoinedBy(*members_[0].group.MakeGroupInfo(members_[0].signer, true),
                                NewClient("new")),
            Fault::kUnexpectedMessage);
}

TEST_F(WelcomeRules, IsForAKeyPackageOfOurs) {
  EXPECT_EQ(JoinedWithWelcome([](Welcome& w) { w.secrets[0].new_member[0] ^= 1; }),
            Fault::kWelcomeNotForUs);
  EXPECT_EQ(JoinedWithWelcome([](Welcome& w) { w.secrets.clear(); }), Fault::kWelcomeNotForUs);
}

// Nobody could read a larger one. The extensions come by themselves, and their commit refers to
// them.
TEST_F(WelcomeRules, IsNotMadeLargerThanAMessage) {
  Member& alice = members_[0];
  const Client client = NewClient("new");
  const auto added_to = [&](Extensions extensions) {
    const auto replace = alice.group.Propose({GroupContextExtensions{std::move(extensions)}}, {},
                                             alice.signer, policy_, random_);
    EXPECT_EQ(Handled(members_[1], *replace), Fault::kNone);
    CommitAll(members_, 0);
    return FaultIn(alice.group.Commit({.proposals = {{Add{client.own.key_package}}}}, alice.signer,
                                      policy_, psks_, random_));
  };
  EXPECT_EQ(added_to({{kApplicationId, std::string(kMaxMessageSize - 512, 'x')}}),
            Fault::kMessageTooLarge);
  // Nor is a group info, which says the same in clear.
  EXPECT_EQ(FaultIn(alice.group.MakeGroupInfo(alice.signer, true)), Fault::kMessageTooLarge);
  EXPECT_EQ(added_to({}), Fault::kNone);
}

// A group whose tree has outgrown a message is joined with the tree beside the welcome.
TEST_F(WelcomeRules, ItsTreeMayComeBesideItAndBeLargerThanAMessage) {
  Member alice = Found("alice", "large");
  const auto add = [&](size_t first, size_t count) {
    CommitRequest request{.without_path = true, .tree_in_welcome = false};
    std::optional<Client> last;
    for (size_t i = first; i < first + count; ++i) {
      last = NewClient("client " + std::to_string(i), [](KeyPackage& k) {
        k.leaf_node.extensions = {{kApplicationId, std::string(30 << 10, 'x')}};
      });
      request.proposals.push_back({Add{last->key_package()}});
    }
    auto commit = alice.group.Commit(request, alice.signer, policy_, psks_, random_);
    EXPECT_EQ(FaultIn(commit), Fault::kNone);
    EXPECT_EQ(FaultIn(alice.group.Merge(std::move(commit->staged))), Fault::kNone);
    return RulesTest::JoinedBy(*commit->welcome, *last, {.ratchet_tree = alice.group.EncodeTree()});
  };
  EXPECT_EQ(add(0, 100), Fault::kNone);
  EXPECT_EQ(add(100, 100), Fault::kNone);
  EXPECT_GT(alice.group.EncodeTree().size(), kMaxMessageSize);
}

TEST_F(WelcomeRules, IsOfTheKeyPackagesSuite) {
  EXPECT_EQ(JoinedWithWelcome([](Welcome& w) { w.cipher_suite = 1; }), Fault::kWelcomeSuite);
}

TEST_F(WelcomeRules, ItsSecretsOpen) {
  EXPECT_EQ(JoinedWithWelcome(
                [](Welcome& w) { w.secrets[0].encrypted_group_secrets.ciphertext[0] ^= 1; }),
            Fault::kGroupSecrets);
  // They are sealed for this group info alone.
  EXPECT_EQ(JoinedWithWelcome([](Welcome& w) { w.encrypted_group_info[0] ^= 1; }),
            Fault::kGroupSecrets);
}

TEST_F(WelcomeRules, ItsGroupInfoOpens) {
  EXPECT_EQ(JoinedWithSecrets([](GroupSecrets& s) { s.joiner_secret.ExposeMutable()[0] ^= 1; }),
            Fault::kGroupInfoSealed);
}

TEST_F(WelcomeRules, ItsPreSharedKeysAreAtHand) {
  const Client client = NewClient("new");
  const Forgery forgery{
      .proposals = ByValue({{PreSharedKey{ExternalPsk("psk")}}, {Add{client.own.key_package}}}),
      .psks = &psks_};
  const std::string welcome =
      Forge(members_[0].group, members_[0].signer, forgery, random_).welcome;
  EXPECT_EQ(RulesTest::JoinedBy(welcome, client), Fault::kNone);
  psks_.external["psk"] = "another secret";
  EXPECT_EQ(RulesTest::JoinedBy(welcome, client), Fault::kGroupInfoSealed);
  psks_.external.clear();
  EXPECT_EQ(RulesTest::JoinedBy(welcome, client), Fault::kPskMissing);
}

TEST_F(WelcomeRules, ItsPreSharedKeysHaveANonceOfTheHashsSize) {
  PreSharedKeyId id = ExternalPsk("psk");
  id.nonce.pop_back();
  EXPECT_EQ(JoinedBy({.proposals = ByValue({{PreSharedKey{id}}}), .psks = &psks_}),
            Fault::kPskNonceSize);
}

TEST_F(WelcomeRules, ItsGroupInfoIsSignedByAMember) {
  EXPECT_EQ(JoinedBy({.signed_info = [](GroupInfo& i) { i.signature[0] ^= 1; }}),
            Fault::kGroupInfoSignature);
  EXPECT_EQ(JoinedWithInfo([](GroupInfo& i) { i.signer = LeafIndex{1}; }),
            Fault::kGroupInfoSignature);
  EXPECT_EQ(JoinedWithInfo([](GroupInfo& i) { i.signer = LeafIndex{3}; }), Fault::kGroupInfoSigner);
  EXPECT_EQ(JoinedWithInfo([](GroupInfo& i) { i.signer = LeafIndex{1000}; }),
            Fault::kGroupInfoSigner);
}

TEST_F(WelcomeRules, ItsGroupInfoIsOfTheSuiteAndVersion) {
  EXPECT_EQ(JoinedWithContext([](GroupContext& c) { c.cipher_suite = 1; }), Fault::kGroupInfoSuite);
  EXPECT_EQ(JoinedWithContext([](GroupContext& c) { c.version = 2; }), Fault::kGroupInfoSuite);
}

TEST_F(WelcomeRules, WeAreInNoGroupOfThatId) {
  groups_ = {"another"};
  EXPECT_EQ(JoinedBy({}), Fault::kNone);
  groups_.insert("group");
  EXPECT_EQ(JoinedBy({}), Fault::kGroupIdInUse);
}

TEST_F(WelcomeRules, ItsExtensionsAreInOrder) {
  const Extension some{kSomeExtension, "data"};
  EXPECT_EQ(JoinedWithInfo([&](GroupInfo& i) { i.extensions.push_back(some); }), Fault::kNone);
  EXPECT_EQ(JoinedWithInfo([&](GroupInfo& i) {
              i.extensions.push_back(some);
              i.extensions.push_back(some);
            }),
            Fault::kExtensionRepeated);
  const auto joined_with_group_extensions = [&](const Extensions& extensions) {
    return JoinedWithContext([&](GroupContext& c) { c.extensions = extensions; });
  };
  EXPECT_EQ(joined_with_group_extensions({{kApplicationId, ""}}), Fault::kNone);
  EXPECT_EQ(joined_with_group_extensions({{kApplicationId, ""}, {kApplicationId, ""}}),
            Fault::kExtensionRepeated);
  EXPECT_EQ(joined_with_group_extensions({{kRequiredCapabilities, "x"}}),
            Fault::kExtensionDataMalformed);
  const ExternalSenders senders = {{std::string(32, 'k'), BasicCredential(kRefusedName)}};
  EXPECT_EQ(joined_with_group_extensions({{kExternalSenders, Encode(senders)}}),
            Fault::kCredentialRefused);
}

TEST_F(WelcomeRules, WeSupportTheGroupsExtensions) {
  capabilities_.extensions.push_back(kSomeExtension);
  members_ = NewGroup(2, false, {{kSomeExtension, "data"}});
  EXPECT_EQ(JoinedBy({}), Fault::kNone);
  capabilities_ = DefaultCapabilities(kSuite3);
  EXPECT_EQ(JoinedBy({}), Fault::kGroupExtensionNotSupported);
}

TEST_F(WelcomeRules, OurLeafIsInTheTree) {
  const LeafNode other = NewClient("new").leaf();
  EXPECT_EQ(JoinedBy({.with_path = false,
                      .tree = [&](RatchetTree& t) { t.SetLeaf(LeafIndex{2}, other); }}),
            Fault::kOwnLeafMissing);
}

TEST_F(WelcomeRules, ThePathSecretGivesTheKeysOfTheTree) {
  const auto changed = [](GroupSecrets& s) {
    s.path_secret.emplace(PathSecret{SecretBytes::CopyOf(std::string(kHashSize, 's'))});
  };
  EXPECT_EQ(JoinedWithSecrets(changed), Fault::kJoinPathSecret);
  members_ = NewGroup(5, /*with_path=*/true);
  EXPECT_EQ(JoinedBy({.secrets = changed}), Fault::kJoinPathSecret);
}

TEST_F(WelcomeRules, HasItsConfirmationTag) {
  EXPECT_EQ(JoinedWithInfo([](GroupInfo& i) { i.confirmation_tag[0] ^= 1; }),
            Fault::kConfirmationTag);
  EXPECT_EQ(JoinedWithInfo([](GroupInfo& i) { ++i.group_context.epoch; }), Fault::kConfirmationTag);
}

// --- From outside ------------------------------------------------------------------------------

class ExternalJoinRules : public RulesTest {
 protected:
  // By the first member's group info, changed before it was signed.
  Fault JoinedFromOutside(const Edit<GroupInfo>& change, const JoinOptions& options = {}) {
    const Member& alice = members_[0];
    auto message = *Decode<MlsMessage>(*alice.group.MakeGroupInfo(alice.signer, true));
    auto& info = std::get<GroupInfo>(message.content);
    change(info);
    Resign(info, alice.signer);
    return JoinedBy(Encode(message), options);
  }
  Fault JoinedBy(const std::string& group_info, const JoinOptions& options = {}) {
    const Client client = NewClient("new");
    auto joined = Group::JoinExternally(
        kSuite3, group_info, IdentityOf("new"), client.signer, psk_ids_, resync_, policy_, psks_,
        [&](std::string_view id) { return groups_.contains(id); }, random_, options);
    if (joined.ok()) {
      EXPECT_EQ(Handled(members_[1], joined->message), Fault::kNone);
    }
    return FaultIn(joined);
  }

  std::vector<PreSharedKeyId> psk_ids_;
  std::optional<LeafIndex> resync_;
  std::vector<Member> members_ = NewGroup(2);
};

TEST_F(ExternalJoinRules, AValidGroupIsJoined) {
  EXPECT_EQ(JoinedFromOutside([](GroupInfo&) {}), Fault::kNone);
  psk_ids_ = {ExternalPsk("psk")};
  EXPECT_EQ(JoinedFromOutside([](GroupInfo&) {}), Fault::kNone);
}

TEST_F(ExternalJoinRules, IsByAGroupInfo) {
  EXPECT_EQ(JoinedBy(EncodeMessage(NewClient("new").key_package())), Fault::kUnexpectedMessage);
}

TEST_F(ExternalJoinRules, TheGroupHasAKeyForIt) {
  EXPECT_EQ(JoinedFromOutside([](GroupInfo& i) { i.extensions.pop_back(); }),
            Fault::kExternalPubMissing);
  EXPECT_EQ(JoinedFromOutside(
                [](GroupInfo& i) { i.extensions.back().data = Encode(ExternalPub{"no key"}); }),
            Fault::kKeyMalformed);
}

TEST_F(ExternalJoinRules, TheGroupIsChecked) {
  EXPECT_EQ(JoinedFromOutside([](GroupInfo& i) { i.group_context.tree_hash[0] ^= 1; }),
            Fault::kTreeHash);
  EXPECT_EQ(JoinedFromOutside([](GroupInfo& i) { i.signer = LeafIndex{2}; }),
            Fault::kGroupInfoSigner);
  EXPECT_EQ(JoinedFromOutside([](GroupInfo& i) { i.group_context.cipher_suite = 1; }),
            Fault::kGroupInfoSuite);
  EXPECT_EQ(JoinedFromOutside([](GroupInfo& i) { i.extensions.erase(i.extensions.begin()); }),
            Fault::kTreeMissing);
  groups_ = {"group"};
  EXPECT_EQ(JoinedFromOutside([](GroupInfo&) {}), Fault::kGroupIdInUse);
}

// Its keys may be what proves that it has been there.
TEST_F(ExternalJoinRules, WhoComesBackMayHaveTheGroupStill) {
  std::vector<Client> clients;
  clients.push_back(NewClient("new"));
  AddAll(members_, std::move(clients));
  groups_ = {"group"};
  EXPECT_EQ(JoinedFromOutside([](GroupInfo&) {}), Fault::kGroupIdInUse);
  resync_ = LeafIndex{2};
  EXPECT_EQ(JoinedFromOutside([](GroupInfo&) {}), Fault::kNone);
}

// What tells it from others of that id is a key that no group info shows.
TEST_F(ExternalJoinRules, IsNotTheGroupThatAReinitNamed) {
  const auto joined_by_a_member_of = [&](std::string_view old_id, std::string_view named) {
    std::vector<Member> old;
    old.push_back(Found("new", old_id));
    CommitAll(old, 0, {.proposals = {{ReInit{std::string(named), kMls10, kSuite3.id, {}}}}});
    return JoinedFromOutside([](GroupInfo&) {}, {.resumed = &old[0].group});
  };
  EXPECT_EQ(joined_by_a_member_of("old", "another"), Fault::kNone);
  EXPECT_EQ(joined_by_a_member_of("old", "group"), Fault::kReInitMismatch);
}

TEST_F(ExternalJoinRules, ItsPreSharedKeysAreAtHand) {
  psk_ids_ = {ExternalPsk("psk")};
  psks_.external.clear();
  EXPECT_EQ(JoinedFromOutside([](GroupInfo&) {}), Fault::kPskMissing);
}

TEST_F(ExternalJoinRules, OnlyTheOwnOldLeafIsReplaced) {
  resync_ = LeafIndex{0};  // "0" is another client
  EXPECT_EQ(JoinedFromOutside([](GroupInfo&) {}), Fault::kSuccessorRefused);
  resync_ = LeafIndex{2};
  EXPECT_EQ(JoinedFromOutside([](GroupInfo&) {}), Fault::kRemoveOfBlank);
}

}  // namespace
}  // namespace amana::mls
