// The saga against everything that can go wrong between two of its steps: random commands, random
// crashes before and after commits, an intake that is away, clocks that run on. A failure names its
// seed.

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <thread>
#include <utility>

#include "services/referral/app/test_world.h"
#include "services/referral/store/codec.h"

namespace amana::referral {
namespace {

using domain::OfferState;
using domain::Places;
using domain::ReferralState;
using domain::ReservationState;

constexpr int kSeeds = 250;
constexpr int kCommands = 60;

const domain::Reservation* Find(const domain::Ledger& ledger, const domain::ReservationId& id) {
  const auto it = std::ranges::find(ledger.reservations, id, &domain::Reservation::id);
  return it == ledger.reservations.end() ? nullptr : &*it;
}

class Storm {
 public:
  explicit Storm(uint64_t seed) : world_(seed) {
    for (int i = 0; i < 4; ++i) {
      centres_.push_back(world_.AddCentre(static_cast<uint32_t>(1 + Dice(2))));
    }
    for (int i = 0; i < 4; ++i) {
      cases_.push_back(
          world_.AddCase(Dice(3) == 0 ? domain::Priority::kP0 : domain::Priority::kP2));
    }
    world_.policy.p2 = world_.policy.p1;  // CalmDown() outlasts every offer
  }

  void Run() {
    world_.store.fault = [this] {
      const uint64_t dice = Dice(20);
      if (dice == 0) return FailingStore::Fault::kBefore;
      return dice == 1 ? FailingStore::Fault::kAfter : FailingStore::Fault::kNone;
    };
    world_.intake.down = [this] { return Dice(10) == 0; };
    for (int i = 0; i < kCommands; ++i) {
      Command();
      CheckAlways();
      if (testing::Test::HasFailure()) return;
    }
    CalmDown();
    CheckSettled();
  }

 private:
  uint64_t Dice(uint64_t n) { return world_.random.Below(n); }
  const Centre& AnyCentre() { return centres_[Dice(centres_.size())]; }
  const CaseId& AnyCase() { return cases_[Dice(cases_.size())]; }

  // Any referral that exists.
  ReferralId AnyReferral() { return known_.empty() ? ReferralId() : known_[Dice(known_.size())]; }
  OfferId AnyOffer() {
    const ReferralId id = AnyReferral();
    if (id.is_zero()) return {};
    const domain::Referral referral = Read(id);
    if (referral.offers.empty()) return {};
    return referral.offers[Dice(referral.offers.size())].id;
  }

  domain::Referral Read(const ReferralId& id) {
    // Without faults: this is the test looking, not the service.
    const auto fault = std::exchange(world_.store.fault, [] { return FailingStore::Fault::kNone; });
    domain::Referral referral = world_.Get(id);
    world_.store.fault = fault;
    return referral;
  }

  OrganisationId OrganisationOf(const OfferId& id) {
    for (const ReferralId& known : known_) {
      const domain::Referral referral = Read(known);
      if (const domain::Offer* offer = referral.Find(id)) return offer->organisation_id;
    }
    return {};
  }

  using Call = std::function<absl::StatusOr<std::string>()>;

  void Do(Call call) {
    const auto reply = call();
    if (reply.ok()) done_.push_back({std::move(call), *reply});
  }

  // A call that was answered may fail now, but it is told nothing else.
  void Repeat() {
    if (done_.empty()) return;
    const Done& old = done_[Dice(done_.size())];
    const auto again = old.call();
    if (again.ok()) {
      EXPECT_EQ(*again, old.reply);
    } else {
      EXPECT_EQ(ReasonOf(again.status()), Reason::kStoreUnavailable) << again.status();
    }
  }

  void Command() {
    switch (Dice(15)) {
      case 0:
      case 1:
        return Create();
      case 2:
        return Do([this, context = world_.AsHotline(), id = AnyReferral()] {
          return world_.referrals.Send(context, id, RenderWhole);
        });
      case 3:
      case 4:
      case 5:
        return Accept();
      case 6: {
        const OfferId id = AnyOffer();
        return Do([this, context = world_.As(OrganisationOf(id)), id] {
          return world_.referrals.Decline(context, id, domain::DeclineReason::kStaffUnavailable,
                                          RenderWhole);
        });
      }
      case 7: {
        const OfferId id = AnyOffer();
        const auto progress = static_cast<domain::Progress>(1 + Dice(5));
        return Do([this, context = world_.As(OrganisationOf(id)), id, progress] {
          return world_.referrals.Report(context, id, progress, RenderWhole);
        });
      }
      case 8:
        return Rarely();
      case 9:
        return world_.clock.Advance(absl::Seconds(static_cast<int64_t>(Dice(400))));
      case 10:
        return Repeat();
      case 11:
      case 12:
        return Waitlist();
      default:
        world_.RunTimers(3);
    }
  }

