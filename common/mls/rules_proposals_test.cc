// Rules for proposals and for the list that a commit has of them (RFC 9420,
// sections 12.1, 12.2, 12.4 and 13.4). What lists lead to is rules_leaf_test.cc's and
// rules_tree_test.cc's business.

#include "common/mls/test_rules.h"

namespace amana::mls {
namespace {

Proposal NewExtensions(Extensions extensions) {
  return {GroupContextExtensions{std::move(extensions)}};
}
Proposal Removing(uint32_t leaf) { return {Remove{LeafIndex{leaf}}}; }
Proposal Reinitialising(ProtocolVersion version = kMls10, Extensions extensions = {}) {
  return {ReInit{"next group", version, kSuite3.id, std::move(extensions)}};
}

class ProposalRules : public RulesTest {
 protected:
  Fault Listed(std::vector<Proposal> proposals) {
    return Committed(members_[0], members_[1], std::move(proposals));
  }
  // By value and by reference a proposal is under the same rules. As a reference it is refused when
  // it comes; in a commit it can't be known then.
  Fault ListedOrProposed(const Proposal& proposal) {
    const Fault fault = Listed({proposal});
    EXPECT_EQ(Proposed(members_[0], members_[1], proposal), fault);
    GroupTestPeer::DropWaitingProposals(members_[1].group);
    return fault;
  }
  // Whose key package is valid, and who fits into no group.
  Client Unfitting(std::string_view name) {
    return NewClient(name, [](auto& k) { k.leaf_node.capabilities.cipher_suites = {1}; });
  }
  // A member's proposal, at the first two members; its reference.
  ProposalOrRef Wait(const Member& from, const Proposal& proposal) {
    const std::string message = ForgeProposal(from.group, from.signer, proposal);
    ProposalOrRef reference;
    for (Member* to : {&members_[0], &members_[1]}) {
      if (to == &from) continue;
      auto received = to->group.Handle(message, policy_, psks_);
      AMANA_CHECK(received.ok(), "a proposal is refused");
      reference.content = std::get<ReceivedProposal>(*std::move(received)).reference;
    }
    return reference;
  }
  // A commit of the first member, at the second one.
  Fault Referring(std::vector<ProposalOrRef> list) {
    return Committed(members_[0], members_[1], {.proposals = std::move(list)});
  }
  Proposal Adding(std::string_view name) { return {Add{NewClient(name).key_package()}}; }

