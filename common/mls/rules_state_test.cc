// Rules of our own for the saved state of a group and for commits that are staged. What else can be
// wrong with rows is state_test.cc's business.

#include "common/mls/test_rules.h"

namespace amana::mls {
namespace {

class StateRules : public RulesTest {
 protected:
  std::vector<Member> members_ = NewGroup(2);
};

TEST_F(StateRules, RowsAreWholeAndTheNewest) {
  StateRows rows;
  Group& group = members_[0].group;
  ApplyDelta(rows, group.TakeDelta());
  EXPECT_EQ(FaultIn(Group::Restore(kSuite3, rows, group.sequence())), Fault::kNone);
  EXPECT_EQ(FaultIn(Group::Restore(kSuite3, rows, group.sequence() + 1)), Fault::kStateRolledBack);
  EXPECT_EQ(FaultIn(Group::Restore(SuiteOf(1), rows, group.sequence())), Fault::kSuiteUnknown);
  for (const char kind : {'h', 't', 's', 'p'}) {
    StateRows damaged;
    bool dropped = false;
    for (const auto& [key, value] : rows) {
      if (!dropped && key[0] == kind) {
        dropped = true;
      } else {
        damaged[key] = value.Clone();
      }
    }
    EXPECT_TRUE(dropped) << kind;
    EXPECT_EQ(FaultIn(Group::Restore(kSuite3, damaged, 0)), Fault::kStateDamaged) << kind;
  }
}

// Otherwise members outside of the one had no keys, or others had two.
TEST_F(StateRules, TheTreesOfNodesAndOfSecretsHaveTheSameLeaves) {
  Group& group = members_[0].group;
  StateRows rows;
  ApplyDelta(rows, group.TakeDelta());
  SecretBytes& row = std::prev(rows.lower_bound("t"))->second;  // of this epoch
  char& leaves = row.ExposeMutable()[sizeof(uint64_t) + 3];     // behind the sequence
  ASSERT_EQ(leaves, 2);
  leaves = 4;
  EXPECT_EQ(FaultIn(Group::Restore(kSuite3, rows, 0)), Fault::kStateDamaged);

  NewCommit commit = *group.Commit({}, members_[0].signer, policy_, psks_, random_);
  std::string staged(commit.staged.Encode().Expose());
  const size_t tree_size =
      SecretTree(kSuite3, LeafCount{2}, SecretBytes(kHashSize)).EncodeNodes().size();
  char& staged_leaves = staged[staged.size() - tree_size + 3];
  ASSERT_EQ(staged_leaves, 2);
  staged_leaves = 4;
  EXPECT_EQ(FaultIn(group.RestoreStaged(staged)), Fault::kStateDamaged);
}

TEST_F(StateRules, ACommitIsMergedWhereItWasStaged) {
  Member& alice = members_[0];
  NewCommit commit = *alice.group.Commit({}, alice.signer, policy_, psks_, random_);
  const SecretBytes saved = commit.staged.Encode();
  EXPECT_EQ(FaultIn(alice.group.RestoreStaged(saved.Expose())), Fault::kNone);
  EXPECT_EQ(FaultIn(alice.group.RestoreStaged(saved.Expose().substr(1))), Fault::kStateDamaged);
  CommitAll(members_, 1);
  EXPECT_EQ(FaultIn(alice.group.RestoreStaged(saved.Expose())), Fault::kStagedElsewhere);
  EXPECT_EQ(FaultIn(alice.group.Merge(std::move(commit.staged))), Fault::kStagedElsewhere);
}

// What it is put together of came in messages that each had their size.
TEST_F(StateRules, WhatIsSavedMayBeLargerThanAMessage) {
  Member& alice = members_[0];
  const Proposal replace{
      GroupContextExtensions{{{kApplicationId, std::string(kMaxMessageSize - 512, 'x')}}}};
  StateRows rows;
  const auto restored = [&] {
    ApplyDelta(rows, alice.group.TakeDelta());
    return FaultIn(Group::Restore(kSuite3, rows, alice.group.sequence()));
  };
  for (int i = 0; i < 2; ++i) {
    const auto sent = alice.group.Propose(replace, {}, alice.signer, policy_, random_);
    ASSERT_TRUE(sent.ok());
    EXPECT_EQ(Handled(members_[1], *sent), Fault::kNone);
  }
  EXPECT_EQ(restored(), Fault::kNone);
  NewCommit commit = *alice.group.Commit({}, alice.signer, policy_, psks_, random_);
  EXPECT_EQ(FaultIn(alice.group.RestoreStaged(commit.staged.Encode().Expose())), Fault::kNone);
  Follow(members_[1], commit.message);
  ASSERT_TRUE(alice.group.Merge(std::move(commit.staged)).ok());
  EXPECT_GT(alice.group.context().extensions.at(0).data.size(), kMaxMessageSize / 2);
  EXPECT_EQ(restored(), Fault::kNone);
  CommitAll(members_, 1);
  EXPECT_EQ(restored(), Fault::kNone);
}

TEST_F(StateRules, WhoIsRemovedMergesNothing) {
  Member& bob = members_[1];
  NewCommit commit = *bob.group.Commit({}, bob.signer, policy_, psks_, random_);
  CommitAll(members_, 0, {.proposals = {{Remove{LeafIndex{1}}}}});
  EXPECT_EQ(FaultIn(bob.group.Merge(std::move(commit.staged))), Fault::kRemoved);
}

}  // namespace
}  // namespace amana::mls
