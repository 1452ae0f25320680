#include "services/intake/app/consents.h"

#include <gmock/gmock.h>

#include "services/intake/app/test_intake.h"

namespace amana::intake {
namespace {

using domain::ConsentPurpose;
using domain::ConsentState;
using domain::Terms;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

struct ConsentsTest : testing::Test, TestIntake {
  CaseId id = Opened(operator_a);

  std::vector<ConsentState> States() {
    const auto list = consents.List(By(operator_a), id);
    EXPECT_TRUE(list.ok());
    std::vector<ConsentState> states;
    for (const domain::Consent& one : list->consents) {
      states.push_back(domain::StateAt(one, list->now));
    }
    return states;
  }
  // For a day.
  domain::ConsentTerms TermsFromNow() {
    domain::ConsentTerms terms = Terms();
    terms.expire_time = clock.Now() + absl::Hours(24);
    return terms;
  }
  absl::StatusOr<std::string> Withdraw(const ConsentId& consent) {
    return consents.Withdraw(By(operator_a), consent);
  }
};

TEST_F(ConsentsTest, OnlyAnActiveOneAllows) {
  EXPECT_FALSE(Active(id));
  const ConsentId consent = Consented(id, Terms(), ConsentState::kProposed);
  EXPECT_FALSE(Active(id));
  ASSERT_TRUE(consents.Answer(By(operator_b), consent, true).ok());
  EXPECT_TRUE(Active(id));
  EXPECT_FALSE(Active(id, ConsentPurpose::kRefer, 'q'));
  EXPECT_FALSE(Active(id, ConsentPurpose::kShareDocuments));
  const auto answer =
      consents.Check(By({}), id, ConsentPurpose::kRefer, domain::IdOf<OrganisationId>('r'));
  EXPECT_EQ(answer->active, consent);
  EXPECT_EQ(answer->organisation, operator_a.organisation);
}

TEST_F(ConsentsTest, ARefusalAllowsNothing) {
  Consented(id, Terms(), ConsentState::kRefused);
  const ConsentId asked =
      Consented(id, Terms(ConsentPurpose::kShareDocuments), ConsentState::kProposed);
  ASSERT_TRUE(consents.Answer(By(operator_a), asked, false).ok());
  EXPECT_FALSE(Active(id));
  EXPECT_FALSE(Active(id, ConsentPurpose::kShareDocuments));
  EXPECT_THAT(States(), ElementsAre(ConsentState::kRefused, ConsentState::kRefused));
  EXPECT_EQ(ReasonOfReply(consents.Answer(By(operator_a), asked, true)),
            Reason::kConsentStateInvalid);
}

TEST_F(ConsentsTest, WhatIsForeignIsNotThere) {
  const ConsentId consent = Consented(id);
  EXPECT_EQ(ReasonOfReply(Recorded(foreigner, id, Terms())), Reason::kCaseNotFound);
  EXPECT_EQ(ReasonOfReply(consents.Answer(By(foreigner), consent, true)), Reason::kConsentNotFound);
  EXPECT_EQ(ReasonOfReply(consents.Withdraw(By(foreigner), consent)), Reason::kConsentNotFound);
  EXPECT_EQ(ReasonOf(consents.List(By(foreigner), id).status()), Reason::kCaseNotFound);
  EXPECT_EQ(ReasonOf(consents
                         .Check(By({}), domain::IdOf<CaseId>('q'), ConsentPurpose::kRefer,
                                domain::IdOf<OrganisationId>('r'))
                         .status()),
            Reason::kCaseNotFound);
  EXPECT_TRUE(Active(id));
}

TEST_F(ConsentsTest, IsOverAtItsTimeAlsoIfTheTimerIsLate) {
  Consented(id);
  clock.Set(Terms().expire_time - absl::Microseconds(1));
  EXPECT_TRUE(Active(id));
  EXPECT_EQ(RunDueTimers(), 0u);
  clock.Advance(absl::Microseconds(1));
  EXPECT_FALSE(Active(id));
  EXPECT_THAT(States(), ElementsAre(ConsentState::kExpired));
  EXPECT_EQ(RunDueTimers(), 1u);
  EXPECT_EQ(RunDueTimers(), 0u);
  EXPECT_EQ(History(id.view()).back(), "consent.expired expired");
  EXPECT_EQ(revocations.asked, 0);
}

TEST_F(ConsentsTest, AWithdrawalActsAtOnce) {
  const ConsentId consent = Consented(id);
  const CallContext context = By(operator_b);
  const auto reply = consents.Withdraw(context, consent);
  EXPECT_EQ(Parse<v1::WithdrawConsentResponse>(reply).consent().state(),
            v1::CONSENT_STATE_WITHDRAWN);
  EXPECT_FALSE(Active(id));
  const FakeRevocations::Done done{id, domain::IdOf<OrganisationId>('r')};
  ASSERT_THAT(revocations.offers, SizeIs(1));
  ASSERT_THAT(revocations.packages, SizeIs(1));
  EXPECT_EQ(revocations.offers.begin()->second, done);
  EXPECT_EQ(revocations.packages.begin()->second, done);
  // Nothing is left to do, then or later.
  clock.Advance(absl::Hours(24 * 365));
  EXPECT_EQ(RunDueTimers(), 0u);
  EXPECT_EQ(*consents.Withdraw(context, consent), *reply);
  EXPECT_EQ(revocations.asked, 2);
  EXPECT_EQ(ReasonOfReply(Withdraw(consent)), Reason::kConsentStateInvalid);
  EXPECT_THAT(History(id.view()),
              ElementsAre("test.action open", "test.action active", "test.action withdrawn",
                          "consent.revoked withdrawn"));
}

TEST_F(ConsentsTest, DocumentsAloneConcernPackagesAlone) {
  ASSERT_TRUE(Withdraw(Consented(id, Terms(ConsentPurpose::kShareDocuments))).ok());
  EXPECT_THAT(revocations.offers, IsEmpty());
  EXPECT_THAT(revocations.packages, SizeIs(1));
  ASSERT_TRUE(Withdraw(Consented(id, Terms(ConsentPurpose::kContactBack))).ok());
  EXPECT_EQ(revocations.asked, 1);
}

TEST_F(ConsentsTest, TheTimerGoesOnUntilAllHaveHeard) {
  revocations.referral_up = false;
  const ConsentId consent = Consented(id);
  ASSERT_TRUE(Withdraw(consent).ok());
  EXPECT_FALSE(Active(id));
  EXPECT_THAT(revocations.packages, SizeIs(1));
  EXPECT_EQ(RunDueTimers(), 0u);
  clock.Advance(kRevocationTimerDelay);
  EXPECT_EQ(RunDueTimers(), 1u);
  EXPECT_EQ(RunDueTimers(), 1u);
  revocations.referral_up = true;
  revocations.messaging_up = false;
  EXPECT_EQ(RunDueTimers(), 1u);
  EXPECT_THAT(revocations.offers, SizeIs(1));
  revocations.messaging_up = true;
  EXPECT_EQ(RunDueTimers(), 1u);
  EXPECT_EQ(RunDueTimers(), 0u);
  EXPECT_THAT(revocations.offers, SizeIs(1));
  EXPECT_THAT(revocations.packages, SizeIs(1));
  EXPECT_TRUE(consents.Revoke(consent, Deadline::Never()).ok());
}

// Offers and packages that she agreed to since are not taken back by the older word.
TEST_F(ConsentsTest, ALateRepetitionLeavesWhatSheAgreedToSince) {
  revocations.referral_up = revocations.messaging_up = false;
  ASSERT_TRUE(Withdraw(Consented(id)).ok());
  Consented(id);
  revocations.referral_up = revocations.messaging_up = true;
  clock.Advance(kRevocationTimerDelay);
  EXPECT_EQ(RunDueTimers(), 1u);
  EXPECT_EQ(RunDueTimers(), 0u);
  EXPECT_THAT(revocations.offers, IsEmpty());
  EXPECT_THAT(revocations.packages, IsEmpty());
  EXPECT_TRUE(Active(id));
  EXPECT_EQ(History(id.view()).back(), "consent.given_again withdrawn");
}

TEST_F(ConsentsTest, AYesToSomethingElseKeepsNoWithdrawalBack) {
  revocations.referral_up = false;
  ASSERT_TRUE(Withdraw(Consented(id)).ok());
  Consented(id, Terms(ConsentPurpose::kRefer, 'q'));
  Consented(id, Terms(ConsentPurpose::kShareDocuments));
  Consented(id, Terms(), ConsentState::kProposed);  // asked again, not answered yet
  revocations.referral_up = true;
  clock.Advance(kRevocationTimerDelay);
  EXPECT_EQ(RunDueTimers(), 1u);
  EXPECT_THAT(revocations.offers, SizeIs(1));
}

TEST_F(ConsentsTest, ACrashAfterTheWithdrawalOnlyDelaysIt) {
  const ConsentId consent = Consented(id);
  RunThroughTwoCrashes([&] {
    const auto reply = Withdraw(consent);
    EXPECT_FALSE(Active(id));
    return reply;
  });
  EXPECT_THAT(revocations.offers, SizeIs(1));
  EXPECT_THAT(revocations.packages, SizeIs(1));
}

TEST_F(ConsentsTest, ANewerWordTakesTheOlderOnesPlace) {
  Consented(id);
  EXPECT_EQ(ReasonOfReply(Recorded(operator_a, id, Terms(), ConsentState::kProposed)),
            Reason::kConsentStateInvalid);
  const ConsentId renewed = Consented(id);
  EXPECT_THAT(States(), ElementsAre(ConsentState::kExpired, ConsentState::kActive));
  EXPECT_EQ(revocations.asked, 0);
  // One withdrawal is enough, however often she had agreed.
  ASSERT_TRUE(Withdraw(renewed).ok());
  EXPECT_FALSE(Active(id));
}

TEST_F(ConsentsTest, ARefusalWithdrawsWhatStood) {
  Consented(id);
  Consented(id, Terms(ConsentPurpose::kRefer, 'q'));
  Consented(id, Terms(), ConsentState::kRefused);
  EXPECT_FALSE(Active(id));
  EXPECT_TRUE(Active(id, ConsentPurpose::kRefer, 'q'));
  EXPECT_THAT(revocations.offers, SizeIs(1));
  EXPECT_THAT(States(),
              ElementsAre(ConsentState::kWithdrawn, ConsentState::kActive, ConsentState::kRefused));
}

// Offers made while it stood are still out: time ended what may leave, not what has left.
TEST_F(ConsentsTest, ANoTakesBackWhatLeftByAConsentThatHasRunOut) {
  const FakeRevocations::Done done{id, domain::IdOf<OrganisationId>('r')};
  const auto run_out = [&] {
    const ConsentId consent = Consented(id, TermsFromNow());
    clock.Advance(absl::Hours(25));
    RunDueTimers();
    EXPECT_EQ(States().back(), ConsentState::kExpired);
    return consent;
  };
  ASSERT_TRUE(Withdraw(run_out()).ok());
  EXPECT_THAT(revocations.offers, SizeIs(1));
  run_out();
  Consented(id, TermsFromNow(), ConsentState::kRefused);
  EXPECT_THAT(revocations.offers, SizeIs(2));
  run_out();
  const ConsentId asked = Consented(id, TermsFromNow(), ConsentState::kProposed);
  ASSERT_TRUE(consents.Answer(By(operator_a), asked, false).ok());
  EXPECT_THAT(revocations.offers, SizeIs(3));
  EXPECT_THAT(revocations.packages, SizeIs(3));
  for (const auto& [unused, offer] : revocations.offers) EXPECT_EQ(offer, done);
}

TEST_F(ConsentsTest, AnOldConsentIsNotWithdrawnWhereANewerYesStands) {
  const ConsentId old = Consented(id, TermsFromNow());
  clock.Advance(absl::Hours(25));
  const ConsentId renewed = Consented(id, TermsFromNow());
  EXPECT_EQ(ReasonOfReply(Withdraw(old)), Reason::kConsentStateInvalid);
  EXPECT_TRUE(Active(id));
  EXPECT_EQ(revocations.asked, 0);
  ASSERT_TRUE(Withdraw(renewed).ok());
  EXPECT_TRUE(Withdraw(old).ok());
}

// The process dies right after the refusal was recorded.
TEST_F(ConsentsTest, ACrashAfterARefusalOnlyDelaysIt) {
  Consented(id);
  store.FailNext(FaultyStore::Fault::kAfter);
  EXPECT_FALSE(Recorded(operator_a, id, Terms(), ConsentState::kRefused).ok());
  EXPECT_EQ(revocations.asked, 0);
  clock.Advance(kRevocationTimerDelay);
  EXPECT_EQ(RunDueTimers(), 1u);
  EXPECT_EQ(RunDueTimers(), 0u);
  EXPECT_THAT(revocations.offers, SizeIs(1));
}

TEST_F(ConsentsTest, StatisticsNeedNoRecipient) {
  domain::ConsentTerms terms = Terms(ConsentPurpose::kAggregateStatistics);
  terms.recipient = {};
  Consented(id, terms);
  EXPECT_TRUE(Active(id, ConsentPurpose::kAggregateStatistics));
  terms.purpose = ConsentPurpose::kRefer;
  EXPECT_EQ(ReasonOfReply(Recorded(operator_a, id, terms)), Reason::kInvalidField);
}

TEST_F(ConsentsTest, TheCardSaysWhetherSheMayGiveIt) {
  domain::RoutingCard card = domain::Card();
  card.age_band = domain::AgeBand::k12To14;
  ASSERT_TRUE(cases.Update(By(operator_a), id, card).ok());
  EXPECT_EQ(ReasonOfReply(Recorded(operator_a, id, Terms())), Reason::kInvalidField);
  domain::ConsentTerms terms = Terms();
  terms.giver = domain::ConsentGiver::kGuardian;
  EXPECT_TRUE(Recorded(operator_a, id, terms).ok());
}

TEST_F(ConsentsTest, AClosedCaseIsReferredToNobody) {
  Consented(id);
  Consented(id, Terms(ConsentPurpose::kShareDocuments));
  const auto move = [&](const Caller& caller, domain::CaseCommand command,
                        domain::ClosureReason reason = {}) {
    ASSERT_TRUE(cases.ChangeState(By(caller), id, command, reason).ok());
  };
  move(operator_a, domain::CaseCommand::kRequestClosure, domain::ClosureReason::kMovedAway);
  EXPECT_TRUE(Active(id));
  move(supervisor, domain::CaseCommand::kApproveClosure);
  EXPECT_FALSE(Active(id));
  EXPECT_TRUE(Active(id, ConsentPurpose::kShareDocuments));
  move(operator_a, domain::CaseCommand::kReopen);
  EXPECT_TRUE(Active(id));
}

TEST_F(ConsentsTest, AClosedCaseTakesNoneButAWithdrawalAlwaysCounts) {
  const ConsentId consent = Consented(id);
  ASSERT_TRUE(cases
                  .ChangeState(By(operator_a), id, domain::CaseCommand::kRequestClosure,
                               domain::ClosureReason::kLostContact)
                  .ok());
  ASSERT_TRUE(cases.ChangeState(By(supervisor), id, domain::CaseCommand::kApproveClosure, {}).ok());
  EXPECT_EQ(ReasonOfReply(Recorded(operator_a, id, Terms(ConsentPurpose::kContactBack))),
            Reason::kCaseStateInvalid);
  EXPECT_TRUE(Withdraw(consent).ok());
}

TEST_F(ConsentsTest, TwoHundredMayBeOpen) {
  const auto terms_for = [](size_t i) {
    domain::ConsentTerms terms = Terms();
    std::string recipient(kIdSize, 'R');
    recipient[0] = static_cast<char>(i % 256);
    recipient[1] = static_cast<char>(i / 256);
    terms.recipient = *OrganisationId::FromBytes(recipient);
    return terms;
  };
  std::vector<ConsentId> given;
  given.reserve(domain::kMaxConsentsPerCase);
  for (size_t i = 0; i < domain::kMaxConsentsPerCase; ++i) {
    given.push_back(Consented(id, terms_for(i)));
  }
  EXPECT_EQ(ReasonOfReply(Recorded(operator_a, id, terms_for(200))), Reason::kTooManyOpenConsents);
  // One that is over makes room.
  ASSERT_TRUE(Withdraw(given[7]).ok());
  Consented(id, terms_for(201));
  const auto list = consents.List(By(operator_a), id);
  ASSERT_THAT(list->consents, SizeIs(domain::kMaxConsentsPerCase));
  for (const domain::Consent& one : list->consents) EXPECT_NE(one.id, given[7]);
}

TEST_F(ConsentsTest, ARepeatedRequestGetsTheSameBytes) {
  const CallContext context = By(operator_a);
  const RecordConsent command{.case_id = id, .terms = Terms(), .state = ConsentState::kActive};
  store.FailNext(FaultyStore::Fault::kAfter);
  EXPECT_EQ(ReasonOfReply(consents.Record(context, command)), Reason::kStoreUnavailable);
  const auto first = consents.Record(context, command);
  clock.Set(Terms().expire_time + absl::Hours(1));
  const auto second = consents.Record(context, command);
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_EQ(*first, *second);
  EXPECT_THAT(States(), SizeIs(1));
}

TEST_F(ConsentsTest, AnUnknownTimerIsAFault) {
  for (const std::string& timer : {std::string("nothing"), "other/" + id.ToString()}) {
    EXPECT_EQ(ReasonOf(RunTimer(timer, calls, cases, consents, Deadline::Never())),
              Reason::kUnexpected);
  }
}

}  // namespace
}  // namespace amana::intake
