// Rules for groups that go on from another one (RFC 9420, sections 8.6, 11.2, 11.3 and 12.4.3.1).

#include <algorithm>

#include "common/mls/test_rules.h"

namespace amana::mls {
namespace {

// Suite 3, or the one that tests have besides.
OwnKeyPackage KeyPackageOf(const Suite& suite, std::string_view name,
                           const crypto::SigningKey& signer, uint64_t now, Random& random) {
  return MakeKeyPackage(suite, {BasicCredential(name), DefaultCapabilities(suite), {}}, signer,
                        {.not_before = now - 60, .not_after = now + 86400}, false, random);
}

class ResumeRules : public RulesTest {
 protected:
  // What the first commit of a new group says of the old one.
  struct Resumption {
    CommitKind kind = CommitKind::kBranch;
    const Suite* suite = &kSuite3;
    std::string group_id = "new group";
    Extensions extensions = {};
    // Whoever joins is "1"; the group is founded by "0".
    std::vector<std::string> others = {};
    bool is_second_commit = false;
    std::optional<uint64_t> epoch = std::nullopt;
  };

  PreSharedKeyId IdOf(CommitKind kind, uint64_t epoch) const {
    PreSharedKeyId id;
    id.type = PskType::kResumption;
    id.usage = kind == CommitKind::kBranch ? ResumptionUsage::kBranch : ResumptionUsage::kReinit;
    id.group_id = old_[0].group.group_id();
    id.epoch = epoch;
    return id;
  }

  // Empty where the old group has none any more.
  SecretBytes ResumptionPsk(uint64_t epoch) const {
    return old_[0].group.ResumptionPsk(epoch).value_or(SecretBytes());
  }

  Fault Joined(const Resumption& how, const Group* resumed) {
    const auto client_of = [&](std::string_view name) {
      return KeyPackageOf(*how.suite, name, signers_.emplace_back(NewSigner()), kNow, random_);
    };
    OwnKeyPackage founder = client_of("0");
    const crypto::SigningKey founders =
        *crypto::SigningKey::FromSeed(signers_.back().Seed().Expose());
    auto group = Group::Create(*how.suite, how.group_id, std::move(founder), how.extensions,
                               policy_, random_);
    AMANA_CHECK(group.ok(), "no group");
    if (how.is_second_commit) {
      auto first = group->Commit({}, founders, policy_, psks_, random_);
      AMANA_CHECK(group->Merge(std::move(first->staged)).ok(), "no merge");
    }
    OwnKeyPackage own = client_of("1");
    std::vector<KeyPackage> added = {own.key_package};
    for (const std::string& name : how.others) added.push_back(client_of(name).key_package);
    const uint64_t epoch = how.epoch.value_or(old_[0].group.epoch());
    auto commit = GroupTestPeer::Resume(*group, added, IdOf(how.kind, epoch), ResumptionPsk(epoch),
                                        how.kind, founders, policy_, random_);
    AMANA_CHECK(commit.ok(), "no commit");
    return FaultIn(Group::Join(*how.suite, commit->welcome.value_or(""), std::move(own), policy_,
                               psks_, InNoGroup, {.resumed = resumed}));
  }
  Fault Joined(const Resumption& how) { return Joined(how, &old_[1].group); }

  // What a member of the old group made of it is joined by others of them, each of whom has nothing
  // but its own old group, the welcome and a fresh key package; then all talk and commit.
  void ExpectToGoOn(std::pair<Group, NewCommit> made, Client founder, std::vector<Client> clients) {
    auto& [group, first] = made;
    ASSERT_TRUE(group.Merge(std::move(first.staged)).ok());
    std::vector<Member> members;
    members.push_back({std::move(founder.signer), std::move(group)});
    for (Client& client : clients) {
      const std::string& name = client.leaf().credential.content;
      const auto old = std::find_if(old_.begin(), old_.end(), [&](const Member& member) {
        return member.group.own_leaf_node().credential.content == name;
      });
      ASSERT_NE(old, old_.end()) << name;
      auto joined = Group::Join(kSuite3, first.welcome.value_or(""), std::move(client.own), policy_,
                                psks_, InNoGroup, {.resumed = &old->group});
      ASSERT_TRUE(joined.ok()) << joined.status();
      members.push_back({std::move(client.signer), *std::move(joined)});
    }
    ExpectAgreement(members);
    for (Member& sender : members) {
      const std::string sealed = *sender.group.Encrypt("hello", "", 0, sender.signer, random_);
      for (Member& reader : members) {
        if (&reader != &sender) {
          EXPECT_EQ(Handled(reader, sealed), Fault::kNone);
        }
      }
    }
    for (size_t i = 0; i < members.size(); ++i) CommitAll(members, i);
    ExpectAgreement(members);
  }

