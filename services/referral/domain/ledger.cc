#include "services/referral/domain/ledger.h"

#include <algorithm>

#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "services/referral/domain/transitions.h"

namespace amana::referral::domain {
namespace {

bool KeepsPlaces(ReservationState state) {
  return state == ReservationState::kHeld || state == ReservationState::kConfirmed ||
         state == ReservationState::kOccupied;
}

Reservation* Find(Ledger& ledger, const ReservationId& id) {
  const auto it = std::ranges::find(ledger.reservations, id, &Reservation::id);
  return it == ledger.reservations.end() ? nullptr : &*it;
}

Pool* FindPool(std::vector<Pool>& pools, const PoolId& id) {
  const auto it = std::ranges::find(pools, id, &Pool::pool_id);
  return it == pools.end() ? nullptr : &*it;
}

const Pool* FindPool(const std::vector<Pool>& pools, const PoolId& id) {
  const auto it = std::ranges::find(pools, id, &Pool::pool_id);
  return it == pools.end() ? nullptr : &*it;
}

uint32_t Committed(const PoolCount& count) { return count.held + count.confirmed + count.occupied; }

bool Serves(const Pool& pool, NeedCode need) {
  return pool.needs.empty() || std::ranges::find(pool.needs, need) != pool.needs.end();
}

// The first pool of this unit with room for `quantity`.
const PoolRoom* WithRoom(const std::vector<const PoolRoom*>& pools, CapacityUnit unit,
                         uint32_t quantity) {
  for (const PoolRoom* room : pools) {
    if (room->pool.unit == unit && room->free >= quantity) return room;
  }
  return nullptr;
}

std::optional<std::vector<Line>> PlanBeds(const std::vector<const PoolRoom*>& pools,
                                          const RoutingCard& card) {
  uint32_t babies = 0;
  for (const Dependant& d : card.dependants) babies += d.age_band == AgeBand::k0To5 ? 1 : 0;
  const uint32_t others = 1 + static_cast<uint32_t>(card.dependants.size()) - babies;

  const PoolRoom* cots = babies > 0 ? WithRoom(pools, CapacityUnit::kCot, 1) : nullptr;
  const uint32_t in_cots = cots == nullptr ? 0 : std::min(babies, cots->free);
  const uint32_t in_beds = others + babies - in_cots;
  const PoolRoom* beds = WithRoom(pools, CapacityUnit::kBed, in_beds);
  if (beds == nullptr) return std::nullopt;
  std::vector<Line> lines{{beds->pool.pool_id, in_beds}};
  if (in_cots > 0) lines.push_back({cots->pool.pool_id, in_cots});
  return lines;
}

bool GivesANight(const PoolRoom* room) {
  return room->pool.unit == CapacityUnit::kBed || room->pool.unit == CapacityUnit::kFamilyRoom;
}

// What she can have without staying, in the order in which it is given.
constexpr CapacityUnit kDayUnits[] = {CapacityUnit::kSeat, CapacityUnit::kPlace,
                                      CapacityUnit::kAppointment, CapacityUnit::kCaseload};

bool IsForTheDay(const PoolRoom* room) {
  return std::ranges::find(kDayUnits, room->pool.unit) != std::end(kDayUnits);
}

bool NeedsANight(NeedCode need) {
  return need == NeedCode::kEmergencyShelter || need == NeedCode::kTemporaryShelter ||
         need == NeedCode::kHomelessnessMentalHealthReception;
}

// In a vehicle everybody sits; in a nursery the children do, and not she.
uint32_t SeatsOf(const RoutingCard& card, NeedCode need) {
  const auto dependants = static_cast<uint32_t>(card.dependants.size());
  return need == NeedCode::kChildcare ? std::max(1U, dependants) : 1 + dependants;
}

void ForgetEnded(Ledger& ledger, absl::Time now) {
  std::erase_if(ledger.reservations, [&](const Reservation& r) {
    return !KeepsPlaces(r.state) && r.change_time + kEndedReservationLifetime < now;
  });
}

std::string_view ActionOf(ReservationState state) {
  switch (state) {
    case ReservationState::kHeld:
      return "place.held";
    case ReservationState::kConfirmed:
      return "place.confirmed";
    case ReservationState::kOccupied:
      return "place.occupied";
    case ReservationState::kExpired:
      return "place.expired";
    default:
      return "place.released";
  }
}

Event Enter(Reservation& reservation, ReservationState state, absl::Time now) {
  reservation.state = state;
  reservation.change_time = now;
  return {ActionOf(state), reservation.id.offer_id.bytes(), Name(state), ""};
}

// Whether these places still take everybody on the card: children may have come since.
bool TakesAll(const Ledger& ledger, const Reservation& reservation, const HoldRequest& request) {
  if (reservation.lines.empty()) return true;
  uint32_t places = 0;
  for (const Line& line : reservation.lines) places += line.quantity;
  const Pool* pool = FindPool(ledger.pools, reservation.lines.front().pool_id);
  if (pool == nullptr) return false;
  if (pool->unit == CapacityUnit::kBed) return places >= 1 + request.card.dependants.size();
  return pool->unit != CapacityUnit::kSeat || places >= SeatsOf(request.card, request.need);
}

std::optional<std::vector<Line>> PlanNight(const std::vector<const PoolRoom*>& serving,
                                           const RoutingCard& card) {
  const PoolRoom* family_room = WithRoom(serving, CapacityUnit::kFamilyRoom, 1);
  if (family_room != nullptr && !card.dependants.empty()) {
    return std::vector<Line>{{family_room->pool.pool_id, 1}};
  }
  if (auto beds = PlanBeds(serving, card)) return beds;
  if (family_room != nullptr) return std::vector<Line>{{family_room->pool.pool_id, 1}};
  return std::nullopt;
}

std::optional<std::vector<Line>> PlanDay(const std::vector<const PoolRoom*>& serving,
                                         const RoutingCard& card, NeedCode need) {
  for (const CapacityUnit unit : kDayUnits) {
    const uint32_t quantity = unit == CapacityUnit::kSeat ? SeatsOf(card, need) : 1;
    if (const PoolRoom* room = WithRoom(serving, unit, quantity)) {
      return std::vector<Line>{{room->pool.pool_id, quantity}};
    }
  }
  return std::nullopt;
}

// What this reservation could have if it had nothing yet.
std::optional<std::vector<Line>> PlanFor(const Ledger& ledger, const HoldRequest& request) {
  Ledger others = ledger;
  std::erase_if(others.reservations, [&](const Reservation& r) { return r.id == request.id; });
  return PlanLines(RoomOf(others), request.card, request.need);
}

// Whether an import knows better than the centre who is there. Without a date it does only where it
// says something new and the centre has said nothing since the last one.
bool IsNewer(const Pool& import, const Pool& live, const Pool& last_import) {
  if (import.update_time != absl::UnixEpoch()) {
    return import.update_time > last_import.update_time && import.update_time > live.update_time;
  }
  return import.occupied_elsewhere != last_import.occupied_elsewhere &&
         live.occupied_elsewhere == last_import.occupied_elsewhere;
}

// What an import makes of a pool that is there: each figure is whoever's spoke last about it.
void KeepWhatTheCentreSaid(const Pool& import, const Pool& live, const Pool& last_import,
                           Pool& pool) {
  if (import.maximum == last_import.maximum) pool.maximum = live.maximum;
  if (!IsNewer(import, live, last_import)) {
    pool.occupied_elsewhere = live.occupied_elsewhere;
    pool.update_time = live.update_time;
  }
}

// Hold and Confirm: places are taken where the reservation does not keep enough yet.
absl::StatusOr<std::vector<Event>> Take(Ledger& ledger, const HoldRequest& request,
                                        ReservationCommand command, absl::Time now) {
  ForgetEnded(ledger, now);
  Reservation* reservation = Find(ledger, request.id);
  const ReservationState from =
      reservation == nullptr ? ReservationState::kUnspecified : reservation->state;
  const std::optional<ReservationState> to = Next(from, command);
  if (!to) return Error(Reason::kOfferStateInvalid);

  const bool planned = !KeepsPlaces(from) || !TakesAll(ledger, *reservation, request);
  if (planned) {
    std::optional<std::vector<Line>> lines = PlanFor(ledger, request);
    if (!lines) return Error(Reason::kNoCapacity);
    if (reservation == nullptr) reservation = &ledger.reservations.emplace_back();
    reservation->id = request.id;
    reservation->case_id = request.case_id;
    reservation->lines = *std::move(lines);
  }
  reservation->expire_time =
      *to == ReservationState::kHeld ? request.expire_time : absl::InfiniteFuture();
  if (from == *to && from != ReservationState::kHeld && !planned) return std::vector<Event>{};
  return std::vector<Event>{Enter(*reservation, *to, now)};
}

}  // namespace

PoolCount Count(const Ledger& ledger, const PoolId& pool_id) {
  PoolCount count;
  const Pool* pool = FindPool(ledger.pools, pool_id);
  if (pool == nullptr) return count;
  for (const Reservation& r : ledger.reservations) {
    for (const Line& line : r.lines) {
      if (line.pool_id != pool_id) continue;
      if (r.state == ReservationState::kHeld) count.held += line.quantity;
      if (r.state == ReservationState::kConfirmed) count.confirmed += line.quantity;
      if (r.state == ReservationState::kOccupied) count.occupied += line.quantity;
    }
  }
  const uint32_t taken = pool->occupied_elsewhere + Committed(count);
  count.free = taken < pool->maximum ? pool->maximum - taken : 0;
  return count;
}

std::vector<PoolRoom> RoomOf(const Ledger& ledger) {
  std::vector<PoolRoom> rooms;
  rooms.reserve(ledger.pools.size());
  for (const Pool& pool : ledger.pools) rooms.push_back({pool, Count(ledger, pool.pool_id).free});
  return rooms;
}

std::optional<std::vector<Line>> PlanLines(const std::vector<PoolRoom>& pools,
                                           const RoutingCard& card, NeedCode need) {
  if (pools.empty()) return std::vector<Line>{};
  std::vector<const PoolRoom*> serving;
  for (const PoolRoom& room : pools) {
    if (Serves(room.pool, need)) serving.push_back(&room);
  }
  // Who needs a night is not helped by an appointment, and who needs an appointment takes nobody's
  // bed. Where there are no places of the right kind at all, what there is stands for them.
  const bool by_night = NeedsANight(need) ? std::ranges::any_of(serving, GivesANight)
                                          : std::ranges::none_of(serving, IsForTheDay);
  return by_night ? PlanNight(serving, card) : PlanDay(serving, card, need);
}

absl::StatusOr<std::vector<Event>> Hold(Ledger& ledger, const HoldRequest& request,
                                        absl::Time now) {
  return Take(ledger, request, ReservationCommand::kHold, now);
}

absl::StatusOr<std::vector<Event>> Confirm(Ledger& ledger, const HoldRequest& request,
                                           absl::Time now) {
  return Take(ledger, request, ReservationCommand::kConfirm, now);
}

absl::StatusOr<std::vector<Event>> Occupy(Ledger& ledger, const ReservationId& id, absl::Time now) {
  Reservation* reservation = Find(ledger, id);
  if (reservation == nullptr) return Error(Reason::kReservationNotFound);
  const auto to = Next(reservation->state, ReservationCommand::kOccupy);
  if (!to) return Error(Reason::kOfferStateInvalid);
  if (*to == reservation->state) return std::vector<Event>{};
  return std::vector<Event>{Enter(*reservation, *to, now)};
}

absl::StatusOr<std::vector<Event>> Release(Ledger& ledger, const ReservationId& id,
                                           const CaseId& case_id, absl::Time now) {
  ForgetEnded(ledger, now);
  Reservation* reservation = Find(ledger, id);
  const ReservationState from =
      reservation == nullptr ? ReservationState::kUnspecified : reservation->state;
  const auto to = Next(from, ReservationCommand::kRelease);
  if (!to) return Error(Reason::kOfferStateInvalid);
  if (*to == from) return std::vector<Event>{};
  if (reservation == nullptr) {
    reservation = &ledger.reservations.emplace_back();
    reservation->id = id;
    reservation->case_id = case_id;
  }
  return std::vector<Event>{Enter(*reservation, *to, now)};
}

std::vector<Event> ExpireHolds(Ledger& ledger, absl::Time now) {
  std::vector<Event> events;
  for (Reservation& r : ledger.reservations) {
    const auto to = Next(r.state, ReservationCommand::kExpire);
    if (to && r.expire_time <= now) events.push_back(Enter(r, *to, now));
  }
  return events;
}

std::optional<absl::Time> NextExpiry(const Ledger& ledger) {
  std::optional<absl::Time> next;
  for (const Reservation& r : ledger.reservations) {
    if (r.state == ReservationState::kHeld && (!next || r.expire_time < *next)) {
      next = r.expire_time;
    }
  }
  return next;
}

absl::Status SetCapacity(Ledger& ledger, const PoolId& pool_id, uint32_t maximum,
                         uint32_t occupied_elsewhere, absl::Time now) {
  Pool* pool = FindPool(ledger.pools, pool_id);
  if (pool == nullptr) return Error(Reason::kPoolNotFound);
  if (uint64_t{occupied_elsewhere} + Committed(Count(ledger, pool_id)) > maximum) {
    return Error(Reason::kCapacityBelowCommitted);
  }
  pool->maximum = maximum;
  pool->occupied_elsewhere = occupied_elsewhere;
  pool->update_time = now;
  return absl::OkStatus();
}

absl::Status ApplyPools(Ledger& ledger, const std::vector<Pool>& last_import,
                        const std::vector<Pool>& import, absl::Time now) {
  for (const Pool& old : ledger.pools) {
    const bool vanishes = FindPool(import, old.pool_id) == nullptr;
    if (vanishes && Committed(Count(ledger, old.pool_id)) > 0) {
      return Error(Reason::kCapacityBelowCommitted);
    }
  }
  std::vector<Pool> pools;
  for (const Pool& wanted : import) {
    const Pool* before = FindPool(last_import, wanted.pool_id);
    const Pool* live = FindPool(ledger.pools, wanted.pool_id);
    Pool pool = wanted;
    // Without a date, or by a clock that is ahead: whoever speaks after this import speaks later.
    if (pool.update_time == absl::UnixEpoch() || pool.update_time > now) pool.update_time = now;
    if (before != nullptr && live != nullptr) KeepWhatTheCentreSaid(wanted, *live, *before, pool);
    // Figures of two people need not fit together: then it is full, and the rest of the news
    // stands.
    if (Committed(Count(ledger, pool.pool_id)) > pool.maximum) {
      return Error(Reason::kCapacityBelowCommitted);
    }
    pools.push_back(std::move(pool));
  }
  ledger.pools = std::move(pools);
  return absl::OkStatus();
}

bool IsSound(const Ledger& ledger) {
  return std::ranges::all_of(ledger.pools, [&](const Pool& pool) {
    return Committed(Count(ledger, pool.pool_id)) <= pool.maximum;
  });
}

}  // namespace amana::referral::domain
