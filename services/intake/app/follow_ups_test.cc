#include "services/intake/app/follow_ups.h"

#include <gmock/gmock.h>

#include "services/intake/app/test_intake.h"

namespace amana::intake {
namespace {

using domain::FollowUpOutcome;
using domain::FollowUpReason;
using testing::ElementsAre;
using testing::IsEmpty;

struct FollowUpsTest : testing::Test, TestIntake {
  FollowUpId Scheduled(const CaseId& id, absl::Duration in) {
    const auto reply =
        follow_ups.Schedule(By(operator_a), id, domain::IdOf<ReferralId>('r'), domain::kNow + in);
    return *FollowUpId::FromBytes(
        Parse<v1::ScheduleFollowUpResponse>(reply).follow_up().follow_up_id());
  }
  std::vector<FollowUpId> Listed(const Caller& caller, absl::Duration until) {
    std::vector<FollowUpId> ids;
    std::string token;
    do {
      const auto page = follow_ups.List(By(caller), domain::kNow + until, 2, token);
      EXPECT_TRUE(page.ok());
      for (const domain::FollowUp& one : page->values) ids.push_back(one.id);
      token = page->next_page_token;
    } while (!token.empty());
    return ids;
  }
};

TEST_F(FollowUpsTest, TheDueOnesEarliestFirst) {
  const FollowUpId third = Scheduled(Opened(operator_a), absl::Hours(72));
  const FollowUpId first = Scheduled(Opened(operator_a), absl::Hours(1));
  const FollowUpId second = Scheduled(Opened(operator_b), absl::Hours(24));
  EXPECT_THAT(Listed(operator_b, absl::Hours(24)), ElementsAre(first, second));
  EXPECT_THAT(Listed(operator_b, absl::Hours(100)), ElementsAre(first, second, third));
  EXPECT_THAT(Listed(foreigner, absl::Hours(100)), IsEmpty());
}

TEST_F(FollowUpsTest, AnOutcomeIsRecordedOnceAndLeavesTheList) {
  const CaseId id = Opened(operator_a);
  const FollowUpId follow_up = Scheduled(id, absl::Hours(1));
  EXPECT_EQ(
      ReasonOfReply(follow_ups.Record(By(foreigner), follow_up, FollowUpOutcome::kHelped, {})),
      Reason::kFollowUpNotFound);
  EXPECT_EQ(
      ReasonOfReply(follow_ups.Record(By(operator_a), follow_up, FollowUpOutcome::kPartly, {})),
      Reason::kInvalidField);
  const CallContext context = By(operator_b);
  const auto reply =
      follow_ups.Record(context, follow_up, FollowUpOutcome::kNotHelped, FollowUpReason::kTooFar);
  EXPECT_EQ(Parse<v1::RecordFollowUpResponse>(reply).follow_up().reason(),
            v1::FOLLOW_UP_REASON_TOO_FAR);
  EXPECT_EQ(
      *follow_ups.Record(context, follow_up, FollowUpOutcome::kNotHelped, FollowUpReason::kTooFar),
      *reply);
  EXPECT_EQ(
      ReasonOfReply(follow_ups.Record(By(operator_b), follow_up, FollowUpOutcome::kHelped, {})),
      Reason::kFollowUpStateInvalid);
  EXPECT_THAT(Listed(operator_a, absl::Hours(100)), IsEmpty());
  EXPECT_THAT(History(id.view()),
              ElementsAre("test.action open", "test.action scheduled", "test.action not_helped"));
}

TEST_F(FollowUpsTest, NeedsAnOwnCaseThatIsNotClosed) {
  const CaseId id = Opened(operator_a);
  const absl::Time due = domain::kNow + absl::Hours(1);
  EXPECT_EQ(ReasonOfReply(follow_ups.Schedule(By(foreigner), id, {}, due)), Reason::kCaseNotFound);
  ASSERT_TRUE(cases
                  .ChangeState(By(operator_a), id, domain::CaseCommand::kRequestClosure,
                               domain::ClosureReason::kGoalsMet)
                  .ok());
  ASSERT_TRUE(cases.ChangeState(By(supervisor), id, domain::CaseCommand::kApproveClosure, {}).ok());
  EXPECT_EQ(ReasonOfReply(follow_ups.Schedule(By(operator_a), id, {}, due)),
            Reason::kCaseStateInvalid);
}

}  // namespace
}  // namespace amana::intake
