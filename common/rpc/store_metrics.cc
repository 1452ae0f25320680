#include "common/rpc/store_metrics.h"

#include "absl/time/clock.h"
#include "common/base/check.h"

namespace amana::rpc {

StoreMetrics::StoreMetrics(obs::Metrics& metrics, obs::Name service)
    : metrics_(metrics),
      service_(service),
      up_(metrics.AddGauge("amana_redis_up", "1 while Redis answers and its functions are loaded.",
                           {{"service", service}})),
      backlog_(metrics.AddGauge("amana_outbox_backlog", "Entries that wait to get into the log.",
                                {{"service", service}})),
      oldest_age_(metrics.AddGauge(
          "amana_outbox_oldest_age_seconds",
          "Least time that the oldest entry has waited: since the outbox was empty or trimmed.",
          {{"service", service}})),
      last_progress_(absl::GetCurrentTimeNanos()) {}

void StoreMetrics::OnOperation(std::string_view operation, absl::Duration took, bool ok) {
  HistogramOf(operation).Observe(took);
  if (ok && operation == "trim_outbox") last_progress_.store(absl::GetCurrentTimeNanos());
}

obs::Histogram& StoreMetrics::HistogramOf(std::string_view operation) {
  size_t i = 0;
  for (; i < kMaxOperations; ++i) {
    obs::Histogram* histogram = slots_[i].histogram.load(std::memory_order_acquire);
    if (histogram == nullptr) break;
    if (slots_[i].operation == operation) return *histogram;
  }
  MutexLock lock(mutex_);
  for (; i < kMaxOperations; ++i) {
    obs::Histogram* histogram = slots_[i].histogram.load(std::memory_order_acquire);
    if (histogram == nullptr) break;
    if (slots_[i].operation == operation) return *histogram;
  }
  AMANA_CHECK(i < kMaxOperations, "a store has a fixed few operations");
  obs::Histogram& added = metrics_.AddHistogram(
      "amana_redis_command_seconds", "Time that a store's operation took, with its wait.",
      {{"service", service_}, {"command", obs::Name::Register(operation)}});
  slots_[i].operation = operation;
  slots_[i].histogram.store(&added, std::memory_order_release);
  return added;
}

void StoreMetrics::OnPing(bool ok) { up_.Set(ok ? 1 : 0); }

void StoreMetrics::OnBacklog(uint64_t entries) {
  const int64_t now = absl::GetCurrentTimeNanos();
  if (entries == 0) last_progress_.store(now);
  backlog_.Set(static_cast<double>(entries));
  oldest_age_.Set(static_cast<double>(now - last_progress_.load()) * 1e-9);
}

}  // namespace amana::rpc
