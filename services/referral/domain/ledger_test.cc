#include "services/referral/domain/ledger.h"

#include <gtest/gtest.h>

#include "common/base/error.h"

namespace amana::referral::domain {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'780'000'000);
constexpr NeedCode kNeed = NeedCode::kEmergencyShelter;

template <class I>
I IdOf(char c) {
  return *I::FromBytes(std::string(kIdSize, c));
}

Pool PoolOf(char id, CapacityUnit unit, uint32_t maximum, std::vector<NeedCode> needs = {}) {
  return {.pool_id = IdOf<PoolId>(id),
          .unit = unit,
          .needs = std::move(needs),
          .maximum = maximum,
          .occupied_elsewhere = 0,
          .update_time = kNow};
}

Ledger LedgerOf(std::vector<Pool> pools) {
  Ledger ledger;
  ledger.id = IdOf<ServiceAtLocationId>('s');
  ledger.pools = std::move(pools);
  return ledger;
}

RoutingCard CardWith(std::vector<Dependant> dependants = {}) {
  RoutingCard card;
  card.needs = {kNeed};
  card.dependants = std::move(dependants);
  return card;
}

ReservationId ReservationOf(char offer, uint32_t turn = 0) { return {IdOf<OfferId>(offer), turn}; }

HoldRequest RequestFor(char offer, const RoutingCard& card, uint32_t turn = 0) {
  return {.id = ReservationOf(offer, turn),
          .case_id = IdOf<CaseId>('c'),
          .card = card,
          .need = kNeed,
          .expire_time = kNow + absl::Minutes(6)};
}

std::string PlanText(const Ledger& ledger, const RoutingCard& card, NeedCode need = kNeed) {
  const auto lines = PlanLines(RoomOf(ledger), card, need);
  if (!lines) return "none";
  std::string text;
  for (const Line& line : *lines) {
    text += line.pool_id.view()[0];
    text += std::to_string(line.quantity);
  }
  return text;
}

TEST(PlanTest, PartiesAndUnits) {
  const Dependant baby{AgeBand::k0To5, Gender::kFemale};
  const Dependant boy{AgeBand::k6To11, Gender::kMale};
  const Dependant unknown{AgeBand::kUnknown, Gender::kUnspecified};
  const RoutingCard alone = CardWith();
  const RoutingCard family = CardWith({baby, boy});

  const Ledger beds = LedgerOf({PoolOf('b', CapacityUnit::kBed, 3)});
  EXPECT_EQ(PlanText(beds, alone), "b1");
  EXPECT_EQ(PlanText(beds, family), "b3");  // no cot: the baby takes a bed
  EXPECT_EQ(PlanText(beds, CardWith({unknown})), "b2");
  EXPECT_EQ(PlanText(beds, CardWith({boy, boy, boy})), "none");  // together or not at all

  const Ledger cots =
      LedgerOf({PoolOf('b', CapacityUnit::kBed, 3), PoolOf('k', CapacityUnit::kCot, 1)});
  EXPECT_EQ(PlanText(cots, family), "b2k1");
  EXPECT_EQ(PlanText(cots, CardWith({baby, baby})), "b2k1");  // one cot, one bed

  const Ledger rooms =
      LedgerOf({PoolOf('b', CapacityUnit::kBed, 1), PoolOf('f', CapacityUnit::kFamilyRoom, 1)});
  EXPECT_EQ(PlanText(rooms, family), "f1");
  EXPECT_EQ(PlanText(rooms, alone), "b1");
  EXPECT_EQ(PlanText(LedgerOf({PoolOf('f', CapacityUnit::kFamilyRoom, 1)}), alone), "f1");

  for (const CapacityUnit unit :
       {CapacityUnit::kPlace, CapacityUnit::kAppointment, CapacityUnit::kCaseload}) {
    EXPECT_EQ(PlanText(LedgerOf({PoolOf('x', unit, 1)}), family), "x1");
    EXPECT_EQ(PlanText(LedgerOf({PoolOf('x', unit, 0)}), alone), "none");
  }
}

TEST(PlanTest, NobodyIsLeftBesideTheVehicle) {
  const Dependant baby{AgeBand::k0To5, Gender::kFemale};
  const RoutingCard family = CardWith({baby, baby, baby});
  const auto van = [](uint32_t seats) {
    return LedgerOf({PoolOf('v', CapacityUnit::kSeat, seats)});
  };
  EXPECT_EQ(PlanText(van(1), CardWith(), NeedCode::kSamuSocial), "v1");
  EXPECT_EQ(PlanText(van(0), CardWith(), NeedCode::kSamuSocial), "none");
  EXPECT_EQ(PlanText(van(4), family, NeedCode::kSamuSocial), "v4");
  EXPECT_EQ(PlanText(van(3), family, NeedCode::kSamuSocial), "none");
  const Ledger two =
      LedgerOf({PoolOf('v', CapacityUnit::kSeat, 2), PoolOf('w', CapacityUnit::kSeat, 4)});
  EXPECT_EQ(PlanText(two, family, NeedCode::kSamuSocial), "w4");
  // She brings them to the nursery and does not stay.
  EXPECT_EQ(PlanText(van(3), family, NeedCode::kChildcare), "v3");
  EXPECT_EQ(PlanText(van(2), family, NeedCode::kChildcare), "none");
  EXPECT_EQ(PlanText(van(1), CardWith(), NeedCode::kChildcare), "v1");
}

TEST(PlanTest, AFullShelterHasNoRoomInItsOtherPools) {
  const RoutingCard family = CardWith({{AgeBand::k6To11, Gender::kMale}});
  const auto beside = [](CapacityUnit night) {
    return LedgerOf({PoolOf('n', night, 0), PoolOf('v', CapacityUnit::kSeat, 9),
                     PoolOf('a', CapacityUnit::kAppointment, 9),
                     PoolOf('k', CapacityUnit::kCot, 9)});
  };
  for (const CapacityUnit night : {CapacityUnit::kBed, CapacityUnit::kFamilyRoom}) {
    EXPECT_EQ(PlanText(beside(night), family), "none");
    EXPECT_EQ(PlanText(beside(night), CardWith()), "none");
  }
  // Beds of another need have nothing to do with it.
  EXPECT_EQ(PlanText(LedgerOf({PoolOf('n', CapacityUnit::kBed, 0, {kNeed}),
                               PoolOf('a', CapacityUnit::kAppointment, 1)}),
                     family, NeedCode::kPrimaryHealthCare),
            "a1");
}

TEST(PlanTest, AnAppointmentTakesNobodysBed) {
  const auto centre = [](uint32_t beds, uint32_t appointments) {
    return LedgerOf({PoolOf('n', CapacityUnit::kBed, beds),
                     PoolOf('a', CapacityUnit::kAppointment, appointments)});
  };
  EXPECT_EQ(PlanText(centre(0, 1), CardWith(), NeedCode::kLegalAssistance), "a1");
  EXPECT_EQ(PlanText(centre(1, 1), CardWith(), NeedCode::kLegalAssistance), "a1");
  EXPECT_EQ(PlanText(centre(1, 0), CardWith(), NeedCode::kLegalAssistance), "none");
  EXPECT_EQ(PlanText(centre(1, 1), CardWith()), "n1");
  // Where beds are all that is counted, they stand for what else is done there.
  EXPECT_EQ(PlanText(LedgerOf({PoolOf('n', CapacityUnit::kBed, 1)}), CardWith(),
                     NeedCode::kLegalAssistance),
            "n1");
}

TEST(PlanTest, PoolsOfOtherNeedsGiveNoRoom) {
  const Ledger temporary =
      LedgerOf({PoolOf('t', CapacityUnit::kBed, 5, {NeedCode::kTemporaryShelter})});
  EXPECT_EQ(PlanText(temporary, CardWith()), "none");
  EXPECT_EQ(PlanText(temporary, CardWith(), NeedCode::kTemporaryShelter), "t1");
  // No pools at all: nothing is known, the centre's answer decides.
  EXPECT_EQ(PlanText(LedgerOf({}), CardWith()), "");
}

TEST(LedgerTest, AHoldIsTakenOnce) {
  Ledger ledger = LedgerOf({PoolOf('b', CapacityUnit::kBed, 1)});
  const RoutingCard card = CardWith();
  ASSERT_TRUE(Hold(ledger, RequestFor('1', card), kNow).ok());
  ASSERT_TRUE(Hold(ledger, RequestFor('1', card), kNow).ok());
  EXPECT_EQ(Count(ledger, IdOf<PoolId>('b')).held, 1u);
  EXPECT_EQ(Count(ledger, IdOf<PoolId>('b')).free, 0u);
  EXPECT_EQ(ReasonOf(Hold(ledger, RequestFor('2', card), kNow).status()), Reason::kNoCapacity);

  EXPECT_EQ(Confirm(ledger, RequestFor('1', card), kNow)->size(), 1u);
  EXPECT_TRUE(Confirm(ledger, RequestFor('1', card), kNow)->empty());
  EXPECT_EQ(Occupy(ledger, ReservationOf('1'), kNow)->size(), 1u);
  EXPECT_TRUE(Occupy(ledger, ReservationOf('1'), kNow)->empty());
  EXPECT_EQ(Count(ledger, IdOf<PoolId>('b')).occupied, 1u);
  EXPECT_EQ(Release(ledger, ReservationOf('1'), IdOf<CaseId>('c'), kNow)->size(), 1u);
  EXPECT_TRUE(Release(ledger, ReservationOf('1'), IdOf<CaseId>('c'), kNow)->empty());
  EXPECT_EQ(Count(ledger, IdOf<PoolId>('b')).free, 1u);
}

TEST(LedgerTest, PlacesGrowWithThePartyOrAreNotConfirmed) {
  const RoutingCard alone = CardWith();
  const RoutingCard two = CardWith({{AgeBand::k6To11, Gender::kMale}});
  Ledger ledger = LedgerOf({PoolOf('b', CapacityUnit::kBed, 2)});
  const PoolId beds = IdOf<PoolId>('b');
  ASSERT_TRUE(Hold(ledger, RequestFor('1', alone), kNow).ok());
  Ledger taken = ledger;
  ASSERT_TRUE(Hold(taken, RequestFor('2', alone), kNow).ok());
  EXPECT_EQ(ReasonOf(Confirm(taken, RequestFor('1', two), kNow).status()), Reason::kNoCapacity);
  EXPECT_EQ(ReasonOf(Hold(taken, RequestFor('1', two), kNow).status()), Reason::kNoCapacity);

  ASSERT_TRUE(Confirm(ledger, RequestFor('1', alone), kNow).ok());
  EXPECT_EQ(Confirm(ledger, RequestFor('1', two), kNow)->size(), 1u);
  EXPECT_TRUE(Confirm(ledger, RequestFor('1', two), kNow)->empty());
  EXPECT_EQ(Count(ledger, beds).confirmed, 2u);
  EXPECT_TRUE(Confirm(ledger, RequestFor('1', alone), kNow)->empty());  // kept, where fewer come
  EXPECT_EQ(Count(ledger, beds).confirmed, 2u);

  Ledger van = LedgerOf({PoolOf('v', CapacityUnit::kSeat, 2)});
  ASSERT_TRUE(Hold(van, RequestFor('1', alone), kNow).ok());
  ASSERT_TRUE(Confirm(van, RequestFor('1', two), kNow).ok());
  EXPECT_EQ(Count(van, IdOf<PoolId>('v')).confirmed, 2u);
}

TEST(LedgerTest, AHoldThatRanOutIsLookedAtAgain) {
  const RoutingCard card = CardWith();
  Ledger ledger = LedgerOf({PoolOf('b', CapacityUnit::kBed, 1)});
  ASSERT_TRUE(Hold(ledger, RequestFor('1', card), kNow).ok());
  EXPECT_EQ(NextExpiry(ledger), kNow + absl::Minutes(6));
  EXPECT_TRUE(ExpireHolds(ledger, kNow + absl::Minutes(5)).empty());
  EXPECT_EQ(ExpireHolds(ledger, kNow + absl::Minutes(6)).size(), 1u);
  EXPECT_FALSE(NextExpiry(ledger).has_value());

  Ledger taken = ledger;
  ASSERT_TRUE(Hold(taken, RequestFor('2', card), kNow).ok());
  EXPECT_EQ(ReasonOf(Confirm(taken, RequestFor('1', card), kNow).status()), Reason::kNoCapacity);
  EXPECT_TRUE(Confirm(ledger, RequestFor('1', card), kNow).ok());
  EXPECT_EQ(Count(ledger, IdOf<PoolId>('b')).confirmed, 1u);
}

TEST(LedgerTest, AReleaseKeepsALateHoldOut) {
  const RoutingCard card = CardWith();
  Ledger ledger = LedgerOf({PoolOf('b', CapacityUnit::kBed, 1)});
  ASSERT_TRUE(Release(ledger, ReservationOf('1'), IdOf<CaseId>('c'), kNow).ok());
  EXPECT_EQ(ReasonOf(Hold(ledger, RequestFor('1', card), kNow).status()),
            Reason::kOfferStateInvalid);
  EXPECT_EQ(ReasonOf(Confirm(ledger, RequestFor('1', card), kNow).status()),
            Reason::kOfferStateInvalid);
  EXPECT_EQ(ReasonOf(Occupy(ledger, ReservationOf('9'), kNow).status()),
            Reason::kReservationNotFound);
  // The note is forgotten when nobody can be that late any more.
  ASSERT_TRUE(Hold(ledger, RequestFor('2', card), kNow + absl::Hours(2)).ok());
  EXPECT_EQ(ledger.reservations.size(), 1u);
}

TEST(LedgerTest, EachTurnHasPlacesOfItsOwn) {
  const RoutingCard card = CardWith();
  Ledger ledger = LedgerOf({PoolOf('b', CapacityUnit::kBed, 1)});
  const PoolId beds = IdOf<PoolId>('b');
  ASSERT_TRUE(Hold(ledger, RequestFor('1', card), kNow).ok());
  // What an earlier turn keeps, a later one does not have as well.
  EXPECT_EQ(ReasonOf(Confirm(ledger, RequestFor('1', card, 1), kNow).status()),
            Reason::kNoCapacity);
  ASSERT_TRUE(Release(ledger, ReservationOf('1'), IdOf<CaseId>('c'), kNow).ok());
  ASSERT_TRUE(Confirm(ledger, RequestFor('1', card, 1), kNow).ok());
  EXPECT_EQ(ReasonOf(Confirm(ledger, RequestFor('1', card), kNow).status()),
            Reason::kOfferStateInvalid);
  EXPECT_TRUE(Release(ledger, ReservationOf('1'), IdOf<CaseId>('c'), kNow)->empty());
  EXPECT_EQ(Count(ledger, beds).confirmed, 1u);
  ASSERT_TRUE(Occupy(ledger, ReservationOf('1', 1), kNow).ok());
  EXPECT_EQ(Count(ledger, beds).occupied, 1u);
}

TEST(LedgerTest, CapacityNeverFallsBelowWhatIsPromised) {
  const RoutingCard card = CardWith();
  Ledger ledger = LedgerOf({PoolOf('b', CapacityUnit::kBed, 3)});
  ASSERT_TRUE(Hold(ledger, RequestFor('1', card), kNow).ok());
  ASSERT_TRUE(Confirm(ledger, RequestFor('2', card), kNow).ok());
  const PoolId beds = IdOf<PoolId>('b');
  EXPECT_EQ(ReasonOf(SetCapacity(ledger, beds, 1, 0, kNow)), Reason::kCapacityBelowCommitted);
  EXPECT_EQ(ReasonOf(SetCapacity(ledger, beds, 3, 2, kNow)), Reason::kCapacityBelowCommitted);
  EXPECT_EQ(ReasonOf(SetCapacity(ledger, IdOf<PoolId>('x'), 3, 0, kNow)), Reason::kPoolNotFound);
  EXPECT_TRUE(SetCapacity(ledger, beds, 3, 1, kNow + absl::Hours(1)).ok());
  EXPECT_EQ(Count(ledger, beds).free, 0u);
  EXPECT_EQ(ledger.pools[0].update_time, kNow + absl::Hours(1));
  EXPECT_TRUE(IsSound(ledger));
}

TEST(LedgerTest, AnImportKeepsWhatTheCentreSaid) {
  const RoutingCard card = CardWith();
  const std::vector<Pool> file = {PoolOf('b', CapacityUnit::kBed, 3)};
  Ledger ledger = LedgerOf(file);
  ASSERT_TRUE(SetCapacity(ledger, IdOf<PoolId>('b'), 2, 1, kNow + absl::Hours(1)).ok());
  ASSERT_TRUE(ApplyPools(ledger, file, file, kNow).ok());
  EXPECT_EQ(ledger.pools[0].maximum, 2u);

  std::vector<Pool> news = {PoolOf('b', CapacityUnit::kBed, 5)};
  ASSERT_TRUE(ApplyPools(ledger, file, news, kNow).ok());
  EXPECT_EQ(ledger.pools[0].maximum, 5u);
  EXPECT_EQ(ledger.pools[0].occupied_elsewhere, 1u);
  EXPECT_EQ(ledger.pools[0].update_time, kNow + absl::Hours(1));
  ASSERT_TRUE(Hold(ledger, RequestFor('1', card), kNow).ok());
  EXPECT_EQ(ReasonOf(ApplyPools(ledger, news, {}, kNow)), Reason::kCapacityBelowCommitted);
  EXPECT_EQ(ReasonOf(ApplyPools(ledger, news, {PoolOf('b', CapacityUnit::kBed, 0)}, kNow)),
            Reason::kCapacityBelowCommitted);
  EXPECT_EQ(ledger.reservations.size(), 1u);
}

TEST(LedgerTest, OfTwoFiguresTheLaterOneStands) {
  struct Row {
    absl::Time time;  // the new file's
    uint32_t maximum;
    uint32_t occupied;
    std::string expected;  // maximum, occupied, hours after kNow
  };
  // The last file said 5 and 0 at kNow, the centre 4 and 3 an hour later.
  for (const Row& row : {
           Row{kNow, 5, 2, "4 3 1"},
           Row{kNow + absl::Minutes(59), 5, 2, "4 3 1"},
           Row{kNow + absl::Hours(1), 5, 2, "4 3 1"},
           Row{kNow + absl::Hours(2), 5, 2, "4 2 2"},
           Row{kNow + absl::Hours(2), 5, 0, "4 0 2"},
           Row{kNow, 6, 2, "6 3 1"},
           Row{kNow + absl::Hours(2), 6, 2, "6 2 2"},
           Row{absl::UnixEpoch(), 5, 2, "4 3 1"},
           Row{absl::UnixEpoch(), 6, 0, "6 3 1"},
           // Of two people, and more than fits: full.
           Row{kNow + absl::Hours(2), 5, 5, "4 5 2"},
           Row{kNow, 2, 2, "2 3 1"},
           // By a clock that is ahead.
           Row{kNow + absl::Hours(99), 5, 2, "4 2 9"},
       }) {
    const std::vector<Pool> last = {PoolOf('b', CapacityUnit::kBed, 5)};
    Ledger ledger = LedgerOf(last);
    ASSERT_TRUE(SetCapacity(ledger, IdOf<PoolId>('b'), 4, 3, kNow + absl::Hours(1)).ok());
    std::vector<Pool> file = {PoolOf('b', CapacityUnit::kBed, row.maximum)};
    file[0].occupied_elsewhere = row.occupied;
    file[0].update_time = row.time;
    ASSERT_TRUE(ApplyPools(ledger, last, file, kNow + absl::Hours(9)).ok());
    const Pool& pool = ledger.pools[0];
    EXPECT_EQ(std::to_string(pool.maximum) + " " + std::to_string(pool.occupied_elsewhere) + " " +
                  std::to_string(absl::ToInt64Hours(pool.update_time - kNow)),
              row.expected);
  }
}

// What a file says is full stays full when an offer gives its bed back.
TEST(LedgerTest, AFileThatSaysFullIsBelievedBesideAHold) {
  std::vector<Pool> file = {PoolOf('b', CapacityUnit::kBed, 5)};
  Ledger ledger = LedgerOf(file);
  const RoutingCard card = CardWith();
  ASSERT_TRUE(Hold(ledger, RequestFor('1', card), kNow).ok());
  const std::vector<Pool> last = file;
  file[0].occupied_elsewhere = 5;
  file[0].update_time = kNow + absl::Hours(1);
  ASSERT_TRUE(ApplyPools(ledger, last, file, kNow + absl::Hours(1)).ok());
  EXPECT_TRUE(IsSound(ledger));
  EXPECT_EQ(Count(ledger, IdOf<PoolId>('b')).free, 0u);
  ASSERT_TRUE(Release(ledger, ReservationOf('1'), CaseId(), kNow + absl::Hours(2)).ok());
  EXPECT_EQ(Count(ledger, IdOf<PoolId>('b')).free, 0u);
}

TEST(LedgerTest, AFigureThatWasTakenOverIsNoNewsAgain) {
  std::vector<Pool> file = {PoolOf('b', CapacityUnit::kBed, 5)};
  file[0].update_time = kNow + absl::Hours(9);  // by a clock that is ahead
  Ledger ledger;
  ASSERT_TRUE(ApplyPools(ledger, {}, file, kNow).ok());
  EXPECT_EQ(ledger.pools[0].update_time, kNow);
  ASSERT_TRUE(SetCapacity(ledger, IdOf<PoolId>('b'), 5, 5, kNow + absl::Hours(1)).ok());
  ASSERT_TRUE(ApplyPools(ledger, file, file, kNow + absl::Hours(2)).ok());
  EXPECT_EQ(ledger.pools[0].occupied_elsewhere, 5u);
}

// Nobody at the centre keeps the figures: the files do.
TEST(LedgerTest, AFileWithoutDatesIsBelievedWhereTheCentreIsSilent) {
  std::vector<Pool> file = {PoolOf('b', CapacityUnit::kBed, 5)};
  file[0].update_time = absl::UnixEpoch();
  Ledger ledger;
  ASSERT_TRUE(ApplyPools(ledger, {}, file, kNow).ok());
  EXPECT_EQ(ledger.pools[0].update_time, kNow);
  const std::vector<Pool> last = file;
  file[0].occupied_elsewhere = 2;
  ASSERT_TRUE(ApplyPools(ledger, last, file, kNow + absl::Hours(1)).ok());
  EXPECT_EQ(ledger.pools[0].occupied_elsewhere, 2u);
  EXPECT_EQ(ledger.pools[0].update_time, kNow + absl::Hours(1));
  ASSERT_TRUE(ApplyPools(ledger, file, file, kNow + absl::Hours(2)).ok());
  EXPECT_EQ(ledger.pools[0].update_time, kNow + absl::Hours(1));
}

}  // namespace
}  // namespace amana::referral::domain
