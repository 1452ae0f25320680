#include "common/rpc/server.h"

#include <grpcpp/ext/health_check_service_server_builder_option.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/impl/codegen/server_callback_handlers.h>
#include <grpcpp/resource_quota.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_credentials_options.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <algorithm>
#include <mutex>
#include <thread>
#include <vector>

#include "common/base/error.h"
#include "common/base/files.h"
#include "common/base/mutex.h"
#include "common/base/status_macros.h"
#include "common/crypto/x509.h"
#include "common/obs/log.h"
#include "common/rpc/dispatcher.h"
#include "common/rpc/grpc_setup.h"
#include "common/rpc/spiffe.h"

namespace amana::rpc {
namespace {

namespace tls = grpc::experimental;

constexpr unsigned kReloadSeconds = 1;
// Longer than any call may take, so that a connection that grew too old loses none.
constexpr absl::Duration kConnectionGrace = absl::Seconds(15);
constexpr absl::Duration kLastAnswers = absl::Seconds(1);
constexpr absl::Duration kBeat = absl::Milliseconds(200);
constexpr int kBeatsBetweenRechecks = 10;

// What callers can make a server hold before it knows whether they may.
struct Limits {
  int streams;          // calls at once on one connection
  int message_bytes;    // of one request or response
  size_t memory_bytes;  // of all connections; beyond it gRPC refuses what is new
};
constexpr Limits kMainDoor = {1024, 4 << 20, size_t{128} << 20};
// The one request there is takes at most 5 KiB, and a person sends one.
constexpr Limits kOpenDoor = {16, 16 << 10, size_t{32} << 20};

constexpr char kBeatPath[] = "/amana.internal.Heartbeat/Beat";

// gRPC 1.51 puts each of its callback threads to sleep for 100 ms after a second without events,
// and the next call waits for it (32-82 ms were measured). The server calls this method of its own
// five times a second, which keeps them awake. It answers nobody: the refusal is all there is to
// it.
class HeartbeatService final : public grpc::Service {
 public:
  HeartbeatService() {
    AddMethod(new grpc::internal::RpcServiceMethod(kBeatPath, grpc::internal::RpcMethod::NORMAL_RPC,
                                                   nullptr));
    MarkMethodRawCallback(
        0,
        new grpc::internal::CallbackUnaryHandler<grpc::ByteBuffer, grpc::ByteBuffer>(
            [](grpc::CallbackServerContext* context, const grpc::ByteBuffer*, grpc::ByteBuffer*) {
              auto* reactor = context->DefaultReactor();
              reactor->Finish(grpc::Status(grpc::StatusCode::PERMISSION_DENIED, ""));
              return reactor;
            }));
  }
};

// Calls the heartbeat, one call at a time, from its own thread; also looks after open streams.
class Heart {
 public:
  Heart(grpc::Server& server, Dispatcher& dispatcher)
      : server_(server), dispatcher_(dispatcher), thread_([this] { Loop(); }) {}

  ~Heart() {
    {
      MutexLock lock(mutex_);
      stopping_ = true;
    }
    changed_.NotifyAll();
    thread_.join();
  }

 private:
  struct Beat {
    grpc::ClientContext context;
    grpc::ByteBuffer request;
    grpc::ByteBuffer response;
  };

  void Loop() {
    auto stub = Connect();
    for (int beats = 1; WaitForBeat(); ++beats) {
      if (!SendBeat(*stub)) stub = Connect();  // the channel grew too old
      if (beats % kBeatsBetweenRechecks == 0) dispatcher_.RecheckStreams();
    }
  }

  std::unique_ptr<grpc::GenericStub> Connect() {
    return std::make_unique<grpc::GenericStub>(server_.InProcessChannel(grpc::ChannelArguments()));
  }

  // False once the heart shall stop.
  bool WaitForBeat() {
    MutexLock lock(mutex_);
    const Deadline next = Deadline::After(kBeat);
    while (!stopping_ && changed_.WaitUntil(mutex_, next)) {
    }
    return !stopping_;
  }

