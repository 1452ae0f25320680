// Saving and restoring a group when something goes wrong between the two.

#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "common/mls/test_rules.h"

namespace amana::mls {
namespace {

StateRows Copy(const StateRows& rows) {
  StateRows copy;
  for (const auto& [key, value] : rows) copy.emplace(key, value.Clone());
  return copy;
}

class SavedState : public testing::Test {
 protected:
  Group Alone() {
    const Identity identity{BasicCredential("alice"), DefaultCapabilities(kSuite3), {}};
    OwnKeyPackage own = MakeKeyPackage(kSuite3, identity, signer_, {1'699'999'000, 1'700'001'000},
                                       /*last_resort=*/false, random_);
    absl::StatusOr<Group> group =
        Group::Create(kSuite3, "a group", std::move(own), {}, policy_, random_);
    EXPECT_TRUE(group.ok()) << group.status();
    return *std::move(group);
  }

  // A group of three in which the second one has committed; each with what was saved of it.
  struct Saved {
    Group group;
    StateRows rows;
  };
  Saved WithPast() {
    Saved saved{Alone(), {}};
    for (const std::string_view name : {"bob", "carol"}) {
      const Identity identity{BasicCredential(name), DefaultCapabilities(kSuite3), {}};
      const OwnKeyPackage added =
          MakeKeyPackage(kSuite3, identity, crypto::SigningKey::Generate(random_),
                         {1'699'999'000, 1'700'001'000}, /*last_resort=*/false, random_);
      NewCommit commit = *saved.group.Commit({.proposals = {{Add{added.key_package}}}}, signer_,
                                             policy_, PskMap(), random_);
      EXPECT_TRUE(saved.group.Merge(std::move(commit.staged)).ok());
    }
    ApplyDelta(saved.rows, saved.group.TakeDelta());
    return saved;
  }

  // What becomes of rows of which one was changed.
  static Fault Restored(const StateRows& rows, const std::string& key, std::string_view value) {
    StateRows damaged = Copy(rows);
    damaged[key] = SecretBytes::CopyOf(value);
    return FaultIn(Group::Restore(kSuite3, damaged, 0));
  }
  // Of a row that says which delta wrote it: one before the first is missed by nobody.
  static std::string Stamped(uint64_t sequence, std::string_view value) {
    return Encode(sequence) + std::string(value);
  }
  static std::string Replaced(std::string_view text, std::string_view from, std::string_view to) {
    std::string replaced(text);
    const size_t at = replaced.find(from);
    EXPECT_NE(at, std::string::npos);
    if (at != std::string::npos) replaced.replace(at, from.size(), to);
    return replaced;
  }

