// Clients that only follow: they join by a welcome and handle what others sent, in groups that
// other implementations ran (passive-client-*.json, interop-passive/*.json) and in some that ours
// did. Each case runs a second time with the group saved and restored after every step.

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/check.h"
#include "common/mls/test_group.h"
#include "common/mls/test_made_vectors.h"
#include "common/mls/test_vectors.h"
#include "gtest/gtest.h"

namespace amana::mls {
namespace {

// The vectors' key packages are valid for ever.
Policy VectorPolicy(const CredentialValidator& credentials) {
  return {.credentials = &credentials, .now = 1'700'000'000, .max_lifetime = UINT64_MAX};
}

// Those of our own making, as long as the process. Null until the first test that needs one: what
// is broken in here is seen in that test, not when the program starts.
constexpr std::string_view kMade = "of our own making";
std::vector<Json>& MadeVectors() {
  static auto* const kVectors = new std::vector<Json>(kMadeVectors);
  return *kVectors;
}

class PassiveClient : public VectorTest {
 protected:
  void SetUp() override {
    if (GetParam().file == kMade && MadeVectors().front().is_null()) {
      // In place: the cases point there.
      std::ranges::move(MakePassiveVectors(/*seed=*/1), MadeVectors().begin());
    }
    VectorTest::SetUp();
  }

  PskMap Psks() const {
    PskMap psks;
    for (const Json& psk : json().at("external_psks")) {
      psks.external[HexIn(psk, "psk_id")] = HexIn(psk, "psk");
    }
    return psks;
  }

  OwnKeyPackage Own() const {
    absl::StatusOr<KeyPackage> key_package = DecodeKeyPackageMessage(hex("key_package"));
    EXPECT_TRUE(key_package.ok()) << key_package.status();
    OwnKeyPackage own{*std::move(key_package), *crypto::HpkePrivateKey::FromBytes(hex("init_priv")),
                      *crypto::HpkePrivateKey::FromBytes(hex("encryption_priv"))};
    EXPECT_EQ(own.init_key.public_key().bytes(), own.key_package.init_key);
    EXPECT_EQ(own.leaf_key.public_key().bytes(), own.key_package.leaf_node.encryption_key);
    return own;
  }

  absl::StatusOr<Group> Join(const PskMap& psks) const {
    JoinOptions options;
    if (const std::string tree = hex("ratchet_tree"); !tree.empty()) options.ratchet_tree = tree;
    return Group::Join(suite(), hex("welcome"), Own(), VectorPolicy(credentials_), psks, InNoGroup,
                       options);
  }

  // `step` is called with the group after everything that happened to it.
  template <class Step>
  void Follow(Step step) const {
    const PskMap psks = Psks();
    const Policy policy = VectorPolicy(credentials_);
    absl::StatusOr<Group> joined = Join(psks);
    ASSERT_TRUE(joined.ok()) << joined.status();
    Group group = step(*std::move(joined));
    ASSERT_EQ(group.epoch_authenticator(), hex("initial_epoch_authenticator"));
    for (const Json& epoch : json().at("epochs")) {
      SCOPED_TRACE("epoch " + std::to_string(group.epoch()));
      for (const Json& proposal : epoch.at("proposals")) {
        const auto received = group.Handle(FromHex(proposal.get<std::string>()), policy, psks);
        ASSERT_TRUE(received.ok()) << received.status();
        group = step(std::move(group));
      }
      auto received = group.Handle(HexIn(epoch, "commit"), policy, psks);
      ASSERT_TRUE(received.ok()) << received.status();
      ASSERT_TRUE(group.Merge(std::get<StagedCommit>(*std::move(received))).ok());
      group = step(std::move(group));
      ASSERT_EQ(group.epoch_authenticator(), HexIn(epoch, "epoch_authenticator"));
    }
  }

  BasicCredentials credentials_;
};

TEST_P(PassiveClient, Follows) {
  Follow([](Group group) { return group; });
}

TEST_P(PassiveClient, FollowsThroughRestarts) {
  StateRows rows;
  Follow([&](Group group) { return Reloaded(std::move(group), rows); });
}

INSTANTIATE_TEST_SUITE_P(Welcome, PassiveClient, CasesOf("passive-client-welcome.json", {1, 3}),
                         NameOfCase);
INSTANTIATE_TEST_SUITE_P(Commits, PassiveClient,
                         CasesOf("passive-client-handling-commit.json", {1, 3}), NameOfCase);
INSTANTIATE_TEST_SUITE_P(Random, PassiveClient, CasesOf("passive-client-random.json", {1, 3}),
                         NameOfCase);
#define AMANA_INTEROP(name, file)                        \
  INSTANTIATE_TEST_SUITE_P(Interop##name, PassiveClient, \
                           CasesOf("interop-passive/" file ".json", {1, 3}), NameOfCase)
AMANA_INTEROP(Application, "application");
AMANA_INTEROP(Branch, "branch");
AMANA_INTEROP(Commit, "commit");
AMANA_INTEROP(ExternalJoin, "external_join");
AMANA_INTEROP(ExternalProposals, "external_proposals");
AMANA_INTEROP(ReInit, "reinit");
AMANA_INTEROP(WelcomeJoin, "welcome_join");
#undef AMANA_INTEROP

std::vector<VectorCase> MadeCases() {
  std::vector<VectorCase> cases;
  cases.reserve(kMadeVectors);
  for (size_t i = 0; i < kMadeVectors; ++i) {
    cases.push_back(
        {std::string(kMade), i, kSuite3.id, &MadeVectors()[i], "Suite3_" + std::to_string(i)});
  }
  return cases;
}
INSTANTIATE_TEST_SUITE_P(Made, PassiveClient, testing::ValuesIn(MadeCases()), NameOfCase);

}  // namespace
}  // namespace amana::mls
