#include "services/messaging/domain/mailbox.h"

#include <gtest/gtest.h>

namespace amana::messaging::domain {
namespace {

TEST(Mailbox, NumbersAreDenseAndNeverGivenAgain) {
  Mailbox mailbox;
  EXPECT_EQ(Add(mailbox), 1u);
  EXPECT_EQ(Add(mailbox), 2u);
  Remove(mailbox);
  Remove(mailbox);
  Remove(mailbox);
  EXPECT_EQ(mailbox.waiting, 0u);
  EXPECT_EQ(Add(mailbox), 3u);
}

TEST(Mailbox, TakesAThousandAndGoesOnOnceThereIsRoom) {
  Mailbox mailbox;
  for (uint32_t i = 1; i <= kMaxWaiting; ++i) EXPECT_EQ(Add(mailbox), i);
  EXPECT_FALSE(Add(mailbox).has_value());
  EXPECT_EQ(mailbox.last_sequence, kMaxWaiting);
  Remove(mailbox);
  EXPECT_EQ(Add(mailbox), kMaxWaiting + 1);
}

}  // namespace
}  // namespace amana::messaging::domain
