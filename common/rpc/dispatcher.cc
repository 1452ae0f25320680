#include "common/rpc/dispatcher.h"

#include <grpcpp/support/slice.h>

#include <chrono>
#include <deque>
#include <exception>
#include <utility>
#include <variant>
#include <vector>

#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "common/crypto/hash.h"
#include "common/crypto/random.h"
#include "common/obs/log.h"
#include "common/rpc/errors.h"
#include "common/rpc/server.h"
#include "common/rpc/spiffe.h"
#include "common/rpc/stream_state.h"

namespace amana::rpc {
namespace {

using google::protobuf::Message;
using grpc::ByteBuffer;
using grpc::CallbackServerContext;
using SteadyClock = std::chrono::steady_clock;

// How long a client waits before it comes again after an overload: a full queue empties in about
// that time.
constexpr absl::Duration kOverloadPause = absl::Milliseconds(50);

// Randomness out of a buffer of the thread: spans need much of it and no lock.
class BufferedRandom final : public Random {
 public:
  void Fill(char* out, size_t n) override { crypto::FillNonce(out, n); }
};

absl::Duration Since(SteadyClock::time_point time) {
  return absl::FromChrono(SteadyClock::now() - time);
}

ByteBuffer ToByteBuffer(const std::string& bytes) {
  const grpc::Slice slice(bytes.data(), bytes.size());
  return ByteBuffer(&slice, 1);
}

// The request's bytes as one piece; valid as long as `slice`.
std::string_view Bytes(const ByteBuffer& buffer, grpc::Slice& slice) {
  if (!buffer.TrySingleSlice(&slice).ok() && !buffer.DumpToSingleSlice(&slice).ok()) return {};
  return {reinterpret_cast<const char*>(slice.begin()), slice.size()};
}

// The server's own span of the trace that came along, or of a new one.
obs::TraceParent TraceOf(const CallbackServerContext& context) {
  BufferedRandom random;
  const auto& metadata = context.client_metadata();
  const auto it = metadata.find(obs::kTraceparentKey);
  if (it != metadata.end()) {
    if (auto parent = obs::TraceParent::Parse({it->second.data(), it->second.size()})) {
      return parent->Child(random);
    }
  }
  return obs::TraceParent::Fresh(random);
}

// Also binds it to the method: the same bytes mean another thing elsewhere.
std::string DigestOf(const Method& method, std::string_view request) {
  crypto::Sha256Hasher hasher;
  return hasher.Update(method.path).Update(std::string_view("\0", 1)).Update(request).Finish();
}

absl::StatusOr<RequestId> ReadRequestId(const Method& method, const Message& request) {
  std::string scratch;
  auto id = RequestId::FromBytes(
      request.GetReflection()->GetStringReference(request, method.request_id, &scratch));
  if (!id.ok() || id->is_zero()) return Error(Reason::kInvalidField, {.field = "request_id"});
  return id;
}

// A call without streams. Deletes itself when gRPC is done with it.
class UnaryCall final : public grpc::ServerUnaryReactor, public Work {
 public:
  UnaryCall(Dispatcher& dispatcher, Method& method, CallbackServerContext& context,
            const ByteBuffer& request, ByteBuffer& response)
      : dispatcher_(dispatcher),
        method_(method),
        context_(context),
        request_(request),
        response_(response),
        arrival_(Dispatcher::Arrive(context)) {}

  // gRPC keeps the object until AcceptUnary() has returned it, however fast a worker is.
  void Begin() {
    if (const absl::Status status = dispatcher_.Enqueue(this, arrival_); !status.ok()) {
      Finish(dispatcher_.Conclude(method_, arrival_, status, nullptr));
    }
  }

  void Run() override {
    dispatcher_.ObserveQueueWait(arrival_);
    const obs::TraceParent trace = TraceOf(context_);
    const absl::StatusOr<std::string> reply = Answer(trace);
    if (reply.ok()) response_ = ToByteBuffer(*reply);
    Finish(dispatcher_.Conclude(method_, arrival_, reply.status(), &trace));
  }

  void OnCancel() override { cancelled_.store(true, std::memory_order_relaxed); }
  void OnDone() override { delete this; }

 private:
  absl::StatusOr<std::string> Answer(const obs::TraceParent& trace) {
    if (cancelled_.load(std::memory_order_relaxed)) return Error(Reason::kCancelled);
    return dispatcher_.Guard([&]() -> absl::StatusOr<std::string> {
      AMANA_ASSIGN_OR_RETURN(Dispatcher::Admitted call,
                             dispatcher_.Admit(method_, context_, arrival_, request_));
      call.context.traceparent = trace.ToString();
      return method_.unary(call.context, *call.request);
    });
  }

