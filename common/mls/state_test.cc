// Saving and restoring a group when something goes wrong between the two.

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "common/base/check.h"
#include "common/mls/test_group.h"
#include "common/mls/test_vectors.h"
#include "gtest/gtest.h"

namespace amana::mls {
namespace {

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

  static StateRows Copy(const StateRows& rows) {
    StateRows copy;
    for (const auto& [key, value] : rows) copy.emplace(key, value.Clone());
    return copy;
  }

  SeededRandom random_{1};
  BasicCredentials credentials_;
  Policy policy_{.credentials = &credentials_, .now = 1'700'000'000};
  crypto::SigningKey signer_ = crypto::SigningKey::Generate(random_);
};

// Of the rows of a delta every proper part is written, for the first message of an epoch and for
// later ones. What restores must not stand before the message: it would send another one with its
// key.
TEST_F(SavedState, ATornDeltaNeverGivesAKeyTwice) {
  Group group = Alone();
  StateRows rows;
  ApplyDelta(rows, group.TakeDelta());
  for (int message = 0; message < 3; ++message) {
    ASSERT_TRUE(group.Encrypt("hello", "", 0, signer_, random_).ok());
    StateDelta delta = group.TakeDelta();
    std::vector<std::string> keys;
    for (const auto& [key, value] : delta.rows) keys.push_back(key);
    for (uint32_t part = 0; part + 1 < uint32_t{1} << keys.size(); ++part) {
      StateRows torn = Copy(rows);
      for (size_t i = 0; i < keys.size(); ++i) {
        if ((part >> i & 1) == 0) continue;
        const auto& value = delta.rows.at(keys[i]);
        if (value.has_value()) {
          torn.insert_or_assign(keys[i], value->Clone());
        } else {
          torn.erase(keys[i]);
        }
      }
      const auto restored = Group::Restore(kSuite3, torn, delta.sequence);
      EXPECT_FALSE(restored.ok()) << "message " << message << ", part " << part;
    }
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

}  // namespace
}  // namespace amana::mls
