#include "services/referral/app/page.h"

#include <gtest/gtest.h>

#include "services/referral/app/test_world.h"

namespace amana::referral {
namespace {

TEST(PageTest, TokensThatAreNotOurs) {
  World world;
  for (const char* token : {"x", "zzzzzzzzzzzzzzzzaaaaaaaaaaaaaaaaaaaaaaaaaa",
                            "7ff0000000000000aaaaaaaaaaaaaaaaaaaaaaaaaa"}) {
    EXPECT_EQ(
        ReasonOf(ReadPage(world.store, "inbox.x", 1e300, 10, token, Deadline::Never()).status()),
        Reason::kPageTokenInvalid)
        << token;
  }
  EXPECT_TRUE(ReadPage(world.store, "inbox.x", 1e300, 10, "", Deadline::Never())->entries.empty());
}

}  // namespace
}  // namespace amana::referral
