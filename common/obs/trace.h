#pragma once

// W3C Trace Context: the `traceparent` header that joins the log lines of one call in all services.
// `tracestate` is dropped: it may hold anything.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/random.h"

namespace amana::obs {

inline constexpr char kTraceparentKey[] = "traceparent";

// A value; random bits that say nothing about anyone.
class TraceParent {
 public:
  // "00-<32 hex>-<16 hex>-<2 hex>", lower case, neither id all zero. Nothing for anything else,
  // also for versions other than 00: the caller then starts afresh.
  static std::optional<TraceParent> Parse(std::string_view text);

  // A new trace, sampled.
  static TraceParent Fresh(Random& random);

  // The same trace with a span of its own: what goes along with a call to another service.
  TraceParent Child(Random& random) const;

  std::string ToString() const;      // 55 characters
  std::string trace_id_hex() const;  // 32 characters

  friend bool operator==(const TraceParent&, const TraceParent&) = default;

 private:
  std::array<uint8_t, 16> trace_id_{};
  std::array<uint8_t, 8> span_id_{};
  uint8_t flags_ = 1;
};

}  // namespace amana::obs
