#pragma once

// Configuration: one struct per program, one file of `key = value` lines with # comments. Unknown,
// repeated, missing and malformed keys are errors that name the key and its line; secrets are paths
// of files.
//
//   struct MessagingConfig { int64_t waiting_fetches = 4; };
//   schema.Int("waiting_fetches", "Calls that may wait at once.", config.waiting_fetches,
//              {.minimum = 0, .maximum = 256});
//
// The member's initial value is the default. A schema holds references: it lives no longer than the
// struct. Not thread-safe; done before threads start.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace amana::config {

inline constexpr size_t kMaxConfigBytes = size_t{64} * 1024;

struct IntBounds {
  int64_t minimum = 0;
  int64_t maximum = INT64_MAX;
};

enum class Need { kOptional, kRequired };

class Schema {
 public:
  // One line of printable UTF-8.
  void String(const char* key, const char* description, std::string& value,
              Need need = Need::kOptional);
  // "host:port", "[::1]:port" or "unix:/path".
  void Address(const char* key, const char* description, std::string& value,
               Need need = Need::kOptional);
  // An absolute path.
  void Path(const char* key, const char* description, std::string& value,
            Need need = Need::kOptional);
  // The absolute path of a file with a secret: it must exist and nobody but its owner may read it.
  void SecretFile(const char* key, const char* description, std::string& value,
                  Need need = Need::kOptional);
  // "true" or "false".
  void Bool(const char* key, const char* description, bool& value);
  void Int(const char* key, const char* description, int64_t& value, IntBounds bounds = {});
  // One of `words`.
  void Word(const char* key, const char* description, std::string& value,
            std::vector<std::string> words);

  // kConfigurationInvalid; its detail's field says "line 7: workers" or "missing: network".
  absl::Status Parse(std::string_view text);
  // The same for a file; kFileUnreadable if it can't be read.
  absl::Status Load(const std::string& path);

  // A file with every key, its description and its default.
  std::string Sample() const;

 private:
  struct Entry {
    std::string key;
    std::string description;
    Need need;
    std::string shape;  // "host:port", "1 to 256": for Sample()
    std::string initial;
    // False if the text is not acceptable.
    std::function<bool(std::string_view)> set;
  };
  void Add(Entry entry);
  absl::Status SetLine(std::string_view line, int number, std::vector<int>& seen);

  std::vector<Entry> entries_;
};

}  // namespace amana::config