  SeededRandom random_{1};
  BasicCredentials credentials_;
  Policy policy_{.credentials = &credentials_, .now = 1'700'000'000};
  crypto::SigningKey signer_ = crypto::SigningKey::Generate(random_);
};

// The rows of a delta that was torn: of every proper part of it if there are few rows, otherwise of
// some. Calls see(rows).
template <class See>
void ForEachTear(const StateRows& rows, const StateDelta& delta, See see) {
  constexpr uint32_t kMost = 1 << 10;
  std::mt19937 chance(1);
  const uint32_t all = uint32_t{1} << delta.rows.size();
  for (uint32_t i = 0; i + 1 < std::min(all, kMost); ++i) {
    const uint32_t part = all <= kMost ? i : chance() % (all - 1);
    StateRows torn = Copy(rows);
    uint32_t bit = 1;
    for (const auto& [key, value] : delta.rows) {
      const bool written = (part & bit) != 0;
      bit <<= 1;
      if (!written) continue;
      torn.erase(key);
      if (value.has_value()) torn.emplace(key, value->Clone());
    }
    see(torn);
  }
}

// For the first message of an epoch and for later ones. What restores must not stand before the
// message: it would send another one with its key.
TEST_F(SavedState, ATornDeltaNeverGivesAKeyTwice) {
  Group group = Alone();
  StateRows rows;
  ApplyDelta(rows, group.TakeDelta());
  for (int message = 0; message < 3; ++message) {
    ASSERT_TRUE(group.Encrypt("hello", "", 0, signer_, random_).ok());
    StateDelta delta = group.TakeDelta();
    ForEachTear(rows, delta, [&](const StateRows& torn) {
      EXPECT_FALSE(Group::Restore(kSuite3, torn, delta.sequence).ok()) << "message " << message;
    });
    ApplyDelta(rows, std::move(delta));
    EXPECT_TRUE(Group::Restore(kSuite3, rows, group.sequence()).ok());
  }
}

TEST_F(SavedState, RefusesRowsThatWereRolledBack) {
  Group group = Alone();
  StateRows rows;
  ApplyDelta(rows, group.TakeDelta());
  ASSERT_TRUE(group.Encrypt("hello", "", 0, signer_, random_).ok());
  group.TakeDelta();
  EXPECT_EQ(FaultIn(Group::Restore(kSuite3, rows, group.sequence())), Fault::kStateRolledBack);
}

// A commit outlives a crash before it is merged, and the epoch that it began another one.
TEST_F(SavedState, TheEpochOfARestoredCommitIsSavedWhole) {
  Group group = Alone();
  StateRows rows;
  ApplyDelta(rows, group.TakeDelta());
  NewCommit commit = *group.Commit({}, signer_, policy_, PskMap(), random_);
  const SecretBytes saved = commit.staged.Encode();
  group = Reloaded(std::move(group), rows);
  ASSERT_TRUE(group.Merge(*group.RestoreStaged(saved.Expose())).ok());
  ApplyDelta(rows, group.TakeDelta());
  auto again = Group::Restore(kSuite3, rows, group.sequence());
  ASSERT_EQ(FaultIn(again), Fault::kNone);
  EXPECT_EQ(again->epoch_authenticator(), group.epoch_authenticator());
}

// Rows can be in order by themselves, with the hash of the tree that they give, and still be none
// that a group would have written. What follows would end the process later if they were taken.

TEST_F(SavedState, SecretsHaveTheirSize) {
  const Saved saved = WithPast();
  const std::string_view head = saved.rows.at("h").Expose();
  EXPECT_EQ(Restored(saved.rows, "h", head), Fault::kNone);
  const std::string secret = Encode(std::string(saved.group.epoch_authenticator()));
  EXPECT_EQ(Restored(saved.rows, "h", Replaced(head, secret, Encode(std::string("short")))),
            Fault::kStateDamaged);
}

TEST_F(SavedState, UnmergedLeavesAreMembers) {
  Saved saved = WithPast();
  const NodeIndex root = Root(saved.group.tree().leaves());
  ParentNode node = *saved.group.tree().parent(root);
  node.unmerged_leaves = {LeafIndex{3}};  // nobody
  RatchetTree tree = saved.group.tree();
  const Node changed{.leaf = nullptr, .parent = std::make_shared<const ParentNode>(node)};
  ASSERT_TRUE(tree.Restore(root, changed).ok());
  saved.rows["t" + Encode(root)] = SecretBytes::CopyOf(Encode(changed));
  EXPECT_EQ(Restored(saved.rows, "h",
                     Replaced(saved.rows.at("h").Expose(), saved.group.tree().RootHash(),
                              tree.RootHash())),
            Fault::kStateDamaged);
}

TEST_F(SavedState, ProposalsThatWaitAreOfMembersAndAboutThem) {
  const Saved saved = WithPast();
  const auto waiting = [&](Sender sender, const Proposal& proposal) {
    Writer writer;
    EncodeInto(writer, sender);
    EncodeInto(writer, ProposalRef{"reference"});
    EncodeInto(writer, proposal);
    writer.PrefixLength(0);
    writer.Length(0);  // no updates of our own
    return Stamped(saved.group.sequence(), std::move(writer).Take());
  };
  const Proposal update{Update{saved.group.own_leaf_node()}};
  const Sender member = Sender::Member({1});
  EXPECT_EQ(Restored(saved.rows, "p", waiting(member, {Remove{LeafIndex{2}}})), Fault::kNone);
  EXPECT_EQ(Restored(saved.rows, "p", waiting(member, {Remove{LeafIndex{99}}})),
            Fault::kStateDamaged);
  EXPECT_EQ(Restored(saved.rows, "p", waiting(member, update)), Fault::kNone);
  EXPECT_EQ(Restored(saved.rows, "p", waiting(Sender::Member({99}), update)), Fault::kStateDamaged);
  EXPECT_EQ(Restored(saved.rows, "p", waiting({SenderType::kExternal, 1}, update)),
            Fault::kStateDamaged);
}

TEST_F(SavedState, PastEpochsAreTheOnesBefore) {
  const Saved saved = WithPast();
  ASSERT_EQ(saved.group.epoch(), 2u);
  const auto past = [](std::vector<uint64_t> epochs) { return Encode(epochs); };
  const std::string_view head = saved.rows.at("h").Expose();
  EXPECT_EQ(Restored(saved.rows, "h", Replaced(head, past({0, 1}), past({1}))),
            Fault::kStateDamaged);
  EXPECT_EQ(Restored(saved.rows, "h", Replaced(head, past({0, 1}), past({1, 0}))),
            Fault::kStateDamaged);
  EXPECT_EQ(Restored(saved.rows, "h", Replaced(head, past({0, 1}), past({0, 0, 1}))),
            Fault::kStateDamaged);
}

TEST_F(SavedState, NoRowWaitsForAnotherEpoch) {
  const Saved saved = WithPast();
  const auto row = [](char kind, auto... numbers) {
    std::string key(1, kind);
    ((key += Encode(numbers)), ...);
    return key;
  };
  for (const std::string& key :
       {row('r', uint64_t{3}, LeafIndex{0}), row('s', uint64_t{3}), row('e', uint64_t{2}), row('x'),
        row('s', uint64_t{2}, uint8_t{0})}) {
    EXPECT_EQ(Restored(saved.rows, key, ""), Fault::kStateDamaged) << key;
  }
}

TEST_F(SavedState, AStagedCommitLeadsToTheNextEpochOfThisGroup) {
  Saved saved = WithPast();
  NewCommit commit = *saved.group.Commit({}, signer_, policy_, PskMap(), random_);
  const SecretBytes staged = commit.staged.Encode();
  const std::string context = Encode(commit.staged.context());
  EXPECT_EQ(FaultIn(saved.group.RestoreStaged(staged.Expose())), Fault::kNone);
  const auto restored = [&](auto change) {
    GroupContext other = commit.staged.context();
    change(other);
    return FaultIn(saved.group.RestoreStaged(Replaced(staged.Expose(), context, Encode(other))));
  };
  EXPECT_EQ(restored([](GroupContext& c) { c.epoch -= 1; }), Fault::kStateDamaged);
  EXPECT_EQ(restored([](GroupContext& c) { c.epoch += 1; }), Fault::kStateDamaged);
  EXPECT_EQ(restored([](GroupContext& c) { c.group_id += "!"; }), Fault::kStateDamaged);
  EXPECT_EQ(restored([](GroupContext& c) { c.cipher_suite = 1; }), Fault::kStateDamaged);
  EXPECT_EQ(restored([](GroupContext& c) { c.version = 2; }), Fault::kStateDamaged);
}

// --- What a receiver saves ---------------------------------------------------------------------

class ReceiversState : public RulesTest {
 protected:
  // Saves what changed. A tear of it is refused; whatever of it is not refused has all rows as they
  // were before, or lacks some of epochs that are over.
  void SaveWithTears() {
    StateDelta delta = bob_.group.TakeDelta();
    ForEachTear(rows_, delta, [&](const StateRows& torn) {
      const auto restored = Group::Restore(kSuite3, torn, delta.sequence - 1);
      if (!restored.ok()) {
        EXPECT_EQ(FaultIn(restored), Fault::kStateDamaged);
        return;
      }
      EXPECT_EQ(restored->sequence(), delta.sequence - 1);
      for (const auto& [key, value] : torn) EXPECT_EQ(value.Expose(), rows_.at(key).Expose());
    });
    ApplyDelta(rows_, std::move(delta));
    EXPECT_EQ(FaultIn(Group::Restore(kSuite3, rows_, bob_.group.sequence())), Fault::kNone);
  }
  void Take(const std::string& message) { ASSERT_EQ(Handled(bob_, message), Fault::kNone); }
  std::string Encrypted(Member& from) {
    return *from.group.Encrypt("hello", "", 0, from.signer, random_);
  }

