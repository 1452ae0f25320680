#include "common/mls/fault.h"

#include <algorithm>
#include <string>

#include "absl/strings/cord.h"
#include "common/base/check.h"

namespace amana::mls {
namespace {

constexpr char kPayload[] = "amana.mls.Fault";

}  // namespace

const std::vector<FaultInfo>& AllFaults() {
  static const auto* const kAll = new std::vector<FaultInfo>{
#define AMANA_MLS_FAULT(number, name, section, sentence) {Fault::name, #name, section, sentence},
#include "common/mls/faults.inc"
#undef AMANA_MLS_FAULT
  };
  return *kAll;
}

absl::Status Refuse(Fault fault) {
  const auto& all = AllFaults();
  const auto row =
      std::find_if(all.begin(), all.end(), [&](const FaultInfo& f) { return f.fault == fault; });
  AMANA_CHECK(row != all.end(), "a fault that the table does not have");
  absl::Status status(absl::StatusCode::kInvalidArgument,
                      {row->sentence.data(), row->sentence.size()});
  const auto number = static_cast<uint16_t>(fault);
  const char bytes[2] = {static_cast<char>(number >> 8), static_cast<char>(number)};
  status.SetPayload(kPayload, absl::Cord(absl::string_view(bytes, 2)));
  return status;
}

Fault FaultOf(const absl::Status& status) {
  const auto payload = status.GetPayload(kPayload);
  if (!payload.has_value()) return Fault::kNone;
  const std::string bytes(*payload);
  return static_cast<Fault>(static_cast<uint8_t>(bytes[0]) << 8 | static_cast<uint8_t>(bytes[1]));
}

}  // namespace amana::mls
