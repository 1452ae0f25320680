#include "common/obs/log.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/check.h"
#include "common/base/mutex.h"

namespace amana::obs {
namespace {

struct Settings {
  Mutex mutex;
  Name service AMANA_GUARDED_BY(mutex) = "amana";
  std::string* captured AMANA_GUARDED_BY(mutex) = nullptr;
};

Settings& TheSettings() {
  static Settings& settings = *new Settings;
  return settings;
}

std::atomic<Level> minimum_level{Level::kInfo};

std::string_view LevelName(Level level) {
  switch (level) {
    case Level::kDebug:
      return "debug";
    case Level::kInfo:
      return "info";
    case Level::kWarning:
      return "warning";
    case Level::kError:
      return "error";
  }
  return "error";
}

absl::string_view View(std::string_view text) { return {text.data(), text.size()}; }

void WriteWhole(std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = write(STDERR_FILENO, text.data(), text.size());
    if (n <= 0) return;  // nowhere left to say so
    text.remove_prefix(static_cast<size_t>(n));
  }
}

}  // namespace

// Builds a line. Keys, names and messages are words of the program; quotes and backslashes in a
// literal are the only thing that could break the JSON.
class LineWriter {
 public:
  void Text(std::string_view key, std::string_view value) {
    Key(key);
    line_ += '"';
    for (char c : value) {
      if (c == '"' || c == '\\') line_ += '\\';
      line_ += c;
    }
    line_ += '"';
  }

  void Add(const Field& field) {
    std::visit([&](const auto& value) { AddValue(field.key_.text(), value); }, field.value_);
  }

  std::string Finish() && { return std::move(line_) + "}\n"; }

 private:
  void Key(std::string_view key) {
    absl::StrAppend(&line_, line_.empty() ? "{\"" : ",\"", View(key), "\":");
  }
  void AddValue(std::string_view key, int64_t value) {
    Key(key);
    absl::StrAppend(&line_, value);
  }
  void AddValue(std::string_view key, bool value) {
    Key(key);
    line_ += value ? "true" : "false";
  }
  void AddValue(std::string_view key, Field::Milliseconds value) {
    Key(std::string(key) + "_ms");
    absl::StrAppendFormat(&line_, "%.3f", value.value);
  }
  void AddValue(std::string_view key, Name value) { Text(key, value.text()); }
  void AddValue(std::string_view key, const TraceParent& value) { Text(key, value.trace_id_hex()); }

  std::string line_;
};

Field CountField(Literal key, int64_t value) { return Field(key, value); }
Field FlagField(Literal key, bool value) { return Field(key, value); }
Field DurationField(Literal key, absl::Duration value) {
  // JSON has no infinity; a day is longer than anything that is measured here.
  const absl::Duration shown = std::clamp(value, -absl::Hours(24), absl::Hours(24));
  return Field(key, Field::Milliseconds{absl::ToDoubleMilliseconds(shown)});
}
Field WordField(Literal key, Name value) { return Field(key, value); }
Field ReasonField(Reason reason) {
  if (reason == Reason::kUnspecified) return Field("reason", Name("OK"));
  return Field("reason", Name::Register(InfoOf(reason).name));
}
Field TraceField(const TraceParent& trace) { return Field("trace_id", trace); }

void StartLogging(Name service, Level minimum) {
  minimum_level.store(minimum);
  MutexLock lock(TheSettings().mutex);
  TheSettings().service = service;
}

void Log(Level level, Literal message, std::initializer_list<Field> fields) {
  if (level < minimum_level.load(std::memory_order_relaxed)) return;
  Settings& settings = TheSettings();
  LineWriter writer;
  const std::string time =
      absl::FormatTime("%Y-%m-%dT%H:%M:%E6SZ", absl::Now(), absl::UTCTimeZone());
  writer.Text("time", time);
  writer.Text("level", LevelName(level));
  MutexLock lock(settings.mutex);
  writer.Text("service", settings.service.text());
  writer.Text("message", message.text());
  for (const Field& field : fields) writer.Add(field);
  const std::string line = std::move(writer).Finish();
  if (settings.captured != nullptr) {
    *settings.captured += line;
  } else {
    WriteWhole(line);
  }
}

CapturedLog::CapturedLog() {
  MutexLock lock(TheSettings().mutex);
  AMANA_CHECK(TheSettings().captured == nullptr, "the log is captured once at a time");
  TheSettings().captured = new std::string;
}

CapturedLog::~CapturedLog() {
  MutexLock lock(TheSettings().mutex);
  delete TheSettings().captured;
  TheSettings().captured = nullptr;
}

std::string CapturedLog::text() const {
  MutexLock lock(TheSettings().mutex);
  return *TheSettings().captured;
}

}  // namespace amana::obs
