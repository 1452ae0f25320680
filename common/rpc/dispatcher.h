#pragma once

// The road of every call: arrival on a thread of gRPC's → queue → worker: caller, rule, request,
// handler → answer. Nothing here blocks a thread of gRPC's, and every call is finished exactly
// once.

#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include <functional>
#include <memory>
#include <set>
#include <string>

#include "absl/status/statusor.h"
#include "common/base/call_context.h"
#include "common/base/mutex.h"
#include "common/obs/metrics.h"
#include "common/obs/name.h"
#include "common/obs/trace.h"
#include "common/rpc/callers.h"
#include "common/rpc/method.h"
#include "common/rpc/worker_pool.h"

namespace amana::rpc {

class StreamState;

struct DispatcherOptions {
  obs::Name service = "amana";
  std::string network;
  bool client_certificates = true;
  size_t workers = 1;
  size_t queue_limit = 1;
};

class Dispatcher {
 public:
  // `callers` may be null; it and `metrics` outlive this.
  Dispatcher(DispatcherOptions options, CallerDirectory* callers, obs::Metrics& metrics);
  ~Dispatcher();

  // Gives a method its metrics, before the server starts.
  void Prepare(Method& method);

  grpc::ServerUnaryReactor* AcceptUnary(Method& method, grpc::CallbackServerContext& context,
                                        const grpc::ByteBuffer& request,
                                        grpc::ByteBuffer& response);
  grpc::ServerWriteReactor<grpc::ByteBuffer>* AcceptStream(Method& method,
                                                           grpc::CallbackServerContext& context,
                                                           const grpc::ByteBuffer& request);

  // From now on every call is answered kDraining and open streams end with it.
  void StartDraining();

  // Ends the streams of callers who may no longer call. May block on the directory.
  void RecheckStreams();

  // Calls that arrived and are not answered yet.
  uint64_t in_flight() const {
    const uint64_t finished = finished_.value();  // first: never more than started
    return started_.value() - finished;
  }

  // Runs what is queued, then ends the workers.
  void Stop() { workers_.Stop(); }

  // The rest is for the reactors.

  // A call as it came, without its messages.
  struct Arrival {
    std::chrono::steady_clock::time_point time;
    Deadline deadline;  // the client's, or kMaxCallTime
  };
  static Arrival Arrive(const grpc::CallbackServerContext& context);

  // A call that may go to its handler.
  struct Admitted {
    CallContext context;
    std::unique_ptr<google::protobuf::Message> request;
  };
  absl::StatusOr<Admitted> Admit(const Method& method, const grpc::CallbackServerContext& context,
                                 const Arrival& arrival, const grpc::ByteBuffer& request);

  // Refusals that cost nothing: draining, no time, no room. Otherwise `work` will run.
  absl::Status Enqueue(Work* work, const Arrival& arrival);

  // Runs a handler; an exception becomes kUnexpected.
  absl::StatusOr<std::string> Guard(const std::function<absl::StatusOr<std::string>()>& handler);

  // Counts the outcome and makes what is sent. An unexpected one is logged with an incident.
  grpc::Status Conclude(Method& method, const Arrival& arrival, const absl::Status& status,
                        const obs::TraceParent* trace);

  void AddStream(std::shared_ptr<StreamState> stream);
  void RemoveStream(const std::shared_ptr<StreamState>& stream);

  void ObserveQueueWait(const Arrival& arrival);

 private:
  absl::StatusOr<Caller> Identify(const grpc::CallbackServerContext& context, Deadline deadline);

  const DispatcherOptions options_;
  CallerDirectory* const callers_;
  obs::Metrics& metrics_;
  obs::Histogram& queue_wait_;
  obs::Counter started_;
  obs::Counter finished_;
  std::atomic<bool> draining_{false};

  Mutex streams_mutex_;
  std::set<std::shared_ptr<StreamState>> streams_ AMANA_GUARDED_BY(streams_mutex_);

  WorkerPool workers_;
  std::unique_ptr<obs::Metrics::Watch> depth_watch_;
  std::unique_ptr<obs::Metrics::Watch> in_flight_watch_;
};

}  // namespace amana::rpc
