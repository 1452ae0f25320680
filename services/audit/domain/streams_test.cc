#include "services/audit/domain/streams.h"

#include <gtest/gtest.h>

namespace amana::audit::domain {
namespace {

TEST(Judge, TakesEntriesInOrderOnce) {
  Stream stream;
  EXPECT_EQ(Judge(stream, {1, "a"}), Verdict::kAppend);
  EXPECT_EQ(Judge(stream, {2, "b"}), Verdict::kAppend);
  EXPECT_EQ(Judge(stream, {2, "b"}), Verdict::kKnown);
  EXPECT_EQ(Judge(stream, {1, "a"}), Verdict::kKnown);
  EXPECT_EQ(stream.last.sequence, 2U);
}

TEST(Judge, AGapStopsTheStream) {
  Stream stream;
  EXPECT_EQ(Judge(stream, {2, "b"}), Verdict::kGap);
  EXPECT_EQ(Judge(stream, {1, "a"}), Verdict::kStopped);
  EXPECT_EQ(stream.last.sequence, 0U);
}

TEST(Judge, AnotherLeafUnderTheLastNumberIsAFork) {
  Stream stream;
  EXPECT_EQ(Judge(stream, {1, "a"}), Verdict::kAppend);
  EXPECT_EQ(Judge(stream, {1, "x"}), Verdict::kFork);
  EXPECT_EQ(Judge(stream, {2, "b"}), Verdict::kStopped);
}

}  // namespace
}  // namespace amana::audit::domain
