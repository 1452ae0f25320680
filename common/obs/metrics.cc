#include "common/obs/metrics.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <limits>
#include <map>
#include <memory>

#include "common/base/check.h"
#include "common/base/mutex.h"

namespace amana::obs {

size_t MetricShard() {
  static std::atomic<size_t> next{0};
  thread_local const size_t shard = next.fetch_add(1) % kMetricShards;
  return shard;
}

uint64_t Counter::value() const {
  uint64_t sum = 0;
  for (const Shard& shard : shards_) sum += shard.value.load(std::memory_order_relaxed);
  return sum;
}

void Histogram::ObserveNanoseconds(int64_t nanoseconds) {
  nanoseconds = std::max<int64_t>(nanoseconds, 0);
  const double seconds = static_cast<double>(nanoseconds) * 1e-9;
  const auto bucket = std::lower_bound(kBounds.begin(), kBounds.end(), seconds) - kBounds.begin();
  Shard& shard = shards_[MetricShard()];
  shard.counts[static_cast<size_t>(bucket)].fetch_add(1, std::memory_order_relaxed);
  shard.sum_nanoseconds.fetch_add(static_cast<uint64_t>(nanoseconds), std::memory_order_relaxed);
}

Histogram::Reading Histogram::Read() const {
  Reading reading;
  uint64_t nanoseconds = 0;
  for (const Shard& shard : shards_) {
    for (size_t i = 0; i < shard.counts.size(); ++i) {
      const uint64_t count = shard.counts[i].load(std::memory_order_relaxed);
      reading.counts[i] += count;
      reading.total += count;
    }
    nanoseconds += shard.sum_nanoseconds.load(std::memory_order_relaxed);
  }
  reading.sum_seconds = static_cast<double>(nanoseconds) * 1e-9;
  return reading;
}

namespace {

struct Watched {
  uint64_t id;
  std::function<double()> read;
};

// A family's members by their labels, in Prometheus's form.
using Key = std::vector<prometheus::ClientMetric::Label>;

struct Family {
  std::string help;
  prometheus::MetricType type;
  std::map<Key, std::unique_ptr<Counter>> counters;
  std::map<Key, std::unique_ptr<Gauge>> gauges;
  std::map<Key, std::unique_ptr<Histogram>> histograms;
  std::map<Key, Watched> watched;
};

Key KeyOf(const Labels& labels) {
  Key key;
  for (const auto& [name, value] : labels) {
    key.push_back({std::string(name.text()), std::string(value.text())});
  }
  std::sort(key.begin(), key.end());
  return key;
}

void Render(const Histogram& histogram, prometheus::ClientMetric::Histogram& out) {
  const Histogram::Reading reading = histogram.Read();
  uint64_t cumulative = 0;
  for (size_t i = 0; i < reading.counts.size(); ++i) {
    cumulative += reading.counts[i];
    const bool last = i == Histogram::kBounds.size();
    out.bucket.push_back(
        {cumulative, last ? std::numeric_limits<double>::infinity() : Histogram::kBounds[i]});
  }
  out.sample_count = cumulative;
  out.sample_sum = reading.sum_seconds;
}

prometheus::MetricFamily Render(const std::string& name, const Family& family) {
  prometheus::MetricFamily out{name, family.help, family.type, {}};
  auto add = [&](const Key& key) -> prometheus::ClientMetric& {
    prometheus::ClientMetric& metric = out.metric.emplace_back();
    metric.label = key;
    return metric;
  };
  for (const auto& [key, counter] : family.counters) {
    add(key).counter.value = static_cast<double>(counter->value());
  }
  for (const auto& [key, gauge] : family.gauges) add(key).gauge.value = gauge->value();
  for (const auto& [key, watched] : family.watched) add(key).gauge.value = watched.read();
  for (const auto& [key, histogram] : family.histograms) Render(*histogram, add(key).histogram);
  return out;
}

}  // namespace

struct Metrics::Impl {
  mutable Mutex mutex;
  std::map<std::string, Family> families AMANA_GUARDED_BY(mutex);
  uint64_t next_id AMANA_GUARDED_BY(mutex) = 0;

  Family& Declare(Literal name, Literal help, prometheus::MetricType type) AMANA_REQUIRES(mutex) {
    auto [it, added] = families.try_emplace(std::string(name.text()));
    if (added) {
      it->second.help = std::string(help.text());
      it->second.type = type;
    }
    AMANA_CHECK(it->second.type == type, "a metric's name has one type");
    return it->second;
  }
};

Metrics::Metrics() : impl_(std::make_shared<Impl>()) {}
Metrics::~Metrics() = default;

Counter& Metrics::AddCounter(Literal name, Literal help, const Labels& labels) {
  MutexLock lock(impl_->mutex);
  auto& slot = impl_->Declare(name, help, prometheus::MetricType::Counter).counters[KeyOf(labels)];
  if (slot == nullptr) slot = std::make_unique<Counter>();
  return *slot;
}

Gauge& Metrics::AddGauge(Literal name, Literal help, const Labels& labels) {
  MutexLock lock(impl_->mutex);
  auto& slot = impl_->Declare(name, help, prometheus::MetricType::Gauge).gauges[KeyOf(labels)];
  if (slot == nullptr) slot = std::make_unique<Gauge>();
  return *slot;
}

Histogram& Metrics::AddHistogram(Literal name, Literal help, const Labels& labels) {
  MutexLock lock(impl_->mutex);
  auto& slot =
      impl_->Declare(name, help, prometheus::MetricType::Histogram).histograms[KeyOf(labels)];
  if (slot == nullptr) slot = std::make_unique<Histogram>();
  return *slot;
}

std::unique_ptr<Metrics::Watch> Metrics::WatchGauge(Literal name, Literal help,
                                                    const Labels& labels,
                                                    std::function<double()> read) {
  MutexLock lock(impl_->mutex);
  Family& family = impl_->Declare(name, help, prometheus::MetricType::Gauge);
  const uint64_t id = ++impl_->next_id;
  family.watched[KeyOf(labels)] = Watched{id, std::move(read)};
  return std::unique_ptr<Watch>(new Watch(impl_, id));
}

Metrics::Watch::~Watch() {
  MutexLock lock(impl_->mutex);
  for (auto& [name, family] : impl_->families) {
    std::erase_if(family.watched, [&](const auto& entry) { return entry.second.id == id_; });
  }
}

std::string Metrics::Scrape() const {
  std::vector<prometheus::MetricFamily> rendered;
  {
    MutexLock lock(impl_->mutex);
    for (const auto& [name, family] : impl_->families) rendered.push_back(Render(name, family));
  }
  return prometheus::TextSerializer().Serialize(rendered);
}

}  // namespace amana::obs
