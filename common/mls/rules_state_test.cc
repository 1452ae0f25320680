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

TEST_F(StateRules, WhoIsRemovedMergesNothing) {
  Member& bob = members_[1];
  NewCommit commit = *bob.group.Commit({}, bob.signer, policy_, psks_, random_);
  CommitAll(members_, 0, {.proposals = {{Remove{LeafIndex{1}}}}});
  EXPECT_EQ(FaultIn(bob.group.Merge(std::move(commit.staged))), Fault::kRemoved);
}

}  // namespace
}  // namespace amana::mls
