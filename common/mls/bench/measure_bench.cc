#include <benchmark/benchmark.h>

#include "common/base/check.h"
#include "common/mls/bench/measure.h"

namespace amana::mls {
namespace {

// Keeps the median and prints nothing.
class Median : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context&) override { return true; }
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      if (run.aggregate_name == "median") micros_ = run.GetAdjustedCPUTime();
    }
  }
  double micros() const { return micros_; }

 private:
  double micros_ = 0;
};

double Run(benchmark::internal::Benchmark* registered, int samples) {
  registered->Repetitions(samples)->Unit(benchmark::kMicrosecond);
  Median median;
  benchmark::RunSpecifiedBenchmarks(&median);
  benchmark::ClearRegisteredBenchmarks();
  AMANA_CHECK(median.micros() > 0, "a measurement without a result");
  return median.micros();
}

}  // namespace

double MedianMicros(const std::string& name, Times times, const Prepare& prepare) {
  auto* registered = benchmark::RegisterBenchmark(name.c_str(), [&](benchmark::State& state) {
    std::vector<std::function<void()>> ready;
    ready.reserve(times.batch);
    for (int i = 0; i < times.batch; ++i) ready.push_back(prepare());
    auto next = ready.begin();
    for (auto _ : state) (*next++)();
  });
  return Run(registered->Iterations(times.batch), times.samples);
}

double MedianMicrosOf(const std::string& name, const std::function<void()>& call) {
  auto* registered = benchmark::RegisterBenchmark(name.c_str(), [&](benchmark::State& state) {
    for (auto _ : state) call();
  });
  return Run(registered->MinTime(0.005), 9);
}

}  // namespace amana::mls
