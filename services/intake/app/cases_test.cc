#include "services/intake/app/cases.h"

#include <gmock/gmock.h>

#include "services/intake/app/test_intake.h"

namespace amana::intake {
namespace {

using domain::CaseCommand;
using domain::ClosureReason;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;

struct CasesTest : testing::Test, TestIntake {
  absl::StatusOr<std::string> Move(const Caller& caller, const CaseId& id, CaseCommand command,
                                   ClosureReason reason = {}) {
    return cases.ChangeState(By(caller), id, command, reason);
  }
  void Close(const CaseId& id) {
    ASSERT_TRUE(Move(operator_a, id, CaseCommand::kRequestClosure, ClosureReason::kGoalsMet).ok());
    ASSERT_TRUE(Move(supervisor, id, CaseCommand::kApproveClosure).ok());
  }
  std::vector<std::string> Listed(const Caller& caller) {
    const auto page = cases.List(By(caller), 500, "");
    EXPECT_TRUE(page.ok());
    std::vector<std::string> ids;
    for (const domain::Case& one : page->values) ids.push_back(one.id.ToString());
    return ids;
  }
};

TEST_F(CasesTest, OpensWithOneCommitAndNoRead) {
  const CallContext context = By(operator_a);
  const OpenCase command{
      .channel = domain::IntakeChannel::kSelf, .card = domain::Card(), .call_id = {}};
  const auto reply = cases.Open(context, command);
  EXPECT_EQ(store.reads(), 0);
  const v1::Case opened = Parse<v1::OpenCaseResponse>(reply).case_();
  EXPECT_EQ(opened.state(), v1::CASE_STATE_OPEN);
  EXPECT_EQ(opened.card().needs_size(), 2);
  EXPECT_EQ(opened.assigned_device_id(), operator_a.device.bytes());
  EXPECT_EQ(opened.case_id().substr(0, 2), context.request_id.bytes().substr(0, 2));
  EXPECT_THAT(History(opened.case_id()), ElementsAre("test.action open"));
}

TEST_F(CasesTest, ARepeatedRequestGetsTheSameBytesAndOpensOnce) {
  const CallContext context = By(operator_a);
  const OpenCase command{
      .channel = domain::IntakeChannel::kHotline, .card = domain::Card(), .call_id = {}};
  store.FailNext(FaultyStore::Fault::kAfter);
  EXPECT_EQ(ReasonOfReply(cases.Open(context, command)), Reason::kStoreUnavailable);
  const auto first = cases.Open(context, command);
  clock.Advance(absl::Minutes(1));
  const auto second = cases.Open(context, command);
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_EQ(*first, *second);
  EXPECT_EQ(Listed(operator_a).size(), 1u);

  CallContext other = context;
  other.request_digest = crypto::Sha256("other content");
  EXPECT_EQ(ReasonOfReply(cases.Open(other, command)), Reason::kRequestIdReused);
}

TEST_F(CasesTest, ACaseFromACallCompletesTheCall) {
  Enqueued(operator_a);
  const CallId call = Claimed(operator_a);
  const CallContext context = By(operator_a);
  const OpenCase command{
      .channel = domain::IntakeChannel::kHotline, .card = domain::Card(), .call_id = call};
  const auto reply = cases.Open(context, command);
  const std::string id = Parse<v1::OpenCaseResponse>(reply).case_().case_id();
  EXPECT_THAT(History(id), ElementsAre("test.action open"));
  EXPECT_EQ(History(operator_a.organisation.view()).back(), "call.completed completed");
  EXPECT_EQ(ReasonOfReply(calls.Complete(By(operator_a), call)), Reason::kCallStateInvalid);
  // The call is over for everyone, but a repetition still gets its case.
  EXPECT_EQ(*cases.Open(context, command), *reply);
  EXPECT_EQ(ReasonOfReply(cases.Open(By(operator_a), command)), Reason::kCallStateInvalid);
  clock.Advance(absl::Hours(1));
  EXPECT_EQ(RunDueTimers(), 0u);
}

TEST_F(CasesTest, OnlyTheHolderOpensACaseFromACall) {
  Enqueued(operator_a);
  const CallId call = Claimed(operator_a);
  const auto open = [&](const Caller& caller) {
    return ReasonOfReply(cases.Open(
        By(caller),
        {.channel = domain::IntakeChannel::kHotline, .card = domain::Card(), .call_id = call}));
  };
  EXPECT_EQ(open(operator_b), Reason::kCallLeaseLost);
  EXPECT_EQ(open(foreigner), Reason::kCallNotFound);
  clock.Advance(domain::kCallLease);
  EXPECT_EQ(open(operator_a), Reason::kCallLeaseLost);
  EXPECT_THAT(Listed(operator_a), IsEmpty());
}

TEST_F(CasesTest, WhatIsForeignIsNotThere) {
  const CaseId id = Opened(operator_a);
  colleagues.known.insert({foreigner.organisation, foreigner.device});
  EXPECT_EQ(ReasonOf(cases.Get(By(foreigner), id).status()), Reason::kCaseNotFound);
  EXPECT_EQ(ReasonOfReply(cases.Update(By(foreigner), id, domain::Card())), Reason::kCaseNotFound);
  EXPECT_EQ(ReasonOfReply(Move(foreigner, id, CaseCommand::kHold)), Reason::kCaseNotFound);
  EXPECT_EQ(ReasonOfReply(cases.Assign(By(foreigner), id, foreigner.device)),
            Reason::kCaseNotFound);
  EXPECT_THAT(Listed(foreigner), IsEmpty());
  EXPECT_EQ(ReasonOf(cases.Get(By(operator_a), domain::IdOf<CaseId>('q')).status()),
            Reason::kCaseNotFound);
  EXPECT_TRUE(cases.Get(By(operator_b), id).ok());
  EXPECT_TRUE(cases.GetForService(By({}), id).ok());
}

TEST_F(CasesTest, HistoriesAreForTheirOrganisation) {
  const CaseId id = Opened(operator_a);
  EXPECT_TRUE(*cases.MayReadHistory(By(operator_b), id.view()));
  EXPECT_TRUE(*cases.MayReadHistory(By(operator_b), operator_b.organisation.view()));
  EXPECT_FALSE(*cases.MayReadHistory(By(foreigner), id.view()));
  EXPECT_FALSE(*cases.MayReadHistory(By(foreigner), operator_b.organisation.view()));
}

TEST_F(CasesTest, UpdatesItsCard) {
  const CaseId id = Opened(operator_a);
  domain::RoutingCard card = domain::Card();
  card.priority = domain::Priority::kP0;
  clock.Advance(absl::Seconds(3));
  const auto reply = cases.Update(By(operator_b), id, card);
  EXPECT_EQ(Parse<v1::UpdateCaseResponse>(reply).case_().card().priority(),
            amana::common::v1::PRIORITY_P0);
  EXPECT_EQ(cases.Get(By(operator_a), id)->card, card);
  card.needs.clear();
  EXPECT_EQ(ReasonOfReply(cases.Update(By(operator_b), id, card)), Reason::kInvalidField);
}

TEST_F(CasesTest, ClosingNeedsTwoPeopleAndLeavesTheList) {
  const CaseId id = Opened(operator_a);
  ASSERT_TRUE(Move(supervisor, id, CaseCommand::kRequestClosure, ClosureReason::kMovedAway).ok());
  EXPECT_EQ(ReasonOfReply(Move(supervisor, id, CaseCommand::kApproveClosure)),
            Reason::kClosureNeedsAnotherPerson);
  EXPECT_EQ(ReasonOfReply(Move(operator_a, id, CaseCommand::kApproveClosure)),
            Reason::kRoleNotAllowed);
  EXPECT_THAT(Listed(operator_a), ElementsAre(id.ToString()));
  ASSERT_TRUE(
      Move(domain::Person('m', Role::kCentreManager), id, CaseCommand::kApproveClosure).ok());
  EXPECT_THAT(Listed(operator_a), IsEmpty());
  EXPECT_EQ(ReasonOfReply(cases.Update(By(operator_a), id, domain::Card())),
            Reason::kCaseStateInvalid);
  ASSERT_TRUE(Move(operator_a, id, CaseCommand::kReopen).ok());
  EXPECT_THAT(Listed(operator_a), ElementsAre(id.ToString()));
}

TEST_F(CasesTest, GoesToAColleagueOfTheOrganisation) {
  const CaseId id = Opened(operator_a);
  EXPECT_EQ(ReasonOfReply(cases.Assign(By(supervisor), id, operator_b.device)),
            Reason::kAssigneeInvalid);
  colleagues.known.insert({operator_b.organisation, operator_b.device});
  const CallContext context = By(supervisor);
  const auto reply = cases.Assign(context, id, operator_b.device);
  EXPECT_EQ(Parse<v1::AssignCaseResponse>(reply).case_().assigned_device_id(),
            operator_b.device.bytes());
  // Nobody can say who works there now; what was done then stays done.
  colleagues.reachable = false;
  EXPECT_EQ(ReasonOfReply(cases.Assign(By(supervisor), id, operator_b.device)),
            Reason::kServiceUnavailable);
  EXPECT_EQ(*cases.Assign(context, id, operator_b.device), *reply);
}

TEST_F(CasesTest, ListsNewestFirstPageByPage) {
  std::vector<std::string> expected;
  for (int i = 0; i < 25; ++i) {
    // Some at the very same instant.
    if (i % 5 == 0) clock.Advance(absl::Milliseconds(1));
    expected.push_back(Opened(operator_a).ToString());
  }
  Opened(foreigner);
  std::vector<std::string> seen;
  std::vector<absl::Time> times;
  std::string token;
  do {
    const auto page = cases.List(By(operator_b), 2, token);
    ASSERT_TRUE(page.ok());
    ASSERT_LE(page->values.size(), 2u);
    for (const domain::Case& one : page->values) {
      seen.push_back(one.id.ToString());
      times.push_back(one.open_time);
    }
    token = page->next_page_token;
  } while (!token.empty());
  EXPECT_THAT(seen, testing::UnorderedElementsAreArray(expected));
  EXPECT_TRUE(std::is_sorted(times.rbegin(), times.rend()));
}

TEST_F(CasesTest, PageTokensAreOurOwn) {
  EXPECT_EQ(ReasonOf(cases.List(By(operator_a), 2, "x").status()), Reason::kPageTokenInvalid);
}

TEST_F(CasesTest, TellsItsStoryInTheLog) {
  const CaseId id = Opened(operator_a);
  ASSERT_TRUE(Move(operator_a, id, CaseCommand::kHold).ok());
  ASSERT_TRUE(Move(operator_a, id, CaseCommand::kResume).ok());
  Close(id);
  EXPECT_THAT(History(id.view()), ElementsAre("test.action open", "test.action on_hold",
                                              "test.action open", "test.action closure_requested",
                                              "test.action closed", "case.closure_told closed"));
}

TEST_F(CasesTest, AClosureTakesItsReferralsBackOnce) {
  const CaseId id = Opened(operator_a);
  ASSERT_TRUE(Move(operator_a, id, CaseCommand::kRequestClosure, ClosureReason::kGoalsMet).ok());
  EXPECT_EQ(revocations.asked, 0);
  const CallContext context = By(supervisor);
  const auto approve = [&] {
    return cases.ChangeState(context, id, CaseCommand::kApproveClosure, {});
  };
  const auto reply = approve();
  EXPECT_EQ(Parse<v1::ChangeCaseStateResponse>(reply).case_().state(), v1::CASE_STATE_CLOSED);
  EXPECT_THAT(revocations.closures, ElementsAre(Pair(testing::_, id)));
  // Nothing is left to do, then or later. Where she is already, her papers are still to be read.
  EXPECT_EQ(*approve(), *reply);
  clock.Advance(absl::Hours(24 * 365));
  EXPECT_EQ(RunDueTimers(), 0u);
  EXPECT_EQ(revocations.asked, 1);
  // A second closure is another one.
  ASSERT_TRUE(Move(operator_a, id, CaseCommand::kReopen).ok());
  EXPECT_EQ(*approve(), *reply);
  EXPECT_EQ(revocations.asked, 1);
  Close(id);
  EXPECT_THAT(revocations.closures, SizeIs(2));
}

TEST_F(CasesTest, TheTimerTellsOfAClosureUntilReferralHasHeard) {
  revocations.referral_up = false;
  const CaseId id = Opened(operator_a);
  Close(id);
  EXPECT_EQ(cases.Get(By(operator_a), id)->state, domain::CaseState::kClosed);
  EXPECT_EQ(RunDueTimers(), 0u);
  clock.Advance(kRevocationTimerDelay);
  EXPECT_EQ(RunDueTimers(), 1u);
  revocations.referral_up = true;
  revocations.messaging_up = false;
  EXPECT_EQ(RunDueTimers(), 1u);
  EXPECT_EQ(RunDueTimers(), 0u);
  EXPECT_THAT(revocations.closures, ElementsAre(Pair(testing::_, id)));
}

TEST_F(CasesTest, ACrashAfterTheClosureOnlyDelaysIt) {
  const CaseId id = Opened(operator_a);
  ASSERT_TRUE(Move(operator_a, id, CaseCommand::kRequestClosure, ClosureReason::kGoalsMet).ok());
  RunThroughTwoCrashes([&] { return Move(supervisor, id, CaseCommand::kApproveClosure); });
  EXPECT_EQ(revocations.asked, 2);
  EXPECT_THAT(revocations.closures, SizeIs(1));
}

TEST_F(CasesTest, AReopenedCaseKeepsItsReferrals) {
  revocations.referral_up = false;
  const CaseId id = Opened(operator_a);
  Close(id);
  ASSERT_TRUE(Move(operator_a, id, CaseCommand::kReopen).ok());
  revocations.referral_up = true;
  clock.Advance(kRevocationTimerDelay);
  EXPECT_EQ(RunDueTimers(), 0u);
  EXPECT_THAT(revocations.closures, IsEmpty());
}

// What a first closure still has to write down is not written over what came since.
TEST_F(CasesTest, AClosureIsToldAlsoIfTheOneBeforeWasToldInThatMoment) {
  const CaseId id = Opened(operator_a);
  revocations.after_closure = [&] {
    revocations.referral_up = false;
    ASSERT_TRUE(Move(operator_a, id, CaseCommand::kReopen).ok());
    Close(id);
  };
  Close(id);
  EXPECT_THAT(revocations.closures, SizeIs(1));
  revocations.referral_up = true;
  clock.Advance(kRevocationTimerDelay);
  EXPECT_EQ(RunDueTimers(), 1u);
  EXPECT_EQ(RunDueTimers(), 0u);
  EXPECT_THAT(revocations.closures, SizeIs(2));
}

}  // namespace
}  // namespace amana::intake
