#pragma once

// The directory in memory: an immutable snapshot, replaced as a whole. Loaded at start and every
// few seconds (other replicas change things too), brought up to date after each commit made here.
// Matching reads it and never waits for the store.

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/clock.h"
#include "common/base/deadline.h"
#include "common/base/mutex.h"
#include "common/store/store.h"
#include "services/referral/domain/matching.h"

namespace amana::referral {

inline constexpr uint32_t kMaxServicesAtLocation = 20'000;

// Thread-safe.
class DirectorySnapshot {
 public:
  // Both outlive this.
  DirectorySnapshot(store::Store& store, const Clock& clock) : store_(store), clock_(clock) {}

  // kServiceUnavailable until it was loaded once: an empty directory would say that nobody can
  // help.
  absl::StatusOr<std::shared_ptr<const domain::Snapshot>> Get() const;

  // Reads everything again. What a commit here has put in since stays if it is newer.
  absl::Status Load(Deadline deadline);

  // After a commit; older versions than what is known change nothing.
  void PutRecord(const domain::ServiceAtLocation& record, uint64_t version);
  void PutLedger(const domain::Ledger& ledger, uint64_t version);

 private:
  void Publish(std::shared_ptr<domain::Snapshot> next) AMANA_REQUIRES(mutex_);

  store::Store& store_;
  const Clock& clock_;
  mutable Mutex mutex_;
  std::shared_ptr<const domain::Snapshot> snapshot_ AMANA_GUARDED_BY(mutex_) =
      std::make_shared<domain::Snapshot>();
  bool loaded_ AMANA_GUARDED_BY(mutex_) = false;
};

}  // namespace amana::referral
