// Peers that do not behave: whoever asks gets an error, in time.

#include "tests/interop/mls/peer_process.h"

#include <gtest/gtest.h>

namespace amana::mls {
namespace {

constexpr absl::Duration kLong = absl::Minutes(1);

absl::StatusCode CodeOf(std::vector<std::string> command, absl::Duration patience) {
  auto peer = PeerProcess::Start(std::move(command), patience);
  if (!peer.ok()) return peer.status().code();
  const absl::StatusCode code = (*peer)->Ask("query", "anna", Json::object()).status().code();
  // What it says later is not taken for an answer to something else.
  EXPECT_EQ((*peer)->Ask("query", "anna", Json::object()).status().code(),
            absl::StatusCode::kUnavailable);
  return code;
}

TEST(PeerProcess, OneThatHangsIsEnded) {
  EXPECT_EQ(CodeOf({"sleep", "1000"}, absl::Milliseconds(50)), absl::StatusCode::kUnavailable);
}

TEST(PeerProcess, OneThatDiesIsNotWaitedFor) {
  EXPECT_EQ(CodeOf({"true"}, kLong), absl::StatusCode::kUnavailable);
  EXPECT_EQ(CodeOf({"/no/such/program"}, kLong), absl::StatusCode::kUnavailable);
}

TEST(PeerProcess, OneThatAnswersSomethingElseIsEnded) {
  EXPECT_EQ(CodeOf({"yes"}, kLong), absl::StatusCode::kUnavailable);
  EXPECT_EQ(CodeOf({"yes", R"({"id":7})"}, kLong), absl::StatusCode::kUnavailable);
}

TEST(PeerProcess, ItsRefusalIsAnotherThing) {
  auto peer = PeerProcess::Start({"yes", R"({"id":1,"error":"no"})"}, kLong);
  ASSERT_TRUE(peer.ok()) << peer.status();
  EXPECT_EQ((*peer)->Ask("query", "anna", Json::object()).status().code(),
            absl::StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace amana::mls