  static void ExpectAgreement(const std::vector<Member>& members) {
    for (const Member& member : members) {
      EXPECT_EQ(member.group.context(), members[0].group.context());
      EXPECT_EQ(member.group.epoch_authenticator(), members[0].group.epoch_authenticator());
    }
  }

  crypto::SigningKey NewSigner() { return crypto::SigningKey::Generate(random_); }

  std::vector<crypto::SigningKey> signers_;
  std::vector<Member> old_ = NewGroup(3);
};

TEST_F(ResumeRules, AGroupGoesOnFromOneAlone) {
  psks_.resumption[{"group", 1}] = ResumptionPsk(1).Expose();
  const auto joined_with = [&](const std::vector<ResumptionUsage>& usages) {
    Forgery forgery{.psks = &psks_};
    for (const ResumptionUsage usage : usages) {
      PreSharedKeyId id = IdOf(CommitKind::kBranch, 1);
      id.usage = usage;
      id.nonce = RandomBytes(random_, kHashSize);
      forgery.proposals.push_back({Proposal{PreSharedKey{id}}});
    }
    return RulesTest::Joined(Found("0", "new group"), NewClient("1"), std::move(forgery),
                             {.resumed = &old_[1].group});
  };
  EXPECT_EQ(joined_with({ResumptionUsage::kBranch}), Fault::kNone);
  EXPECT_EQ(joined_with({ResumptionUsage::kBranch, ResumptionUsage::kApplication}), Fault::kNone);
  EXPECT_EQ(joined_with({ResumptionUsage::kBranch, ResumptionUsage::kBranch}),
            Fault::kWelcomePskNotAlone);
  EXPECT_EQ(joined_with({ResumptionUsage::kReinit, ResumptionUsage::kBranch}),
            Fault::kWelcomePskNotAlone);
}

// --- Branches ----------------------------------------------------------------------------------

TEST_F(ResumeRules, AValidBranchIsJoined) {
  EXPECT_EQ(Joined({}), Fault::kNone);
  EXPECT_EQ(Joined({.others = {"2"}}), Fault::kNone);
}

TEST_F(ResumeRules, ABranchGoesOn) {
  const Extensions extensions = {{kApplicationId, "case 7"}};
  old_ = NewGroup(4, /*with_path=*/true, extensions);
  std::vector<Client> clients;
  for (const char* name : {"0", "3"}) clients.push_back(NewClient(name));
  Client founder = NewClient("1");
  auto made = old_[1].group.Branch("a branch", std::move(founder.own),
                                   {clients[0].key_package(), clients[1].key_package()},
                                   founder.signer, policy_, random_);
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_EQ(made->second.staged.context().group_id, "a branch");
  EXPECT_EQ(made->second.staged.context().extensions, extensions);
  ExpectToGoOn(*std::move(made), std::move(founder), std::move(clients));
}

TEST_F(ResumeRules, TheGroupThatIsResumedIsKnown) {
  const SecretBytes psk = ResumptionPsk(1);
  EXPECT_EQ(Joined({}, nullptr), Fault::kPskMissing);
  psks_.resumption[{"group", 1}] = psk.Expose();
  EXPECT_EQ(Joined({}, nullptr), Fault::kResumptionUnknown);
  const Member other = Found("1", "another group");
  EXPECT_EQ(Joined({}, &other.group), Fault::kResumptionUnknown);
}

TEST_F(ResumeRules, ABranchBeginsWithItsFirstCommit) {
  EXPECT_EQ(Joined({.is_second_commit = true}), Fault::kResumedEpoch);
}

TEST_F(ResumeRules, ABranchHasTheParametersOfItsGroup) {
  EXPECT_EQ(Joined({.suite = &SuiteOf(1)}), Fault::kBranchParameters);
}

TEST_F(ResumeRules, ABranchHasMembersOfItsGroupAlone) {
  EXPECT_EQ(Joined({.others = {"stranger"}}), Fault::kBranchMember);
  Client own = NewClient("0");
  EXPECT_EQ(FaultIn(old_[0].group.Branch("new group", std::move(own.own),
                                         {NewClient("stranger").key_package()}, own.signer, policy_,
                                         random_)),
            Fault::kBranchMember);
}

// --- Reinitialised groups ----------------------------------------------------------------------

class ReInitRules : public ResumeRules {
 protected:
  ReInitRules() {
    CommitAll(old_, 0, {.proposals = {{ReInit{"new group", kMls10, kSuite3.id, {}}}}});
  }

