#pragma once

// How a client calls: always with a deadline, with the trace, and again where that is safe.
//
//   auto stub = intake::v1::IntakeService::NewStub(channel);
//   AMANA_ASSIGN_OR_RETURN(OpenCaseResponse response,
//                          rpc::Call(*stub, &intake::v1::IntakeService::Stub::OpenCase, request));
//
// Every method of ours may be sent again: reads change nothing, the rest carry a request_id. Call()
// sends the same bytes again, with full jitter, until the deadline, when a server was unavailable
// or overloaded (and waits as long as its RetryInfo says). Only whoever starts a chain of calls
// retries (a client, a timer); a service that calls on behalf of a caller sets `retry = false`, or
// a short fault would multiply.

#include <grpcpp/client_context.h>
#include <grpcpp/support/status.h>

#include <atomic>
#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/deadline.h"

namespace amana::rpc {

struct CallOptions {
  Deadline deadline = Deadline::Never();  // Never(): kDefaultCallTime from now
  bool retry = true;
  std::string traceparent = {};  // empty: a fresh trace
};

inline constexpr absl::Duration kDefaultCallTime = absl::Seconds(5);

// The tries that a process may make besides the first ones: each costs a token, each success gives
// a tenth of one back, so that retries stay under a tenth of the load once the first hundred are
// gone.
class RetryBudget {
 public:
  static RetryBudget& OfProcess();
  bool Spend();
  void Earn();

 private:
  static constexpr int kFull = 1000;  // tenths
  std::atomic<int> tenths_{kFull};
};

// For calls made by hand (streams): deadline and traceparent.
void PrepareContext(grpc::ClientContext& context, const CallOptions& options);

namespace internal {

// Runs `attempt` until it succeeds or may not be tried again.
absl::Status CallWithRetry(const CallOptions& options,
                           const std::function<grpc::Status(grpc::ClientContext&)>& attempt);

}  // namespace internal

template <class Stub, class Owner, class Request, class Response>
absl::StatusOr<Response> Call(Stub& stub,
                              grpc::Status (Owner::*method)(grpc::ClientContext*, const Request&,
                                                            Response*),
                              const Request& request, const CallOptions& options = {}) {
  Response response;
  absl::Status status =
      internal::CallWithRetry(options, [&](grpc::ClientContext& context) -> grpc::Status {
        response.Clear();
        return (stub.*method)(&context, request, &response);
      });
  if (!status.ok()) return status;
  return response;
}

}  // namespace amana::rpc