  std::vector<Member> members_ = NewGroup(4);
};

// --- Single proposals --------------------------------------------------------------------------

TEST_F(ProposalRules, ARemoveIsOfAMember) {
  EXPECT_EQ(ListedOrProposed(Removing(2)), Fault::kNone);
  EXPECT_EQ(ListedOrProposed(Removing(4)), Fault::kRemoveOfBlank);
  CommitAll(members_, 0, {.proposals = {Removing(2)}});
  EXPECT_EQ(ListedOrProposed(Removing(2)), Fault::kRemoveOfBlank);
}

TEST_F(ProposalRules, APreSharedKeyHasANonceOfTheHashsSize) {
  PreSharedKeyId id = ExternalPsk("psk");
  EXPECT_EQ(ListedOrProposed({PreSharedKey{id}}), Fault::kNone);
  id.nonce.push_back('n');
  EXPECT_EQ(ListedOrProposed({PreSharedKey{id}}), Fault::kPskNonceSize);
  id.nonce.clear();
  EXPECT_EQ(ListedOrProposed({PreSharedKey{id}}), Fault::kPskNonceSize);
}

TEST_F(ProposalRules, KeysOfReinitAndBranchAreUsedForNothingElse) {
  PreSharedKeyId id = ExternalPsk("");
  id.type = PskType::kResumption;
  id.group_id = "group";
  id.epoch = 1;
  const SecretBytes psk = members_[0].group.ResumptionPsk(1).value_or(SecretBytes());
  psks_.resumption[{"group", 1}] = psk.Expose();
  EXPECT_EQ(ListedOrProposed({PreSharedKey{id}}), Fault::kNone);
  id.usage = ResumptionUsage::kReinit;
  EXPECT_EQ(ListedOrProposed({PreSharedKey{id}}), Fault::kPskUsage);
  id.usage = ResumptionUsage::kBranch;
  EXPECT_EQ(ListedOrProposed({PreSharedKey{id}}), Fault::kPskUsage);
}

TEST_F(ProposalRules, APreSharedKeyIsOneThatOthersCanRead) {
  Member& alice = members_[0];
  const auto proposed = [&](const PreSharedKeyId& id) {
    return FaultIn(alice.group.Propose({PreSharedKey{id}}, {}, alice.signer, policy_, random_));
  };
  PreSharedKeyId id = ExternalPsk("psk");
  EXPECT_EQ(proposed(id), Fault::kNone);
  id.type = PskType{3};
  EXPECT_EQ(proposed(id), Fault::kValueUnknown);
  id.type = PskType::kResumption;
  id.usage = ResumptionUsage{4};
  EXPECT_EQ(proposed(id), Fault::kValueUnknown);
}

TEST_F(ProposalRules, APreSharedKeyIsAtHand) {
  const Proposal psk{PreSharedKey{ExternalPsk("psk")}};
  EXPECT_EQ(Listed({psk}), Fault::kNone);
  const Forged forged = Forge(members_[0].group, members_[0].signer,
                              {.proposals = ByValue({psk}), .psks = &psks_}, random_);
  psks_.external.clear();
  EXPECT_EQ(Handled(members_[1], forged.message), Fault::kPskMissing);
}

// It learns that it is out, whatever the others share.
TEST_F(ProposalRules, WhoIsRemovedNeedsNoPreSharedKey) {
  NewCommit commit = *members_[0].group.Commit(
      {.proposals = {{PreSharedKey{ExternalPsk("psk")}}, {Remove{members_[1].index()}}}},
      members_[0].signer, policy_, psks_, random_);
  Follow(members_[2], commit.message);
  psks_.external.clear();
  Follow(members_[1], commit.message);
  EXPECT_TRUE(members_[1].group.removed());
}

TEST_F(ProposalRules, AReinitDoesNotLowerTheVersion) {
  EXPECT_EQ(ListedOrProposed(Reinitialising(1)), Fault::kNone);
  EXPECT_EQ(ListedOrProposed(Reinitialising(2)), Fault::kNone);
  EXPECT_EQ(ListedOrProposed(Reinitialising(0)), Fault::kReInitVersion);
}

TEST_F(ProposalRules, ExtensionsOfAGroupCanBeRead) {
  const Extension id{kApplicationId, "id"};
  const Extension required{kRequiredCapabilities, Encode(RequiredCapabilities{})};
  const Extension senders{
      kExternalSenders,
      Encode(ExternalSenders{{members_[0].signer.verifying_key().bytes(), BasicCredential("s")}})};
  const auto taken = [&](const Extensions& extensions) {
    const Fault fault = ListedOrProposed(NewExtensions(extensions));
    EXPECT_EQ(ListedOrProposed(Reinitialising(kMls10, extensions)), fault);
    return fault;
  };
  EXPECT_EQ(taken({id, required, senders}), Fault::kNone);
  EXPECT_EQ(taken({id, required, id}), Fault::kExtensionRepeated);
  EXPECT_EQ(taken({{kRequiredCapabilities, required.data + "x"}}), Fault::kExtensionDataMalformed);
  EXPECT_EQ(taken({{kExternalSenders, "\x01"}}), Fault::kExtensionDataMalformed);
}

TEST_F(ProposalRules, TheApplicationBelievesExternalSenders) {
  const std::string senders = Encode(
      ExternalSenders{{members_[0].signer.verifying_key().bytes(), BasicCredential(kRefusedName)}});
  EXPECT_EQ(ListedOrProposed(NewExtensions({{kExternalSenders, senders}})),
            Fault::kCredentialRefused);
  EXPECT_EQ(FaultIn(Group::Create(kSuite3, "new", NewClient("0").own, {{kExternalSenders, senders}},
                                  policy_, random_)),
            Fault::kCredentialRefused);
}

// Who is already there, who is added by the same commit, but not who is removed by it.
TEST_F(ProposalRules, AllSupportWhatNewExtensionsRequire) {
  capabilities_.extensions.push_back(kSomeExtension);
  std::vector<Member> group = NewGroup(2);
  std::vector<Client> clients;
  capabilities_ = DefaultCapabilities(kSuite3);
  clients.push_back(NewClient("without"));
  AddAll(group, std::move(clients));
  const Extension required{kRequiredCapabilities,
                           Encode(RequiredCapabilities{{kSomeExtension}, {}, {}})};
  for (const Extension& extension : {required, Extension{kSomeExtension, "data"}}) {
    const Proposal replace = NewExtensions({extension});
    EXPECT_EQ(Committed(group[0], group[1], {replace}), Fault::kRequiredByExtensionsMissing);
    EXPECT_EQ(Committed(group[0], group[1], {replace, Removing(2)}), Fault::kNone);
  }
  // New extensions are in force before anybody is added (section 12.3).
  EXPECT_EQ(
      Committed(group[0], group[1], {NewExtensions({required}), Removing(2), Adding("another")}),
      Fault::kRequiredCapabilityMissing);
}

// --- Who sends them ----------------------------------------------------------------------------

// A commit that has one breaks both rules, for whoever lists it by value has proposed it.
TEST_F(ProposalRules, MembersDoNotProposeExternalInits) {
  const Proposal init{ExternalInit{std::string(32, 'k')}};
  EXPECT_EQ(Proposed(members_[0], members_[1], init), Fault::kExternalInitSender);
  EXPECT_EQ(Listed({init}), Fault::kExternalInitInCommit);
}

class OutsiderRules : public RulesTest {
 protected:
  OutsiderRules() : members_(NewGroup(2, false, {{kExternalSenders, Encode(Senders())}})) {}

