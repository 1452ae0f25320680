#include "services/intake/domain/follow_up.h"

#include <gtest/gtest.h>

#include "common/base/error.h"
#include "services/intake/domain/test_values.h"

namespace amana::intake::domain {
namespace {

absl::StatusOr<FollowUp> Due(absl::Time due) {
  return Schedule(IdOf<FollowUpId>('f'), IdOf<CaseId>('c'), IdOf<OrganisationId>('o'), {}, due,
                  kNow);
}

TEST(FollowUp, IsDueWithinAYear) {
  EXPECT_TRUE(Due(kNow).ok());
  EXPECT_TRUE(Due(kNow - absl::Hours(24)).ok());
  EXPECT_TRUE(Due(kNow + absl::Hours(24 * 366)).ok());
  EXPECT_EQ(ReasonOf(Due(kNow - absl::Hours(25)).status()), Reason::kInvalidField);
  EXPECT_EQ(ReasonOf(Due(kNow + absl::Hours(24 * 367)).status()), Reason::kInvalidField);
}

// Every outcome with every reason.
TEST(FollowUp, AReasonUnlessItHelped) {
  for (int outcome = 0; outcome <= 4; ++outcome) {
    for (int reason = 0; reason <= 7; ++reason) {
      const auto done = RecordOutcome(*Due(kNow), Numbered<FollowUpOutcome>(outcome),
                                      Numbered<FollowUpReason>(reason));
      const bool helped = outcome == 1 && reason == 0;
      const bool not_quite = (outcome == 2 || outcome == 3) && reason >= 1 && reason <= 6;
      EXPECT_EQ(done.ok(), helped || not_quite) << outcome << " " << reason;
      if (done.ok()) {
        EXPECT_EQ(done->state, FollowUpState::kDone);
      } else {
        EXPECT_EQ(ReasonOf(done.status()), Reason::kInvalidField);
      }
    }
  }
}

TEST(FollowUp, IsRecordedOnce) {
  const auto done = RecordOutcome(*Due(kNow), FollowUpOutcome::kHelped, {});
  ASSERT_TRUE(done.ok());
  EXPECT_EQ(ReasonOf(RecordOutcome(*done, FollowUpOutcome::kHelped, {}).status()),
            Reason::kFollowUpStateInvalid);
}

}  // namespace
}  // namespace amana::intake::domain
