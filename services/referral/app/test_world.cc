#include "services/referral/app/test_world.h"

#include <algorithm>
#include <utility>

#include "common/base/check.h"
#include "services/referral/app/names.h"
#include "services/referral/store/codec.h"

namespace amana::referral {
namespace {

constexpr uint64_t kStep = 0x9e3779b97f4a7c15;

uint64_t Mix(uint64_t z) {  // splitmix64
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

Deadline Soon() { return Deadline::After(absl::Seconds(30)); }

}  // namespace

void SeededRandom::Fill(char* out, size_t n) {
  for (size_t i = 0; i < n; ++i) {
    out[i] = static_cast<char>(Mix(state_.fetch_add(kStep) + kStep));
  }
}

uint64_t SeededRandom::Below(uint64_t n) { return Mix(state_.fetch_add(kStep) + kStep) % n; }

absl::StatusOr<store::Outcome> FailingStore::Apply(const store::Commit& commit, Deadline deadline) {
  const Fault now = fault();
  if (now == Fault::kBefore) return Error(Reason::kStoreUnavailable);
  auto outcome = inner_.Apply(commit, deadline);
  if (now == Fault::kAfter) return Error(Reason::kStoreUnavailable);
  return outcome;
}
absl::StatusOr<store::Row> FailingStore::Read(store::Shard shard, const store::Key& key,
                                              Deadline deadline) {
  if (fault() == Fault::kBefore) return Error(Reason::kStoreUnavailable);
  return inner_.Read(shard, key, deadline);
}
absl::StatusOr<std::vector<store::Row>> FailingStore::ReadMany(store::Shard shard,
                                                               const std::vector<store::Key>& keys,
                                                               Deadline deadline) {
  if (fault() == Fault::kBefore) return Error(Reason::kStoreUnavailable);
  return inner_.ReadMany(shard, keys, deadline);
}
absl::StatusOr<std::vector<store::IndexEntry>> FailingStore::ReadIndex(
    store::Shard shard, const std::string& index, const store::IndexRange& range,
    Deadline deadline) {
  return inner_.ReadIndex(shard, index, range, deadline);
}
absl::StatusOr<std::vector<store::IndexEntry>> FailingStore::ReadIndexEverywhere(
    const std::string& index, const store::IndexRange& range, Deadline deadline) {
  return inner_.ReadIndexEverywhere(index, range, deadline);
}
absl::StatusOr<std::optional<std::string>> FailingStore::FindReply(
    store::Shard shard, const store::RequestRecord& request, Deadline deadline) {
  return inner_.FindReply(shard, request, deadline);
}
absl::StatusOr<std::vector<store::DueTimer>> FailingStore::DueTimers(absl::Time now, uint32_t limit,
                                                                     Deadline deadline) {
  return inner_.DueTimers(now, limit, deadline);
}
absl::StatusOr<std::vector<store::OutboxEntry>> FailingStore::ReadOutbox(
    const std::vector<uint64_t>& cursors, uint32_t limit, Deadline deadline) {
  return inner_.ReadOutbox(cursors, limit, deadline);
}
absl::Status FailingStore::TrimOutbox(const std::vector<uint64_t>& cursors, Deadline deadline) {
  return inner_.TrimOutbox(cursors, deadline);
}
absl::StatusOr<store::OutboxBacklog> FailingStore::ReadOutboxBacklog(Deadline deadline) {
  return inner_.ReadOutboxBacklog(deadline);
}
absl::StatusOr<store::HistoryPage> FailingStore::ReadHistory(const std::string& subject,
                                                             store::HistoryPosition from,
                                                             uint32_t limit, Deadline deadline) {
  return inner_.ReadHistory(subject, from, limit, deadline);
}
absl::Status FailingStore::Ping(Deadline deadline) { return inner_.Ping(deadline); }

absl::StatusOr<RoutedCase> FakeIntake::GetCase(const CallContext&, const CaseId& case_id) {
  if (down()) return Error(reason_when_down);
  const auto it = cases.find(case_id);
  if (it == cases.end()) return Error(Reason::kCaseNotFound);
  return it->second;
}

absl::StatusOr<bool> FakeIntake::MayRefer(const CallContext&, const CaseId& case_id,
                                          const OrganisationId& recipient) {
  if (down()) return Error(reason_when_down);
  return !refused.contains({case_id, recipient});
}

void CountingMetrics::OfferOutcome(domain::OfferState state) {
  MutexLock lock(mutex);
  ++outcomes[state];
}

void CountingMetrics::FirstAnswer(domain::Priority, absl::Duration after) {
  MutexLock lock(mutex);
  first_answer = after;
}

World::World(uint64_t seed) : random(seed), hotline(NewId<OrganisationId>(random)) {
  AMANA_CHECK(snapshot.Load(Soon()).ok(), "test directory not loaded");
}

domain::ServiceAtLocation World::RecordOf(const Centre& centre, uint32_t beds) const {
  domain::ServiceAtLocation record;
  record.id = centre.id;
  record.organisation_id = centre.organisation;
  record.organisation_name = "Espace Arganier";
  record.service_name = "Hébergement d'urgence";
  record.status = domain::ServiceStatus::kActive;
  record.needs = {domain::NeedCode::kEmergencyShelter};
  record.visibility = domain::Visibility::kSealed;
  record.province_code = "04.421";
  record.pools.push_back({.pool_id = centre.beds,
                          .unit = domain::CapacityUnit::kBed,
                          .needs = {},
                          .maximum = beds,
                          .occupied_elsewhere = 0});
  return record;
}

Centre World::AddCentre(uint32_t beds) {
  const Centre centre{.id = NewId<ServiceAtLocationId>(random),
                      .organisation = NewId<OrganisationId>(random),
                      .beds = NewId<PoolId>(random)};
  const auto results =
      directory.Import(As(hotline, Role::kNetworkAdministrator), {RecordOf(centre, beds)});
  AMANA_CHECK(results.ok() && results->front().outcome == ImportOutcome::kCreated,
              "test centre not imported");
  return centre;
}

CaseId World::AddCase(domain::Priority priority) {
  const auto id = NewId<CaseId>(random);
  RoutedCase routed;
  routed.organisation_id = hotline;
  routed.card.needs = {domain::NeedCode::kEmergencyShelter};
  routed.card.priority = priority;
  routed.card.province_code = "04.421";
  routed.card.age_band = domain::AgeBand::k25To59;
  intake.cases[id] = routed;
  return id;
}

CallContext World::As(const OrganisationId& organisation, Role role) {
  CallContext context;
  context.caller = {
      .role = role, .device = NewId<DeviceId>(random), .organisation = organisation, .service = ""};
  context.deadline = Soon();
  context.audit_action = "test.command";
  context.request_id = NewId<RequestId>(random);
  context.request_digest = std::string(32, 'd');
  return context;
}

ReferralId World::Refer(const CaseId& case_id, const std::vector<Centre>& centres) {
  CreateCommand command{
      .case_id = case_id, .need = domain::NeedCode::kEmergencyShelter, .candidates = {}};
  for (const Centre& centre : centres) command.candidates.push_back(centre.id);
  const auto created = referrals.Create(AsHotline(), command, RenderId);
  AMANA_CHECK(created.ok(), "test referral not created");
  const ReferralId id = *ReferralId::FromBytes(*created);
  AMANA_CHECK(referrals.Send(AsHotline(), id, RenderId).ok(), "test referral not sent");
  return id;
}

domain::Referral World::Get(const ReferralId& id) {
  auto loaded = rows.Load(id, Soon());
  AMANA_CHECK(loaded.ok(), "test referral not readable");
  return loaded->referral;
}

domain::Ledger World::LedgerOf(const Centre& centre) {
  const auto row =
      memory.Read(store::ShardOf(centre.id, memory.shards()), LedgerKey(centre.id), Soon());
  AMANA_CHECK(row.ok() && row->exists(), "test ledger not readable");
  return *DecodeLedger(row->value);
}

OfferId World::OfferAt(const ReferralId& id, const Centre& centre) {
  const domain::Referral referral = Get(id);
  for (const domain::Offer& offer : referral.offers) {
    if (offer.made() && offer.service_at_location_id == centre.id) return offer.id;
  }
  return OfferId();
}

bool World::RunTimers(int rounds) {
  bool all_ok = true;
  for (int i = 0; i < rounds; ++i) {
    const auto due = memory.DueTimers(clock.Now(), 100, Soon());
    AMANA_CHECK(due.ok(), "test timers not readable");
    if (due->empty()) return all_ok;
    for (const store::DueTimer& timer : *due) {
      if (!timers.Run(timer, Soon()).ok()) all_ok = false;
    }
  }
  return all_ok;
}

std::string RenderId(const domain::Referral& referral) { return referral.id.bytes(); }

std::string RenderWhole(const domain::Referral& referral) { return Encode(referral); }

}  // namespace amana::referral
