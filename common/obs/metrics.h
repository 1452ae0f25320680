#pragma once

// Metrics, declared once and kept by reference; read by Prometheus through OpsServer. Labels are
// literals and registered names, never an id. Counters and histograms are sharded by thread: an
// increment costs a few nanoseconds also where many threads meet.
//
//   obs::Counter& offers = metrics.AddCounter("amana_referral_offers_total", "Offers, by outcome.",
//                                             {{"outcome", "accepted"}});
//   offers.Increment();
//
// Names: amana_<service>_<thing>_<unit>[_total], base units. The same name and labels twice give
// the same metric, so that a component may declare what another declared.

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "common/obs/name.h"

namespace amana::obs {

inline constexpr size_t kMetricShards = 16;

// The shard of the calling thread.
size_t MetricShard();

class Counter {
 public:
  void Increment(uint64_t by = 1) {
    shards_[MetricShard()].value.fetch_add(by, std::memory_order_relaxed);
  }
  uint64_t value() const;

 private:
  struct alignas(64) Shard {
    std::atomic<uint64_t> value{0};
  };
  std::array<Shard, kMetricShards> shards_;
};

class Gauge {
 public:
  void Set(double value) { value_.store(value, std::memory_order_relaxed); }
  double value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<double> value_{0};
};

// Seconds, in fixed buckets: from 50 µs, for calls, to a day, for answers that people give.
class Histogram {
 public:
  static constexpr std::array<double, 22> kBounds = {
      0.00005, 0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05,  0.1,
      0.2,     0.5,    1,      2.5,    10,    60,    300,   1800, 7200, 28800, 86400};

  void Observe(absl::Duration duration) { ObserveNanoseconds(absl::ToInt64Nanoseconds(duration)); }
  void ObserveNanoseconds(int64_t nanoseconds);

  struct Reading {
    std::array<uint64_t, kBounds.size() + 1> counts{};  // of each bucket, not cumulative
    double sum_seconds = 0;
    uint64_t total = 0;
  };
  Reading Read() const;

 private:
  struct alignas(64) Shard {
    std::array<std::atomic<uint64_t>, kBounds.size() + 1> counts{};
    std::atomic<uint64_t> sum_nanoseconds{0};
  };
  std::array<Shard, kMetricShards> shards_;
};

struct Label {
  Literal name;
  Name value;
};

using Labels = std::vector<Label>;

// All metrics of a process. Thread-safe; Add… takes a lock, so keep the reference, which lives as
// long as this object.
class Metrics {
 public:
  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  Counter& AddCounter(Literal name, Literal help, const Labels& labels = {});
  Gauge& AddGauge(Literal name, Literal help, const Labels& labels = {});
  Histogram& AddHistogram(Literal name, Literal help, const Labels& labels = {});

  // A gauge that is asked at each scrape: `read` must be fast, thread-safe and outlive its Watch
  // (returned), which takes the metric away again.
  class Watch;
  [[nodiscard]] std::unique_ptr<Watch> WatchGauge(Literal name, Literal help, const Labels& labels,
                                                  std::function<double()> read);

  // Prometheus text format.
  std::string Scrape() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

class Metrics::Watch {
 public:
  ~Watch();
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

 private:
  friend class Metrics;
  Watch(std::shared_ptr<Impl> impl, uint64_t id) : impl_(std::move(impl)), id_(id) {}
  std::shared_ptr<Impl> impl_;
  uint64_t id_;
};

}  // namespace amana::obs
