#pragma once
// One measurement: calls kept in flight, or started on schedule, and how long they took.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace amana::load {

// Starts one call; `done(ok)` comes later, on another thread. Thread-safe.
using Operation = std::function<void(std::function<void(bool ok)> done)>;

struct Measurement {
  double per_second = 0;
  double p50_us = 0;
  double p99_us = 0;
  uint64_t calls = 0;
  uint64_t failed = 0;
};

// Keeps `in_flight` calls going for `duration`.
Measurement RunClosedLoop(const Operation& operation, uint32_t in_flight, absl::Duration duration);

// Starts `per_second` calls a second for `duration`; latency counts from when each should have
// started, so that a stall is seen by all who would have met it.
Measurement RunOpenLoop(const Operation& operation, double per_second, absl::Duration duration);

// The one with the median throughput.
Measurement Median(std::vector<Measurement> rounds);

}  // namespace amana::load
