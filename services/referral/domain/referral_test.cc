#include "services/referral/domain/referral.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "common/base/error.h"

namespace amana::referral::domain {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'780'000'000);
const absl::Time kExpiry = kNow + absl::Minutes(5);

template <class I>
I IdOf(char c) {
  return *I::FromBytes(std::string(kIdSize, c));
}

Draft DraftOf(const std::string& candidates, Priority priority = Priority::kP0) {
  Draft draft{.id = IdOf<ReferralId>('r'),
              .case_id = IdOf<CaseId>('k'),
              .organisation_id = IdOf<OrganisationId>('h'),
              .need = NeedCode::kEmergencyShelter,
              .card = {},
              .candidates = {}};
  draft.card.needs = {NeedCode::kEmergencyShelter};
  draft.card.priority = priority;
  for (const char c : candidates) draft.candidates.push_back(IdOf<ServiceAtLocationId>(c));
  return draft;
}

// A referral whose driver always finds room; each candidate 'a' gets the offer 'A'.
class ReferralTest : public testing::Test {
 protected:
  void Start(const std::string& candidates, Priority priority = Priority::kP0) {
    referral_ = *Create(DraftOf(candidates, priority), kNow, events_);
    ASSERT_TRUE(Send(referral_, kNow, events_).ok());
    Drive();
  }

  static OfferId OfferOf(char candidate) {
    return IdOf<OfferId>(static_cast<char>(candidate - 'a' + 'A'));
  }

  void Drive() {
    for (Step step = NextStep(referral_, policy_); step.kind != Step::Kind::kNothing;
         step = NextStep(referral_, policy_)) {
      ASSERT_TRUE(Take(step).ok());
    }
  }

  absl::Status Take(const Step& step) {
    switch (step.kind) {
      case Step::Kind::kPrepare: {
        const char c = step.candidate.view()[0];
        return Prepare(referral_, step.candidate, OfferOf(c), IdOf<OrganisationId>(c), kNow,
                       events_);
      }
      case Step::Kind::kMake:
        return Make(referral_, step.offer_id, kExpiry, kNow, events_);
      case Step::Kind::kSettle:
        return Settle(referral_, step.offer_id, step.places, kNow, events_);
      case Step::Kind::kConfirm:
        return Accept(referral_, step.offer_id, kNow, events_);
      case Step::Kind::kRunOut:
        return RunOut(referral_, kNow, events_);
      case Step::Kind::kNothing:
        break;
    }
    return absl::OkStatus();
  }

  void PutOnList(char candidate) {
    ASSERT_TRUE(Waitlist(referral_, OfferOf(candidate), kNow, events_).ok());
    Drive();
  }

  OfferState StateOf(char candidate) { return referral_.Find(OfferOf(candidate))->state; }

