#pragma once

// Why MLS refused something: one code for each rule of RFC 9420 that can be broken. The table is
// faults.inc; README.md maps it to the tests that break each rule.
//
//   return Refuse(Fault::kLeafSignature);
//   if (FaultOf(status) == Fault::kStaleEpoch) …
//
// A status carries the table's fixed sentence and nothing of the message it is about.

#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace amana::mls {

enum class Fault : uint16_t {
  kNone = 0,  // only of a status that is ok, or of one that is not ours
#define AMANA_MLS_FAULT(number, name, section, sentence) name = number,
#include "common/mls/faults.inc"
#undef AMANA_MLS_FAULT
};

struct FaultInfo {
  Fault fault;
  std::string_view name;     // "kLeafSignature"
  std::string_view section;  // of RFC 9420, or "" for a limit of our own
  std::string_view sentence;
};

absl::Status Refuse(Fault fault);

// kNone of a status that Refuse() did not make.
Fault FaultOf(const absl::Status& status);

// All rows, by number. Lives as long as the process.
const std::vector<FaultInfo>& AllFaults();

}  // namespace amana::mls