  Dispatcher& dispatcher_;
  Method& method_;
  CallbackServerContext& context_;
  const ByteBuffer& request_;
  ByteBuffer& response_;
  const Dispatcher::Arrival arrival_;
  std::atomic<bool> cancelled_{false};
};

// A stream of responses: a worker starts it, the writer feeds it. Deletes itself as UnaryCall does.
class StreamCall final : public StreamReactor, public Work {
 public:
  StreamCall(Dispatcher& dispatcher, Method& method, CallbackServerContext& context,
             const ByteBuffer& request)
      : dispatcher_(dispatcher),
        method_(method),
        context_(context),
        request_(request),
        arrival_(Dispatcher::Arrive(context)),
        state_(std::make_shared<StreamState>(*this, [this](const absl::Status& status) {
          return dispatcher_.Conclude(method_, arrival_, status, nullptr);
        })) {}

  void Begin() {
    dispatcher_.AddStream(state_);
    if (const absl::Status status = dispatcher_.Enqueue(this, arrival_); !status.ok()) {
      state_->Finish(status);
      state_->LetGo();
    }
  }

  void Run() override {
    dispatcher_.ObserveQueueWait(arrival_);
    const std::shared_ptr<StreamState> state = state_;  // this object may go with LetGo()
    const auto started = dispatcher_.Guard([&]() -> absl::StatusOr<std::string> {
      AMANA_ASSIGN_OR_RETURN(Dispatcher::Admitted call,
                             dispatcher_.Admit(method_, context_, arrival_, request_));
      call.context.traceparent = TraceOf(context_).ToString();
      state->SetCaller(call.context.caller);
      AMANA_RETURN_IF_ERROR(method_.stream(call.context, *call.request, state));
      return std::string();
    });
    if (!started.ok()) state->Finish(started.status());
    state->LetGo();
  }

  void OnWriteDone(bool ok) override { state_->OnWriteDone(ok); }
  void OnCancel() override { state_->Abandon(Error(Reason::kCancelled)); }

  void OnDone() override {
    state_->OnDone();
    dispatcher_.RemoveStream(state_);
    delete this;
  }

