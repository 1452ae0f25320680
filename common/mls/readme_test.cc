// The example of README.md, as it stands there.

#include <set>
#include <string>
#include <string_view>

#include "common/mls/test_group.h"
#include "gtest/gtest.h"

namespace amana::mls {
namespace {

TEST(ReadmeTest, AGroupOfTwo) {
  constexpr uint64_t kWeek = 604'800;  // seconds
  SeededRandom random(1);
  BasicCredentials credentials;
  Policy policy{.credentials = &credentials, .now = 1'800'000'000};
  PskMap psks;
  std::set<std::string, std::less<>> groups_of_bob;
  Lifetime lifetime{.not_before = policy.now, .not_after = policy.now + kWeek};
  auto alice_key = crypto::SigningKey::Generate(random);
  auto bob_key = crypto::SigningKey::Generate(random);
  auto packaged = [&](std::string_view name, const crypto::SigningKey& key) {
    Identity identity{BasicCredential(name), DefaultCapabilities(kSuite3), {}};
    return MakeKeyPackage(kSuite3, identity, key, lifetime, /*last_resort=*/false, random);
  };
  OwnKeyPackage bob_package = packaged("bob", bob_key);

  Group alice = *Group::Create(kSuite3, "case 7", packaged("alice", alice_key), {}, policy, random);
  CommitRequest add{.proposals = {{Add{bob_package.key_package}}}};
  NewCommit commit = *alice.Commit(add, alice_key, policy, psks, random);
  alice.Merge(std::move(commit.staged)).IgnoreError();
  Group bob = *Group::Join(kSuite3, commit.welcome.value_or(""), std::move(bob_package), policy,
                           psks, [&](std::string_view id) { return groups_of_bob.contains(id); });

  std::string sealed = *alice.Encrypt("She arrives at nine.", "", /*padding=*/0, alice_key, random);
  Received received = *bob.Handle(sealed, policy, psks);

  EXPECT_EQ(std::get<ReceivedApplication>(received).data, "She arrives at nine.");
  EXPECT_EQ(alice.epoch_authenticator(), bob.epoch_authenticator());
}

}  // namespace
}  // namespace amana::mls
