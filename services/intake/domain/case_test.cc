#include "services/intake/domain/case.h"

#include <gtest/gtest.h>

#include <map>
#include <utility>

#include "common/base/error.h"
#include "services/intake/domain/test_values.h"

namespace amana::intake::domain {
namespace {

using enum CaseState;

const Caller kOperatorA = Person('a', Role::kOperator);
const Caller kSupervisorS = Person('s', Role::kSupervisor);

Case CaseIn(CaseState state) {
  Case value = *Open(IdOf<CaseId>('c'), kOperatorA, IntakeChannel::kHotline, Card(), kNow);
  value.state = state;
  if (state == kClosureRequested) {
    value.closure_requested_by = kOperatorA.device;
    value.state_before_request = kOnHold;
  }
  if (state == kClosureRequested || state == kClosed) {
    value.closure_reason = ClosureReason::kGoalsMet;
  }
  return value;
}

ClosureReason ReasonFor(CaseCommand command) {
  return command == CaseCommand::kRequestClosure ? ClosureReason::kGoalsMet
                                                 : ClosureReason::kUnspecified;
}

// Every state with every command, written out once more by hand.
TEST(Case, EveryStateWithEveryCommand) {
  const std::map<std::pair<CaseState, CaseCommand>, CaseState> allowed = {
      {{kOpen, CaseCommand::kHold}, kOnHold},
      {{kOpen, CaseCommand::kRequestClosure}, kClosureRequested},
      {{kOnHold, CaseCommand::kResume}, kOpen},
      {{kOnHold, CaseCommand::kRequestClosure}, kClosureRequested},
      {{kClosureRequested, CaseCommand::kApproveClosure}, kClosed},
      {{kClosureRequested, CaseCommand::kRefuseClosure}, kOnHold},
      {{kClosed, CaseCommand::kReopen}, kReopened},
      {{kReopened, CaseCommand::kHold}, kOnHold},
      {{kReopened, CaseCommand::kRequestClosure}, kClosureRequested},
  };
  for (const CaseState state : {kOpen, kOnHold, kClosureRequested, kClosed, kReopened}) {
    for (const CaseCommand command :
         {CaseCommand::kHold, CaseCommand::kResume, CaseCommand::kRequestClosure,
          CaseCommand::kApproveClosure, CaseCommand::kRefuseClosure, CaseCommand::kReopen}) {
      const auto after = Move(CaseIn(state), command, ReasonFor(command), kSupervisorS, kNow);
      const auto expected = allowed.find({state, command});
      if (expected == allowed.end()) {
        EXPECT_EQ(ReasonOf(after.status()), Reason::kCaseStateInvalid)
            << NameOf(state) << " " << static_cast<int>(command);
      } else {
        ASSERT_TRUE(after.ok()) << NameOf(state) << " " << static_cast<int>(command);
        EXPECT_EQ(after->state, expected->second);
      }
    }
  }
}

TEST(Case, ARefusedClosureLeadsBackFromWhereverItWasAsked) {
  for (const CaseState state : {kOpen, kOnHold, kReopened}) {
    const auto asked = Move(CaseIn(state), CaseCommand::kRequestClosure, ClosureReason::kMovedAway,
                            kOperatorA, kNow);
    ASSERT_TRUE(asked.ok());
    EXPECT_EQ(asked->closure_reason, ClosureReason::kMovedAway);
    const auto back = Move(*asked, CaseCommand::kRefuseClosure, {}, kSupervisorS, kNow);
    ASSERT_TRUE(back.ok());
    EXPECT_EQ(*back, CaseIn(state));
  }
}

TEST(Case, WhoDecidesAClosure) {
  const Case asked = CaseIn(kClosureRequested);
  const auto by = [&](CaseCommand command, const Caller& caller) {
    return ReasonOf(Move(asked, command, {}, caller, kNow).status());
  };
  for (const Role role : {Role::kSupervisor, Role::kCentreManager}) {
    EXPECT_EQ(by(CaseCommand::kApproveClosure, Person('x', role)), Reason::kUnspecified);
    EXPECT_EQ(by(CaseCommand::kRefuseClosure, Person('x', role)), Reason::kUnspecified);
    // The one who asked, whatever the role, approves nothing, but may take it back.
    EXPECT_EQ(by(CaseCommand::kApproveClosure, Person('a', role)),
              Reason::kClosureNeedsAnotherPerson);
    EXPECT_EQ(by(CaseCommand::kRefuseClosure, Person('a', role)), Reason::kUnspecified);
  }
  for (const Role role : {Role::kOperator, Role::kCaseWorker}) {
    EXPECT_EQ(by(CaseCommand::kApproveClosure, Person('x', role)), Reason::kRoleNotAllowed);
    EXPECT_EQ(by(CaseCommand::kRefuseClosure, Person('x', role)), Reason::kRoleNotAllowed);
    EXPECT_EQ(by(CaseCommand::kRefuseClosure, Person('a', role)), Reason::kUnspecified);
  }
}

TEST(Case, AReasonGoesWithTheRequestAlone) {
  EXPECT_EQ(
      ReasonOf(Move(CaseIn(kOpen), CaseCommand::kRequestClosure, {}, kOperatorA, kNow).status()),
      Reason::kInvalidField);
  EXPECT_EQ(ReasonOf(Move(CaseIn(kOpen), CaseCommand::kRequestClosure, Numbered<ClosureReason>(8),
                          kOperatorA, kNow)
                         .status()),
            Reason::kInvalidField);
  EXPECT_EQ(
      ReasonOf(Move(CaseIn(kOpen), CaseCommand::kHold, ClosureReason::kGoalsMet, kOperatorA, kNow)
                   .status()),
      Reason::kInvalidField);
  EXPECT_EQ(ReasonOf(Move(CaseIn(kOpen), Numbered<CaseCommand>(7), {}, kOperatorA, kNow).status()),
            Reason::kInvalidField);
}

TEST(Case, ClosedKeepsItsReasonAndReopenedForgetsIt) {
  const auto closed =
      Move(CaseIn(kClosureRequested), CaseCommand::kApproveClosure, {}, kSupervisorS, kNow);
  ASSERT_TRUE(closed.ok());
  EXPECT_EQ(closed->closure_reason, ClosureReason::kGoalsMet);
  const auto reopened = Move(*closed, CaseCommand::kReopen, {}, kOperatorA, kNow);
  ASSERT_TRUE(reopened.ok());
  EXPECT_EQ(reopened->closure_reason, ClosureReason::kUnspecified);
}

TEST(Case, AClosedCaseTakesNoWork) {
  EXPECT_EQ(ReasonOf(Update(CaseIn(kClosed), Card(), kNow).status()), Reason::kCaseStateInvalid);
  EXPECT_EQ(ReasonOf(Assign(CaseIn(kClosed), IdOf<DeviceId>('b'), kNow).status()),
            Reason::kCaseStateInvalid);
  for (const CaseState state : {kOpen, kOnHold, kClosureRequested, kReopened}) {
    EXPECT_TRUE(Update(CaseIn(state), Card(), kNow).ok());
    EXPECT_TRUE(Assign(CaseIn(state), IdOf<DeviceId>('b'), kNow).ok());
  }
}

TEST(Case, OpensForItsOpener) {
  const auto opened = Open(IdOf<CaseId>('c'), kOperatorA, IntakeChannel::kAuthority, Card(), kNow);
  ASSERT_TRUE(opened.ok());
  EXPECT_EQ(opened->assigned_device, kOperatorA.device);
  EXPECT_EQ(opened->organisation, kOperatorA.organisation);
  EXPECT_EQ(
      ReasonOf(
          Open(IdOf<CaseId>('c'), kOperatorA, Numbered<IntakeChannel>(5), Card(), kNow).status()),
      Reason::kInvalidField);
}

}  // namespace
}  // namespace amana::intake::domain