 private:
  Dispatcher& dispatcher_;
  Method& method_;
  CallbackServerContext& context_;
  const ByteBuffer& request_;
  const Dispatcher::Arrival arrival_;
  const std::shared_ptr<StreamState> state_;
};

}  // namespace

Dispatcher::Dispatcher(DispatcherOptions options, CallerDirectory* callers, obs::Metrics& metrics)
    : options_(std::move(options)),
      callers_(callers),
      metrics_(metrics),
      queue_wait_(metrics.AddHistogram("amana_rpc_worker_queue_wait_seconds",
                                       "Time from arrival of a call to its start on a worker.",
                                       {{"service", options_.service}})),
      workers_(options_.workers, options_.queue_limit),
      depth_watch_(metrics.WatchGauge(
          "amana_rpc_worker_queue_depth", "Calls that wait for a worker.",
          {{"service", options_.service},
           {"door", options_.client_certificates ? obs::Name("main") : obs::Name("enrolment")}},
          [this] { return static_cast<double>(workers_.queue_depth()); })),
      in_flight_watch_(metrics.WatchGauge(
          "amana_rpc_server_in_flight", "Calls that arrived and are not answered yet.",
          {{"service", options_.service},
           {"door", options_.client_certificates ? obs::Name("main") : obs::Name("enrolment")}},
          [this] { return static_cast<double>(in_flight()); })) {}

Dispatcher::~Dispatcher() { Stop(); }

void Dispatcher::Prepare(Method& method) {
  method.metrics = std::make_unique<MethodMetrics>(metrics_, options_.service, method.name);
}

grpc::ServerUnaryReactor* Dispatcher::AcceptUnary(Method& method, CallbackServerContext& context,
                                                  const ByteBuffer& request, ByteBuffer& response) {
  started_.Increment();
  auto* call = new UnaryCall(*this, method, context, request, response);
  call->Begin();
  return call;
}

grpc::ServerWriteReactor<ByteBuffer>* Dispatcher::AcceptStream(Method& method,
                                                               CallbackServerContext& context,
                                                               const ByteBuffer& request) {
  started_.Increment();
  auto* call = new StreamCall(*this, method, context, request);
  call->Begin();
  return call;
}

Dispatcher::Arrival Dispatcher::Arrive(const CallbackServerContext& context) {
  Arrival arrival{.time = SteadyClock::now(), .deadline = Deadline::After(kMaxCallTime)};
  const auto wall = context.deadline();
  if (wall != std::chrono::system_clock::time_point::max()) {
    arrival.deadline =
        Deadline::Earlier(arrival.deadline, Deadline::AtWallTime(absl::FromChrono(wall)));
  }
  return arrival;
}

absl::Status Dispatcher::Enqueue(Work* work, const Arrival& arrival) {
  if (draining_.load(std::memory_order_relaxed)) return Error(Reason::kDraining);
  if (arrival.deadline.Remaining() < kLeastUseful) return Error(Reason::kNotEnoughTime);
  if (!workers_.TrySubmit(work)) {
    return Error(Reason::kOverloaded, {.retry_after = kOverloadPause});
  }
  return absl::OkStatus();
}

absl::StatusOr<Caller> Dispatcher::Identify(const CallbackServerContext& context,
                                            Deadline deadline) {
  Caller caller;
  if (!options_.client_certificates) {
    caller.role = Role::kUnenrolled;
    return caller;
  }
  const auto names = context.auth_context()->FindPropertyValues("peer_spiffe_id");
  if (names.size() != 1) return Error(Reason::kCallerUnknown);
  AMANA_ASSIGN_OR_RETURN(const Peer peer,
                         ParseSpiffeId({names[0].data(), names[0].size()}, options_.network));
  if (const auto* service = std::get_if<ServicePeer>(&peer)) {
    caller.role = Role::kService;
    caller.service = service->name;
    return caller;
  }
  const auto& device = std::get<DevicePeer>(peer);
  if (callers_ == nullptr) return Error(Reason::kServiceUnavailable);
  AMANA_ASSIGN_OR_RETURN(caller, callers_->LookUp(device.device, deadline));
  if (caller.organisation != device.organisation) return Error(Reason::kCallerUnknown);
  return caller;
}

absl::StatusOr<Dispatcher::Admitted> Dispatcher::Admit(const Method& method,
                                                       const CallbackServerContext& context,
                                                       const Arrival& arrival,
                                                       const ByteBuffer& request) {
  if (arrival.deadline.Remaining() < kLeastUseful) return Error(Reason::kNotEnoughTime);
  Admitted call;
  call.context.deadline = arrival.deadline.Sooner(kKeptBack);
  AMANA_ASSIGN_OR_RETURN(call.context.caller, Identify(context, call.context.deadline));
  AMANA_RETURN_IF_ERROR(method.rule.Allows(call.context.caller));

  grpc::Slice slice;
  const std::string_view bytes = Bytes(request, slice);
  call.request.reset(method.prototype->New());
  if (!call.request->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return Error(Reason::kInvalidField);
  }
  AMANA_RETURN_IF_ERROR(method.validator.Check(*call.request));
  if (method.request_id != nullptr) {
    AMANA_ASSIGN_OR_RETURN(call.context.request_id, ReadRequestId(method, *call.request));
    call.context.request_digest = DigestOf(method, bytes);
    call.context.audit_action = method.rule.audit_action;
  }
  return call;
}

absl::StatusOr<std::string> Dispatcher::Guard(
    const std::function<absl::StatusOr<std::string>()>& handler) {
  try {
    return handler();
  } catch (const std::exception&) {  // its text may hold anything
    return Error(Reason::kUnexpected);
  } catch (...) {
    return Error(Reason::kUnexpected);
  }
}

grpc::Status Dispatcher::Conclude(Method& method, const Arrival& arrival,
                                  const absl::Status& status, const obs::TraceParent* trace) {
  const Reason reason = ReasonOf(status);
  method.metrics->Record(reason, Since(arrival.time));
  finished_.Increment();
  if (reason != Reason::kUnexpected) return ToGrpc(status);
  uint32_t incident = 0;
  crypto::FillNonce(reinterpret_cast<char*>(&incident), sizeof(incident));
  if (trace != nullptr) {
    obs::Log(
        obs::Level::kError, "a call failed in a way that nobody foresaw",
        {obs::MethodField(method.name), obs::IncidentField(incident), obs::TraceField(*trace)});
  } else {
    obs::Log(obs::Level::kError, "a stream failed in a way that nobody foresaw",
             {obs::MethodField(method.name), obs::IncidentField(incident)});
  }
  return ToGrpc(status, incident);
}

void Dispatcher::ObserveQueueWait(const Arrival& arrival) {
  queue_wait_.Observe(Since(arrival.time));
}

void Dispatcher::AddStream(std::shared_ptr<StreamState> stream) {
  MutexLock lock(streams_mutex_);
  streams_.insert(std::move(stream));
}

void Dispatcher::RemoveStream(const std::shared_ptr<StreamState>& stream) {
  MutexLock lock(streams_mutex_);
  streams_.erase(stream);
}

void Dispatcher::StartDraining() {
  draining_.store(true);
  std::vector<std::shared_ptr<StreamState>> open;
  {
    MutexLock lock(streams_mutex_);
    open.assign(streams_.begin(), streams_.end());
  }
  for (const auto& stream : open) stream->Abandon(Error(Reason::kDraining));
}

void Dispatcher::RecheckStreams() {
  if (callers_ == nullptr) return;
  std::vector<std::shared_ptr<StreamState>> open;
  {
    MutexLock lock(streams_mutex_);
    open.assign(streams_.begin(), streams_.end());
  }
  for (const auto& stream : open) {
    const Caller before = stream->caller();
    if (before.device.is_zero()) continue;
    const auto now = callers_->LookUp(before.device, Deadline::After(absl::Seconds(1)));
    if (!now.ok() && now.status().code() != absl::StatusCode::kUnavailable) {
      stream->Abandon(now.status());
    } else if (now.ok() && (now->role != before.role || now->organisation != before.organisation)) {
      stream->Abandon(Error(Reason::kRoleNotAllowed));
    }
  }
}

}  // namespace amana::rpc
