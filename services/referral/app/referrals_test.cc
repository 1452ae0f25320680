#include "services/referral/app/referrals.h"

#include <gtest/gtest.h>

#include <thread>

#include "services/referral/app/test_world.h"

namespace amana::referral {
namespace {

using domain::OfferState;
using domain::ReferralState;
using domain::SkipReason;

std::string Number(uint32_t n) { return std::to_string(n); }

class ReferralsTest : public testing::Test {
 protected:
  absl::StatusOr<std::string> Create(const CallContext& context, const CaseId& case_id,
                                     const std::vector<Centre>& centres) {
    CreateCommand command{
        .case_id = case_id, .need = domain::NeedCode::kEmergencyShelter, .candidates = {}};
    for (const Centre& centre : centres) command.candidates.push_back(centre.id);
    return w_.referrals.Create(context, command, RenderId);
  }
  Reason Accept(const Centre& centre, const OfferId& offer) {
    return ReasonOf(w_.referrals.Accept(w_.As(centre.organisation), offer, RenderId).status());
  }
  Reason Decline(const Centre& centre, const OfferId& offer) {
    return ReasonOf(w_.referrals
                        .Decline(w_.As(centre.organisation), offer,
                                 domain::DeclineReason::kNoCapacity, RenderId)
                        .status());
  }
  Reason Waitlist(const Centre& centre, const OfferId& offer) {
    return ReasonOf(w_.referrals.Waitlist(w_.As(centre.organisation), offer, RenderId).status());
  }
  // She is on the centre's list and nobody else is asked.
  ReferralId ReferToListOf(const Centre& centre) {
    const ReferralId id = w_.Refer(w_.AddCase(domain::Priority::kP2), {centre});
    EXPECT_EQ(Waitlist(centre, w_.OfferAt(id, centre)), Reason::kUnspecified);
    EXPECT_EQ(w_.Get(id).state, ReferralState::kWaitlisted);
    return id;
  }
  // Somebody else takes places of the centre.
  ReferralId Take(const Centre& centre) {
    const ReferralId id = w_.Refer(w_.AddCase(domain::Priority::kP1), {centre});
    EXPECT_EQ(Accept(centre, w_.OfferAt(id, centre)), Reason::kUnspecified);
    return id;
  }
  void Withdraw(const ReferralId& id) {
    EXPECT_TRUE(w_.referrals
                    .End(w_.AsHotline(), id, domain::ReferralEnd::kWithdrawn,
                         domain::SurvivorReason::kUnspecified, RenderId)
                    .ok());
  }
  domain::PoolCount BedsOf(const Centre& centre) {
    return domain::Count(w_.LedgerOf(centre), centre.beds);
  }

