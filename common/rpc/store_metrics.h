#pragma once

// What a store tells, as metrics: how long its commands take, whether Redis answers, and how much
// waits to get into the log.

#include <array>
#include <atomic>
#include <cstdint>
#include <string_view>

#include "absl/time/time.h"
#include "common/base/mutex.h"
#include "common/obs/metrics.h"
#include "common/obs/name.h"
#include "common/store/observer.h"

namespace amana::rpc {

// Thread-safe.
class StoreMetrics final : public store::StoreObserver {
 public:
  StoreMetrics(obs::Metrics& metrics, obs::Name service);

  void OnOperation(std::string_view operation, absl::Duration took, bool ok) override;

  void OnPing(bool ok);

  // The number of entries that wait. Their age is not stored: the metric is the time since the
  // outbox was last seen empty or last trimmed, which the oldest entry has waited at least.
  void OnBacklog(uint64_t entries);

 private:
  static constexpr size_t kMaxOperations = 32;

  obs::Histogram& HistogramOf(std::string_view operation);

  obs::Metrics& metrics_;
  const obs::Name service_;
  obs::Gauge& up_;
  obs::Gauge& backlog_;
  obs::Gauge& oldest_age_;
  std::atomic<int64_t> last_progress_;  // Unix nanoseconds

  // Filled from the front, never changed: read without a lock.
  struct Slot {
    std::atomic<obs::Histogram*> histogram{nullptr};
    std::string_view operation;
  };
  Mutex mutex_;
  std::array<Slot, kMaxOperations> slots_;
};

}  // namespace amana::rpc
