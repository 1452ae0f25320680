#include "common/rpc/errors.h"

#include <google/protobuf/any.pb.h>

#include <string>

#include "common/base/error.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace amana::rpc {
namespace {

// gRPC and Abseil number the codes alike (google/rpc/code.proto).
static_assert(static_cast<int>(grpc::StatusCode::DATA_LOSS) ==
              static_cast<int>(absl::StatusCode::kDataLoss));

void SetRetryDelay(absl::Duration delay, google::protobuf::Duration& out) {
  out.set_seconds(absl::IDivDuration(delay, absl::Seconds(1), &delay));
  out.set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(delay)));
}

// The reason that fits the code of an answer that is not one of our servers'.
Reason ReasonOfForeign(grpc::StatusCode code) {
  switch (code) {
    case grpc::StatusCode::CANCELLED:
      return Reason::kCancelled;
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      return Reason::kDeadlinePassed;
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
      return Reason::kOverloaded;
    case grpc::StatusCode::UNAVAILABLE:
      return Reason::kServiceUnavailable;
    case grpc::StatusCode::UNIMPLEMENTED:
      return Reason::kMethodUnknown;
    case grpc::StatusCode::UNAUTHENTICATED:
      return Reason::kCallerUnknown;
    default:
      return Reason::kUnexpected;
  }
}

Reason ReasonOfName(std::string_view name) {
  for (const ReasonInfo& info : AllReasons()) {
    if (info.name == name) return info.reason;
  }
  return Reason::kUnspecified;
}

// What the details say; kUnspecified if they are not ours or name a reason newer than this build.
Reason ReadDetails(const std::string& bytes, ErrorDetail& detail) {
  google::rpc::Status status;
  if (!status.ParseFromString(bytes)) return Reason::kUnspecified;
  Reason reason = Reason::kUnspecified;
  for (const google::protobuf::Any& any : status.details()) {
    google::rpc::ErrorInfo info;
    google::rpc::BadRequest bad_request;
    google::rpc::RetryInfo retry;
    if (any.UnpackTo(&info) && info.domain() == kErrorDomain) {
      reason = ReasonOfName(info.reason());
    } else if (any.UnpackTo(&bad_request) && bad_request.field_violations_size() > 0) {
      detail.field = bad_request.field_violations(0).field();
    } else if (any.UnpackTo(&retry)) {
      detail.retry_after = absl::Seconds(retry.retry_delay().seconds()) +
                           absl::Nanoseconds(retry.retry_delay().nanos());
    }
  }
  return reason;
}

}  // namespace

grpc::Status ToGrpc(const absl::Status& status, int64_t incident) {
  if (status.ok()) return grpc::Status::OK;
  const ReasonInfo& info = InfoOf(ReasonOf(status));
  const std::string sentence(info.sentence);
  google::rpc::Status wire;
  wire.set_code(static_cast<int>(info.code));
  wire.set_message(sentence);
  google::rpc::ErrorInfo error_info;
  error_info.set_reason(std::string(info.name));
  error_info.set_domain(kErrorDomain);
  if (incident != 0) (*error_info.mutable_metadata())["incident"] = std::to_string(incident);
  wire.add_details()->PackFrom(error_info);
  const ErrorDetail detail = DetailOf(status);
  if (!detail.field.empty()) {
    google::rpc::BadRequest bad_request;
    auto& violation = *bad_request.add_field_violations();
    violation.set_field(detail.field);
    violation.set_description(sentence);
    wire.add_details()->PackFrom(bad_request);
  }
  if (detail.retry_after > absl::ZeroDuration()) {
    google::rpc::RetryInfo retry;
    SetRetryDelay(detail.retry_after, *retry.mutable_retry_delay());
    wire.add_details()->PackFrom(retry);
  }
  return grpc::Status(static_cast<grpc::StatusCode>(info.code), sentence, wire.SerializeAsString());
}

absl::Status FromGrpc(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  ErrorDetail detail;
  const Reason reason = ReadDetails(status.error_details(), detail);
  if (reason == Reason::kUnspecified) return Error(ReasonOfForeign(status.error_code()));
  return detail == ErrorDetail() ? Error(reason) : Error(reason, detail);
}

}  // namespace amana::rpc
