// What our library writes is read by another implementation: its client joins and follows the
// groups of test_made_vectors.h and has the same secrets in each epoch.

#include <gtest/gtest.h>

#include <iostream>

#include "common/base/check.h"
#include "common/mls/test_made_vectors.h"
#include "tests/interop/mls/peer_process.h"

namespace amana::mls {
namespace {

std::vector<Json> AuthenticatorsOf(const Json& made) {
  std::vector<Json> all = {made.at("initial_epoch_authenticator")};
  for (const Json& epoch : made.at("epochs")) all.push_back(epoch.at("epoch_authenticator"));
  return all;
}

class MadeVectors : public testing::Test {
 protected:
  absl::StatusOr<Json> Verify(const Json& made) {
    return peer_->Ask("verify", "passive", {{"vector", made}});
  }

  std::unique_ptr<PeerProcess> peer_ = [] {
    auto peer = PeerProcess::Start();
    AMANA_CHECK(peer.ok(), "the peer does not start");
    return *std::move(peer);
  }();
  // Those that passive_test.cc reads.
  const std::vector<Json> made_ = MakePassiveVectors(/*seed=*/1);
};

TEST_F(MadeVectors, AreReadByTheOther) {
  ASSERT_FALSE(made_.empty());
  size_t epochs = 0;
  for (size_t i = 0; i < made_.size(); ++i) {
    SCOPED_TRACE(i);
    const auto answer = Verify(made_[i]);
    ASSERT_TRUE(answer.ok()) << answer.status();
    const std::vector<Json> expected = AuthenticatorsOf(made_[i]);
    EXPECT_EQ(answer->at("epoch_authenticators"), Json(expected));
    epochs += expected.size();
  }
  std::cout << made_.size() << " cases of " << epochs << " epochs agree\n";
}

// It reads the pre-shared keys, the proposals and the commits, and does not repeat what it was
// told.
TEST_F(MadeVectors, AreRefusedWhereSomethingIsMissing) {
  Json without_psks = made_.back();
  ASSERT_FALSE(without_psks["external_psks"].empty());
  without_psks["external_psks"].clear();
  EXPECT_EQ(Verify(without_psks).status().code(), absl::StatusCode::kFailedPrecondition);
  Json without_proposals = made_.back();
  for (Json& epoch : without_proposals["epochs"]) epoch["proposals"].clear();
  EXPECT_EQ(Verify(without_proposals).status().code(), absl::StatusCode::kFailedPrecondition);
  Json without_a_commit = made_.back();
  without_a_commit["epochs"].erase(0);
  EXPECT_EQ(Verify(without_a_commit).status().code(), absl::StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace amana::mls
