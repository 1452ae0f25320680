#pragma once

// Intake over a store in memory, for the tests of app/: a clock that stands still, colleagues and
// those who act on withdrawals as the test wants them, and a store that may fail.

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "amana/audit/v1/event.pb.h"
#include "amana/intake/v1/intake.pb.h"
#include "common/base/mutex.h"
#include "common/crypto/hash.h"
#include "common/crypto/random.h"
#include "common/store/memory_store.h"
#include "services/intake/app/calls.h"
#include "services/intake/app/cases.h"
#include "services/intake/app/consents.h"
#include "services/intake/app/follow_ups.h"
#include "services/intake/app/timers.h"
#include "services/intake/domain/test_values.h"

namespace amana::intake {

// A store whose commits may get lost, before they happen or on the way back.
class FaultyStore final : public store::Store {
 public:
  enum class Fault { kNone, kBefore, kAfter };

  // For the next commit alone.
  void FailNext(Fault fault) { fault_ = fault; }

  absl::StatusOr<store::Outcome> Apply(const store::Commit& commit, Deadline deadline) override {
    const Fault fault = fault_.exchange(Fault::kNone);
    if (fault == Fault::kBefore) return Error(Reason::kStoreUnavailable);
    absl::StatusOr<store::Outcome> outcome = under_.Apply(commit, deadline);
    if (fault == Fault::kAfter) return Error(Reason::kStoreUnavailable);
    return outcome;
  }

  uint32_t shards() const override { return under_.shards(); }
  absl::StatusOr<store::Row> Read(store::Shard shard, const store::Key& key,
                                  Deadline deadline) override {
    ++reads_;
    return under_.Read(shard, key, deadline);
  }
  absl::StatusOr<std::vector<store::Row>> ReadMany(store::Shard shard,
                                                   const std::vector<store::Key>& keys,
                                                   Deadline deadline) override {
    ++reads_;
    return under_.ReadMany(shard, keys, deadline);
  }
  absl::StatusOr<std::vector<store::IndexEntry>> ReadIndex(store::Shard shard,
                                                           const std::string& index,
                                                           const store::IndexRange& range,
                                                           Deadline deadline) override {
    ++reads_;
    return under_.ReadIndex(shard, index, range, deadline);
  }
  absl::StatusOr<std::vector<store::IndexEntry>> ReadIndexEverywhere(const std::string& index,
                                                                     const store::IndexRange& range,
                                                                     Deadline deadline) override {
    ++reads_;
    return under_.ReadIndexEverywhere(index, range, deadline);
  }
  absl::StatusOr<std::optional<std::string>> FindReply(store::Shard shard,
                                                       const store::RequestRecord& request,
                                                       Deadline deadline) override {
    ++reads_;
    return under_.FindReply(shard, request, deadline);
  }
  absl::StatusOr<std::vector<store::DueTimer>> DueTimers(absl::Time now, uint32_t limit,
                                                         Deadline deadline) override {
    return under_.DueTimers(now, limit, deadline);
  }
  absl::StatusOr<std::vector<store::OutboxEntry>> ReadOutbox(const std::vector<uint64_t>& cursors,
                                                             uint32_t limit,
                                                             Deadline deadline) override {
    return under_.ReadOutbox(cursors, limit, deadline);
  }
  absl::Status TrimOutbox(const std::vector<uint64_t>& cursors, Deadline deadline) override {
    return under_.TrimOutbox(cursors, deadline);
  }
  absl::StatusOr<store::OutboxBacklog> ReadOutboxBacklog(Deadline deadline) override {
    return under_.ReadOutboxBacklog(deadline);
  }
  absl::StatusOr<store::HistoryPage> ReadHistory(const std::string& subject,
                                                 store::HistoryPosition from, uint32_t limit,
                                                 Deadline deadline) override {
    return under_.ReadHistory(subject, from, limit, deadline);
  }
  absl::Status Ping(Deadline deadline) override { return under_.Ping(deadline); }

  int reads() const { return reads_; }

 private:
  store::MemoryStore under_;
  std::atomic<Fault> fault_ = Fault::kNone;
  std::atomic<int> reads_ = 0;
};

class FakeColleagues final : public Colleagues {
 public:
  absl::StatusOr<bool> TakesCases(const OrganisationId& organisation, const DeviceId& device,
                                  Deadline) override {
    if (!reachable) return Error(Reason::kServiceUnavailable);
    return known.contains({organisation, device});
  }

  std::set<std::pair<OrganisationId, DeviceId>> known;
  bool reachable = true;
};

// Does each request once, as the services do, and remembers what it did.
class FakeRevocations final : public Revocations {
 public:
  struct Done {
    CaseId case_id;
    OrganisationId recipient;
    friend bool operator==(const Done&, const Done&) = default;
  };

  absl::Status WithdrawOffers(const RequestId& request_id, const CaseId& case_id,
                              const OrganisationId& recipient, Deadline) override {
    ++asked;
    if (!referral_up) return Error(Reason::kServiceUnavailable);
    offers.try_emplace(request_id, Done{case_id, recipient});
    return absl::OkStatus();
  }
  absl::Status DestroyPackages(const RequestId& request_id, const CaseId& case_id,
                               const OrganisationId& recipient, Deadline) override {
    ++asked;
    if (!messaging_up) return Error(Reason::kServiceUnavailable);
    packages.try_emplace(request_id, Done{case_id, recipient});
    return absl::OkStatus();
  }
  absl::Status WithdrawReferrals(const RequestId& request_id, const CaseId& case_id,
                                 Deadline) override {
    ++asked;
    if (!referral_up) return Error(Reason::kServiceUnavailable);
    closures.try_emplace(request_id, case_id);
    if (const auto then = std::exchange(after_closure, nullptr)) then();
    return absl::OkStatus();
  }