  void Rarely() {
    switch (Dice(6)) {
      case 5:
        return CloseOrReopen();
      case 4:  // a child comes, or goes
        return world_.intake.cases[AnyCase()].card.dependants.resize(Dice(2));
      case 0:
        return Do([this, context = world_.AsHotline(), id = AnyReferral()] {
          return world_.referrals.End(context, id, domain::ReferralEnd::kWithdrawn,
                                      domain::SurvivorReason::kUnspecified, RenderWhole);
        });
      case 1: {
        const CaseId& case_id = AnyCase();
        const OrganisationId& recipient = AnyCentre().organisation;
        world_.intake.refused.insert({case_id, recipient});
        return Ignore(world_.referrals.RevokeConsent(world_.AsHotline(), case_id, recipient,
                                                     [](uint32_t) { return std::string(); }));
      }
      case 2:
        return Do([this, context = world_.AsHotline(), id = AnyReferral(),
                   more = std::vector{AnyCentre().id, AnyCentre().id}] {
          return world_.referrals.Extend(context, id, more, RenderWhole);
        });
      default: {
        const Centre& centre = AnyCentre();
        return Ignore(world_.directory.SetCapacity(
            world_.As(centre.organisation), centre.id, centre.beds, static_cast<uint32_t>(Dice(4)),
            0,
            [](const domain::ServiceAtLocation&, const domain::Ledger&) { return std::string(); }));
      }
    }
  }

  void CloseOrReopen() {
    const CaseId& id = AnyCase();
    bool& closed = world_.intake.cases[id].closed;
    closed = !closed;
    if (closed) {
      Do([this, context = world_.AsHotline(), id] { return TellOfClosure(context, id); });
    }
  }

  absl::StatusOr<std::string> TellOfClosure(const CallContext& context, const CaseId& id) {
    return world_.referrals.CloseCase(context, id, [](uint32_t n) { return std::to_string(n); });
  }

  void Create() {
    CreateCommand command{
        .case_id = AnyCase(), .need = domain::NeedCode::kEmergencyShelter, .candidates = {}};
    for (int i = 0; i < 3; ++i) command.candidates.push_back(AnyCentre().id);
    const CallContext context = world_.AsHotline();
    // Sent again with the same id until it is answered, as a client does.
    for (int i = 0; i < 20; ++i) {
      const auto created = world_.referrals.Create(context, command, RenderId);
      if (!created.ok()) continue;
      known_.push_back(*ReferralId::FromBytes(*created));
      return Do([this, send = world_.AsHotline(), id = known_.back()] {
        return world_.referrals.Send(send, id, RenderWhole);
      });
    }
  }

  void Waitlist() {
    const OfferId id = AnyOffer();
    Do([this, context = world_.As(OrganisationOf(id)), id] {
      return world_.referrals.Waitlist(context, id, RenderWhole);
    });
  }

  void Accept() {
    const OfferId id = AnyOffer();
    const size_t before = done_.size();
    Do([this, context = world_.As(OrganisationOf(id)), id] {
      return world_.referrals.Accept(context, id, RenderWhole);
    });
    if (done_.size() == before) return;
    // Who was told yes has his places.
    const domain::Referral referral = Read(DecodeReferral(done_.back().reply)->id);
    ASSERT_EQ(referral.accepted_offer_id, id);
    const domain::Offer& offer = *referral.Find(id);
    if (domain::WantedPlaces(referral, offer) != Places::kReleased) ExpectKept(referral, offer);
  }

  // For all of them.
  void ExpectKept(const domain::Referral& referral, const domain::Offer& offer) {
    for (const Centre& centre : centres_) {
      if (centre.id != offer.service_at_location_id) continue;
      const domain::Ledger ledger = world_.LedgerOf(centre);
      const domain::Reservation* reservation = Find(ledger, offer.reservation_id());
      ASSERT_NE(reservation, nullptr);
      EXPECT_TRUE(reservation->state == ReservationState::kConfirmed ||
                  reservation->state == ReservationState::kOccupied);
      ASSERT_EQ(reservation->lines.size(), 1u);
      EXPECT_GE(reservation->lines[0].quantity, 1 + referral.card.dependants.size());
    }
  }

  static void Ignore(const absl::StatusOr<std::string>&) {}

  // After every command, whatever failed in it.
  void CheckAlways() {
    for (const Centre& centre : centres_) {
      ASSERT_TRUE(domain::IsSound(world_.LedgerOf(centre)));
    }
    for (const ReferralId& id : known_) {
      const domain::Referral referral = Read(id);
      const auto said_yes = std::ranges::count_if(referral.offers, [](const domain::Offer& offer) {
        return offer.state == OfferState::kAccepted || offer.state == OfferState::kClaimed;
      });
      ASSERT_LE(said_yes, 1);
      if (referral.state == ReferralState::kAccepted) {
        ExpectKept(referral, *referral.Find(referral.accepted_offer_id));
      }
    }
  }

