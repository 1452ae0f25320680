#pragma once

// Google Benchmark as a stopwatch: one figure at a time, so that what is measured can be compared
// with a floor that was measured a moment before.

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace amana::mls {

// How often: `batch` times in a row make one sample, and the median of `samples` counts.
struct Times {
  int batch = 8;
  int samples = 11;
};

// What gets ready for one sample (not measured) and gives what is then done once.
using Prepare = std::function<std::function<void()>()>;

// CPU time of the calling thread for one call, in microseconds.
double MedianMicros(const std::string& name, Times times, const Prepare& prepare);

// The same of something that needs no preparation and takes a microsecond or less.
double MedianMicrosOf(const std::string& name, const std::function<void()>& call);

}  // namespace amana::mls
