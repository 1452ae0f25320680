// Saving and restoring a group when something goes wrong between the two.

#include <algorithm>
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
