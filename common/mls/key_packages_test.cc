#include "common/mls/key_packages.h"

#include <gtest/gtest.h>

#include "common/mls/test_rules.h"

namespace amana::mls {
namespace {

class LastResort : public RulesTest {
 protected:
  OwnKeyPackage Make(const crypto::SigningKey& signer, bool last_resort) {
    return MakeKeyPackage(kSuite3, IdentityOf("late"), signer,
                          {.not_before = kNow - 60, .not_after = kNow + 86400}, last_resort,
                          random_);
  }
};

TEST_F(LastResort, IsSeenByWhoeverGivesItOut) {
  const auto signer = crypto::SigningKey::Generate(random_);
  for (const bool last_resort : {true, false}) {
    const OwnKeyPackage own = Make(signer, last_resort);
    const auto published = DecodeKeyPackageMessage(EncodeMessage(own.key_package));
    ASSERT_TRUE(published.ok()) << published.status();
    EXPECT_EQ(IsLastResort(*published), last_resort);
    const auto saved = OwnKeyPackage::Decode(own.Encode().Expose());
    ASSERT_TRUE(saved.ok()) << saved.status();
    EXPECT_EQ(IsLastResort(saved->key_package), last_resort);
  }
}

// Two groups add the client with one key package. Its first commit in each replaces the key that
// both have of it.
TEST_F(LastResort, IsJoinedWithMoreThanOnce) {
  const auto signer = crypto::SigningKey::Generate(random_);
  const OwnKeyPackage own = Make(signer, /*last_resort=*/true);
  const SecretBytes vault = own.Encode();
  const std::string& shared_key = own.key_package.leaf_node.encryption_key;
  std::vector<std::string> next_keys;
  for (const char* group_id : {"one group", "another"}) {
    Member founder = Found("0", group_id);
    auto added = founder.group.Commit({.proposals = {{Add{own.key_package}}}}, founder.signer,
                                      policy_, psks_, random_);
    ASSERT_TRUE(added.ok()) << added.status();
    ASSERT_TRUE(founder.group.Merge(std::move(added->staged)).ok());
    auto joined = Group::Join(kSuite3, added->welcome.value_or(""),
                              *OwnKeyPackage::Decode(vault.Expose()), policy_, psks_, InNoGroup);
    ASSERT_TRUE(joined.ok()) << joined.status();
    EXPECT_EQ(joined->own_leaf_node().encryption_key, shared_key);

    auto commit = joined->Commit({}, signer, policy_, psks_, random_);
    ASSERT_TRUE(commit.ok()) << commit.status();
    Follow(founder, commit->message);
    ASSERT_TRUE(joined->Merge(std::move(commit->staged)).ok());
    EXPECT_EQ(joined->epoch_authenticator(), founder.group.epoch_authenticator());
    next_keys.push_back(founder.group.tree().leaf(joined->own_leaf())->encryption_key);
  }
  EXPECT_NE(next_keys[0], shared_key);
  EXPECT_NE(next_keys[1], shared_key);
  EXPECT_NE(next_keys[0], next_keys[1]);
}

}  // namespace
}  // namespace amana::mls