  // No more faults; time goes on until every offer is over.
  void CalmDown() {
    world_.store.fault = [] { return FailingStore::Fault::kNone; };
    world_.intake.down = [] { return false; };
    // Intake's timer tells until it was heard.
    for (const CaseId& id : cases_) {
      if (!world_.intake.cases[id].closed) continue;
      EXPECT_TRUE(TellOfClosure(world_.AsHotline(), id).ok());
    }
    for (int i = 0; i < 40; ++i) {
      EXPECT_TRUE(world_.RunTimers());
      world_.clock.Advance(absl::Minutes(16));
    }
    EXPECT_TRUE(world_.RunTimers());
  }

  void CheckSettled() {
    const auto timers = world_.memory.DueTimers(world_.clock.Now() + absl::Hours(10'000), 1000,
                                                Deadline::After(absl::Seconds(5)));
    ASSERT_TRUE(timers.ok());
    EXPECT_TRUE(timers->empty()) << timers->front().timer;
    std::set<OfferId> wanted;
    for (const ReferralId& id : known_) {
      const domain::Referral referral = Read(id);
      EXPECT_EQ(domain::NextStep(referral, world_.policy).kind, domain::Step::Kind::kNothing);
      EXPECT_NE(referral.state, ReferralState::kOffered);
      if (world_.intake.cases[referral.case_id].closed) {
        EXPECT_TRUE(referral.state == ReferralState::kNoMatch ||
                    !domain::Next(referral.state, domain::ReferralCommand::kWithdraw))
            << "nobody is to come any more";
        EXPECT_FALSE(referral.escalated) << "nobody need look any more";
      }
      const bool on_list = std::ranges::any_of(referral.offers, [](const domain::Offer& offer) {
        return offer.state == OfferState::kWaitlisted;
      });
      EXPECT_EQ(on_list, referral.state == ReferralState::kWaitlisted);
      if (on_list) {
        EXPECT_TRUE(referral.escalated) << "on a list, and nobody looks";
      }
      for (const domain::Offer& offer : referral.offers) {
        if (domain::WantedPlaces(referral, offer) != Places::kReleased) wanted.insert(offer.id);
      }
    }
    for (const Centre& centre : centres_) {
      for (const domain::Reservation& r : world_.LedgerOf(centre).reservations) {
        const bool keeps = r.state == ReservationState::kHeld ||
                           r.state == ReservationState::kConfirmed ||
                           r.state == ReservationState::kOccupied;
        EXPECT_NE(r.state, ReservationState::kHeld);
        if (keeps) {
          EXPECT_TRUE(wanted.erase(r.id.offer_id) == 1) << "a place leaked";
        }
      }
    }
    EXPECT_TRUE(wanted.empty()) << "a promised place is not kept";
  }

  struct Done {
    Call call;
    std::string reply;
  };

  World world_;
  std::vector<Done> done_;
  std::vector<Centre> centres_;
  std::vector<CaseId> cases_;
  std::vector<ReferralId> known_;
};

TEST(SagaPropertyTest, SurvivesEveryCrash) {
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Storm(seed).Run();
    if (HasFailure()) return;
  }
}

// Thirty-two hotlines want the last bed in the same moment.
TEST(SagaPropertyTest, OneOfManyGetsTheLastBed) {
  constexpr int kRounds = 100;
  constexpr int kWomen = 32;
  for (int round = 0; round < kRounds; ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    World world(static_cast<uint64_t>(1000 + round));
    const Centre centre = world.AddCentre(1);
    std::vector<CaseId> cases;
    cases.reserve(kWomen);
    for (int i = 0; i < kWomen; ++i) cases.push_back(world.AddCase(domain::Priority::kP0));

    std::vector<ReferralId> referrals(kWomen);
    std::vector<std::thread> threads;
    threads.reserve(kWomen);
    for (int i = 0; i < kWomen; ++i) {
      threads.emplace_back([&, i] { referrals[i] = world.Refer(cases[i], {centre}); });
    }
    for (std::thread& thread : threads) thread.join();

    int offered = 0;
    for (const ReferralId& id : referrals) {
      const domain::Referral referral = world.Get(id);
      if (referral.state == ReferralState::kOffered) {
        ++offered;
        const OfferId offer = world.OfferAt(id, centre);
        EXPECT_TRUE(world.referrals.Accept(world.As(centre.organisation), offer, RenderId).ok());
      } else {
        EXPECT_EQ(referral.state, ReferralState::kNoMatch);
      }
    }
    EXPECT_EQ(offered, 1);
    const domain::Ledger ledger = world.LedgerOf(centre);
    EXPECT_EQ(domain::Count(ledger, centre.beds).confirmed, 1);
    EXPECT_TRUE(domain::IsSound(ledger));
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace amana::referral
