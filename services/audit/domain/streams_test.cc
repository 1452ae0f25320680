#include "services/audit/domain/streams.h"

#include <gtest/gtest.h>

namespace amana::audit::domain {
namespace {

TEST(Judge, TakesEntriesInOrderOnce) {
  Stream stream;
  EXPECT_EQ(Judge(stream, stream.last.sequence, {1, "a"}), Verdict::kAppend);
  EXPECT_EQ(Judge(stream, stream.last.sequence, {2, "b"}), Verdict::kAppend);
  EXPECT_EQ(Judge(stream, stream.last.sequence, {2, "b"}), Verdict::kKnown);
  EXPECT_EQ(Judge(stream, stream.last.sequence, {1, "a"}), Verdict::kKnown);
  EXPECT_EQ(stream.last.sequence, 2U);
}

TEST(Judge, AGapStopsTheStream) {
  Stream stream;
  EXPECT_EQ(Judge(stream, stream.last.sequence, {2, "b"}), Verdict::kGap);
  EXPECT_EQ(Judge(stream, stream.last.sequence, {1, "a"}), Verdict::kStopped);
  EXPECT_EQ(stream.last.sequence, 0U);
}

TEST(Judge, AnotherLeafUnderTheLastNumberIsAFork) {
  Stream stream;
  EXPECT_EQ(Judge(stream, stream.last.sequence, {1, "a"}), Verdict::kAppend);
  EXPECT_EQ(Judge(stream, stream.last.sequence, {1, "x"}), Verdict::kFork);
  EXPECT_EQ(Judge(stream, stream.last.sequence, {2, "b"}), Verdict::kStopped);
}

TEST(Judge, WhatDoesNotFollowTheLastEntryIsAFork) {
  for (const uint64_t next : {3U, 4U}) {
    Stream stream{.last = {2, "b"}};
    EXPECT_EQ(Judge(stream, 0, {next, "c"}), Verdict::kFork);
    EXPECT_EQ(stream.last.sequence, 2U);
    EXPECT_EQ(JudgeNothing(stream), Verdict::kStopped);
  }
}

TEST(Judge, AStoreWithoutTheLastEntryIsAFork) {
  Stream empty;
  EXPECT_EQ(JudgeNothing(empty), Verdict::kKnown);
  Stream stream{.last = {2, "b"}};
  EXPECT_EQ(JudgeNothing(stream), Verdict::kFork);
  EXPECT_EQ(stream.fault, Fault::kFork);
}

TEST(Judge, WhatIsNoEventStopsTheStream) {
  Stream stream{.last = {2, "b"}};
  EXPECT_EQ(JudgeMalformed(stream), Verdict::kMalformed);
  EXPECT_EQ(JudgeMalformed(stream), Verdict::kStopped);
  EXPECT_EQ(Judge(stream, 2, {3, "c"}), Verdict::kStopped);
}

}  // namespace
}  // namespace amana::audit::domain