  ExternalSenders Senders() {
    return {{service_.signer.verifying_key().bytes(), BasicCredential("service")}};
  }
  Fault ProposedBy(uint32_t index, const crypto::SigningKey& signer, Proposal proposal) {
    const Fault fault = Handled(members_[0], ProposeFromOutside(members_[0].group.context(), index,
                                                                std::move(proposal), signer));
    GroupTestPeer::DropWaitingProposals(members_[0].group);
    return fault;
  }
  Fault ProposedByService(Proposal proposal) {
    return ProposedBy(0, service_.signer, std::move(proposal));
  }

  Client service_ = NewClient("service");
  std::vector<Member> members_;
};

TEST_F(OutsiderRules, ServicesProposeSomeTypes) {
  EXPECT_EQ(ProposedByService({Add{NewClient("new").key_package()}}), Fault::kNone);
  EXPECT_EQ(ProposedByService(Removing(1)), Fault::kNone);
  EXPECT_EQ(ProposedByService({PreSharedKey{ExternalPsk("psk")}}), Fault::kNone);
  EXPECT_EQ(ProposedByService(Reinitialising()), Fault::kNone);
  EXPECT_EQ(ProposedByService(NewExtensions({})), Fault::kNone);
  EXPECT_EQ(ProposedByService({Update{UpdateOf(members_[0])}}), Fault::kExternalProposalType);
  EXPECT_EQ(ProposedByService({ExternalInit{std::string(32, 'k')}}), Fault::kExternalProposalType);
}

TEST_F(OutsiderRules, ServicesAreOnTheList) {
  EXPECT_EQ(ProposedBy(1, service_.signer, Removing(1)), Fault::kExternalSenderUnknown);
  EXPECT_EQ(ProposedBy(0, members_[1].signer, Removing(1)), Fault::kMessageSignature);
  members_ = NewGroup(2);
  EXPECT_EQ(ProposedByService(Removing(1)), Fault::kExternalSenderUnknown);
}

TEST_F(OutsiderRules, NewcomersProposeThemselves) {
  Client client = NewClient("new");
  const GroupContext& context = members_[0].group.context();
  EXPECT_EQ(Handled(members_[0], ProposeSelf(context, client.key_package(), client.signer)),
            Fault::kNone);
  EXPECT_EQ(Handled(members_[1], ProposeSelf(context, client.key_package(), service_.signer)),
            Fault::kMessageSignature);
  EXPECT_EQ(Handled(members_[1], ForgeContent(members_[0].group, client.signer,
                                              {SenderType::kNewMemberProposal, 0}, Removing(0))),
            Fault::kSenderKindNotAllowed);
}

// An application that leaves out whom it lets in, or says it of some.
class OwnWord final : public BasicCredentials {
 public:
  bool AllowsProposal(const Sender& outsider, const Proposal& proposal) const override {
    return says_so ? outsider.type == SenderType::kExternal && proposal.As<Remove>() != nullptr
                   : CredentialValidator::AllowsProposal(outsider, proposal);
  }
  bool AllowsJoin(const LeafNode& newcomer, const LeafNode* before) const override {
    return says_so ? before != nullptr || newcomer.credential == BasicCredential("friend")
                   : CredentialValidator::AllowsJoin(newcomer, before);
  }
  bool says_so = false;
};

TEST_F(OutsiderRules, NobodyProposesUnlessTheApplicationSaysSo) {
  const Client client = NewClient("new");
  Member& alice = members_[0];
  const std::string asked =
      ProposeSelf(alice.group.context(), client.own.key_package, client.signer);
  const std::string removal =
      ProposeFromOutside(alice.group.context(), 0, Removing(1), service_.signer);
  OwnWord word;
  policy_.credentials = &word;
  EXPECT_EQ(Handled(alice, asked), Fault::kOutsiderNotAllowed);
  EXPECT_EQ(Handled(alice, removal), Fault::kOutsiderNotAllowed);
  EXPECT_FALSE(alice.group.has_waiting_proposals());
  word.says_so = true;
  EXPECT_EQ(Handled(alice, asked), Fault::kOutsiderNotAllowed);
  EXPECT_EQ(Handled(alice, removal), Fault::kNone);
  // Of members it is not asked.
  word.says_so = false;
  EXPECT_EQ(Proposed(members_[1], alice, {Add{client.own.key_package}}), Fault::kNone);
}

// --- Lists of a member's commit ----------------------------------------------------------------

TEST_F(ProposalRules, ValidListsAreTaken) {
  EXPECT_EQ(Listed({}), Fault::kNone);
  EXPECT_EQ(Listed({Removing(3),
                    Adding("4"),
                    Adding("5"),
                    NewExtensions({}),
                    {PreSharedKey{ExternalPsk("a")}},
                    {PreSharedKey{ExternalPsk("b")}}}),
            Fault::kNone);
  EXPECT_EQ(Referring({Wait(members_[2], {Update{UpdateOf(members_[2])}}),
                       Wait(members_[3], Removing(3))}),
            Fault::kNone);
}

TEST_F(ProposalRules, CommittersDoNotUpdateThemselves) {
  const Proposal update{Update{UpdateOf(members_[0])}};
  EXPECT_EQ(Listed({update}), Fault::kUpdateByCommitter);
  EXPECT_EQ(Referring({Wait(members_[0], update)}), Fault::kUpdateByCommitter);
}

TEST_F(ProposalRules, CommittersDoNotRemoveThemselves) {
  EXPECT_EQ(Listed({Removing(0)}), Fault::kRemoveOfCommitter);
  EXPECT_EQ(Referring({Wait(members_[2], Removing(0))}), Fault::kRemoveOfCommitter);
}

TEST_F(ProposalRules, ALeafIsChangedOnce) {
  EXPECT_EQ(Listed({Removing(2), Removing(2)}), Fault::kLeafChangedTwice);
  const ProposalOrRef update = Wait(members_[2], {Update{UpdateOf(members_[2])}});
  const ProposalOrRef again = Wait(members_[2], {Update{UpdateOf(members_[2])}});
  const ProposalOrRef removal = Wait(members_[3], Removing(2));
  EXPECT_EQ(Referring({update}), Fault::kNone);
  EXPECT_EQ(Referring({again}), Fault::kNone);
  EXPECT_EQ(Referring({update, again}), Fault::kLeafChangedTwice);
  EXPECT_EQ(Referring({update, removal}), Fault::kLeafChangedTwice);
  EXPECT_EQ(Referring({removal, update}), Fault::kLeafChangedTwice);
}

TEST_F(ProposalRules, AClientIsAddedOnce) {
  EXPECT_EQ(Listed({Adding("new"), Adding("other")}), Fault::kNone);
  EXPECT_EQ(Listed({Adding("new"), Adding("new")}), Fault::kAddTwice);
}

TEST_F(ProposalRules, AMemberIsNotAddedUnlessItIsRemoved) {
  EXPECT_EQ(Listed({Adding("2")}), Fault::kAddOfMember);
  EXPECT_EQ(Listed({Adding("2"), Removing(3)}), Fault::kAddOfMember);
  EXPECT_EQ(Listed({Adding("2"), Removing(2)}), Fault::kNone);
}

TEST_F(ProposalRules, APreSharedKeyIsUsedOnce) {
  const Proposal psk{PreSharedKey{ExternalPsk("psk")}};
  EXPECT_EQ(Listed({psk, {PreSharedKey{ExternalPsk("psk")}}}), Fault::kNone);  // another nonce
  EXPECT_EQ(Listed({psk, psk}), Fault::kPskTwice);
}

TEST_F(ProposalRules, ExtensionsAreReplacedOnce) {
  EXPECT_EQ(Listed({NewExtensions({}), NewExtensions({})}), Fault::kGroupContextExtensionsTwice);
}

TEST_F(ProposalRules, AReinitIsAlone) {
  EXPECT_EQ(Listed({Reinitialising()}), Fault::kNone);
  EXPECT_EQ(Listed({Reinitialising(), {PreSharedKey{ExternalPsk("psk")}}}), Fault::kReInitNotAlone);
  EXPECT_EQ(Listed({Removing(2), Reinitialising()}), Fault::kReInitNotAlone);
  EXPECT_EQ(Listed({Reinitialising(), Reinitialising()}), Fault::kReInitNotAlone);
}

TEST_F(ProposalRules, WhatIsReferredToIsKnown) {
  const ProposalOrRef known = Wait(members_[2], Removing(3));
  EXPECT_EQ(Referring({known}), Fault::kNone);
  GroupTestPeer::DropWaitingProposals(members_[1].group);
  EXPECT_EQ(Referring({known}), Fault::kProposalNotFound);
}

// A repeat is seen before what it stands for is copied, once for each of thousands of references.
TEST_F(ProposalRules, AProposalIsReferredToOnce) {
  const ProposalOrRef add = Wait(members_[2], Adding("new"));
  const ProposalOrRef psk = Wait(members_[2], {PreSharedKey{ExternalPsk("psk")}});
  EXPECT_EQ(Committed(members_[0], members_[1], {.proposals = {add, psk}, .psks = &psks_}),
            Fault::kNone);
  EXPECT_EQ(Referring({add, add}), Fault::kProposalNotFound);
  EXPECT_EQ(Referring({psk, add, psk}), Fault::kProposalNotFound);
}

TEST_F(ProposalRules, SomeNeedAPath) {
  const auto listed_without_path = [&](std::vector<ProposalOrRef> list) {
    return Committed(members_[0], members_[1],
                     {.proposals = std::move(list), .with_path = false, .psks = &psks_});
  };
  EXPECT_EQ(listed_without_path(ByValue({Adding("new"), {PreSharedKey{ExternalPsk("psk")}}})),
            Fault::kNone);
  EXPECT_EQ(listed_without_path(ByValue({Reinitialising()})), Fault::kNone);
  EXPECT_EQ(listed_without_path({}), Fault::kPathMissing);
  EXPECT_EQ(listed_without_path(ByValue({Removing(2)})), Fault::kPathMissing);
  EXPECT_EQ(listed_without_path(ByValue({Adding("new"), Removing(2)})), Fault::kPathMissing);
  EXPECT_EQ(listed_without_path(ByValue({NewExtensions({})})), Fault::kPathMissing);
  EXPECT_EQ(listed_without_path({Wait(members_[2], {Update{UpdateOf(members_[2])}})}),
            Fault::kPathMissing);
}

// What a committer makes of proposals that do not fit together (section 12.2).
TEST_F(ProposalRules, CommittersChooseWhatFitsTogether) {
  Member& alice = members_[0];
  const LeafNode second = UpdateOf(members_[2]);
  Wait(members_[2], {Update{UpdateOf(members_[2])}});
  Wait(members_[2], {Update{second}});  // the newest one of the two
  Wait(members_[3], {Update{UpdateOf(members_[3])}});
  Wait(members_[2], Removing(3));  // before an update
  Wait(members_[2], Removing(0));  // of the committer
  Wait(members_[2], Adding("1"));  // who is a member
  Wait(members_[2], Adding("new"));
  Wait(members_[3], Adding("new"));
  Wait(members_[3], Reinitialising());  // not alone
  const auto commit = alice.group.Commit({}, alice.signer, policy_, psks_, random_);
  ASSERT_TRUE(commit.ok()) << commit.status();
  EXPECT_EQ(commit->staged.updated(), std::vector<LeafIndex>{{2}});
  EXPECT_EQ(commit->staged.removed(), std::vector<LeafIndex>{{3}});
  EXPECT_EQ(commit->staged.added(), std::vector<LeafIndex>{{3}});
  EXPECT_EQ(*commit->staged.tree().leaf(LeafIndex{2}), second);
}

// One that is valid by itself, and that no commit can have, is left out as if it did not wait.
TEST_F(ProposalRules, CommittersLeaveOutWhatFitsIntoNoCommit) {
  Member& alice = members_[0];
  const auto adding = [&](std::string_view name, auto change) {
    return Proposal{Add{NewClient(name, change).key_package()}};
  };
  Wait(members_[2], Adding("first"));
  Wait(members_[2], adding("a", [](auto& k) { k.leaf_node.capabilities.cipher_suites = {1}; }));
  Wait(members_[2], adding("b", [&](auto& k) {
         k.leaf_node.encryption_key = members_[1].group.own_leaf_node().encryption_key;
       }));
  Wait(members_[3], NewExtensions({{kSomeExtension, "data"}}));
  Wait(members_[3], {PreSharedKey{ExternalPsk("psk")}});
  Wait(members_[3], Adding("last"));
  psks_.external.clear();
  const auto commit =
      alice.group.Commit({.proposals = {Removing(3)}}, alice.signer, policy_, psks_, random_);
  ASSERT_TRUE(commit.ok()) << commit.status();
  EXPECT_EQ(Handled(members_[1], commit->message), Fault::kNone);
  EXPECT_EQ(commit->staged.added().size(), 2u);
  EXPECT_EQ(commit->staged.removed(), std::vector<LeafIndex>{{3}});
  EXPECT_TRUE(commit->staged.psks().empty());
  EXPECT_TRUE(commit->staged.context().extensions.empty());
  // Of the committer's own proposals nothing is left out.
  EXPECT_EQ(FaultIn(alice.group.Commit({.proposals = {NewExtensions({{kSomeExtension, ""}})}},
                                       alice.signer, policy_, psks_, random_)),
            Fault::kRequiredByExtensionsMissing);
}

// Counts what is done with leaves: whoever looks at one asks which client it is of.
class CountingCredentials final : public BasicCredentials {
 public:
  std::string_view ClientOf(const LeafNode& leaf) const override {
    ++asked;
    return BasicCredentials::ClientOf(leaf);
  }
  mutable size_t asked = 0;
};

// However one insider mixes good ones and bad ones.
class FloodRules : public ProposalRules {
 protected:
  static constexpr size_t kPairs = 256;

