#pragma once

// The only place where an absl::Status becomes a grpc::Status and back. On the wire: the table's
// code and sentence, and google.rpc.Status with ErrorInfo {reason, domain "amana"}, BadRequest for
// a field, RetryInfo for a pause.

#include <grpcpp/support/status.h>

#include <cstdint>

#include "absl/status/status.h"

namespace amana::rpc {

inline constexpr char kErrorDomain[] = "amana";

// An error that none of us made becomes kUnexpected: its text stays here. An `incident` other than
// 0 goes along as ErrorInfo.metadata["incident"], for the person who looks into the logs.
grpc::Status ToGrpc(const absl::Status& status, int64_t incident = 0);

// What a server answered, as the Error() it was there. An answer without our ErrorInfo (a proxy, a
// lost connection, a deadline of the client itself) gets the reason that fits its code:
// kServiceUnavailable, kDeadlinePassed, kCancelled, kOverloaded, kMethodUnknown, kCallerUnknown or
// kUnexpected.
absl::Status FromGrpc(const grpc::Status& status);

}  // namespace amana::rpc
