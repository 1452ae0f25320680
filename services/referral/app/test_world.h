#pragma once

// A whole referral service in memory, with centres, a case and people, for the tests of this
// folder.

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/error.h"
#include "common/base/mutex.h"
#include "common/base/random.h"
#include "common/store/memory_store.h"
#include "services/referral/app/directory.h"
#include "services/referral/app/driver.h"
#include "services/referral/app/ledgers.h"
#include "services/referral/app/ports.h"
#include "services/referral/app/referral_rows.h"
#include "services/referral/app/referrals.h"
#include "services/referral/app/snapshot.h"
#include "services/referral/app/timers.h"

namespace amana::referral {

// Repeats itself for the same seed. Thread-safe.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(uint64_t seed) : state_(seed) {}
  void Fill(char* out, size_t n) override;
  uint64_t Below(uint64_t n);

 private:
  std::atomic<uint64_t> state_;
};

// A store that can be told to fail: before a commit happens, or after it, when the answer is lost.
class FailingStore final : public store::Store {
 public:
  explicit FailingStore(store::Store& inner) : inner_(inner) {}

  enum class Fault { kNone, kBefore, kAfter };
  // Asked at each commit and, for kBefore, at each read.
  std::function<Fault()> fault = [] { return Fault::kNone; };

  uint32_t shards() const override { return inner_.shards(); }
  absl::StatusOr<store::Outcome> Apply(const store::Commit& commit, Deadline deadline) override;
  absl::StatusOr<store::Row> Read(store::Shard shard, const store::Key& key,
                                  Deadline deadline) override;
  absl::StatusOr<std::vector<store::Row>> ReadMany(store::Shard shard,
                                                   const std::vector<store::Key>& keys,
                                                   Deadline deadline) override;
  absl::StatusOr<std::vector<store::IndexEntry>> ReadIndex(store::Shard shard,
                                                           const std::string& index,
                                                           const store::IndexRange& range,
                                                           Deadline deadline) override;
  absl::StatusOr<std::vector<store::IndexEntry>> ReadIndexEverywhere(const std::string& index,
                                                                     const store::IndexRange& range,
                                                                     Deadline deadline) override;
  absl::StatusOr<std::optional<std::string>> FindReply(store::Shard shard,
                                                       const store::RequestRecord& request,
                                                       Deadline deadline) override;
  absl::StatusOr<std::vector<store::DueTimer>> DueTimers(absl::Time now, uint32_t limit,
                                                         Deadline deadline) override;
  absl::StatusOr<std::vector<store::OutboxEntry>> ReadOutbox(const std::vector<uint64_t>& cursors,
                                                             uint32_t limit,
                                                             Deadline deadline) override;
  absl::Status TrimOutbox(const std::vector<uint64_t>& cursors, Deadline deadline) override;
  absl::StatusOr<store::OutboxBacklog> ReadOutboxBacklog(Deadline deadline) override;
  absl::StatusOr<store::HistoryPage> ReadHistory(const std::string& subject,
                                                 store::HistoryPosition from, uint32_t limit,
                                                 Deadline deadline) override;
  absl::Status Ping(Deadline deadline) override;

 private:
  store::Store& inner_;
};

// Intake as it would answer. Thread-safe but for its setters.
class FakeIntake final : public IntakePort {
 public:
  std::map<CaseId, RoutedCase> cases;
  std::set<std::pair<CaseId, OrganisationId>> refused;  // everybody else she agreed to
  std::function<bool()> down = [] { return false; };
  Reason reason_when_down = Reason::kServiceUnavailable;

  absl::StatusOr<RoutedCase> GetCase(const CallContext&, const CaseId& case_id) override;
  absl::StatusOr<bool> MayRefer(const CallContext&, const CaseId& case_id,
                                const OrganisationId& recipient) override;
};

class CountingMetrics final : public ReferralMetrics {
 public:
  void OfferOutcome(domain::OfferState state) override;
  void FirstAnswer(domain::Priority, absl::Duration after) override;
  void Escalation() override { ++escalations; }

  Mutex mutex;
  std::map<domain::OfferState, int> outcomes;
  absl::Duration first_answer = absl::ZeroDuration();
  std::atomic<int> escalations = 0;
};

struct Centre {
  ServiceAtLocationId id;
  OrganisationId organisation;
  PoolId beds;
};

class World {
 public:
  explicit World(uint64_t seed = 1);

  // A shelter with this many beds, already imported.
  Centre AddCentre(uint32_t beds);
  domain::ServiceAtLocation RecordOf(const Centre& centre, uint32_t beds) const;
  // A case of the hotline with one woman alone.
  CaseId AddCase(domain::Priority priority);

  // The context of one call, with a fresh request id.
  CallContext As(const OrganisationId& organisation, Role role = Role::kCaseWorker);
  CallContext AsHotline() { return As(hotline, Role::kOperator); }

  // Create and send; the id. Must succeed.
  ReferralId Refer(const CaseId& case_id, const std::vector<Centre>& centres);
  domain::Referral Get(const ReferralId& id);
  domain::Ledger LedgerOf(const Centre& centre);
  // The only offer of the referral in this state at this centre, or zero.
  OfferId OfferAt(const ReferralId& id, const Centre& centre);

  // Runs what is due, until nothing is (or `rounds` are over). Returns whether all succeeded.
  bool RunTimers(int rounds = 50);

  SeededRandom random;
  FakeClock clock;
  store::MemoryStore memory;
  FailingStore store{memory};
  FakeIntake intake;
  CountingMetrics metrics;
  domain::OfferPolicy policy;
  domain::Geography geography;
  DirectorySnapshot snapshot{store, clock};
  Ledgers ledgers{store, clock, random, snapshot};
  ReferralRows rows{store, clock, random, metrics, policy};
  Driver driver{{.store = store,
                 .clock = clock,
                 .random = random,
                 .intake = intake,
                 .rows = rows,
                 .ledgers = ledgers,
                 .policy = policy}};
  Referrals referrals{store, clock, random, intake, rows, driver};
  Directory directory{store, clock, random, snapshot, geography};
  Timers timers{referrals, driver, ledgers};
  OrganisationId hotline;
};

// A reply that is the referral's id, for tests that don't look at it.
std::string RenderId(const domain::Referral& referral);
// All there is to tell: what DecodeReferral() reads.
std::string RenderWhole(const domain::Referral& referral);

}  // namespace amana::referral