  // False if the call did not come through.
  bool SendBeat(grpc::GenericStub& stub) {
    Beat beat;
    const grpc::Slice nothing;
    beat.request = grpc::ByteBuffer(&nothing, 1);
    beat.context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(1));
    grpc::Status answer;
    bool answered = false;
    stub.UnaryCall(&beat.context, kBeatPath, grpc::StubOptions(), &beat.request, &beat.response,
                   [&](const grpc::Status& status) {
                     MutexLock lock(mutex_);
                     answer = status;
                     answered = true;
                     changed_.NotifyAll();
                   });
    MutexLock lock(mutex_);
    while (!answered) changed_.Wait(mutex_);
    return answer.error_code() == grpc::StatusCode::PERMISSION_DENIED;
  }

  grpc::Server& server_;
  Dispatcher& dispatcher_;
  Mutex mutex_;
  CondVar changed_;
  bool stopping_ AMANA_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

// The library registers itself for every server of the process as soon as it is linked; this
// decides for one server.
class ReflectionOption final : public grpc::ServerBuilderOption {
 public:
  explicit ReflectionOption(bool on) : on_(on) {}
  void UpdateArguments(grpc::ChannelArguments*) override {}
  void UpdatePlugins(std::vector<std::unique_ptr<grpc::ServerBuilderPlugin>>* plugins) override {
    grpc::reflection::ProtoServerReflectionPlugin ours;
    std::erase_if(*plugins, [&](const auto& plugin) { return plugin->name() == ours.name(); });
    if (on_) plugins->push_back(std::make_unique<grpc::reflection::ProtoServerReflectionPlugin>());
  }

 private:
  const bool on_;
};

struct TlsPaths {
  std::string ca;
  std::string certificate;
  std::string key;

  explicit TlsPaths(const std::string& directory)
      : ca(directory + "/ca.pem"),
        certificate(directory + "/cert.pem"),
        key(directory + "/key.pem") {}
};

absl::Status BadTls() { return Error(Reason::kConfigurationInvalid, {.field = "tls_dir"}); }

// A pair that does not match, or another service's, would let the server start and refuse everyone.
absl::Status CheckTls(const TlsPaths& paths, std::string_view network, std::string_view service) {
  const auto ca = ReadFile(paths.ca, crypto::kMaxPemSize);
  const auto certificate = ReadFile(paths.certificate, crypto::kMaxPemSize);
  const auto key = ReadPrivateFile(paths.key, crypto::kMaxPemSize);
  if (!ca.ok() || !certificate.ok() || !key.ok()) return BadTls();
  const auto info = crypto::ParseCertificate(*certificate);
  const auto parsed_key = crypto::TransportKey::FromPem(key->Expose());
  if (!info.ok() || !parsed_key.ok() || !crypto::ParseCertificate(*ca).ok()) return BadTls();
  if (info->public_key != parsed_key->public_key()) return BadTls();
  const std::string expected = ServiceSpiffeId(network, service);
  if (info->spiffe_ids != std::vector<std::string>{expected}) return BadTls();
  return absl::OkStatus();
}

// When the certificate on disk ends, in seconds since 1970; 0 if it can't be read.
double CertificateExpiry(const std::string& path) {
  const auto pem = ReadFile(path, crypto::kMaxPemSize);
  if (!pem.ok()) return 0;
  const auto info = crypto::ParseCertificate(*pem);
  return info.ok() ? absl::ToDoubleSeconds(info->not_after - absl::UnixEpoch()) : 0;
}

std::shared_ptr<grpc::ServerCredentials> MakeCredentials(const TlsPaths& paths, bool mutual) {
  auto provider = mutual ? std::make_shared<tls::FileWatcherCertificateProvider>(
                               paths.key, paths.certificate, paths.ca, kReloadSeconds)
                         : std::make_shared<tls::FileWatcherCertificateProvider>(
                               paths.key, paths.certificate, kReloadSeconds);
  tls::TlsServerCredentialsOptions options(std::move(provider));
  options.watch_identity_key_cert_pairs();
  if (mutual) options.watch_root_certs();
  options.set_cert_request_type(mutual ? GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY
                                       : GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE);
  return tls::TlsServerCredentials(options);
}

void SetLimits(grpc::ServerBuilder& builder, const ServerOptions& options) {
  auto milliseconds = [](absl::Duration d) {
    return static_cast<int>(absl::ToInt64Milliseconds(d));
  };
  // Otherwise two servers share a port in silence.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_MS,
                             milliseconds(options.max_connection_age));
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS, milliseconds(kConnectionGrace));
  const Limits& limits = options.client_certificates ? kMainDoor : kOpenDoor;
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, limits.streams);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, 30000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10000);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 10000);
  builder.SetMaxReceiveMessageSize(limits.message_bytes);
  builder.SetMaxSendMessageSize(limits.message_bytes);
  builder.SetResourceQuota(grpc::ResourceQuota().Resize(limits.memory_bytes));
}

}  // namespace