  bool referral_up = true;
  bool messaging_up = true;
  int asked = 0;
  std::map<RequestId, Done> offers;
  std::map<RequestId, Done> packages;
  std::map<RequestId, CaseId> closures;
  // Runs once referral has done its part of the next closure, before intake hears of that.
  std::function<void()> after_closure;
};

inline Reason ReasonOfReply(const absl::StatusOr<std::string>& reply) {
  return ReasonOf(reply.status());
}

struct TestIntake {
  FaultyStore store;
  FakeClock clock{domain::kNow};
  crypto::SystemRandom random;
  FakeColleagues colleagues;
  FakeRevocations revocations;
  Deps deps{.store = store, .clock = clock, .random = random};
  Cases cases{deps, colleagues, revocations};
  Consents consents{deps, revocations};
  Calls calls{deps};
  FollowUps follow_ups{deps};

  Caller operator_a = domain::Person('a', Role::kOperator);
  Caller operator_b = domain::Person('b', Role::kOperator);
  Caller supervisor = domain::Person('s', Role::kSupervisor);
  Caller foreigner = domain::Person('x', Role::kSupervisor, 'z');

  // A call with a request_id of its own.
  CallContext By(const Caller& caller) {
    CallContext context;
    context.caller = caller;
    context.deadline = Deadline::After(absl::Minutes(5));
    context.audit_action = "test.action";
    context.request_id = NewId<RequestId>(random);
    context.request_digest = crypto::Sha256(context.request_id.view());
    return context;
  }

  template <class Response>
  static Response Parse(const absl::StatusOr<std::string>& reply) {
    Response response;
    EXPECT_TRUE(reply.ok()) << reply.status();
    if (reply.ok()) {
      EXPECT_TRUE(response.ParseFromString(*reply));
    }
    return response;
  }

  CaseId Opened(const Caller& caller, const CallId& call = {}) {
    const auto reply = cases.Open(
        By(caller),
        {.channel = domain::IntakeChannel::kHotline, .card = domain::Card(), .call_id = call});
    return *CaseId::FromBytes(Parse<v1::OpenCaseResponse>(reply).case_().case_id());
  }

  absl::StatusOr<std::string> Recorded(const Caller& caller, const CaseId& id,
                                       const domain::ConsentTerms& terms,
                                       domain::ConsentState state = domain::ConsentState::kActive) {
    return consents.Record(By(caller), {.case_id = id, .terms = terms, .state = state});
  }
  ConsentId Consented(const CaseId& id, const domain::ConsentTerms& terms = domain::Terms(),
                      domain::ConsentState state = domain::ConsentState::kActive) {
    const auto reply = Recorded(operator_a, id, terms, state);
    return *ConsentId::FromBytes(Parse<v1::RecordConsentResponse>(reply).consent().consent_id());
  }
  bool Active(const CaseId& id, domain::ConsentPurpose purpose = domain::ConsentPurpose::kRefer,
              char recipient = 'r') {
    const auto answer =
        consents.Check(By({}), id, purpose, domain::IdOf<OrganisationId>(recipient));
    EXPECT_TRUE(answer.ok());
    return answer.ok() && answer->active.has_value();
  }

  CallId Enqueued(const Caller& caller, domain::Priority priority = domain::Priority::kP2) {
    clock.Advance(absl::Milliseconds(1));
    const auto reply = calls.Enqueue(By(caller), priority);
    return *CallId::FromBytes(Parse<v1::EnqueueCallResponse>(reply).call().call_id());
  }
  CallId Claimed(const Caller& caller) {
    const auto reply = calls.Claim(By(caller));
    return *CallId::FromBytes(Parse<v1::ClaimCallResponse>(reply).call().call_id());
  }

  // Runs every timer that is due, once; returns how many there were.
  size_t RunDueTimers() {
    const auto due = store.DueTimers(clock.Now(), 1000, Deadline::Never());
    EXPECT_TRUE(due.ok());
    for (const store::DueTimer& timer : *due) {
      RunTimer(timer.timer, calls, cases, consents, Deadline::Never()).IgnoreError();
    }
    return due->size();
  }

  // Runs `command`, which takes something back, in a process that dies right after its commit:
  // nobody has told anyone, and nobody asks again. It dies once more before it has written down
  // that all have heard; the timers go on.
  template <class Command>
  void RunThroughTwoCrashes(Command command) {
    store.FailNext(FaultyStore::Fault::kAfter);
    EXPECT_EQ(ReasonOfReply(command()), Reason::kStoreUnavailable);
    EXPECT_EQ(revocations.asked, 0);
    clock.Advance(kRevocationTimerDelay);
    store.FailNext(FaultyStore::Fault::kBefore);
    EXPECT_EQ(RunDueTimers(), 1u);
    EXPECT_EQ(RunDueTimers(), 1u);
    EXPECT_EQ(RunDueTimers(), 0u);
  }

  // The actions and states in the history of a subject: "case.opened open".
  std::vector<std::string> History(std::string_view subject) {
    std::vector<std::string> events;
    const auto history = store.ReadHistory(std::string(subject), {}, 1000, Deadline::Never());
    EXPECT_TRUE(history.ok());
    for (const store::HistoryEntry& entry : history->entries) {
      audit::v1::Event event;
      EXPECT_TRUE(event.ParseFromString(entry.event));
      events.push_back(event.action() + " " + event.state());
    }
    return events;
  }
};

}  // namespace amana::intake
