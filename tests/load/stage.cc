#include "tests/load/stage.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <thread>

#include "common/base/mutex.h"

namespace amana::load {
namespace {

using SteadyClock = std::chrono::steady_clock;

// Latencies of calls that are answered on several threads. Counts what is still out, so that a
// stage ends only when nothing of it is left.
class Recorder {
 public:
  void Begin() {
    MutexLock lock(mutex_);
    ++outstanding_;
  }

  void End(SteadyClock::time_point intended_start, bool ok) {
    const auto took = SteadyClock::now() - intended_start;
    MutexLock lock(mutex_);
    if (ok) {
      micros_.push_back(std::chrono::duration<float, std::micro>(took).count());
    } else {
      ++failed_;
    }
    if (--outstanding_ == 0) idle_.NotifyAll();
  }

  Measurement Finish(SteadyClock::time_point started) {
    MutexLock lock(mutex_);
    while (outstanding_ > 0) idle_.Wait(mutex_);
    const double seconds = std::chrono::duration<double>(SteadyClock::now() - started).count();
    Measurement result;
    result.calls = micros_.size();
    result.failed = failed_;
    result.per_second = static_cast<double>(micros_.size()) / seconds;
    result.p50_us = Percentile(0.50);
    result.p99_us = Percentile(0.99);
    return result;
  }

 private:
  double Percentile(double share) AMANA_REQUIRES(mutex_) {
    if (micros_.empty()) return 0;
    const auto at =
        micros_.begin() + static_cast<ptrdiff_t>(share * static_cast<double>(micros_.size() - 1));
    std::nth_element(micros_.begin(), at, micros_.end());
    return *at;
  }

  Mutex mutex_;
  CondVar idle_;
  uint64_t outstanding_ AMANA_GUARDED_BY(mutex_) = 0;
  uint64_t failed_ AMANA_GUARDED_BY(mutex_) = 0;
  std::vector<float> micros_ AMANA_GUARDED_BY(mutex_);
};

}  // namespace

Measurement RunClosedLoop(const Operation& operation, uint32_t in_flight, absl::Duration duration) {
  const auto started = SteadyClock::now();
  const auto end = started + absl::ToChronoNanoseconds(duration);
  Recorder recorder;
  // Each of the calls in flight starts the next one when it is answered.
  std::function<void()> next = [&] {
    const auto call_started = SteadyClock::now();
    recorder.Begin();
    operation([&, call_started](bool ok) {
      if (SteadyClock::now() < end) next();
      recorder.End(call_started, ok);
    });
  };
  for (uint32_t i = 0; i < in_flight; ++i) next();
  std::this_thread::sleep_until(end);
  return recorder.Finish(started);
}

Measurement RunOpenLoop(const Operation& operation, double per_second, absl::Duration duration) {
  const auto started = SteadyClock::now();
  const auto total = static_cast<uint64_t>(per_second * absl::ToDoubleSeconds(duration));
  Recorder recorder;
  for (uint64_t i = 0; i < total; ++i) {
    const auto intended =
        started + std::chrono::duration_cast<SteadyClock::duration>(
                      std::chrono::duration<double>(static_cast<double>(i) / per_second));
    if (intended > SteadyClock::now()) std::this_thread::sleep_until(intended);
    recorder.Begin();
    operation([&recorder, intended](bool ok) { recorder.End(intended, ok); });
  }
  return recorder.Finish(started);
}

Measurement Median(std::vector<Measurement> rounds) {
  const auto middle = rounds.begin() + static_cast<ptrdiff_t>(rounds.size() / 2);
  std::nth_element(
      rounds.begin(), middle, rounds.end(),
      [](const Measurement& a, const Measurement& b) { return a.per_second < b.per_second; });
  return *middle;
}

}  // namespace amana::load
