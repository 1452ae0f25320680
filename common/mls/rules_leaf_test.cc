// Rules for leaf nodes and key packages (RFC 9420, sections 7.2, 7.3, 10.1 and 13.4), each broken
// at one of the doors through which a leaf comes into a group: a key package, an update, a commit's
// path, and the tree of a group that is joined.

#include <numeric>

#include "common/mls/test_rules.h"

namespace amana::mls {
namespace {

Extension Required(const RequiredCapabilities& required) {
  return {.type = kRequiredCapabilities, .data = Encode(required)};
}

// --- In a key package --------------------------------------------------------------------------

class KeyPackageRules : public RulesTest {
 protected:
  // A member's commit adds the client.
  template <class Change>
  Fault Added(Change change) {
    return Committed(members_[0], members_[1], {{Add{NewClient("new", change).key_package()}}});
  }
  template <class Change>
  Fault AddedWithLeaf(Change change) {
    return Added([&](KeyPackage& key_package) { change(key_package.leaf_node); });
  }
  // As it is: what was changed after it was signed.
  Fault AddedAsItIs(const Client& client) {
    return Committed(members_[0], members_[1], {{Add{client.own.key_package}}});
  }

  std::vector<Member> members_ = NewGroup(2);
};

TEST_F(KeyPackageRules, AValidOneIsTaken) {
  EXPECT_EQ(Added([](KeyPackage&) {}), Fault::kNone);
}

TEST_F(KeyPackageRules, IsForTheGroupsSuiteAndVersion) {
  EXPECT_EQ(Added([](KeyPackage& k) { k.cipher_suite = 1; }), Fault::kKeyPackageSuite);
  EXPECT_EQ(Added([](KeyPackage& k) { k.version = 2; }), Fault::kKeyPackageSuite);
}

TEST_F(KeyPackageRules, IsSigned) {
  Client client = NewClient("new");
  client.key_package().signature[0] ^= 1;
  EXPECT_EQ(AddedAsItIs(client), Fault::kKeyPackageSignature);
  client = NewClient("new");
  client.key_package().init_key = NewKey();
  EXPECT_EQ(AddedAsItIs(client), Fault::kKeyPackageSignature);
}

TEST_F(KeyPackageRules, HasAKeyForEachPurpose) {
  EXPECT_EQ(Added([](KeyPackage& k) { k.init_key = k.leaf_node.encryption_key; }),
            Fault::kInitKeyIsEncryptionKey);
}

TEST_F(KeyPackageRules, HasKeysOfTheSuitesSize) {
  EXPECT_EQ(Added([](KeyPackage& k) { k.init_key.pop_back(); }), Fault::kKeyMalformed);
  EXPECT_EQ(AddedWithLeaf([](LeafNode& l) { l.encryption_key.push_back('k'); }),
            Fault::kKeyMalformed);
  EXPECT_EQ(AddedWithLeaf([](LeafNode& l) { l.signature_key.pop_back(); }), Fault::kKeyMalformed);
}

TEST_F(KeyPackageRules, HasAKeyThatCanBeSealedTo) {
  EXPECT_EQ(AddedWithLeaf([](LeafNode& l) { l.encryption_key = kPointOfSmallOrder; }),
            Fault::kKeyMalformed);
}

// The welcome is sealed to it: by whoever commits, and by nobody else.
TEST_F(KeyPackageRules, HasAnInitKeyThatCanBeSealedTo) {
  Member& alice = members_[0];
  const Client bad = NewClient("new", [](KeyPackage& k) { k.init_key = kPointOfSmallOrder; });
  const Proposal add{Add{bad.own.key_package}};
  EXPECT_EQ(Proposed(alice, members_[1], add), Fault::kKeyMalformed);
  EXPECT_EQ(FaultIn(alice.group.Propose(add, {}, alice.signer, policy_, random_)),
            Fault::kKeyMalformed);
  EXPECT_EQ(
      FaultIn(alice.group.Commit({.proposals = {add}}, alice.signer, policy_, psks_, random_)),
      Fault::kKeyMalformed);
}

TEST_F(KeyPackageRules, HasEachExtensionOnce) {
  const Extension some{.type = kSomeExtension, .data = "data"};
  EXPECT_EQ(Added([&](KeyPackage& k) { k.extensions = {some}; }), Fault::kNone);
  EXPECT_EQ(Added([&](KeyPackage& k) { k.extensions = {some, some}; }), Fault::kExtensionRepeated);
}

TEST_F(KeyPackageRules, ItsLeafIsSigned) {
  const auto damaged = [&](auto damage) {
    Client client = NewClient("new");
    damage(client.leaf());
    KeyPackage& k = client.key_package();
    k.signature = SignWithLabel(client.signer, "KeyPackageTBS", KeyPackageToBeSigned(k));
    return AddedAsItIs(client);
  };
  EXPECT_EQ(damaged([](LeafNode&) {}), Fault::kNone);
  EXPECT_EQ(damaged([](LeafNode& l) { l.signature[0] ^= 1; }), Fault::kLeafSignature);
  EXPECT_EQ(damaged([](LeafNode& l) { l.credential.content = "other"; }), Fault::kLeafSignature);
  EXPECT_EQ(damaged([](LeafNode& l) { ++l.lifetime.not_after; }), Fault::kLeafSignature);
}

TEST_F(KeyPackageRules, ItsLeafIsMadeForOne) {
  const auto signed_for_the_group = [](LeafNodeSource source) {
    return [source](KeyPackage& k) { k.leaf_node.source = source; };
  };
  EXPECT_EQ(Added(signed_for_the_group(LeafNodeSource::kUpdate)), Fault::kLeafSourceInKeyPackage);
  EXPECT_EQ(Added(signed_for_the_group(LeafNodeSource::kCommit)), Fault::kLeafSourceInKeyPackage);
}

// As long as lists can be, up to the last type that there is.
TEST_F(KeyPackageRules, ListsMayHaveThousandsOfTypes) {
  std::vector<uint16_t> types(3'000);
  std::iota(types.begin(), types.end(), uint16_t{65'536 - 3'000});
  GroupContext context;
  context.cipher_suite = kSuite3.id;
  for (const uint16_t type : types) context.extensions.push_back({.type = type, .data = ""});
  const Client client = NewClient("new", [&](KeyPackage& k) {
    k.leaf_node.extensions = context.extensions;
    k.leaf_node.capabilities = {{kMls10}, {kSuite3.id}, types, types, types};
    k.leaf_node.capabilities.credentials.push_back(kBasicCredential);
  });
  context.extensions.push_back(Required({types, types, types}));
  const LeafNode& leaf = client.own.key_package.leaf_node;
  EXPECT_EQ(types.back(), UINT16_MAX);
  EXPECT_TRUE(ValidateLeaf(leaf, LeafPlace::kKeyPackage, "", {}, policy_).ok());
  EXPECT_TRUE(CheckFits(leaf, context).ok());
}

TEST_F(KeyPackageRules, ItsLeafIsNotTooLarge) {
  const auto added_with = [&](size_t size) {
    return AddedWithLeaf([&](LeafNode& l) {
      l.capabilities.extensions.push_back(kSomeExtension);
      l.extensions = {{kSomeExtension, std::string(size / 2, 'x')}};
      l.credential.content.clear();
      const size_t rest = Encode(l.credential).size() + Encode(l.capabilities).size() +
                          Encode(l.extensions).size() + 1;  // a longer length
      l.credential.content = std::string(size - rest, 'c');
    });
  };
  EXPECT_EQ(added_with(kMaxIdentitySize), Fault::kNone);
  EXPECT_EQ(added_with(kMaxIdentitySize + 1), Fault::kLeafTooLarge);
}

TEST_F(KeyPackageRules, TheApplicationBelievesTheCredential) {
  EXPECT_EQ(AddedWithLeaf([](LeafNode& l) { l.credential.content = kRefusedName; }),
            Fault::kCredentialRefused);
}

TEST_F(KeyPackageRules, ItsLifetimeIsNotTooLong) {
  const auto lasting = [](uint64_t seconds) {
    return [seconds](LeafNode& l) { l.lifetime.not_after = l.lifetime.not_before + seconds; };
  };
  EXPECT_EQ(AddedWithLeaf(lasting(policy_.max_lifetime)), Fault::kNone);
  EXPECT_EQ(AddedWithLeaf(lasting(policy_.max_lifetime + 1)), Fault::kLifetimeTooLong);
  EXPECT_EQ(
      AddedWithLeaf([](LeafNode& l) { std::swap(l.lifetime.not_before, l.lifetime.not_after); }),
      Fault::kLifetimeTooLong);
}

// Receivers let a lifetime be over: the message may have been under way. Senders may not.
TEST_F(KeyPackageRules, WhoAddsAClientLooksAtTheTime) {
  const auto added_at = [&](uint64_t now) {
    policy_.now = now;
    Member& alice = members_[0];
    const Proposal add{Add{NewClient("new").key_package()}};
    const Fault fault =
        FaultIn(alice.group.Commit({.proposals = {add}}, alice.signer, policy_, psks_, random_));
    EXPECT_EQ(FaultIn(alice.group.Propose(add, {}, alice.signer, policy_, random_)), fault);
    GroupTestPeer::DropWaitingProposals(alice.group);
    EXPECT_EQ(Committed(members_[0], members_[1], {add}), Fault::kNone);
    return fault;
  };
  EXPECT_EQ(added_at(kNow), Fault::kNone);
  EXPECT_EQ(added_at(kNow - 3660), Fault::kNone);  // an hour, for clocks
  EXPECT_EQ(added_at(kNow - 3661), Fault::kLifetimeNotYet);
  EXPECT_EQ(added_at(kNow + 86400), Fault::kNone);
  EXPECT_EQ(added_at(kNow + 86401), Fault::kLifetimeOver);
}

// Of a newcomer that proposed itself nobody looked at it before.
TEST_F(KeyPackageRules, WhoCommitsAnAddThatWaitsLooksAtTheTime) {
  Member& alice = members_[0];
  const Client client = NewClient("new");
  const std::string asked =
      ProposeSelf(alice.group.context(), client.own.key_package, client.signer);
  ASSERT_EQ(Handled(alice, asked), Fault::kNone);
  const auto added_at = [&](uint64_t now) {
    policy_.now = now;
    return alice.group.Commit({}, alice.signer, policy_, psks_, random_)->staged.added().size();
  };
  // What is left out is what would be refused by value.
  const auto fault_by_value = [&] {
    return FaultIn(
        alice.group.Commit({.proposals = {{Add{client.own.key_package}}}, .include_waiting = false},
                           alice.signer, policy_, psks_, random_));
  };
  EXPECT_EQ(added_at(kNow), 1u);
  EXPECT_EQ(fault_by_value(), Fault::kNone);
  EXPECT_EQ(added_at(kNow - 3661), 0u);
  EXPECT_EQ(fault_by_value(), Fault::kLifetimeNotYet);
  EXPECT_EQ(added_at(kNow + 86401), 0u);
  EXPECT_EQ(fault_by_value(), Fault::kLifetimeOver);
}

TEST_F(KeyPackageRules, ItsLeafListsItsOwnCredentialType) {
  EXPECT_EQ(AddedWithLeaf([](LeafNode& l) { l.capabilities.credentials = {kX509Credential}; }),
            Fault::kOwnCredentialTypeNotListed);
}

TEST_F(KeyPackageRules, ItsLeafListsItsExtensions) {
  const auto extended = [](LeafNode& l) { l.extensions = {{kSomeExtension, "data"}}; };
  EXPECT_EQ(AddedWithLeaf([&](LeafNode& l) {
              extended(l);
              l.capabilities.extensions.push_back(kSomeExtension);
            }),
            Fault::kNone);
  EXPECT_EQ(AddedWithLeaf(extended), Fault::kLeafExtensionNotSupported);
  EXPECT_EQ(AddedWithLeaf([](LeafNode& l) { l.extensions = {{kApplicationId, "id"}}; }),
            Fault::kNone);
  EXPECT_EQ(AddedWithLeaf([](LeafNode& l) {
              l.extensions = {{kApplicationId, "id"}, {kApplicationId, "id"}};
            }),
            Fault::kExtensionRepeated);
}

TEST_F(KeyPackageRules, ItsLeafListsTheGroupsSuiteAndVersion) {
  EXPECT_EQ(AddedWithLeaf([](LeafNode& l) { l.capabilities.cipher_suites = {1}; }),
            Fault::kSuiteNotListed);
  EXPECT_EQ(AddedWithLeaf([](LeafNode& l) { l.capabilities.versions = {2}; }),
            Fault::kSuiteNotListed);
}

TEST_F(KeyPackageRules, ItsKeysAreNobodyElses) {
  const Member& bob = members_[1];
  EXPECT_EQ(AddedWithLeaf(
                [&](LeafNode& l) { l.encryption_key = bob.group.own_leaf_node().encryption_key; }),
            Fault::kEncryptionKeyNotUnique);
  Client client = NewClient("new");
  client.leaf().signature_key = bob.group.own_leaf_node().signature_key;
  Resign(client.key_package(), bob.signer);
  EXPECT_EQ(AddedAsItIs(client), Fault::kSignatureKeyNotUnique);
}

TEST_F(KeyPackageRules, NewcomersHaveNoKeyInCommon) {
  Client one = NewClient("one");
  Client other = NewClient("other");
  const auto added = [&] {
    return Committed(members_[0], members_[1],
                     {{Add{one.key_package()}}, {Add{other.key_package()}}});
  };
  EXPECT_EQ(added(), Fault::kNone);
  other.leaf().encryption_key = one.leaf().encryption_key;
  Resign(other.key_package(), other.signer);
  EXPECT_EQ(added(), Fault::kEncryptionKeyNotUnique);
  other = NewClient("other");
  other.leaf().signature_key = one.leaf().signature_key;
  Resign(other.key_package(), one.signer);
  EXPECT_EQ(added(), Fault::kSignatureKeyNotUnique);
}

// --- Between a leaf and its group --------------------------------------------------------------

class GroupParameterRules : public RulesTest {
 protected:
  GroupParameterRules() {
    capabilities_.extensions.push_back(kSomeExtension);
    capabilities_.proposals.push_back(kSomeProposal);
    capabilities_.credentials.push_back(kSomeCredential);
  }

  template <class Change>
  Fault Added(std::vector<Member> members, Change change) {
    const Client client =
        NewClient("new", [&](KeyPackage& k) { change(k.leaf_node.capabilities); });
    return Committed(members[0], members[1], {{Add{client.own.key_package}}});
  }
};

TEST_F(GroupParameterRules, ALeafSupportsWhatIsRequired) {
  const auto added = [&](auto change) {
    return Added(
        NewGroup(2, false, {Required({{kSomeExtension}, {kSomeProposal}, {kSomeCredential}})}),
        change);
  };
  EXPECT_EQ(added([](Capabilities&) {}), Fault::kNone);
  EXPECT_EQ(added([](Capabilities& c) { c.extensions.clear(); }),
            Fault::kRequiredCapabilityMissing);
  EXPECT_EQ(added([](Capabilities& c) { c.proposals.clear(); }), Fault::kRequiredCapabilityMissing);
  EXPECT_EQ(added([](Capabilities& c) { c.credentials.pop_back(); }),
            Fault::kRequiredCapabilityMissing);
}

// Everybody knows them without listing them (section 7.2).
TEST_F(GroupParameterRules, DefaultsCanBeRequiredOfEverybody) {
  EXPECT_EQ(
      Added(NewGroup(2, false, {Required({{kExternalSenders}, {7}, {}})}), [](Capabilities&) {}),
      Fault::kNone);
}

TEST_F(GroupParameterRules, ALeafSupportsTheGroupsExtensions) {
  const auto added = [&](auto change) {
    return Added(NewGroup(2, false, {{kSomeExtension, "data"}}), change);
  };
  EXPECT_EQ(added([](Capabilities&) {}), Fault::kNone);
  EXPECT_EQ(added([](Capabilities& c) { c.extensions.clear(); }),
            Fault::kGroupExtensionNotSupported);
}

TEST_F(GroupParameterRules, AllSupportEachOthersCredentials) {
  const auto added = [&](std::vector<Member> members, std::vector<CredentialType> listed) {
    const Client client = NewClient("new", [&](KeyPackage& k) {
      k.leaf_node.credential.type = kSomeCredential;
      k.leaf_node.capabilities.credentials = std::move(listed);
    });
    return Committed(members[0], members[1], {{Add{client.own.key_package}}});
  };
  EXPECT_EQ(added(NewGroup(2), {kBasicCredential, kSomeCredential}), Fault::kNone);
  EXPECT_EQ(added(NewGroup(2), {kSomeCredential}), Fault::kCredentialsInUseNotSupported);
  capabilities_ = DefaultCapabilities(kSuite3);
  EXPECT_EQ(added(NewGroup(2), {kBasicCredential, kSomeCredential}),
            Fault::kCredentialTypeNotSupportedByAll);
}

// --- In an update ------------------------------------------------------------------------------

class UpdateRules : public RulesTest {
 protected:
  template <class Change>
  Fault Updated(Change change) {
    LeafNode leaf = UpdateOf(members_[0]);
    change(leaf);
    Sign(leaf, members_[0]);
    return Proposed(members_[0], members_[1], {Update{leaf}});
  }

  std::vector<Member> members_ = NewGroup(3);
};

TEST_F(UpdateRules, AValidOneIsTaken) {
  EXPECT_EQ(Updated([](LeafNode&) {}), Fault::kNone);
}

TEST_F(UpdateRules, IsMadeForOne) {
  EXPECT_EQ(Updated([](LeafNode& l) { l.source = LeafNodeSource::kCommit; }),
            Fault::kLeafSourceInUpdate);
  EXPECT_EQ(Updated([](LeafNode& l) { l.source = LeafNodeSource::kKeyPackage; }),
            Fault::kLeafSourceInUpdate);
}

TEST_F(UpdateRules, HasAKeyThatCanBeSealedTo) {
  EXPECT_EQ(Updated([](LeafNode& l) { l.encryption_key = kPointOfSmallOrder; }),
            Fault::kKeyMalformed);
}

TEST_F(UpdateRules, HasANewKey) {
  const std::string kept = members_[0].group.own_leaf_node().encryption_key;
  EXPECT_EQ(Updated([&](LeafNode& l) { l.encryption_key = kept; }), Fault::kLeafEncryptionKeyKept);
}

TEST_F(UpdateRules, IsSignedForItsPlaceInTheGroup) {
  const auto signed_for = [&](std::string_view group_id, LeafIndex index) {
    LeafNode leaf = UpdateOf(members_[0]);
    Resign(leaf, members_[0].signer, group_id, index);
    return Proposed(members_[0], members_[1], {Update{leaf}});
  };
  EXPECT_EQ(signed_for("group", LeafIndex{0}), Fault::kNone);
  EXPECT_EQ(signed_for("group", LeafIndex{1}), Fault::kLeafSignature);
  EXPECT_EQ(signed_for("another group", LeafIndex{0}), Fault::kLeafSignature);
}

TEST_F(UpdateRules, TheApplicationAcceptsTheSuccessor) {
  EXPECT_EQ(Updated([](LeafNode& l) { l.credential.content = "another"; }),
            Fault::kSuccessorRefused);
  EXPECT_EQ(Updated([](LeafNode& l) { l.credential.content = kRefusedName; }),
            Fault::kCredentialRefused);
}

// What needs the rest of the tree is seen when the update is committed.
TEST_F(UpdateRules, FitsIntoTheGroupThatItIsCommittedIn) {
  const auto committed = [&](auto change) {
    EXPECT_EQ(Updated(change), Fault::kNone);
    Member& bob = members_[1];
    const auto& waiting = GroupTestPeer::waiting(bob.group);
    EXPECT_EQ(waiting.size(), 1u);
    const std::vector<ProposalOrRef> list = {{waiting[0].reference}};
    EXPECT_EQ(Handled(members_[2],
                      ForgeProposal(members_[0].group, members_[0].signer, waiting[0].proposal)),
              Fault::kNone);
    const Fault fault = Committed(bob, members_[2], {.proposals = list});
    GroupTestPeer::DropWaitingProposals(bob.group);
    GroupTestPeer::DropWaitingProposals(members_[2].group);
    return fault;
  };
  const LeafNode bobs = members_[1].group.own_leaf_node();
  EXPECT_EQ(committed([](LeafNode&) {}), Fault::kNone);
  EXPECT_EQ(committed([&](LeafNode& l) { l.encryption_key = bobs.encryption_key; }),
            Fault::kEncryptionKeyNotUnique);
  EXPECT_EQ(committed([](LeafNode& l) { l.capabilities.cipher_suites = {1}; }),
            Fault::kSuiteNotListed);
}

// --- In the path of a commit -------------------------------------------------------------------

class PathLeafRules : public RulesTest {
 protected:
  Fault CommittedWithLeaf(Edit<LeafNode> change) {
    return Committed(members_[0], members_[1], {.leaf = std::move(change)});
  }

  std::vector<Member> members_ = NewGroup(3);
};

TEST_F(PathLeafRules, AValidOneIsTaken) {
  EXPECT_EQ(CommittedWithLeaf([](LeafNode&) {}), Fault::kNone);
}

TEST_F(PathLeafRules, IsMadeForOne) {
  EXPECT_EQ(CommittedWithLeaf([](LeafNode& l) { l.source = LeafNodeSource::kUpdate; }),
            Fault::kLeafSourceInCommit);
  EXPECT_EQ(CommittedWithLeaf([](LeafNode& l) { l.source = LeafNodeSource::kKeyPackage; }),
            Fault::kLeafSourceInCommit);
}

TEST_F(PathLeafRules, IsSigned) {
  EXPECT_EQ(Committed(members_[0], members_[1],
                      {.signed_leaf = [](LeafNode& l) { l.signature[0] ^= 1; }}),
            Fault::kLeafSignature);
  EXPECT_EQ(Committed(members_[0], members_[1], {.leaf_signer = &members_[2].signer}),
            Fault::kLeafSignature);
}

TEST_F(PathLeafRules, HasANewKey) {
  const std::string kept = members_[0].group.own_leaf_node().encryption_key;
  EXPECT_EQ(CommittedWithLeaf([&](LeafNode& l) { l.encryption_key = kept; }),
            Fault::kLeafEncryptionKeyKept);
}

TEST_F(PathLeafRules, TheApplicationAcceptsTheSuccessor) {
  EXPECT_EQ(CommittedWithLeaf([](LeafNode& l) { l.credential.content = "another"; }),
            Fault::kSuccessorRefused);
  EXPECT_EQ(CommittedWithLeaf([](LeafNode& l) { l.credential.content = kRefusedName; }),
            Fault::kCredentialRefused);
}

TEST_F(PathLeafRules, MayHaveANewSignatureKeyThatIsNobodyElses) {
  const auto committed_with = [&](const crypto::SigningKey& signer) {
    return Committed(members_[0], members_[1], {.leaf_signer = &signer, .leaf = [&](LeafNode& l) {
                                                  l.signature_key = signer.verifying_key().bytes();
                                                }});
  };
  EXPECT_EQ(committed_with(crypto::SigningKey::Generate(random_)), Fault::kNone);
  EXPECT_EQ(committed_with(members_[2].signer), Fault::kSignatureKeyNotUnique);
}

TEST_F(PathLeafRules, FitsIntoTheGroup) {
  EXPECT_EQ(CommittedWithLeaf([](LeafNode& l) { l.capabilities.cipher_suites = {1}; }),
            Fault::kSuiteNotListed);
  EXPECT_EQ(CommittedWithLeaf([](LeafNode& l) { l.extensions = {{kSomeExtension, ""}}; }),
            Fault::kLeafExtensionNotSupported);
  EXPECT_EQ(CommittedWithLeaf([](LeafNode& l) {
              l.capabilities.credentials = {kBasicCredential, kSomeCredential};
            }),
            Fault::kNone);
  EXPECT_EQ(CommittedWithLeaf([](LeafNode& l) { l.capabilities.credentials.clear(); }),
            Fault::kOwnCredentialTypeNotListed);
}

// Otherwise nobody could commit any more: each commit looks at all leaves.
TEST_F(PathLeafRules, SupportsTheCredentialsThatAreInUse) {
  capabilities_.credentials.push_back(kSomeCredential);
  members_ = NewGroup(2);
  std::vector<Client> clients;
  clients.push_back(
      NewClient("other", [](KeyPackage& k) { k.leaf_node.credential.type = kSomeCredential; }));
  AddAll(members_, std::move(clients));
  EXPECT_EQ(CommittedWithLeaf([](LeafNode&) {}), Fault::kNone);
  EXPECT_EQ(CommittedWithLeaf([](LeafNode& l) { l.capabilities.credentials = {kBasicCredential}; }),
            Fault::kCredentialsInUseNotSupported);
}

// The committer's own doing is looked at before it is sent.
TEST_F(PathLeafRules, AreTheCommittersToo) {
  Member& alice = members_[0];
  const auto committed_as = [&](const Identity& identity, const crypto::SigningKey* signer) {
    return FaultIn(alice.group.Commit({.identity = identity, .next_signer = signer}, alice.signer,
                                      policy_, psks_, random_));
  };
  EXPECT_EQ(committed_as(IdentityOf("0"), nullptr), Fault::kNone);
  EXPECT_EQ(committed_as(IdentityOf("another"), nullptr), Fault::kSuccessorRefused);
  EXPECT_EQ(committed_as(IdentityOf("0"), &members_[2].signer), Fault::kSignatureKeyNotUnique);
}

// Without a path the leaf would stay the old one, and all that the new key signs be refused.
TEST_F(PathLeafRules, ComesWheneverSomethingInItIsNew) {
  Member& alice = members_[0];
  Identity identity = IdentityOf("0");
  identity.capabilities.proposals = {kSomeProposal};
  CommitAll(members_, 0,
            {.proposals = {{Add{NewClient("a").key_package()}}},
             .without_path = true,
             .identity = identity});
  EXPECT_EQ(alice.group.own_leaf_node().capabilities, identity.capabilities);

  const crypto::SigningKey next = crypto::SigningKey::Generate(random_);
  CommitAll(members_, 0,
            {.proposals = {{Add{NewClient("b").key_package()}}},
             .without_path = true,
             .next_signer = &next});
  EXPECT_EQ(Handled(members_[1], *alice.group.Encrypt("data", "", 0, next, random_)), Fault::kNone);
}

// --- In the tree of a group that is joined -----------------------------------------------------

// Without parent nodes, so that a leaf can be changed and no parent hash is.
class JoinedLeafRules : public RulesTest {
 protected:
  // Bob's leaf is another one, and the rest of the group is one around it.
  Fault JoinedWithLeaf(Edit<LeafNode> change) {
    return Joined(members_[0], NewClient("new"), {.with_path = false, .tree = [&](RatchetTree& t) {
                                                    LeafNode leaf = *t.leaf(LeafIndex{1});
                                                    change(leaf);
                                                    t.SetLeaf(LeafIndex{1}, leaf);
                                                  }});
  }
  Fault JoinedWithSigned(Edit<LeafNode> change) {
    return JoinedWithLeaf([&](LeafNode& leaf) {
      change(leaf);
      Sign(leaf, members_[1]);
    });
  }

  std::vector<Member> members_ = NewGroup(3);
};

TEST_F(JoinedLeafRules, AValidTreeIsJoined) {
  EXPECT_EQ(JoinedWithSigned([](LeafNode&) {}), Fault::kNone);
}

TEST_F(JoinedLeafRules, AreSigned) {
  EXPECT_EQ(JoinedWithLeaf([](LeafNode& l) { l.signature[0] ^= 1; }), Fault::kLeafSignature);
}

TEST_F(JoinedLeafRules, AreOfClientsThatTheApplicationBelieves) {
  EXPECT_EQ(JoinedWithSigned([](LeafNode& l) { l.credential.content = kRefusedName; }),
            Fault::kCredentialRefused);
}

TEST_F(JoinedLeafRules, FitIntoTheGroup) {
  EXPECT_EQ(JoinedWithSigned([](LeafNode& l) { l.capabilities.cipher_suites = {1}; }),
            Fault::kSuiteNotListed);
  EXPECT_EQ(JoinedWithSigned([](LeafNode& l) { l.capabilities.credentials.clear(); }),
            Fault::kOwnCredentialTypeNotListed);
  EXPECT_EQ(JoinedWithSigned([](LeafNode& l) {
              l.credential.type = kSomeCredential;
              l.capabilities.credentials = {kBasicCredential, kSomeCredential};
            }),
            Fault::kCredentialTypeNotSupportedByAll);
}

TEST_F(JoinedLeafRules, HaveKeysOfTheSuitesSize) {
  EXPECT_EQ(JoinedWithSigned([](LeafNode& l) { l.encryption_key.push_back('k'); }),
            Fault::kKeyMalformed);
  EXPECT_EQ(JoinedWithSigned([](LeafNode& l) { l.signature_key.pop_back(); }),
            Fault::kKeyMalformed);
}

TEST_F(JoinedLeafRules, HaveTheirKeysForThemselves) {
  const LeafNode carols = members_[2].group.own_leaf_node();
  EXPECT_EQ(JoinedWithSigned([&](LeafNode& l) { l.encryption_key = carols.encryption_key; }),
            Fault::kEncryptionKeyNotUnique);
  EXPECT_EQ(JoinedWithLeaf([&](LeafNode& l) {
              l.signature_key = carols.signature_key;
              Resign(l, members_[2].signer);
            }),
            Fault::kSignatureKeyNotUnique);
}

// No clock tells members from each other here: they all refused it when it came.
TEST_F(JoinedLeafRules, HaveLifetimesThatAreNotTooLong) {
  const auto lasting = [](uint64_t seconds) {
    return [seconds](LeafNode& l) { l.lifetime.not_after = l.lifetime.not_before + seconds; };
  };
  EXPECT_EQ(JoinedWithSigned(lasting(policy_.max_lifetime)), Fault::kNone);
  EXPECT_EQ(JoinedWithSigned(lasting(policy_.max_lifetime + 1)), Fault::kLifetimeTooLong);
}

// A group may have members whose key packages are over by now: who joins must not refuse what all
// others accepted.
TEST_F(JoinedLeafRules, MayHaveALifetimeThatIsOver) {
  policy_.now += uint64_t{10} * 86'400;
  EXPECT_EQ(JoinedWithSigned([](LeafNode&) {}), Fault::kNone);
}

}  // namespace
}  // namespace amana::mls