struct Server::Impl {
  Impl(ServerOptions given, ServerDeps deps)
      : options(std::move(given)),
        tls_paths(options.tls_dir),
        dispatcher({.service = options.service,
                    .network = options.network,
                    .client_certificates = options.client_certificates,
                    .workers = options.workers,
                    .queue_limit = options.queue_limit},
                   deps.callers, *deps.metrics) {
    if (!options.client_certificates) return;  // the same certificate as the main door's
    expiry_watch = deps.metrics->WatchGauge(
        "amana_tls_certificate_expiry_seconds", "When the certificate ends, as Unix time.",
        {{"service", options.service}},
        [this] { return CertificateExpiry(tls_paths.certificate); });
  }

  absl::Status Start() {
    SetUpGrpc();
    AMANA_RETURN_IF_ERROR(CheckTls(tls_paths, options.network, options.service.text()));
    static std::once_flag once;
    std::call_once(once, [] { grpc::EnableDefaultHealthCheckService(true); });
    grpc::ServerBuilder builder;
    SetLimits(builder, options);
    builder.AddListeningPort(options.listen,
                             MakeCredentials(tls_paths, options.client_certificates), &port);
    builder.SetOption(std::make_unique<ReflectionOption>(options.reflection));
    if (!options.client_certificates) {
      builder.SetOption(std::make_unique<grpc::HealthCheckServiceServerBuilderOption>(nullptr));
    }
    for (Service* service : services) {
      service->Attach(dispatcher);
      builder.RegisterService(service);
    }
    builder.RegisterService(&heartbeat);
    server = builder.BuildAndStart();
    if (server == nullptr || port == 0) {
      return Error(Reason::kConfigurationInvalid, {.field = "listen"});
    }
    SetServing(false);
    heart.emplace(*server, dispatcher);
    return absl::OkStatus();
  }

  void SetServing(bool serving) {
    grpc::HealthCheckServiceInterface* health = server->GetHealthCheckService();
    if (health == nullptr) return;
    health->SetServingStatus("", serving);
    for (Service* service : services) health->SetServingStatus(service->full_name(), serving);
  }

  void Drain() {
    if (server == nullptr || drained) return;
    drained = true;
    SetServing(false);
    std::this_thread::sleep_for(absl::ToChronoMilliseconds(options.drain_wait));
    dispatcher.StartDraining();
    heart.reset();
    const Deadline limit = Deadline::After(options.drain_limit);
    while (dispatcher.in_flight() > 0 && !limit.expired()) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    // Shutdown() waits until clients have hung up, which an idle one may do seconds later: what is
    // left to it is only to send the last answers.
    server->Shutdown(std::chrono::system_clock::now() + absl::ToChronoMilliseconds(kLastAnswers));
    dispatcher.Stop();
  }

  const ServerOptions options;
  const TlsPaths tls_paths;
  Dispatcher dispatcher;
  HeartbeatService heartbeat;
  std::vector<Service*> services;
  int port = 0;
  bool drained = false;
  std::unique_ptr<grpc::Server> server;
  std::optional<Heart> heart;
  std::unique_ptr<obs::Metrics::Watch> expiry_watch;
};

Server::Server(ServerOptions options, ServerDeps deps)
    : impl_(std::make_unique<Impl>(std::move(options), deps)) {}
Server::~Server() { Drain(); }

void Server::Add(Service& service) { impl_->services.push_back(&service); }
absl::Status Server::Start() { return impl_->Start(); }
int Server::port() const { return impl_->port; }
void Server::SetServing(bool serving) { impl_->SetServing(serving); }
void Server::Drain() { impl_->Drain(); }

}  // namespace amana::rpc