  FloodRules() { policy_.credentials = &counting_; }

  // Two at a time wait at Alice; she then commits.
  template <class Change>
  StagedCommit CommittedAfter(Change change_second) {
    Member& alice = members_[0];
    for (size_t i = 0; i < 2 * kPairs; ++i) {
      Client client = NewClient("new " + std::to_string(i));
      if (i % 2 == 1) change_second(client.leaf(), last_key_);
      last_key_ = client.leaf().encryption_key;
      Resign(client.key_package(), client.signer);
      AMANA_CHECK(Proposed(members_[2], alice, {Add{client.key_package()}}) == Fault::kNone,
                  "a proposal is refused");
    }
    counting_.asked = 0;
    auto commit = alice.group.Commit({}, alice.signer, policy_, psks_, random_);
    AMANA_CHECK(commit.ok(), "no commit");
    looks_ = counting_.asked / (2 * kPairs);
    return std::move(commit->staged);
  }

  CountingCredentials counting_;
  std::string last_key_;
  size_t looks_ = 0;  // at a proposal, on average
};

TEST_F(FloodRules, WhatFitsIntoNoCommitIsLookedAtOnce) {
  const StagedCommit staged = CommittedAfter(
      [](LeafNode& leaf, const std::string&) { leaf.capabilities.cipher_suites = {1}; });
  EXPECT_EQ(staged.added().size(), kPairs);
  EXPECT_LT(looks_, 20u);
}

TEST_F(FloodRules, TheSearchForWhatFitsTogetherHasAnEnd) {
  const StagedCommit staged =
      CommittedAfter([](LeafNode& leaf, const std::string& key) { leaf.encryption_key = key; });
  EXPECT_EQ(staged.added().size(), kPairs);
  EXPECT_LT(looks_, 20u);
}

// What is bad does not take with it what needs something else of the same commit.
TEST_F(ProposalRules, CommittersKeepWhatNeedsARemove) {
  Member& alice = members_[0];
  Wait(members_[2], Adding("3"));
  Wait(members_[2], {Add{Unfitting("bad").key_package()}});
  Wait(members_[2], Removing(3));
  const auto commit = alice.group.Commit({}, alice.signer, policy_, psks_, random_);
  ASSERT_TRUE(commit.ok()) << commit.status();
  EXPECT_EQ(commit->staged.removed(), std::vector<LeafIndex>{{3}});
  EXPECT_EQ(commit->staged.added(), std::vector<LeafIndex>{{3}});
}

TEST_F(ProposalRules, CommittersKeepWhatNeedsNewExtensions) {
  capabilities_.extensions = {kSomeExtension};
  members_ = NewGroup(
      4, false, {{kRequiredCapabilities, Encode(RequiredCapabilities{{kSomeExtension}, {}, {}})}});
  capabilities_.extensions.clear();
  Member& alice = members_[0];
  Wait(members_[3], Adding("new"));
  Wait(members_[2], {Add{Unfitting("bad").key_package()}});
  Wait(members_[3], NewExtensions({}));
  const auto commit = alice.group.Commit({}, alice.signer, policy_, psks_, random_);
  ASSERT_TRUE(commit.ok()) << commit.status();
  EXPECT_EQ(Handled(members_[1], commit->message), Fault::kNone);
  EXPECT_TRUE(commit->staged.context().extensions.empty());
  EXPECT_EQ(commit->staged.added(), std::vector<LeafIndex>{{4}});
}

// What the committer wants may itself need what waits.
TEST_F(ProposalRules, CommittersKeepWhatTheirOwnProposalsNeed) {
  capabilities_.extensions = {kSomeExtension};
  members_ = NewGroup(3);
  capabilities_.extensions.clear();
  std::vector<Client> clients;
  clients.push_back(NewClient("3"));
  AddAll(members_, std::move(clients));
  Member& alice = members_[0];
  LeafNode leaf = UpdateOf(members_[3]);
  leaf.capabilities.extensions = {kSomeExtension};
  Sign(leaf, members_[3]);
  Wait(members_[2], {Add{Unfitting("bad").key_package()}});
  Wait(members_[2], Adding("without the extension"));
  Wait(members_[3], {Update{leaf}});
  const auto committed = [&](Proposal own) {
    auto commit =
        alice.group.Commit({.proposals = {std::move(own)}}, alice.signer, policy_, psks_, random_);
    AMANA_CHECK(commit.ok(), "no commit");
    EXPECT_EQ(Handled(members_[1], commit->message), Fault::kNone);
    return std::move(commit->staged);
  };
  const StagedCommit extended = committed(NewExtensions({{kSomeExtension, "data"}}));
  EXPECT_EQ(extended.updated(), std::vector<LeafIndex>{{3}});
  EXPECT_TRUE(extended.added().empty());

  Wait(members_[2], Removing(3));
  const StagedCommit replaced = committed(Adding("3"));
  EXPECT_EQ(replaced.removed(), std::vector<LeafIndex>{{3}});
  EXPECT_EQ(replaced.added().size(), 2u);
}

// Who proposes many that are at odds with each other gets one of them, and others get theirs.
TEST_F(ProposalRules, CommittersKeepOthersProposalsBehindAFlood) {
  Member& alice = members_[0];
  const std::string key = NewKey();
  for (size_t i = 0; i < 17; ++i) {
    Wait(members_[2], {Add{NewClient("flood " + std::to_string(i), [&](KeyPackage& k) {
                             k.leaf_node.encryption_key = key;
                           }).key_package()}});
  }
  Wait(members_[3], {Update{UpdateOf(members_[3])}});
  for (const auto name : {"carol", "dave", "erin"}) Wait(members_[3], Adding(name));
  Wait(members_[1], NewExtensions({{kApplicationId, "data"}}));
  const auto commit = alice.group.Commit({}, alice.signer, policy_, psks_, random_);
  ASSERT_TRUE(commit.ok()) << commit.status();
  EXPECT_EQ(commit->staged.updated(), std::vector<LeafIndex>{{3}});
  EXPECT_EQ(commit->staged.added().size(), 4u);
  EXPECT_EQ(commit->staged.context().extensions.size(), 1u);
  EXPECT_TRUE(commit->staged.tree().FindLeaf(
      [](const LeafNode& l) { return l.credential.content == "erin"; }));
}

TEST_F(ProposalRules, SoManyWaitAndNoMore) {
  Member& alice = members_[0];
  for (size_t i = 0; i < kMaxWaitingProposals; ++i) {
    ASSERT_TRUE(alice.group.Propose(Removing(1), {}, alice.signer, policy_, random_).ok());
  }
  EXPECT_EQ(FaultIn(alice.group.Propose(Removing(1), {}, alice.signer, policy_, random_)),
            Fault::kTooManyProposals);
  EXPECT_EQ(Proposed(members_[1], alice, Removing(2)), Fault::kTooManyProposals);
}

// Handfuls of large ones would else make a row that can't be written.
TEST_F(ProposalRules, SoMuchWaitsAndNoMore) {
  Member& alice = members_[0];
  const Proposal large = NewExtensions({{kApplicationId, std::string(kMaxMessageSize - 512, 'x')}});
  const auto proposed = [&] {
    return FaultIn(alice.group.Propose(large, {}, alice.signer, policy_, random_));
  };
  const size_t most = kMaxWaitingSize / Encode(large).size();
  for (size_t i = 1; i < most; ++i) ASSERT_EQ(proposed(), Fault::kNone);
  StateRows rows;
  alice.group = Reloaded(std::move(alice.group), rows);
  EXPECT_EQ(proposed(), Fault::kNone);
  EXPECT_EQ(proposed(), Fault::kTooManyProposals);
  EXPECT_EQ(Proposed(members_[1], alice, large), Fault::kTooManyProposals);
  CommitAll(members_, 1);
  EXPECT_EQ(proposed(), Fault::kNone);
}

// --- Lists of a newcomer's commit --------------------------------------------------------------

class ExternalCommitRules : public ProposalRules {
 protected:
  Fault CommittedBy(std::string_view name, Forgery forgery) {
    Client client = NewClient(name);
    forgery.external = true;
    forgery.identity = IdentityOf(name);
    forgery.psks = &psks_;
    return Handled(members_[1], Forge(members_[0].group, client.signer, forgery, random_).message);
  }
  Fault ListedByNewcomer(std::vector<Proposal> proposals) {
    return CommittedBy("new", {.proposals = ByValue(std::move(proposals))});
  }
};

TEST_F(ExternalCommitRules, ValidOnesAreTaken) {
  EXPECT_EQ(ListedByNewcomer({}), Fault::kNone);
  EXPECT_EQ(ListedByNewcomer({{PreSharedKey{ExternalPsk("a")}}, {PreSharedKey{ExternalPsk("b")}}}),
            Fault::kNone);
  EXPECT_EQ(CommittedBy("2", {.proposals = ByValue({Removing(2)})}), Fault::kNone);
}

TEST_F(ExternalCommitRules, HaveOneExternalInit) {
  EXPECT_EQ(ListedByNewcomer({{ExternalInit{std::string(32, 'k')}}}), Fault::kExternalInitCount);
  EXPECT_EQ(
      CommittedBy(
          "new",
          {.content = [](FramedContent& c) { std::get<Commit>(c.content).proposals.clear(); }}),
      Fault::kExternalInitCount);
}

TEST_F(ExternalCommitRules, RemoveAtMostOneMember) {
  EXPECT_EQ(CommittedBy("2", {.proposals = ByValue({Removing(2), Removing(3)})}),
            Fault::kExternalRemoveCount);
}

TEST_F(ExternalCommitRules, HaveNoOtherProposals) {
  for (const Proposal& other : {Adding("other"), Proposal{Update{UpdateOf(members_[2])}},
                                NewExtensions({}), Reinitialising()}) {
    EXPECT_EQ(ListedByNewcomer({other}), Fault::kExternalCommitProposal);
  }
}

TEST_F(ExternalCommitRules, UseAPreSharedKeyOnce) {
  const Proposal psk{PreSharedKey{ExternalPsk("psk")}};
  EXPECT_EQ(ListedByNewcomer({psk, psk}), Fault::kPskTwice);
}

TEST_F(ExternalCommitRules, ReferToNothing) {
  const ProposalOrRef known = Wait(members_[2], {PreSharedKey{ExternalPsk("psk")}});
  const ProposalOrRef unknown{ProposalRef{std::string(kHashSize, 'r')}};
  for (const ProposalOrRef& reference : {known, unknown}) {
    EXPECT_EQ(CommittedBy("new", {.proposals = {reference}}), Fault::kExternalCommitReference);
    // Whatever else is wrong with the list: what is referred to is not looked at.
    EXPECT_EQ(CommittedBy("new", {.content =
                                      [&](FramedContent& c) {
                                        std::get<Commit>(c.content).proposals = {
                                            {NewExtensions({})}, reference};
                                      }}),
              Fault::kExternalCommitReference);
  }
}

TEST_F(ExternalCommitRules, HaveAPath) {
  EXPECT_EQ(CommittedBy("new", {.with_path = false}), Fault::kPathMissing);
}

TEST_F(ExternalCommitRules, AreSignedWithTheNewLeafsKey) {
  EXPECT_EQ(CommittedBy("new", {.leaf_signer = &members_[2].signer,
                                .leaf =
                                    [&](LeafNode& l) {
                                      l.signature_key = members_[2].signer.verifying_key().bytes();
                                    }}),
            Fault::kMessageSignature);
}

TEST_F(ExternalCommitRules, TheInitSecretIsForTheGroup) {
  EXPECT_EQ(CommittedBy("new", {.content =
                                    [](FramedContent& c) {
                                      auto& list = std::get<Commit>(c.content).proposals;
                                      list[0] = {Proposal{ExternalInit{"no key"}}};
                                    }}),
            Fault::kDecryptionFailed);
}

// Who takes its old leaf's place is bound as by an update of it.
TEST_F(ExternalCommitRules, ANewLeafMayTakeTheOldOnesPlace) {
  const std::vector<ProposalOrRef> removal = ByValue({Removing(2)});
  const std::string kept = members_[2].group.own_leaf_node().encryption_key;
  EXPECT_EQ(CommittedBy("another", {.proposals = removal}), Fault::kSuccessorRefused);
  EXPECT_EQ(CommittedBy(
                "2", {.proposals = removal, .leaf = [&](LeafNode& l) { l.encryption_key = kept; }}),
            Fault::kLeafEncryptionKeyKept);
  EXPECT_EQ(CommittedBy("2", {.proposals = ByValue({Removing(7)})}), Fault::kRemoveOfBlank);
}

TEST_F(ExternalCommitRules, NobodyJoinsUnlessTheApplicationSaysSo) {
  const std::vector<ProposalOrRef> removal = ByValue({Removing(2)});
  OwnWord word;
  policy_.credentials = &word;
  EXPECT_EQ(CommittedBy("friend", {}), Fault::kOutsiderNotAllowed);
  EXPECT_EQ(CommittedBy("2", {.proposals = removal}), Fault::kOutsiderNotAllowed);
  word.says_so = true;
  EXPECT_EQ(CommittedBy("new", {}), Fault::kOutsiderNotAllowed);
  EXPECT_EQ(CommittedBy("friend", {}), Fault::kNone);
  EXPECT_EQ(CommittedBy("2", {.proposals = removal}), Fault::kNone);
}

TEST_F(ExternalCommitRules, TheNewLeafFitsIntoTheGroup) {
  EXPECT_EQ(CommittedBy(kRefusedName, {}), Fault::kCredentialRefused);
  EXPECT_EQ(CommittedBy("new", {.leaf = [](LeafNode& l) { l.capabilities.cipher_suites = {1}; }}),
            Fault::kSuiteNotListed);
}

// Nobody else could commit after it.
TEST_F(ExternalCommitRules, TheNewLeafHasACredentialThatAllSupport) {
  const auto committed_with = [&](CredentialType type) {
    return CommittedBy("new", {.leaf = [type](LeafNode& l) {
                         l.credential.type = type;
                         l.capabilities.credentials = {kBasicCredential, kSomeCredential};
                       }});
  };
  EXPECT_EQ(committed_with(kBasicCredential), Fault::kNone);
  EXPECT_EQ(committed_with(kSomeCredential), Fault::kCredentialTypeNotSupportedByAll);
}

}  // namespace
}  // namespace amana::mls