  OfferPolicy policy_;
  Events events_;
  Referral referral_;
};

TEST_F(ReferralTest, CreateChecksTheNeed) {
  Draft draft = DraftOf("aab");
  EXPECT_EQ(Create(draft, kNow, events_)->candidates.size(), 2u);
  draft.need = NeedCode::kTemporaryShelter;
  EXPECT_EQ(ReasonOf(Create(draft, kNow, events_).status()), Reason::kInvalidField);
  draft.need = NeedCode::kFamilyMediation;
  draft.card.needs = {NeedCode::kFamilyMediation};
  draft.card.partner_violence = true;
  EXPECT_EQ(ReasonOf(Create(draft, kNow, events_).status()), Reason::kCandidateNotEligible);
  draft.card.mediation_requested = true;
  EXPECT_TRUE(Create(draft, kNow, events_).ok());
}

TEST_F(ReferralTest, TheCardIsRenewedWhereItStillAsksForThis) {
  referral_ = *Create(DraftOf("a"), kNow, events_);
  RoutingCard card = referral_.card;
  card.dependants.resize(2);
  ASSERT_TRUE(Renew(referral_, card).ok());
  EXPECT_EQ(referral_.card, card);
  card.needs = {NeedCode::kLegalAssistance};
  EXPECT_EQ(ReasonOf(Renew(referral_, card)), Reason::kInvalidField);
  EXPECT_NE(referral_.card, card);
  card.needs = {NeedCode::kFamilyMediation};
  card.partner_violence = true;
  referral_.need = NeedCode::kFamilyMediation;
  EXPECT_EQ(ReasonOf(Renew(referral_, card)), Reason::kCandidateNotEligible);
}

TEST_F(ReferralTest, TwoAtOnceInDangerOneOtherwise) {
  Start("abc");
  EXPECT_EQ(referral_.offers.size(), 2u);
  Start("abc", Priority::kP1);
  EXPECT_EQ(referral_.offers.size(), 1u);
  EXPECT_EQ(referral_.state, ReferralState::kOffered);
}

TEST_F(ReferralTest, OneYesSupersedesTheOthers) {
  Start("abc");
  ASSERT_TRUE(Claim(referral_, OfferOf('b'), kNow, events_).ok());
  EXPECT_EQ(ReasonOf(Claim(referral_, OfferOf('a'), kNow, events_)), Reason::kContended);
  Drive();
  EXPECT_EQ(referral_.state, ReferralState::kAccepted);
  EXPECT_EQ(StateOf('a'), OfferState::kSuperseded);
  EXPECT_EQ(StateOf('b'), OfferState::kAccepted);
  EXPECT_EQ(referral_.Find(OfferOf('a'))->places, Places::kReleased);
  EXPECT_EQ(ReasonOf(Claim(referral_, OfferOf('a'), kNow, events_)), Reason::kOfferSuperseded);
  EXPECT_EQ(ReasonOf(Decline(referral_, OfferOf('a'), DeclineReason::kOther, kNow, events_)),
            Reason::kOfferSuperseded);
}

TEST_F(ReferralTest, AYesThatWasSaidIsLookedAtAgain) {
  Start("a");
  ASSERT_TRUE(Claim(referral_, OfferOf('a'), kNow, events_).ok());
  EXPECT_EQ(ReasonOf(Claim(referral_, OfferOf('a'), kNow, events_)), Reason::kContended);
  Drive();
  ASSERT_EQ(StateOf('a'), OfferState::kAccepted);
  EXPECT_EQ(ReasonOf(Claim(referral_, OfferOf('a'), kNow, events_)), Reason::kContended);
}

TEST_F(ReferralTest, ALostClaimGoesOn) {
  Start("ab", Priority::kP1);
  ASSERT_TRUE(Claim(referral_, OfferOf('a'), kNow, events_).ok());
  ASSERT_TRUE(Lose(referral_, OfferOf('a'), kNow, events_).ok());
  Drive();
  EXPECT_EQ(StateOf('a'), OfferState::kExpired);
  EXPECT_EQ(StateOf('b'), OfferState::kPending);
  EXPECT_EQ(referral_.state, ReferralState::kOffered);
}

TEST_F(ReferralTest, ANoGoesToTheNextAndTheLastEscalates) {
  Start("ab", Priority::kP1);
  ASSERT_TRUE(Decline(referral_, OfferOf('a'), DeclineReason::kSafety, kNow, events_).ok());
  const auto seen = std::ranges::count_if(
      events_, [](const Event& e) { return e.action == "referral.declined_by_provider"; });
  EXPECT_EQ(seen, 1);
  Drive();
  EXPECT_EQ(StateOf('b'), OfferState::kPending);
  EXPECT_EQ(ReasonOf(Expire(referral_, OfferOf('b'), kNow, events_)), Reason::kOfferStateInvalid);
  ASSERT_TRUE(Expire(referral_, OfferOf('b'), kExpiry, events_).ok());
  Drive();
  EXPECT_EQ(referral_.state, ReferralState::kMatching);
  EXPECT_TRUE(referral_.escalated);
  EXPECT_EQ(ReasonOf(Claim(referral_, OfferOf('b'), kExpiry, events_)), Reason::kOfferExpired);

  ASSERT_TRUE(Extend(referral_, {IdOf<ServiceAtLocationId>('c')}, kNow, events_).ok());
  Drive();
  EXPECT_FALSE(referral_.escalated);
  EXPECT_EQ(StateOf('c'), OfferState::kPending);
}

TEST_F(ReferralTest, AYesAfterTheTimeIsLateBeforeTheClockSaysSo) {
  Start("a");
  EXPECT_EQ(ReasonOf(Claim(referral_, OfferOf('a'), kExpiry, events_)), Reason::kOfferExpired);
}

TEST_F(ReferralTest, NobodyToAskIsNoMatch) {
  referral_ = *Create(DraftOf("a"), kNow, events_);
  ASSERT_TRUE(Send(referral_, kNow, events_).ok());
  ASSERT_TRUE(
      Skip(referral_, IdOf<ServiceAtLocationId>('a'), SkipReason::kNotFound, kNow, events_).ok());
  Drive();
  EXPECT_EQ(referral_.state, ReferralState::kNoMatch);
  EXPECT_TRUE(referral_.escalated);
  ASSERT_TRUE(Extend(referral_, {IdOf<ServiceAtLocationId>('b')}, kNow, events_).ok());
  Drive();
  EXPECT_EQ(referral_.state, ReferralState::kOffered);
}

TEST_F(ReferralTest, AListIsNoRefusalAndTheNextIsAsked) {
  Start("ab", Priority::kP2);
  ASSERT_TRUE(Waitlist(referral_, OfferOf('a'), kNow + absl::Minutes(1), events_).ok());
  Drive();
  EXPECT_EQ(StateOf('a'), OfferState::kWaitlisted);
  EXPECT_EQ(referral_.Find(OfferOf('a'))->places, Places::kReleased);
  EXPECT_EQ(referral_.first_answer_time, kNow + absl::Minutes(1));
  EXPECT_EQ(StateOf('b'), OfferState::kPending);
  EXPECT_TRUE(std::ranges::none_of(
      events_, [](const Event& e) { return e.action == "referral.declined_by_provider"; }));
  // No clock runs, and it is not put there twice.
  EXPECT_EQ(ReasonOf(Expire(referral_, OfferOf('a'), kExpiry, events_)),
            Reason::kOfferStateInvalid);
  EXPECT_EQ(ReasonOf(Waitlist(referral_, OfferOf('a'), kNow, events_)), Reason::kOfferStateInvalid);

  ASSERT_TRUE(Expire(referral_, OfferOf('b'), kExpiry, events_).ok());
  Drive();
  EXPECT_EQ(referral_.state, ReferralState::kWaitlisted);
  EXPECT_TRUE(referral_.escalated);
  EXPECT_TRUE(IsOpen(referral_.state));
}

TEST_F(ReferralTest, NobodyInDangerIsPutOnAList) {
  for (const Priority priority : {Priority::kP0, Priority::kP1, Priority::kP2, Priority::kP3}) {
    const bool urgent = priority == Priority::kP0 || priority == Priority::kP1;
    Start("a", priority);
    EXPECT_EQ(ReasonOf(Waitlist(referral_, OfferOf('a'), kNow, events_)),
              urgent ? Reason::kTooUrgentToWaitlist : Reason::kUnspecified);
    EXPECT_EQ(StateOf('a'), urgent ? OfferState::kPending : OfferState::kWaitlisted);
  }
}

TEST_F(ReferralTest, AYesFromTheListAsLongAsSheIsLookedFor) {
  // While another is asked, and when nobody is left.
  for (const bool another : {true, false}) {
    Start(another ? "ab" : "a", Priority::kP2);
    ASSERT_TRUE(Waitlist(referral_, OfferOf('a'), kNow, events_).ok());
    // What was held for it is not given back yet.
    EXPECT_EQ(ReasonOf(Claim(referral_, OfferOf('a'), kNow, events_)), Reason::kContended);
    Drive();
    EXPECT_EQ(referral_.state, another ? ReferralState::kOffered : ReferralState::kWaitlisted);
    ASSERT_TRUE(Claim(referral_, OfferOf('a'), kExpiry + absl::Hours(99), events_).ok());
    EXPECT_EQ(referral_.Find(OfferOf('a'))->turn, 1u);
    EXPECT_EQ(referral_.Find(OfferOf('a'))->shown(), OfferState::kWaitlisted);
    Drive();
    EXPECT_EQ(referral_.state, ReferralState::kAccepted);
    EXPECT_EQ(StateOf('a'), OfferState::kAccepted);
    EXPECT_FALSE(referral_.escalated);
    if (another) {
      EXPECT_EQ(StateOf('b'), OfferState::kSuperseded);
    }
  }
}

TEST_F(ReferralTest, WithoutRoomItIsBackOnTheList) {
  Start("ab", Priority::kP2);
  PutOnList('a');
  for (uint32_t turn = 1; turn <= 2; ++turn) {
    ASSERT_TRUE(Claim(referral_, OfferOf('a'), kNow, events_).ok());
    ASSERT_TRUE(Lose(referral_, OfferOf('a'), kNow, events_).ok());
    EXPECT_EQ(StateOf('a'), OfferState::kWaitlisted);
    EXPECT_EQ(referral_.state, ReferralState::kOffered);  // b is still asked
    // Its note in the ledger is left before the next yes.
    EXPECT_EQ(ReasonOf(Claim(referral_, OfferOf('a'), kNow, events_)), Reason::kContended);
    Drive();
    EXPECT_EQ(referral_.Find(OfferOf('a'))->turn, turn);
  }
  // b says no while a's yes is looked at.
  ASSERT_TRUE(Claim(referral_, OfferOf('a'), kNow, events_).ok());
  ASSERT_TRUE(Decline(referral_, OfferOf('b'), DeclineReason::kOther, kNow, events_).ok());
  EXPECT_EQ(referral_.state, ReferralState::kOffered);
  ASSERT_TRUE(Lose(referral_, OfferOf('a'), kNow, events_).ok());
  Drive();
  EXPECT_EQ(referral_.state, ReferralState::kWaitlisted);
  ASSERT_TRUE(Claim(referral_, OfferOf('a'), kNow, events_).ok());
  ASSERT_TRUE(Lose(referral_, OfferOf('a'), kNow, events_).ok());
  EXPECT_EQ(referral_.state, ReferralState::kWaitlisted);
}

TEST_F(ReferralTest, AListEndsWithTheReferral) {
  Start("abc", Priority::kP2);
  PutOnList('a');
  ASSERT_TRUE(Claim(referral_, OfferOf('b'), kNow, events_).ok());
  Drive();
  EXPECT_EQ(StateOf('a'), OfferState::kSuperseded);
  EXPECT_EQ(ReasonOf(Claim(referral_, OfferOf('a'), kNow, events_)), Reason::kOfferSuperseded);

  for (const ReferralEnd end :
       {ReferralEnd::kDeclinedBySurvivor, ReferralEnd::kWithdrawn, ReferralEnd::kEnteredInError}) {
    Start("a", Priority::kP2);
    PutOnList('a');
    ASSERT_TRUE(End(referral_, end, SurvivorReason::kUnspecified, kNow, events_).ok());
    Drive();
    EXPECT_EQ(StateOf('a'), OfferState::kWithdrawn);
    EXPECT_FALSE(IsOpen(referral_.state));
    EXPECT_FALSE(referral_.escalated);
    EXPECT_EQ(ReasonOf(Claim(referral_, OfferOf('a'), kNow, events_)), Reason::kOfferStateInvalid);
  }
}

TEST_F(ReferralTest, AWaitlistedReferralGoesOnWithMoreCandidates) {
  Start("a", Priority::kP2);
  PutOnList('a');
  // Whoever has her on a list needs no second question.
  ASSERT_TRUE(Extend(referral_, {IdOf<ServiceAtLocationId>('a'), IdOf<ServiceAtLocationId>('b')},
                     kNow, events_)
                  .ok());
  Drive();
  EXPECT_EQ(referral_.candidates.size(), 2u);
  EXPECT_EQ(referral_.state, ReferralState::kOffered);
  EXPECT_EQ(StateOf('a'), OfferState::kWaitlisted);
  EXPECT_FALSE(referral_.escalated);
}

TEST_F(ReferralTest, TheLastListToGoLeavesASupervisorsMatter) {
  Start("ab", Priority::kP2);
  for (const char c : {'a', 'b'}) PutOnList(c);
  ASSERT_EQ(referral_.state, ReferralState::kWaitlisted);
  Referral other = referral_;

  EXPECT_EQ(RevokeConsent(referral_, IdOf<OrganisationId>('a'), kNow, events_), 1u);
  EXPECT_EQ(StateOf('a'), OfferState::kWithdrawn);
  EXPECT_EQ(referral_.state, ReferralState::kWaitlisted);
  EXPECT_EQ(RevokeConsent(referral_, IdOf<OrganisationId>('b'), kNow, events_), 1u);
  EXPECT_EQ(referral_.state, ReferralState::kMatching);
  Drive();
  EXPECT_TRUE(referral_.escalated);
  EXPECT_EQ(referral_.state, ReferralState::kMatching);

  referral_ = other;
  for (const char c : {'a', 'b'}) {
    EXPECT_EQ(referral_.state, ReferralState::kWaitlisted);
    ASSERT_TRUE(Decline(referral_, OfferOf(c), DeclineReason::kNoCapacity, kNow, events_).ok());
  }
  EXPECT_EQ(referral_.state, ReferralState::kMatching);
  EXPECT_TRUE(referral_.escalated);
}

TEST_F(ReferralTest, TheSurvivorsWordEndsIt) {
  Start("ab");
  ASSERT_TRUE(
      End(referral_, ReferralEnd::kDeclinedBySurvivor, SurvivorReason::kTooNear, kNow, events_)
          .ok());
  Drive();
  EXPECT_EQ(referral_.state, ReferralState::kDeclinedBySurvivor);
  EXPECT_EQ(referral_.survivor_reason, SurvivorReason::kTooNear);
  for (const Offer& offer : referral_.offers) {
    EXPECT_EQ(offer.state, OfferState::kWithdrawn);
    EXPECT_EQ(offer.places, Places::kReleased);
  }
}

TEST_F(ReferralTest, ProgressMovesThePlaces) {
  Start("a");
  ASSERT_TRUE(Claim(referral_, OfferOf('a'), kNow, events_).ok());
  Drive();
  const auto report = [&](Progress progress) {
    const auto reported = Report(referral_, OfferOf('a'), progress, kNow, events_);
    Drive();
    return reported;
  };
  EXPECT_EQ(ReasonOf(report(Progress::kInService)), Reason::kReferralStateInvalid);
  EXPECT_TRUE(report(Progress::kArrived).ok());
  EXPECT_EQ(referral_.offers[0].places, Places::kOccupied);
  EXPECT_EQ(ReasonOf(report(Progress::kNoShow)), Reason::kReferralStateInvalid);
  EXPECT_TRUE(report(Progress::kInService).ok());
  // She is there: her place is not taken away by a withdrawal of consent or an end.
  EXPECT_EQ(RevokeConsent(referral_, IdOf<OrganisationId>('a'), kNow, events_), 0u);
  EXPECT_EQ(ReasonOf(End(referral_, ReferralEnd::kWithdrawn, SurvivorReason::kUnspecified, kNow,
                         events_)),
            Reason::kReferralStateInvalid);
  EXPECT_TRUE(report(Progress::kCompleted).ok());
  EXPECT_EQ(referral_.offers[0].places, Places::kReleased);
}

TEST_F(ReferralTest, RevokedConsentUnasks) {
  Start("abc");
  EXPECT_EQ(RevokeConsent(referral_, IdOf<OrganisationId>('a'), kNow, events_), 1u);
  EXPECT_EQ(RevokeConsent(referral_, IdOf<OrganisationId>('a'), kNow, events_), 0u);
  EXPECT_EQ(referral_.state, ReferralState::kOffered);  // b is still asked
  Drive();
  EXPECT_EQ(StateOf('c'), OfferState::kPending);

  Start("a");
  ASSERT_TRUE(Claim(referral_, OfferOf('a'), kNow, events_).ok());
  Drive();
  EXPECT_EQ(RevokeConsent(referral_, IdOf<OrganisationId>('a'), kNow, events_), 1u);
  Drive();
  EXPECT_EQ(referral_.state, ReferralState::kConsentRevoked);
  EXPECT_EQ(referral_.offers[0].places, Places::kReleased);
}

TEST_F(ReferralTest, RevokedConsentDropsWhatWasPrepared) {
  referral_ = *Create(DraftOf("a"), kNow, events_);
  ASSERT_TRUE(Send(referral_, kNow, events_).ok());
  ASSERT_TRUE(Take(NextStep(referral_, policy_)).ok());
  EXPECT_EQ(RevokeConsent(referral_, IdOf<OrganisationId>('a'), kNow, events_), 0u);
  EXPECT_EQ(ReasonOf(Make(referral_, OfferOf('a'), kExpiry, kNow, events_)), Reason::kContended);
  Drive();
  EXPECT_TRUE(referral_.offers.empty());
  EXPECT_EQ(referral_.state, ReferralState::kNoMatch);
  EXPECT_EQ(referral_.skipped.at(0).reason, SkipReason::kConsentMissing);
}

}  // namespace
}  // namespace amana::referral::domain