  World w_;
  const Centre a_ = w_.AddCentre(1);
  const Centre b_ = w_.AddCentre(2);
  const CaseId case_ = w_.AddCase(domain::Priority::kP1);
};

TEST_F(ReferralsTest, OneOpenReferralForANeed) {
  const CallContext context = w_.AsHotline();
  const auto first = Create(context, case_, {a_});
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(*Create(context, case_, {a_}), *first);  // the same request again
  EXPECT_EQ(ReasonOf(Create(w_.AsHotline(), case_, {a_}).status()), Reason::kReferralDuplicate);
  CallContext reused = context;
  reused.request_digest = std::string(32, 'e');
  EXPECT_EQ(ReasonOf(Create(reused, case_, {b_}).status()), Reason::kRequestIdReused);

  const auto id = *ReferralId::FromBytes(*first);
  ASSERT_TRUE(w_.referrals
                  .End(w_.AsHotline(), id, domain::ReferralEnd::kEnteredInError,
                       domain::SurvivorReason::kUnspecified, RenderId)
                  .ok());
  EXPECT_TRUE(Create(w_.AsHotline(), case_, {a_}).ok());
}

TEST_F(ReferralsTest, AForeignCaseDoesNotExist) {
  EXPECT_EQ(ReasonOf(Create(w_.As(a_.organisation), case_, {a_}).status()), Reason::kCaseNotFound);
  EXPECT_EQ(ReasonOf(Create(w_.AsHotline(), CaseId(), {a_}).status()), Reason::kCaseNotFound);
  w_.intake.cases[case_].closed = true;
  EXPECT_EQ(ReasonOf(Create(w_.AsHotline(), case_, {a_}).status()), Reason::kCaseStateInvalid);
}

TEST_F(ReferralsTest, WhoIsNotConcernedSeesNothing) {
  const ReferralId id = w_.Refer(case_, {a_});
  const OfferId offer = w_.OfferAt(id, a_);
  EXPECT_TRUE(w_.referrals.Get(w_.AsHotline(), id).ok());
  EXPECT_EQ(ReasonOf(w_.referrals.Get(w_.As(a_.organisation), id).status()),
            Reason::kReferralNotFound);
  EXPECT_EQ(Accept(b_, offer), Reason::kOfferNotFound);
  EXPECT_EQ(Decline(b_, offer), Reason::kOfferNotFound);
  EXPECT_EQ(Accept(a_, OfferId()), Reason::kOfferNotFound);
  EXPECT_TRUE(*w_.referrals.OwnsReferralOf(w_.AsHotline(), case_));
  EXPECT_FALSE(*w_.referrals.OwnsReferralOf(w_.As(a_.organisation), case_));
}

TEST_F(ReferralsTest, FromOfferToCompletion) {
  const ReferralId id = w_.Refer(case_, {a_, b_});
  const OfferId offer = w_.OfferAt(id, a_);
  EXPECT_EQ(domain::Count(w_.LedgerOf(a_), a_.beds).held, 1u);
  w_.clock.Advance(absl::Minutes(3));
  const CallContext yes = w_.As(a_.organisation);
  ASSERT_TRUE(w_.referrals.Accept(yes, offer, RenderId).ok());
  EXPECT_EQ(w_.Get(id).state, ReferralState::kAccepted);
  EXPECT_EQ(domain::Count(w_.LedgerOf(a_), a_.beds).confirmed, 1u);
  EXPECT_EQ(w_.metrics.first_answer, absl::Minutes(3));
  EXPECT_EQ(w_.metrics.outcomes[OfferState::kAccepted], 1);
  EXPECT_TRUE(w_.referrals.Accept(yes, offer, RenderId).ok());  // the same request
  EXPECT_EQ(Accept(a_, offer), Reason::kUnspecified);           // another one

  const auto report = [&](domain::Progress progress) {
    return w_.referrals.Report(w_.As(a_.organisation), offer, progress, RenderId).ok();
  };
  EXPECT_TRUE(report(domain::Progress::kArrived));
  EXPECT_EQ(domain::Count(w_.LedgerOf(a_), a_.beds).occupied, 1u);
  EXPECT_TRUE(report(domain::Progress::kInService));
  EXPECT_TRUE(report(domain::Progress::kCompleted));
  EXPECT_EQ(domain::Count(w_.LedgerOf(a_), a_.beds).free, 1u);
  EXPECT_FALSE(report(domain::Progress::kCompleted));
}

TEST_F(ReferralsTest, ARepetitionIsToldWhatTheFirstTryWasTold) {
  const auto created = Create(w_.AsHotline(), case_, {a_});
  const auto id = *ReferralId::FromBytes(*created);
  std::vector<std::function<absl::StatusOr<std::string>()>> calls;
  std::vector<std::string> replies;
  // Does it once, then all of them again.
  const auto expect_same = [&](std::function<absl::StatusOr<std::string>()> call) {
    const auto reply = call();
    ASSERT_TRUE(reply.ok()) << reply.status();
    calls.push_back(std::move(call));
    replies.push_back(*reply);
    const domain::Referral before = w_.Get(id);
    for (size_t i = 0; i < calls.size(); ++i) EXPECT_EQ(*calls[i](), replies[i]) << "call " << i;
    EXPECT_EQ(w_.Get(id), before);
  };
  expect_same(
      [&, context = w_.AsHotline()] { return w_.referrals.Send(context, id, RenderWhole); });
  expect_same([&, context = w_.AsHotline()] {
    return w_.referrals.Extend(context, id, {b_.id}, RenderWhole);
  });
  expect_same([&, context = w_.As(a_.organisation), offer = w_.OfferAt(id, a_)] {
    return w_.referrals.Decline(context, offer, domain::DeclineReason::kSafety, RenderWhole);
  });
  const OfferId offer = w_.OfferAt(id, b_);
  for (int i = 0; i < 2; ++i) {
    expect_same([&, context = w_.As(b_.organisation)] {
      return w_.referrals.Accept(context, offer, RenderWhole);
    });
  }
  expect_same([&, context = w_.As(b_.organisation)] {
    return w_.referrals.Report(context, offer, domain::Progress::kNoShow, RenderWhole);
  });
}

// The first try died after the claim, and the timer went on.
TEST_F(ReferralsTest, AYesThatADriverFinishedIsRecordedToo) {
  const ReferralId id = w_.Refer(case_, {a_});
  const OfferId offer = w_.OfferAt(id, a_);
  const CallContext nobody = CallContext::ForTimer("test", Deadline::Never());
  ASSERT_TRUE(w_.rows
                  .Change(
                      nobody, id,
                      [&](domain::Referral& referral, absl::Time now, domain::Events& events) {
                        return domain::Claim(referral, offer, now, events);
                      },
                      nullptr)
                  .ok());
  ASSERT_TRUE(w_.driver.Drive(id, nobody).ok());
  const CallContext yes = w_.As(a_.organisation);
  const auto accepted = w_.referrals.Accept(yes, offer, RenderWhole);
  ASSERT_TRUE(accepted.ok()) << accepted.status();
  ASSERT_TRUE(w_.referrals
                  .End(w_.AsHotline(), id, domain::ReferralEnd::kWithdrawn,
                       domain::SurvivorReason::kUnspecified, RenderId)
                  .ok());
  EXPECT_EQ(*w_.referrals.Accept(yes, offer, RenderWhole), *accepted);
  EXPECT_EQ(Accept(a_, offer), Reason::kOfferStateInvalid);
}

// A double click: the other one is carried out whole where this one reads or commits for the n-th
// time, and once more with the referral ended behind it.
TEST_F(ReferralsTest, TheSameYesTwiceAtOnceGetsOneAnswer) {
  int met = 0;
  for (const bool ended : {false, true}) {
    for (int at = 1; at <= 12; ++at) {
      const Centre centre = w_.AddCentre(1);
      const ReferralId id = w_.Refer(w_.AddCase(domain::Priority::kP1), {centre});
      const OfferId offer = w_.OfferAt(id, centre);
      const CallContext yes = w_.As(centre.organisation);
      absl::StatusOr<std::string> other = Error(Reason::kContended);
      int step = 0;
      w_.store.fault = [&] {
        if (++step == at) {
          other = w_.referrals.Accept(yes, offer, RenderWhole);
          if (ended) {
            EXPECT_TRUE(w_.referrals
                            .End(w_.AsHotline(), id, domain::ReferralEnd::kWithdrawn,
                                 domain::SurvivorReason::kUnspecified, RenderId)
                            .ok());
          }
        }
        return FailingStore::Fault::kNone;
      };
      const auto answer = w_.referrals.Accept(yes, offer, RenderWhole);
      w_.store.fault = [] { return FailingStore::Fault::kNone; };
      if (!other.ok()) continue;  // it takes fewer steps
      ++met;
      ASSERT_TRUE(answer.ok()) << answer.status() << " at step " << at << (ended ? ", ended" : "");
      EXPECT_EQ(*answer, *other) << "at step " << at;
    }
  }
  EXPECT_GT(met, 8);
}

TEST_F(ReferralsTest, AReusedRequestIdAcceptsNothing) {
  const ReferralId id = w_.Refer(case_, {a_});
  CallContext context = w_.As(a_.organisation);
  ASSERT_TRUE(w_.referrals.Accept(context, w_.OfferAt(id, a_), RenderId).ok());
  context.request_digest = std::string(32, 'e');
  EXPECT_EQ(ReasonOf(w_.referrals.Accept(context, w_.OfferAt(id, a_), RenderId).status()),
            Reason::kRequestIdReused);
}

// Two centres say yes in the same moment, while a timer drives too.
TEST_F(ReferralsTest, OfTwoYesesOneHolds) {
  for (int round = 0; round < 200; ++round) {
    World world(static_cast<uint64_t>(round));
    const Centre a = world.AddCentre(1);
    const Centre b = world.AddCentre(1);
    const ReferralId id = world.Refer(world.AddCase(domain::Priority::kP0), {a, b});
    const OfferId at_a = world.OfferAt(id, a);
    const OfferId at_b = world.OfferAt(id, b);
    Reason from_a{}, from_b{};
    const auto accept = [&](const Centre& centre, const OfferId& offer) {
      return ReasonOf(
          world.referrals.Accept(world.As(centre.organisation), offer, RenderId).status());
    };
    std::thread first([&] { from_a = accept(a, at_a); });
    std::thread second([&] { from_b = accept(b, at_b); });
    std::thread third([&] {
      static_cast<void>(world.driver.Drive(id, CallContext::ForTimer("t", Deadline::Never())));
    });
    first.join();
    second.join();
    third.join();
    EXPECT_EQ((from_a == Reason::kUnspecified) + (from_b == Reason::kUnspecified), 1);
    EXPECT_EQ((from_a == Reason::kOfferSuperseded) + (from_b == Reason::kOfferSuperseded), 1);
    const uint32_t kept = domain::Count(world.LedgerOf(a), a.beds).confirmed +
                          domain::Count(world.LedgerOf(b), b.beds).confirmed;
    EXPECT_EQ(kept, 1u);
    world.clock.Advance(absl::Minutes(1));
    EXPECT_TRUE(world.RunTimers());
    EXPECT_EQ(domain::Count(world.LedgerOf(a), a.beds).free +
                  domain::Count(world.LedgerOf(b), b.beds).free,
              1u);
    if (HasFailure()) return;
  }
}

TEST_F(ReferralsTest, ANoAsksTheNextAtOnce) {
  const ReferralId id = w_.Refer(case_, {a_, b_});
  EXPECT_EQ(Decline(a_, w_.OfferAt(id, a_)), Reason::kUnspecified);
  EXPECT_EQ(w_.Get(id).Find(w_.OfferAt(id, b_))->state, OfferState::kPending);
  EXPECT_EQ(domain::Count(w_.LedgerOf(a_), a_.beds).free, 1u);
  EXPECT_EQ(Decline(b_, w_.OfferAt(id, b_)), Reason::kUnspecified);
  EXPECT_TRUE(w_.Get(id).escalated);
  EXPECT_EQ(w_.metrics.escalations, 1);
  EXPECT_EQ(w_.referrals.List(w_.AsHotline(), true, 0, "")->referrals.size(), 1u);
}

TEST_F(ReferralsTest, SilenceAsksTheNextByItself) {
  const ReferralId id = w_.Refer(case_, {a_, b_});
  const OfferId first = w_.OfferAt(id, a_);
  w_.clock.Advance(absl::Minutes(30));
  EXPECT_EQ(Accept(a_, first), Reason::kOfferExpired);  // the timer has not run yet
  EXPECT_TRUE(w_.RunTimers());
  EXPECT_EQ(w_.Get(id).Find(first)->state, OfferState::kExpired);
  EXPECT_EQ(Accept(a_, first), Reason::kOfferExpired);
  EXPECT_EQ(Accept(b_, w_.OfferAt(id, b_)), Reason::kUnspecified);
}

TEST_F(ReferralsTest, WithoutConsentNothingLeaves) {
  w_.intake.refused = {{case_, a_.organisation}, {case_, b_.organisation}};
  const auto created = Create(w_.AsHotline(), case_, {a_, b_});
  const auto id = *ReferralId::FromBytes(*created);
  EXPECT_EQ(ReasonOf(w_.referrals.Send(w_.AsHotline(), id, RenderId).status()),
            Reason::kConsentMissing);
  EXPECT_EQ(w_.Get(id).state, ReferralState::kDraft);

  w_.intake.refused.erase({case_, b_.organisation});
  ASSERT_TRUE(w_.referrals.Send(w_.AsHotline(), id, RenderId).ok());
  const domain::Referral referral = w_.Get(id);
  EXPECT_EQ(referral.skipped.at(0).reason, SkipReason::kConsentMissing);
  EXPECT_TRUE(w_.OfferAt(id, a_).is_zero());
  EXPECT_FALSE(w_.OfferAt(id, b_).is_zero());
  EXPECT_EQ(domain::Count(w_.LedgerOf(a_), a_.beds).free, 1u);
}

TEST_F(ReferralsTest, WhenIntakeIsAwayNoOfferLeavesUntilItIsBack) {
  const auto created = Create(w_.AsHotline(), case_, {a_});
  const auto id = *ReferralId::FromBytes(*created);
  int asked = 0;
  w_.intake.down = [&] { return asked++ > 1; };  // answers Send's own two questions only
  ASSERT_TRUE(w_.referrals.Send(w_.AsHotline(), id, RenderId).ok());
  EXPECT_EQ(w_.Get(id).state, ReferralState::kMatching);
  EXPECT_TRUE(w_.OfferAt(id, a_).is_zero());
  w_.clock.Advance(absl::Seconds(10));
  EXPECT_FALSE(w_.RunTimers(2));
  w_.intake.down = [] { return false; };
  EXPECT_TRUE(w_.RunTimers());
  EXPECT_EQ(w_.Get(id).state, ReferralState::kOffered);
}

TEST_F(ReferralsTest, WhatIsSentIsForHerAsSheIsNow) {
  const Centre large = w_.AddCentre(3);
  const auto id = *ReferralId::FromBytes(*Create(w_.AsHotline(), case_, {a_, b_, large}));
  w_.intake.cases[case_].card.dependants.resize(2);
  ASSERT_TRUE(w_.referrals.Send(w_.AsHotline(), id, RenderId).ok());
  EXPECT_EQ(w_.Get(id).skipped.size(), 2u);
  EXPECT_EQ(domain::Count(w_.LedgerOf(large), large.beds).held, 3u);
  EXPECT_EQ(w_.Get(id).card.dependants.size(), 2u);
}

TEST_F(ReferralsTest, NothingIsSentForAClosedCaseOrAnotherNeed) {
  const CallContext sent = w_.AsHotline();
  const auto send = [&](const CallContext& context, const ReferralId& id) {
    return w_.referrals.Send(context, id, RenderWhole);
  };
  const auto extend = [&](const ReferralId& id) {
    return ReasonOf(w_.referrals.Extend(w_.AsHotline(), id, {b_.id}, RenderId).status());
  };
  const auto id = *ReferralId::FromBytes(*Create(w_.AsHotline(), case_, {a_}));
  RoutedCase& routed = w_.intake.cases[case_];
  const domain::RoutingCard card = routed.card;
  routed.closed = true;
  EXPECT_EQ(ReasonOf(send(w_.AsHotline(), id).status()), Reason::kCaseStateInvalid);
  routed.closed = false;
  routed.card.needs = {domain::NeedCode::kLegalAssistance};
  EXPECT_EQ(ReasonOf(send(w_.AsHotline(), id).status()), Reason::kInvalidField);
  EXPECT_EQ(w_.Get(id).state, ReferralState::kDraft);
  routed.card = card;
  const auto reply = send(sent, id);
  ASSERT_TRUE(reply.ok());

  routed.card.needs = {domain::NeedCode::kLegalAssistance};
  EXPECT_EQ(extend(id), Reason::kInvalidField);
  routed.closed = true;
  EXPECT_EQ(extend(id), Reason::kCaseStateInvalid);
  EXPECT_EQ(w_.Get(id).candidates.size(), 1u);
  // What was told once is told again.
  EXPECT_EQ(*send(sent, id), *reply);
}

TEST_F(ReferralsTest, ViolenceRecordedAfterTheDraftBarsMediation) {
  constexpr domain::NeedCode kMediation = domain::NeedCode::kFamilyMediation;
  for (const Centre& centre : {a_, b_}) {
    domain::ServiceAtLocation record = w_.RecordOf(centre, 2);
    record.needs = {kMediation};
    ASSERT_TRUE(w_.directory.Import(w_.AsHotline(), {record}).ok());
  }
  domain::RoutingCard& card = w_.intake.cases[case_].card;
  card.needs = {kMediation};
  const auto id = *ReferralId::FromBytes(*w_.referrals.Create(
      w_.AsHotline(), {.case_id = case_, .need = kMediation, .candidates = {a_.id, b_.id}},
      RenderId));
  const auto send = [&] { return w_.referrals.Send(w_.AsHotline(), id, RenderId).status(); };
  card.partner_violence = true;
  EXPECT_EQ(ReasonOf(send()), Reason::kCandidateNotEligible);
  card.partner_violence = false;
  ASSERT_TRUE(send().ok());
  // The same before the next is asked by itself.
  card.partner_violence = true;
  EXPECT_EQ(Decline(a_, w_.OfferAt(id, a_)), Reason::kUnspecified);
  EXPECT_TRUE(w_.OfferAt(id, b_).is_zero());
  EXPECT_EQ(w_.Get(id).skipped.at(0).reason, SkipReason::kNotEligible);
}

TEST_F(ReferralsTest, AChildThatCameWhileACentreWasAskedHasABedToo) {
  const Centre two = w_.AddCentre(2);
  const ReferralId id = w_.Refer(case_, {a_, two});
  w_.intake.cases[case_].card.dependants.resize(1);
  ASSERT_TRUE(w_.referrals.Extend(w_.AsHotline(), id, {b_.id}, RenderId).ok());
  // One bed was held, and there is no other.
  EXPECT_EQ(Accept(a_, w_.OfferAt(id, a_)), Reason::kNoCapacity);
  EXPECT_EQ(domain::Count(w_.LedgerOf(two), two.beds).held, 2u);
  w_.intake.cases[case_].card.dependants.clear();
  EXPECT_EQ(Decline(two, w_.OfferAt(id, two)), Reason::kUnspecified);
  EXPECT_EQ(domain::Count(w_.LedgerOf(b_), b_.beds).held, 1u);
  w_.intake.cases[case_].card.dependants.resize(1);
  ASSERT_TRUE(w_.referrals.Extend(w_.AsHotline(), id, {a_.id}, RenderId).ok());
  EXPECT_EQ(Accept(b_, w_.OfferAt(id, b_)), Reason::kUnspecified);
  EXPECT_EQ(domain::Count(w_.LedgerOf(b_), b_.beds).confirmed, 2u);
}

TEST_F(ReferralsTest, AYesIsForHerAsSheIsNow) {
  const Centre two = w_.AddCentre(2);
  const ReferralId id = w_.Refer(case_, {a_, two});
  w_.intake.cases[case_].card.dependants.resize(1);
  EXPECT_EQ(Accept(a_, w_.OfferAt(id, a_)), Reason::kNoCapacity);
  EXPECT_EQ(domain::Count(w_.LedgerOf(a_), a_.beds).confirmed, 0u);
  EXPECT_EQ(Accept(two, w_.OfferAt(id, two)), Reason::kUnspecified);
  EXPECT_EQ(domain::Count(w_.LedgerOf(two), two.beds).confirmed, 2u);
}

TEST_F(ReferralsTest, AYesToAClosedCaseGivesTheBedBack) {
  const ReferralId id = w_.Refer(case_, {a_, b_});
  w_.intake.cases[case_].closed = true;
  EXPECT_EQ(Accept(a_, w_.OfferAt(id, a_)), Reason::kCaseStateInvalid);
  EXPECT_EQ(w_.Get(id).state, domain::ReferralState::kWithdrawn);
  const domain::PoolCount beds = domain::Count(w_.LedgerOf(a_), a_.beds);
  EXPECT_EQ(beds.held + beds.confirmed, 0u);
  EXPECT_TRUE(w_.OfferAt(id, b_).is_zero());
}

TEST_F(ReferralsTest, AYesDoesNotWaitForIntake) {
  for (const Reason reason :
       {Reason::kServiceUnavailable, Reason::kOverloaded, Reason::kDraining,
        Reason::kStoreUnavailable, Reason::kDeadlinePassed, Reason::kNotEnoughTime}) {
    const Centre centre = w_.AddCentre(1);
    const ReferralId id = w_.Refer(w_.AddCase(domain::Priority::kP1), {centre});
    w_.intake.down = [] { return true; };
    w_.intake.reason_when_down = reason;
    EXPECT_EQ(Accept(centre, w_.OfferAt(id, centre)), Reason::kUnspecified);
    EXPECT_EQ(domain::Count(w_.LedgerOf(centre), centre.beds).confirmed, 1u);
    w_.intake.down = [] { return false; };
  }
}

// Somebody extends the referral for her and a child while an offer is being made for her alone.
TEST_F(ReferralsTest, AnOfferInTheMakingDoesNotForgetAChild) {
  const Centre two = w_.AddCentre(2);
  ReferralId id;
  int asked = 0;
  w_.intake.down = [&] {
    // For sending, card and consent; for the offer, card and then consent.
    if (!id.is_zero() && ++asked == 4) {
      domain::RoutingCard& card = w_.intake.cases[case_].card;
      card.dependants.resize(1);
      const auto extend = [&](domain::Referral& referral, absl::Time now, domain::Events& events) {
        const absl::Status done = domain::Extend(referral, {b_.id}, now, events);
        return done.ok() ? domain::Renew(referral, card) : done;
      };
      EXPECT_TRUE(w_.rows.Change(w_.AsHotline(), id, extend, nullptr).ok());
    }
    return false;
  };
  id = *ReferralId::FromBytes(*w_.referrals.Create(
      w_.AsHotline(),
      {.case_id = case_, .need = domain::NeedCode::kEmergencyShelter, .candidates = {two.id}},
      RenderId));
  EXPECT_TRUE(w_.referrals.Send(w_.AsHotline(), id, RenderId).ok());
  EXPECT_GE(asked, 4);
  EXPECT_EQ(w_.Get(id).card.dependants.size(), 1u);
  EXPECT_EQ(domain::Count(w_.LedgerOf(two), two.beds).held, 2u);
}

// The referral is extended where an acceptance reads or commits for the n-th time, by somebody who
// dies before anything follows from it.
TEST_F(ReferralsTest, AChildThatComesInTheMomentOfTheYesHasABedToo) {
  int extended = 0;
  for (int at = 1; at <= 14; ++at) {
    const Centre centre = w_.AddCentre(2);
    const CaseId case_id = w_.AddCase(domain::Priority::kP1);
    const ReferralId id = w_.Refer(case_id, {centre});
    int step = 0;
    w_.store.fault = [&] {
      if (++step == at) {
        domain::RoutingCard& card = w_.intake.cases[case_id].card;
        card.dependants.resize(1);
        const auto extend = [&](domain::Referral& referral, absl::Time now,
                                domain::Events& events) {
          const absl::Status done = domain::Extend(referral, {b_.id}, now, events);
          return done.ok() ? domain::Renew(referral, card) : done;
        };
        extended += w_.rows.Change(w_.AsHotline(), id, extend, nullptr).ok() ? 1 : 0;
      }
      return FailingStore::Fault::kNone;
    };
    EXPECT_EQ(Accept(centre, w_.OfferAt(id, centre)), Reason::kUnspecified);
    w_.store.fault = [] { return FailingStore::Fault::kNone; };
    EXPECT_EQ(domain::Count(w_.LedgerOf(centre), centre.beds).confirmed,
              1 + w_.Get(id).card.dependants.size())
        << "at step " << at;
  }
  EXPECT_GT(extended, 4);
}

TEST_F(ReferralsTest, WhoIsFullOrClosedIsPassedOver) {
  const Centre full = w_.AddCentre(0);
  const Centre closed = w_.AddCentre(5);
  ASSERT_TRUE(w_.directory
                  .SetStatus(w_.AsHotline(), closed.id, domain::ServiceStatus::kTemporarilyClosed,
                             [](const auto&, const auto&) { return std::string(); })
                  .ok());
  const Centre unknown{.id = NewId<ServiceAtLocationId>(w_.random), .organisation = {}, .beds = {}};
  const ReferralId id = w_.Refer(case_, {full, closed, unknown});
  const domain::Referral referral = w_.Get(id);
  EXPECT_EQ(referral.state, ReferralState::kNoMatch);
  ASSERT_EQ(referral.skipped.size(), 3u);
  EXPECT_EQ(referral.skipped[0].reason, SkipReason::kNoCapacity);
  EXPECT_EQ(referral.skipped[1].reason, SkipReason::kNotEligible);
  EXPECT_EQ(referral.skipped[2].reason, SkipReason::kNotFound);
  EXPECT_TRUE(referral.offers.empty());

  ASSERT_TRUE(w_.referrals.Extend(w_.AsHotline(), id, {a_.id}, RenderId).ok());
  EXPECT_EQ(w_.Get(id).state, ReferralState::kOffered);
}

TEST_F(ReferralsTest, ExtendingTakesTheGuardAgain) {
  const Centre full = w_.AddCentre(0);
  const ReferralId first = w_.Refer(case_, {full});
  const ReferralId second = w_.Refer(case_, {a_});
  EXPECT_EQ(ReasonOf(w_.referrals.Extend(w_.AsHotline(), first, {b_.id}, RenderId).status()),
            Reason::kReferralDuplicate);
  EXPECT_EQ(w_.Get(second).state, ReferralState::kOffered);
}

TEST_F(ReferralsTest, ALateConfirmationWithoutRoomGoesOn) {
  const ReferralId id = w_.Refer(case_, {a_, b_});
  const OfferId offer = w_.OfferAt(id, a_);
  // The hold is gone and the bed taken while the offer still runs: what the safety net may do to a
  // clock that went wrong.
  const auto expired =
      w_.ledgers.Bring(CallContext::ForTimer("test", Deadline::Never()), w_.Get(id),
                       *w_.Get(id).Find(offer), domain::Places::kReleased);
  ASSERT_TRUE(expired.ok());
  EXPECT_EQ(Accept(a_, offer), Reason::kNoCapacity);
  EXPECT_EQ(w_.Get(id).Find(offer)->state, OfferState::kExpired);
  EXPECT_FALSE(w_.OfferAt(id, b_).is_zero());
}

TEST_F(ReferralsTest, AListKeepsNoPlaceAndTheNextIsAsked) {
  const CaseId case_id = w_.AddCase(domain::Priority::kP2);
  const ReferralId id = w_.Refer(case_id, {a_, b_});
  const OfferId offer = w_.OfferAt(id, a_);
  EXPECT_EQ(Waitlist(b_, offer), Reason::kOfferNotFound);
  w_.clock.Advance(absl::Minutes(3));
  EXPECT_EQ(Waitlist(a_, offer), Reason::kUnspecified);
  EXPECT_EQ(w_.metrics.first_answer, absl::Minutes(3));
  EXPECT_EQ(BedsOf(a_).free, 1u);
  EXPECT_EQ(w_.Get(id).Find(w_.OfferAt(id, b_))->state, OfferState::kPending);
  // b is silent, and on a's list no clock runs.
  w_.clock.Advance(absl::Hours(5));
  EXPECT_TRUE(w_.RunTimers());
  w_.clock.Advance(absl::Hours(500));
  EXPECT_TRUE(w_.RunTimers());
  EXPECT_EQ(w_.Get(id).state, ReferralState::kWaitlisted);
  EXPECT_EQ(w_.Get(id).Find(offer)->state, OfferState::kWaitlisted);
  EXPECT_EQ(w_.metrics.escalations, 1);
  EXPECT_EQ(w_.referrals.List(w_.AsHotline(), true, 0, "")->referrals.size(), 1u);
  EXPECT_EQ(ReasonOf(Create(w_.AsHotline(), case_id, {b_}).status()), Reason::kReferralDuplicate);

  EXPECT_EQ(Accept(a_, offer), Reason::kUnspecified);
  EXPECT_EQ(w_.Get(id).state, ReferralState::kAccepted);
  EXPECT_EQ(BedsOf(a_).confirmed, 1u);
  EXPECT_TRUE(w_.referrals.List(w_.AsHotline(), true, 0, "")->referrals.empty());
}

TEST_F(ReferralsTest, WhoNeedsHelpTonightIsPutOnNoList) {
  const ReferralId id = w_.Refer(case_, {a_, b_});
  EXPECT_EQ(Waitlist(a_, w_.OfferAt(id, a_)), Reason::kTooUrgentToWaitlist);
  EXPECT_EQ(w_.Get(id).Find(w_.OfferAt(id, a_))->state, OfferState::kPending);
}

TEST_F(ReferralsTest, ALateYesWithoutRoomGoesBackToTheList) {
  const ReferralId id = ReferToListOf(a_);
  const OfferId offer = w_.OfferAt(id, a_);
  const ReferralId other = Take(a_);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(Accept(a_, offer), Reason::kNoCapacity);
    EXPECT_EQ(w_.Get(id).Find(offer)->state, OfferState::kWaitlisted);
    EXPECT_EQ(w_.Get(id).state, ReferralState::kWaitlisted);
    EXPECT_EQ(BedsOf(a_).confirmed, 1u);
  }
  EXPECT_EQ(w_.metrics.outcomes[OfferState::kWaitlisted], 1);
  Withdraw(other);
  EXPECT_EQ(Accept(a_, offer), Reason::kUnspecified);
  EXPECT_EQ(BedsOf(a_).confirmed, 1u);
}

// A yes from the list stands still where it reads or commits for the n-th time. Meanwhile its claim
// is driven to its end without room, the bed becomes free, and perhaps the yes is said once more.
TEST_F(ReferralsTest, AYesFromTheListThatIsOvertakenTakesNoBed) {
  int lost = 0;
  for (const bool once_more : {false, true}) {
    for (int at = 1; at <= 16; ++at) {
      const Centre centre = w_.AddCentre(1);
      const ReferralId id = ReferToListOf(centre);
      const OfferId offer = w_.OfferAt(id, centre);
      const ReferralId other = Take(centre);
      const CallContext nobody = CallContext::ForTimer("test", Deadline::Never());
      int step = 0;
      w_.store.fault = [&] {
        if (++step != at) return FailingStore::Fault::kNone;
        const bool claimed = w_.Get(id).Claimed() != nullptr;
        EXPECT_TRUE(w_.driver.Drive(id, nobody).ok());
        lost += claimed && w_.Get(id).Claimed() == nullptr ? 1 : 0;
        Withdraw(other);
        if (once_more) {
          // By somebody who dies before anything follows from it.
          w_.rows
              .Change(
                  nobody, id,
                  [&](domain::Referral& referral, absl::Time now, domain::Events& events) {
                    return domain::Claim(referral, offer, now, events);
                  },
                  nullptr)
              .status()
              .IgnoreError();
        }
        return FailingStore::Fault::kNone;
      };
      const Reason answer = Accept(centre, offer);
      w_.store.fault = [] { return FailingStore::Fault::kNone; };
      w_.clock.Advance(absl::Minutes(1));
      EXPECT_TRUE(w_.RunTimers());
      const bool accepted = w_.Get(id).state == ReferralState::kAccepted;
      if (answer == Reason::kUnspecified) {
        EXPECT_TRUE(accepted);
      }
      // A refusal that was about the first yes is none of the second.
      if (once_more && step >= at) {
        EXPECT_TRUE(accepted) << "at step " << at;
      }
      EXPECT_EQ(BedsOf(centre).confirmed, accepted || step < at ? 1u : 0u) << "at step " << at;
      EXPECT_EQ(BedsOf(centre).held, 0u);
    }
  }
  EXPECT_GT(lost, 2);
}

TEST_F(ReferralsTest, AYesFromTheListAsksForHerConsentAgain) {
  const ReferralId id = ReferToListOf(a_);
  const OfferId offer = w_.OfferAt(id, a_);
  w_.intake.refused.insert({w_.Get(id).case_id, a_.organisation});  // it ran out
  EXPECT_EQ(Accept(a_, offer), Reason::kConsentMissing);
  w_.intake.refused.clear();
  w_.intake.down = [] { return true; };
  EXPECT_EQ(Accept(a_, offer), Reason::kServiceUnavailable);
  w_.intake.down = [] { return false; };
  EXPECT_EQ(w_.Get(id).state, ReferralState::kWaitlisted);
  EXPECT_EQ(Accept(a_, offer), Reason::kUnspecified);
}

TEST_F(ReferralsTest, AYesFromTheListToAClosedCaseEndsIt) {
  const ReferralId id = ReferToListOf(a_);
  w_.intake.cases[w_.Get(id).case_id].closed = true;
  EXPECT_EQ(Accept(a_, w_.OfferAt(id, a_)), Reason::kCaseStateInvalid);
  EXPECT_EQ(w_.Get(id).state, ReferralState::kWithdrawn);
  EXPECT_EQ(w_.Get(id).Find(w_.OfferAt(id, a_))->state, OfferState::kWithdrawn);
}

// More events than one commit takes.
TEST_F(ReferralsTest, RevokedConsentTakesHerOffEveryList) {
  const std::vector needs = {domain::NeedCode::kEmergencyShelter,
                             domain::NeedCode::kLegalAssistance,
                             domain::NeedCode::kPsychologicalSupport, domain::NeedCode::kListening};
  const CaseId case_id = w_.AddCase(domain::Priority::kP3);
  w_.intake.cases[case_id].card.needs = needs;
  std::vector<ReferralId> ids;
  for (const domain::NeedCode need : needs) {
    CreateCommand command{.case_id = case_id, .need = need, .candidates = {}};
    for (size_t i = 0; i <= domain::kMaxLists; ++i) {
      domain::ServiceAtLocation record = w_.RecordOf(w_.AddCentre(1), 1);
      record.needs = {need};
      record.organisation_id = a_.organisation;
      ASSERT_TRUE(w_.directory.Import(w_.AsHotline(), {record}).ok());
      command.candidates.push_back(record.id);
    }
    ids.push_back(*ReferralId::FromBytes(*w_.referrals.Create(w_.AsHotline(), command, RenderId)));
    ASSERT_TRUE(w_.referrals.Send(w_.AsHotline(), ids.back(), RenderId).ok());
    for (size_t i = 0; i <= domain::kMaxLists; ++i) {
      const OfferId last = w_.Get(ids.back()).offers.back().id;
      EXPECT_EQ(ReasonOf(w_.referrals.Waitlist(w_.As(a_.organisation), last, RenderId).status()),
                i < domain::kMaxLists ? Reason::kUnspecified : Reason::kOfferStateInvalid);
    }
  }
  const CallContext context = w_.AsHotline();
  const std::string all = std::to_string(needs.size() * (domain::kMaxLists + 1));
  EXPECT_EQ(*w_.referrals.RevokeConsent(context, case_id, a_.organisation, Number), all);
  for (const ReferralId& id : ids) {
    for (const domain::Offer& offer : w_.Get(id).offers) {
      EXPECT_EQ(offer.state, OfferState::kWithdrawn);
    }
  }
  EXPECT_EQ(*w_.referrals.RevokeConsent(context, case_id, a_.organisation, Number), all);
}

TEST_F(ReferralsTest, RevokedConsentTakesHerOffTheList) {
  const ReferralId id = ReferToListOf(a_);
  const CaseId case_id = w_.Get(id).case_id;
  w_.intake.refused.insert({case_id, a_.organisation});
  const auto count = [](uint32_t n) { return std::to_string(n); };
  EXPECT_EQ(*w_.referrals.RevokeConsent(w_.AsHotline(), case_id, a_.organisation, count), "1");
  EXPECT_EQ(w_.Get(id).Find(w_.OfferAt(id, a_))->state, OfferState::kWithdrawn);
  EXPECT_EQ(Accept(a_, w_.OfferAt(id, a_)), Reason::kOfferStateInvalid);
  EXPECT_EQ(w_.Get(id).state, ReferralState::kMatching);
  EXPECT_TRUE(w_.Get(id).escalated);
  ASSERT_TRUE(w_.referrals.Extend(w_.AsHotline(), id, {b_.id}, RenderId).ok());
  EXPECT_EQ(w_.Get(id).state, ReferralState::kOffered);
}

TEST_F(ReferralsTest, RevokedConsentTakesOffersBack) {
  const ReferralId id = w_.Refer(case_, {a_, b_});
  w_.intake.refused.insert({case_, a_.organisation});
  const CallContext context = w_.AsHotline();
  EXPECT_EQ(*w_.referrals.RevokeConsent(context, case_, a_.organisation, Number), "1");
  EXPECT_EQ(*w_.referrals.RevokeConsent(context, case_, a_.organisation, Number), "1");
  EXPECT_EQ(*w_.referrals.RevokeConsent(w_.AsHotline(), case_, a_.organisation, Number), "0");
  EXPECT_EQ(domain::Count(w_.LedgerOf(a_), a_.beds).free, 1u);
  EXPECT_EQ(w_.Get(id).Find(w_.OfferAt(id, b_))->state, OfferState::kPending);
}

TEST_F(ReferralsTest, ARepeatedRevocationLeavesTheOffersOfANewerConsent) {
  const CallContext context = w_.AsHotline();
  EXPECT_EQ(*w_.referrals.RevokeConsent(context, case_, a_.organisation, Number), "0");
  const ReferralId id = w_.Refer(case_, {a_});
  EXPECT_EQ(*w_.referrals.RevokeConsent(context, case_, a_.organisation, Number), "0");
  EXPECT_EQ(w_.Get(id).Find(w_.OfferAt(id, a_))->state, OfferState::kPending);
}

TEST_F(ReferralsTest, AClosedCaseTakesBackWhatSheHasNotArrivedBy) {
  // A need has one open referral, so each of them has one of its own.
  const std::vector needs = {domain::NeedCode::kEmergencyShelter,
                             domain::NeedCode::kLegalAssistance,
                             domain::NeedCode::kPsychologicalSupport, domain::NeedCode::kListening,
                             domain::NeedCode::kOrientation};
  w_.intake.cases[case_].card.needs = needs;
  std::vector<Centre> centres;
  std::vector<ReferralId> ids;
  for (const domain::NeedCode need : needs) {
    centres.push_back(w_.AddCentre(need == needs.back() ? 0 : 1));
    domain::ServiceAtLocation record = w_.RecordOf(centres.back(), need == needs.back() ? 0 : 1);
    record.needs = {need};
    ASSERT_TRUE(w_.directory.Import(w_.AsHotline(), {record}).ok());
    const auto created = w_.referrals.Create(
        w_.AsHotline(), {.case_id = case_, .need = need, .candidates = {record.id}}, RenderId);
    ids.push_back(*ReferralId::FromBytes(*created));
    if (ids.size() == 1) continue;  // a draft
    ASSERT_TRUE(w_.referrals.Send(w_.AsHotline(), ids.back(), RenderId).ok());
  }
  for (const size_t accepted : {size_t{2}, size_t{3}}) {
    EXPECT_EQ(Accept(centres[accepted], w_.OfferAt(ids[accepted], centres[accepted])),
              Reason::kUnspecified);
  }
  ASSERT_TRUE(w_.referrals
                  .Report(w_.As(centres[3].organisation), w_.OfferAt(ids[3], centres[3]),
                          domain::Progress::kArrived, RenderId)
                  .ok());
  const std::vector before = {ReferralState::kDraft, ReferralState::kOffered,
                              ReferralState::kAccepted, ReferralState::kArrived,
                              ReferralState::kNoMatch};
  for (size_t i = 0; i < ids.size(); ++i) EXPECT_EQ(w_.Get(ids[i]).state, before[i]);

  w_.intake.cases[case_].closed = true;
  const CallContext context = w_.AsHotline();
  EXPECT_EQ(*w_.referrals.CloseCase(context, case_, Number), "4");
  for (size_t i = 0; i < ids.size(); ++i) {
    const bool she_is_there = i == 3;
    // That nobody could take her stays said.
    const bool as_it_was = she_is_there || before[i] == ReferralState::kNoMatch;
    EXPECT_EQ(w_.Get(ids[i]).state, as_it_was ? before[i] : ReferralState::kWithdrawn);
    const domain::PoolCount beds = domain::Count(w_.LedgerOf(centres[i]), centres[i].beds);
    EXPECT_EQ(beds.held + beds.confirmed + beds.occupied, she_is_there ? 1u : 0u);
  }
  EXPECT_EQ(w_.Get(ids[1]).offers.front().state, OfferState::kWithdrawn);
  EXPECT_EQ(w_.Get(ids[2]).offers.front().state, OfferState::kWithdrawn);
  EXPECT_FALSE(w_.Get(ids[4]).escalated);
  EXPECT_EQ(Accept(centres[1], w_.OfferAt(ids[1], centres[1])), Reason::kOfferStateInvalid);
  EXPECT_EQ(*w_.referrals.CloseCase(context, case_, Number), "4");
  EXPECT_EQ(*w_.referrals.CloseCase(w_.AsHotline(), case_, Number), "0");
}

TEST_F(ReferralsTest, WhoCannotWaitAnyMoreIsPutOnNoListAndAskedForAgain) {
  const ReferralId listed = ReferToListOf(a_);
  const CaseId case_id = w_.Get(listed).case_id;
  const auto extend = [&] {
    return w_.referrals.Extend(w_.AsHotline(), listed, {a_.id}, RenderId).ok();
  };
  EXPECT_TRUE(extend());
  EXPECT_EQ(w_.Get(listed).offers.size(), 1u) << "asked twice";
  w_.intake.cases[case_id].card.priority = domain::Priority::kP0;
  EXPECT_TRUE(extend());
  ASSERT_EQ(w_.Get(listed).offers.size(), 2u);
  EXPECT_EQ(w_.Get(listed).offers.front().state, OfferState::kSuperseded);
  const OfferId again = w_.Get(listed).offers.back().id;
  EXPECT_EQ(ReasonOf(w_.referrals.Waitlist(w_.As(a_.organisation), again, RenderId).status()),
            Reason::kTooUrgentToWaitlist);
  EXPECT_EQ(Accept(a_, again), Reason::kUnspecified);
}

TEST_F(ReferralsTest, WhoHasAnsweredLearnsNothingMoreOfHer) {
  const CaseId case_id = w_.AddCase(domain::Priority::kP3);
  const ReferralId id = w_.Refer(case_id, {a_, b_});
  const OfferId offer = w_.OfferAt(id, a_);
  EXPECT_EQ(Decline(a_, offer), Reason::kUnspecified);
  RoutedCase& routed = w_.intake.cases[case_id];
  routed.card.priority = domain::Priority::kP0;
  ASSERT_TRUE(w_.referrals.Extend(w_.AsHotline(), id, {w_.AddCentre(1).id}, RenderId).ok());
  for (const bool closed : {false, true}) {
    routed.closed = closed;
    EXPECT_EQ(ReasonOf(w_.referrals.Waitlist(w_.As(a_.organisation), offer, RenderId).status()),
              Reason::kOfferStateInvalid);
    EXPECT_EQ(Accept(a_, offer), Reason::kOfferStateInvalid);
  }
}

TEST_F(ReferralsTest, WhatBecameUrgentSinceSheWasOfferedIsPutOnNoList) {
  const CaseId case_id = w_.AddCase(domain::Priority::kP3);
  const ReferralId id = w_.Refer(case_id, {a_});
  w_.intake.cases[case_id].card.priority = domain::Priority::kP1;
  const auto waitlist = [&] {
    return ReasonOf(
        w_.referrals.Waitlist(w_.As(a_.organisation), w_.OfferAt(id, a_), RenderId).status());
  };
  EXPECT_EQ(waitlist(), Reason::kTooUrgentToWaitlist);
  EXPECT_EQ(w_.Get(id).state, ReferralState::kOffered);
  w_.intake.cases[case_id].closed = true;
  EXPECT_EQ(waitlist(), Reason::kCaseStateInvalid);
  EXPECT_EQ(w_.Get(id).state, ReferralState::kWithdrawn);
}

TEST_F(ReferralsTest, AYesFromTheListOfWhoNoLongerRunsThePlace) {
  const ReferralId id = ReferToListOf(a_);
  const OfferId offer = w_.OfferAt(id, a_);
  domain::ServiceAtLocation record = w_.RecordOf(a_, 1);
  record.organisation_id = b_.organisation;
  ASSERT_TRUE(w_.directory.Import(w_.AsHotline(), {record}).ok());
  EXPECT_EQ(Accept(a_, offer), Reason::kCandidateNotEligible);
  EXPECT_EQ(w_.Get(id).state, ReferralState::kWaitlisted);
}

TEST_F(ReferralsTest, AClosedCaseIsOnNoList) {
  const ReferralId id = ReferToListOf(a_);
  const CaseId listed = w_.Get(id).case_id;
  w_.intake.cases[listed].closed = true;
  EXPECT_EQ(*w_.referrals.CloseCase(w_.AsHotline(), listed, Number), "1");
  EXPECT_EQ(w_.Get(id).state, ReferralState::kWithdrawn);
  EXPECT_EQ(w_.Get(id).Find(w_.OfferAt(id, a_))->state, OfferState::kWithdrawn);
}

TEST_F(ReferralsTest, ACaseThatIsNotClosedKeepsItsReferrals) {
  const ReferralId id = w_.Refer(case_, {a_});
  const CallContext context = w_.AsHotline();
  const auto close = [&] { return w_.referrals.CloseCase(context, case_, Number); };
  EXPECT_EQ(ReasonOf(close().status()), Reason::kCaseStateInvalid);
  w_.intake.cases[case_].closed = true;
  w_.intake.down = [] { return true; };
  EXPECT_EQ(ReasonOf(close().status()), Reason::kServiceUnavailable);
  EXPECT_EQ(w_.Get(id).state, ReferralState::kOffered);
  w_.intake.down = [] { return false; };
  EXPECT_EQ(*close(), "1");
  // Reopened and referred again: a repetition of what was told before does not end that.
  w_.intake.cases[case_].closed = false;
  const ReferralId again = w_.Refer(case_, {a_});
  EXPECT_EQ(*close(), "1");
  EXPECT_EQ(w_.Get(again).state, ReferralState::kOffered);
}

// She is reopened, and her referral extended, after intake was asked and before the end is written.
TEST_F(ReferralsTest, WhatGoesOnInTheMomentOfTheClosureGoesOn) {
  const ReferralId id = w_.Refer(case_, {a_});
  RoutedCase& routed = w_.intake.cases[case_];
  routed.closed = true;
  bool reopened = false;
  int asked = 0;
  w_.store.fault = [&] {
    // Its first commit, for everything was read before.
    if (asked == 1 && !std::exchange(reopened, true)) {
      routed.closed = false;
      EXPECT_TRUE(w_.referrals.Extend(w_.AsHotline(), id, {b_.id}, RenderId).ok());
    }
    return FailingStore::Fault::kNone;
  };
  w_.intake.down = [&] { return ++asked == 0; };
  EXPECT_EQ(ReasonOf(w_.referrals.CloseCase(w_.AsHotline(), case_, Number).status()),
            Reason::kCaseStateInvalid);
  EXPECT_TRUE(reopened);
  EXPECT_EQ(w_.Get(id).state, ReferralState::kOffered);
}

TEST_F(ReferralsTest, ListsInboxesPendingFirst) {
  std::vector<ReferralId> ids;
  for (int i = 0; i < 2; ++i) {
    ids.push_back(w_.Refer(w_.AddCase(domain::Priority::kP1), {b_}));
    w_.clock.Advance(absl::Seconds(1));
  }
  EXPECT_EQ(Decline(b_, w_.OfferAt(ids[0], b_)), Reason::kUnspecified);
  const CallContext context = w_.As(b_.organisation);
  const auto all = w_.referrals.ListOffers(context, false, 0, "");
  ASSERT_EQ(all->offers.size(), 2u);
  EXPECT_EQ(all->offers[0].referral.id, ids[1]);
  EXPECT_EQ(w_.referrals.ListOffers(context, true, 0, "")->offers.size(), 1u);
  const auto first = w_.referrals.ListOffers(context, false, 1, "");
  ASSERT_EQ(first->offers.size(), 1u);
  ASSERT_FALSE(first->next_token.empty());
  EXPECT_LE(first->next_token.size(), 64u);  // what the contract allows
  const auto second = w_.referrals.ListOffers(context, false, 1, first->next_token);
  ASSERT_EQ(second->offers.size(), 1u);
  EXPECT_EQ(second->offers[0].referral.id, ids[0]);
  EXPECT_TRUE(second->next_token.empty());
  EXPECT_TRUE(w_.referrals.ListOffers(w_.As(a_.organisation), false, 0, "")->offers.empty());
}

TEST_F(ReferralsTest, AListStandsBehindThePendingInAnInbox) {
  const Centre centre = w_.AddCentre(5);
  std::vector<ReferralId> ids;
  for (int i = 0; i < 4; ++i) {
    ids.push_back(w_.Refer(w_.AddCase(domain::Priority::kP2), {centre}));
    w_.clock.Advance(absl::Seconds(1));
  }
  EXPECT_EQ(Decline(centre, w_.OfferAt(ids[0], centre)), Reason::kUnspecified);
  EXPECT_EQ(Waitlist(centre, w_.OfferAt(ids[2], centre)), Reason::kUnspecified);
  EXPECT_EQ(Waitlist(centre, w_.OfferAt(ids[1], centre)), Reason::kUnspecified);
  const auto all = w_.referrals.ListOffers(w_.As(centre.organisation), false, 0, "");
  ASSERT_EQ(all->offers.size(), 4u);
  const std::vector<ReferralId> expected = {ids[3], ids[1], ids[2], ids[0]};
  for (size_t i = 0; i < 4; ++i) EXPECT_EQ(all->offers[i].referral.id, expected[i]) << i;
  EXPECT_EQ(w_.referrals.ListOffers(w_.As(centre.organisation), true, 0, "")->offers.size(), 1u);
}

TEST_F(ReferralsTest, ACasesHistoryIsWhole) {
  const ReferralId id = w_.Refer(case_, {a_});
  ASSERT_EQ(Accept(a_, w_.OfferAt(id, a_)), Reason::kUnspecified);
  const auto history = w_.memory.ReadHistory(case_.bytes(), {}, 1000, Deadline::Never());
  std::string all;
  for (const auto& entry : history->entries) all += entry.event;
  for (const char* action : {"referral.created", "referral.sent", "offer.made", "place.held",
                             "offer.claimed", "place.confirmed", "offer.accepted"}) {
    EXPECT_NE(all.find(action), std::string::npos) << action;
  }
}

}  // namespace
}  // namespace amana::referral