  static Resumption Next() { return {.kind = CommitKind::kReInit, .others = {"2"}}; }
  template <class Change>
  Fault JoinedWith(Change change) {
    Resumption how = Next();
    change(how);
    return Joined(how);
  }
  Fault Reinitialised(const Suite& suite, const std::vector<std::string>& others) {
    Client own = NewClient("0");
    std::vector<KeyPackage> key_packages;
    key_packages.reserve(others.size());
    for (const std::string& name : others) key_packages.push_back(NewClient(name).key_package());
    return FaultIn(old_[0].group.Reinitialise(suite, std::move(own.own), key_packages, own.signer,
                                              policy_, random_));
  }
};

TEST_F(ReInitRules, AValidOneIsJoined) {
  EXPECT_EQ(Joined(Next()), Fault::kNone);
  EXPECT_EQ(Reinitialised(kSuite3, {"1", "2"}), Fault::kNone);
}

TEST_F(ReInitRules, TheGroupItNamesGoesOn) {
  const Extensions extensions = {{kApplicationId, "case 7"}};
  old_ = NewGroup(3);
  CommitAll(old_, 0, {.proposals = {{ReInit{"new group", kMls10, kSuite3.id, extensions}}}});
  std::vector<Client> clients;
  for (const char* name : {"0", "2"}) clients.push_back(NewClient(name));
  // Any member may do it, whoever reinitialised the old one.
  Client founder = NewClient("1");
  auto made = old_[1].group.Reinitialise(kSuite3, std::move(founder.own),
                                         {clients[0].key_package(), clients[1].key_package()},
                                         founder.signer, policy_, random_);
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_EQ(made->second.staged.context().group_id, "new group");
  EXPECT_EQ(made->second.staged.context().extensions, extensions);
  ExpectToGoOn(*std::move(made), std::move(founder), std::move(clients));
}

TEST_F(ReInitRules, IsTheGroupThatTheReinitNamed) {
  EXPECT_EQ(JoinedWith([](auto& how) { how.group_id = "another"; }), Fault::kReInitMismatch);
  EXPECT_EQ(JoinedWith([](auto& how) { how.suite = &SuiteOf(1); }), Fault::kReInitMismatch);
  EXPECT_EQ(JoinedWith([](auto& how) { how.extensions = {{kApplicationId, "id"}}; }),
            Fault::kReInitMismatch);
  // The key is of the epoch before the reinit.
  EXPECT_EQ(JoinedWith([](auto& how) { how.epoch = 1; }), Fault::kReInitMismatch);
  EXPECT_EQ(Reinitialised(SuiteOf(1), {"1", "2"}), Fault::kReInitMismatch);
}

// Otherwise who founds a group of that id would say who is in it.
TEST_F(ReInitRules, IsJoinedWithTheKeyOfTheOldGroup) {
  const JoinOptions options{.resumed = &old_[1].group};
  const auto joined = [&](std::string_view group_id) {
    return RulesTest::Joined(Found("0", group_id), NewClient("1"), {}, options);
  };
  EXPECT_EQ(joined("an unrelated group"), Fault::kNone);
  EXPECT_EQ(joined("new group"), Fault::kReInitMismatch);
  EXPECT_EQ(JoinedWith([](auto& how) { how.kind = CommitKind::kBranch; }), Fault::kReInitMismatch);
}

TEST_F(ReInitRules, FollowsAReinit) {
  old_ = NewGroup(3);
  EXPECT_EQ(Joined(Next()), Fault::kReInitMismatch);
  EXPECT_EQ(Reinitialised(kSuite3, {"1", "2"}), Fault::kReInitMismatch);
}

TEST_F(ReInitRules, BeginsWithItsFirstCommit) {
  EXPECT_EQ(JoinedWith([](auto& how) { how.is_second_commit = true; }), Fault::kResumedEpoch);
}

TEST_F(ReInitRules, HasAllMembersOfTheOldGroup) {
  EXPECT_EQ(JoinedWith([](auto& how) { how.others.clear(); }), Fault::kReInitMember);
  EXPECT_EQ(Reinitialised(kSuite3, {"1"}), Fault::kReInitMember);
}

}  // namespace
}  // namespace amana::mls
