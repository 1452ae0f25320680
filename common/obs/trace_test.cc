#include "common/obs/trace.h"

#include <gtest/gtest.h>

#include <cstring>

namespace amana::obs {
namespace {

constexpr char kExample[] = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";  // the W3C's

class FixedRandom final : public Random {
 public:
  void Fill(char* out, size_t n) override { std::memset(out, ++calls_ == 1 ? 0 : 7, n); }

 private:
  int calls_ = 0;
};

TEST(TraceTest, ParsesAndWritesTheExampleOfTheSpecification) {
  const auto trace = TraceParent::Parse(kExample);
  ASSERT_TRUE(trace);
  EXPECT_EQ(trace->ToString(), kExample);
  EXPECT_EQ(trace->trace_id_hex(), "4bf92f3577b34da6a3ce929d0e0e4736");
}

TEST(TraceTest, RefusesEverythingElse) {
  for (const char* bad : {
           "",
           "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0",
           "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-",
           "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
           "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
           "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
           "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
           "00_4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7_01",
           "00-4bf92f3577b34da6a3ce929d0e0e473g-00f067aa0ba902b7-01",
       }) {
    EXPECT_FALSE(TraceParent::Parse(bad)) << bad;
  }
}

TEST(TraceTest, AFreshOneIsValidAndAChildKeepsTheTrace) {
  FixedRandom random;
  const TraceParent fresh = TraceParent::Fresh(random);
  EXPECT_EQ(TraceParent::Parse(fresh.ToString()), fresh);
  const TraceParent parent = *TraceParent::Parse(kExample);
  const TraceParent child = parent.Child(random);
  EXPECT_EQ(child.trace_id_hex(), parent.trace_id_hex());
  EXPECT_NE(child, parent);
}

}  // namespace
}  // namespace amana::obs
