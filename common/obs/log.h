#pragma once

// Logs: one JSON line an event, to stderr. Fields come from a closed set of types, messages are
// literals; the rule "an error-level line is a fault of ours" holds everywhere.
//
//   obs::Log(obs::Level::kWarning, "the store does not answer",
//            {obs::ReasonField(status), obs::DurationField("waited", waited)});
//
// Thread-safe. A line is one write(2), so that lines of several threads do not mix.

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string_view>
#include <variant>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/base/error.h"
#include "common/obs/name.h"
#include "common/obs/trace.h"

namespace amana::obs {

enum class Level { kDebug, kInfo, kWarning, kError };

// One field. Made by the functions below and by nothing else.
class Field {
 public:
  struct Milliseconds {
    double value;
  };
  using Value = std::variant<int64_t, bool, Milliseconds, Name, TraceParent>;

 private:
  friend Field CountField(Literal, int64_t);
  friend Field FlagField(Literal, bool);
  friend Field DurationField(Literal, absl::Duration);
  friend Field WordField(Literal, Name);
  friend Field ReasonField(Reason);
  friend Field TraceField(const TraceParent&);
  friend void Log(Level, Literal, std::initializer_list<Field>);
  friend class LineWriter;

  Field(Literal key, Value value) : key_(key), value_(value) {}

  Literal key_;
  Value value_;
};

Field CountField(Literal key, int64_t value);
Field FlagField(Literal key, bool value);
Field DurationField(Literal key, absl::Duration value);  // as "<key>_ms"
Field WordField(Literal key, Name value);
Field ReasonField(Reason reason);  // "reason": "CASE_NOT_FOUND"
inline Field ReasonField(const absl::Status& status) { return ReasonField(ReasonOf(status)); }
Field TraceField(const TraceParent& trace);  // "trace_id"
// A call's method, by its full name: "amana.intake.v1.IntakeService/OpenCase".
inline Field MethodField(Name method) { return WordField("method", method); }
// The random number that a kUnexpected answer and its log line share.
inline Field IncidentField(int64_t incident) { return CountField("incident", incident); }

// What every line says from now on. Before this call lines have the service "amana" and kInfo.
void StartLogging(Name service, Level minimum);

void Log(Level level, Literal message, std::initializer_list<Field> fields = {});

// Takes the lines instead of stderr until it goes: for tests. At most one at a time.
class CapturedLog {
 public:
  CapturedLog();
  ~CapturedLog();
  CapturedLog(const CapturedLog&) = delete;
  CapturedLog& operator=(const CapturedLog&) = delete;

  // All lines so far.
  std::string text() const;
};

}  // namespace amana::obs
