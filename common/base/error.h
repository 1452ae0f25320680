#pragma once

// Errors inside Amana: an absl::Status that carries a Reason. common/rpc turns it into
// google.rpc.Status at the edge.
//
//   return Error(Reason::kCaseNotFound);
//   return Error(Reason::kInvalidField, {.field = "needs[2].code"});
//   if (ReasonOf(status) == Reason::kContended) …
//
// A status carries the table's fixed sentence and never a value that someone typed. The table is
// error_table.inc.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace amana {

// Same numbers as amana.common.v1.ErrorReason; kCaseNotFound is ERROR_REASON_CASE_NOT_FOUND.
enum class Reason : int32_t {
  kUnspecified = 0,  // only of a status that is ok
#define AMANA_REASON(number, proto_name, name, code, sentence, caller_does) name = number,
#include "common/base/error_table.inc"
#undef AMANA_REASON
};

// What a status can say beyond its reason.
struct ErrorDetail {
  // The path of the field at fault, as the proto spells it ("needs[2].code"). Never its value.
  // Empty: none.
  std::string field = {};
  // How long to wait before sending again. Zero: nothing is said about it.
  absl::Duration retry_after = absl::ZeroDuration();

  friend bool operator==(const ErrorDetail&, const ErrorDetail&) = default;
};

// One row of the table.
struct ReasonInfo {
  Reason reason;
  std::string_view name;  // "CASE_NOT_FOUND": the proto's name without its prefix
  absl::StatusCode code;
  std::string_view sentence;
  std::string_view caller_does;
};

// The status of the table's row for `reason`. `reason` must be of the table, not kUnspecified.
absl::Status Error(Reason reason);
absl::Status Error(Reason reason, const ErrorDetail& detail);

// The reason of a status: kUnspecified if it is ok, kUnexpected if it is an error that none of us
// made.
Reason ReasonOf(const absl::Status& status);

// The detail given to Error(). An empty one if none was.
ErrorDetail DetailOf(const absl::Status& status);

// All rows, by number. Lives as long as the process.
const std::vector<ReasonInfo>& AllReasons();

// The row of `reason`, or of kUnexpected for a number that the table does not have.
const ReasonInfo& InfoOf(Reason reason);

// The reason of a number from the wire; nothing if this build does not know it.
std::optional<Reason> ReasonFromNumber(int32_t number);

}  // namespace amana
