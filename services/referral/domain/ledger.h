#pragma once

// The ledger of one service_at_location: its pools, and the places kept in them.
//
// At every instant, for each pool: held + confirmed + occupied <= maximum. What others told of it,
// occupied_elsewhere, is kept as it was told, and may not fit beside them: then nothing is free.
// A reservation keeps all of its lines or none: a mother and her children are never parted. Every
// function that changes something is idempotent, so that a step
// of the saga (docs/decisions/0002-referral-saga.md) can be taken twice.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/ids.h"
#include "services/referral/domain/card.h"
#include "services/referral/domain/directory.h"

namespace amana::referral::domain {

struct Line {
  PoolId pool_id;
  uint32_t quantity = 0;

  friend bool operator==(const Line&, const Line&) = default;
};

// An offer has one reservation at a time. Places that were given back are given back for good, so
// each yes from a list takes new ones, under the next turn: whatever comes late for an earlier turn
// finds it released.
struct ReservationId {
  OfferId offer_id;
  uint32_t turn = 0;

  friend bool operator==(const ReservationId&, const ReservationId&) = default;
};

struct Reservation {
  ReservationId id;
  CaseId case_id;  // whose history its events join; no one who reads a ledger is shown it
  std::vector<Line> lines;
  ReservationState state = ReservationState::kUnspecified;
  absl::Time expire_time = absl::InfiniteFuture();  // while held
  absl::Time change_time = absl::UnixEpoch();

  friend bool operator==(const Reservation&, const Reservation&) = default;
};

struct Ledger {
  ServiceAtLocationId id;
  std::vector<Pool> pools;
  std::vector<Reservation> reservations;

  friend bool operator==(const Ledger&, const Ledger&) = default;
};

struct PoolCount {
  uint32_t held = 0;
  uint32_t confirmed = 0;
  uint32_t occupied = 0;
  uint32_t free = 0;
};
// `pool_id` must be one of the ledger's; else all zero.
PoolCount Count(const Ledger& ledger, const PoolId& pool_id);

// What happened, for the audit log: action ("place.held"), the offer or pool, its new state.
struct Event {
  std::string_view action;
  std::string object;  // 16 bytes
  std::string_view state;
  std::string_view reason;
};

// A pool with its free places, as a plan sees it.
struct PoolRoom {
  Pool pool;
  uint32_t free = 0;
};
std::vector<PoolRoom> RoomOf(const Ledger& ledger);

// Which places this party takes for this need, or nothing where there is no room for all of them.
//   family_room: 1, for those who come with dependants, or where there is no bed
//   bed: herself and dependants of 6 and over (or of unknown age); children of 0-5 take a cot if
//        the service has one free, else a bed. All beds come from one pool.
//   seat: herself and all dependants, in one vehicle; for childcare the dependants alone
//   place, appointment, caseload: 1
// Where beds or family rooms serve the need, nothing else does: a full shelter has no room.
// A record without any pool says nothing about room: the plan is then empty, and the centre's
// answer decides. A record whose pools serve other needs only has no room.
std::optional<std::vector<Line>> PlanLines(const std::vector<PoolRoom>& pools,
                                           const RoutingCard& card, NeedCode need);

struct HoldRequest {
  ReservationId id;
  CaseId case_id;
  const RoutingCard& card;
  NeedCode need;
  absl::Time expire_time;
};

// Keeps places until expire_time; again for the same reservation moves the time. Places that were
// planned for fewer people than are on the card by now are planned anew, here and by Confirm.
// kNoCapacity; kOfferStateInvalid where they were released already (a step that came late).
absl::StatusOr<std::vector<Event>> Hold(Ledger& ledger, const HoldRequest& request, absl::Time now);

// Makes held places firm. A hold that ran out is looked at again: granted if there is still room.
// kNoCapacity, kOfferStateInvalid as above. `expire_time` is not used.
absl::StatusOr<std::vector<Event>> Confirm(Ledger& ledger, const HoldRequest& request,
                                           absl::Time now);

// She is there. kReservationNotFound; kOfferStateInvalid where the table has no such row.
absl::StatusOr<std::vector<Event>> Occupy(Ledger& ledger, const ReservationId& id, absl::Time now);

// Gives places back. Without a reservation it leaves a note that keeps a late Hold out.
absl::StatusOr<std::vector<Event>> Release(Ledger& ledger, const ReservationId& id,
                                           const CaseId& case_id, absl::Time now);

// Lets go of holds whose time is over: the safety net under the referral's own clock.
std::vector<Event> ExpireHolds(Ledger& ledger, absl::Time now);
// When ExpireHolds has something to do next.
std::optional<absl::Time> NextExpiry(const Ledger& ledger);

// kPoolNotFound, kCapacityBelowCommitted.
absl::Status SetCapacity(Ledger& ledger, const PoolId& pool_id, uint32_t maximum,
                         uint32_t occupied_elsewhere, absl::Time now);

// Takes over the pools of an import. A maximum that is the same as in the last import stays as the
// centre has set it since; what is occupied, with its time, stays unless the import's is of later.
// kCapacityBelowCommitted where a pool would shrink below what is
// committed, or vanish with somebody in it.
absl::Status ApplyPools(Ledger& ledger, const std::vector<Pool>& last_import,
                        const std::vector<Pool>& import, absl::Time now);

// Whether the invariant at the top holds.
bool IsSound(const Ledger& ledger);

// How long an ended reservation is remembered: far longer than a call can be under way.
inline constexpr absl::Duration kEndedReservationLifetime = absl::Hours(1);

}  // namespace amana::referral::domain
