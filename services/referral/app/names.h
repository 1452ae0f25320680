#pragma once

// The names of everything this service keeps: rows, indexes, timers. Ids and numbers only: names
// are not sealed.
//
//   row    referral/<referral>          a referral with its offers            shard of its case
//   row    offer/<offer>                whose it is                           shard of its case
//   row    guard/<case>.<need>          the one open referral of that need    shard of its case
//   row    record/<service_at_location> a directory record                    its own shard
//   row    ledger/<service_at_location> its pools and reservations            its own shard
//   index  referrals.<organisation>     listed referrals, by time
//   index  escalated.<organisation>     those that a supervisor must look at, by time
//   index  case.<case>                  all referrals of a case, by time
//   index  inbox.<organisation>         offers made to it, in the order of InboxScore
//   index  directory                    all records
//   timer  drive.<referral>             work of the saga is left
//   timer  expire.<offer>               an answer is due
//   timer  holds.<service_at_location>  the safety net under holds

#include <string>
#include <string_view>

#include "common/base/ids.h"
#include "common/store/store.h"
#include "services/referral/domain/referral.h"

namespace amana::referral {

inline constexpr std::string_view kDriveTimer = "drive.";
inline constexpr std::string_view kExpireTimer = "expire.";
inline constexpr std::string_view kHoldsTimer = "holds.";
inline constexpr char kDirectoryIndex[] = "directory";

store::Key ReferralKey(const ReferralId& id);
store::Key OfferKey(const OfferId& id);
store::Key GuardKey(const CaseId& case_id, domain::NeedCode need);
store::Key RecordKey(const ServiceAtLocationId& id);
store::Key LedgerKey(const ServiceAtLocationId& id);

std::string ReferralsIndex(const OrganisationId& organisation);
std::string EscalatedIndex(const OrganisationId& organisation);
std::string CaseIndex(const CaseId& case_id);
std::string InboxIndex(const OrganisationId& organisation);

// An inbox in ascending order: pending offers, then those on its list, each longest waiting first;
// then the others, newest first. Below kPendingBelow is pending.
double InboxScore(const domain::Offer& offer);
inline constexpr double kPendingBelow = -5e15;

}  // namespace amana::referral