  std::vector<Member> members_ = NewGroup(3);
  Member& bob_ = members_[1];
  StateRows rows_;
};

// Otherwise a message that was read before could be read again: its key would be there still.
TEST_F(ReceiversState, ATearIsRefused) {
  ApplyDelta(rows_, bob_.group.TakeDelta());
  std::vector<std::string> messages(6);
  for (std::string& message : messages) message = Encrypted(members_[0]);
  for (const size_t i : {0, 3, 1}) {  // begins a ratchet; skips; is late
    Take(messages[i]);
    SaveWithTears();
  }
  Take(messages[4]);
  Take(Encrypted(members_[2]));
  SaveWithTears();
  Take(*members_[2].group.Propose({Remove{members_[0].index()}}, {}, members_[2].signer, policy_,
                                  random_));
  SaveWithTears();
  CommitAll(members_, 0, {.include_waiting = false});
  for (size_t epoch = 0; epoch <= kMaxPastEpochs; ++epoch) {
    CommitAll(members_, 2);
    Take(Encrypted(members_[0]));
    SaveWithTears();
  }
  bob_.group.DropPastEpochs();
  SaveWithTears();
}

// A row that nobody wrote with the others is none of the group's.
TEST_F(ReceiversState, HasNoRowsOfOtherEpochs) {
  Take(Encrypted(members_[0]));
  ApplyDelta(rows_, bob_.group.TakeDelta());
  const auto old = [&](char kind) { return rows_.lower_bound(std::string(1, kind))->first; };
  const std::vector<std::string> before = {old('r'), old('s')};
  const StateRows at_first = Copy(rows_);
  for (size_t epoch = 0; epoch <= kMaxPastEpochs; ++epoch) CommitAll(members_, 0);
  ApplyDelta(rows_, bob_.group.TakeDelta());
  ASSERT_EQ(FaultIn(Group::Restore(kSuite3, rows_, 0)), Fault::kNone);
  for (const std::string& key : before) {
    SCOPED_TRACE(key[0]);
    StateRows more = Copy(rows_);
    ASSERT_TRUE(more.emplace(key, at_first.at(key).Clone()).second);
    EXPECT_EQ(FaultIn(Group::Restore(kSuite3, more, 0)), Fault::kStateDamaged);
  }
}

}  // namespace
}  // namespace amana::mls
