#include "common/base/error.h"

#include <algorithm>

#include "absl/strings/cord.h"
#include "common/base/check.h"

namespace amana {
namespace {

// The payload: 4 bytes reason; with a detail also 8 bytes retry_after in microseconds, then the
// field's path. Big-endian. Internal to one process: it never travels.
constexpr absl::string_view kTypeUrl = "amana/reason";
constexpr size_t kReasonSize = 4;
constexpr size_t kRetrySize = 8;

template <class Int>
void AppendBigEndian(Int value, std::string& out) {
  for (int shift = 8 * (static_cast<int>(sizeof(Int)) - 1); shift >= 0; shift -= 8) {
    out.push_back(static_cast<char>((value >> shift) & 0xff));
  }
}

template <class Int>
Int ReadBigEndian(std::string_view bytes) {
  Int value = 0;
  for (const char c : bytes) value = static_cast<Int>(value << 8 | static_cast<unsigned char>(c));
  return value;
}

std::string EncodeReason(Reason reason) {
  std::string payload;
  AppendBigEndian(static_cast<uint32_t>(reason), payload);
  return payload;
}

absl::Status MakeStatus(Reason reason, const std::string& payload) {
  AMANA_CHECK(ReasonFromNumber(static_cast<int32_t>(reason)).has_value(),
              "an error without a known reason");
  const ReasonInfo& info = InfoOf(reason);
  absl::Status status(info.code, absl::string_view(info.sentence.data(), info.sentence.size()));
  // As a view: clang and Debian's g++-built library disagree on the name of Cord(std::string&&).
  status.SetPayload(kTypeUrl, absl::Cord(absl::string_view(payload)));
  return status;
}

// Empty if the status is none of ours.
std::string PayloadOf(const absl::Status& status) {
  const auto payload = status.GetPayload(kTypeUrl);
  return payload.has_value() ? std::string(*payload) : std::string();
}

const ReasonInfo* Find(Reason reason) {
  const std::vector<ReasonInfo>& all = AllReasons();
  const auto row =
      std::lower_bound(all.begin(), all.end(), reason,
                       [](const ReasonInfo& info, Reason wanted) { return info.reason < wanted; });
  return row != all.end() && row->reason == reason ? &*row : nullptr;
}

}  // namespace

const std::vector<ReasonInfo>& AllReasons() {
  // Never destroyed: errors are made until the very end.
  static const auto* const kAll = new std::vector<ReasonInfo>{
#define AMANA_REASON(number, proto_name, name, code, sentence, caller_does) \
  {Reason::name, #proto_name, absl::StatusCode::code, sentence, caller_does},
#include "common/base/error_table.inc"
#undef AMANA_REASON
  };
  return *kAll;
}

const ReasonInfo& InfoOf(Reason reason) {
  const ReasonInfo* row = Find(reason);
  if (row == nullptr) row = Find(Reason::kUnexpected);
  AMANA_CHECK(row != nullptr, "the table of reasons has lost a row");
  return *row;
}

std::optional<Reason> ReasonFromNumber(int32_t number) {
  const ReasonInfo* row = Find(static_cast<Reason>(number));
  return row != nullptr ? std::optional(row->reason) : std::nullopt;
}

absl::Status Error(Reason reason) { return MakeStatus(reason, EncodeReason(reason)); }

absl::Status Error(Reason reason, const ErrorDetail& detail) {
  std::string payload = EncodeReason(reason);
  AppendBigEndian(static_cast<uint64_t>(absl::ToInt64Microseconds(detail.retry_after)), payload);
  payload += detail.field;
  return MakeStatus(reason, payload);
}

Reason ReasonOf(const absl::Status& status) {
  if (status.ok()) return Reason::kUnspecified;
  const std::string payload = PayloadOf(status);
  if (payload.size() < kReasonSize) return Reason::kUnexpected;
  const auto number = ReadBigEndian<uint32_t>(std::string_view(payload).substr(0, kReasonSize));
  return ReasonFromNumber(static_cast<int32_t>(number)).value_or(Reason::kUnexpected);
}

ErrorDetail DetailOf(const absl::Status& status) {
  const std::string payload = PayloadOf(status);
  if (payload.size() < kReasonSize + kRetrySize) return {};
  const auto micros =
      ReadBigEndian<uint64_t>(std::string_view(payload).substr(kReasonSize, kRetrySize));
  return {.field = payload.substr(kReasonSize + kRetrySize),
          .retry_after = absl::Microseconds(static_cast<int64_t>(micros))};
}

}  // namespace amana
