#include "common/rpc/service_main.h"

#include <sched.h>
#include <sys/stat.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <map>
#include <optional>
#include <thread>
#include <utility>

#include "common/base/error.h"
#include "common/base/files.h"
#include "common/base/mutex.h"
#include "common/base/status_macros.h"
#include "common/crypto/random.h"
#include "common/crypto/sealer.h"
#include "common/obs/log.h"
#include "common/obs/ops_server.h"
#include "common/rpc/server.h"
#include "common/rpc/store_metrics.h"
#include "common/store/redis_store.h"
#include "common/store/timer_loop.h"

namespace amana::rpc {
namespace {

constexpr int kExitStart = 1;
constexpr int kExitConfiguration = 2;
constexpr size_t kMaxPasswordBytes = 1024;
constexpr absl::Duration kPollInterval = absl::Seconds(1);
constexpr absl::Duration kPollTimeout = absl::Milliseconds(900);
constexpr absl::Duration kTimerTime = absl::Seconds(10);

// The command line's and the configuration's faults go to the person who typed them.
int Complain(std::string_view program, std::string_view what) {
  std::fprintf(stderr, "amana-%.*s: %.*s\n", static_cast<int>(program.size()), program.data(),
               static_cast<int>(what.size()), what.data());
  return kExitConfiguration;
}

int ComplainAbout(std::string_view program, const absl::Status& status) {
  const std::string field = DetailOf(status).field;
  std::string what(InfoOf(ReasonOf(status)).sentence);
  if (!field.empty()) what += " (" + field + ")";
  Complain(program, what);
  return ReasonOf(status) == Reason::kConfigurationInvalid ? kExitConfiguration : kExitStart;
}

struct CommandLine {
  std::string config;
  bool check = false;
  bool sample = false;
  bool version = false;
};

std::optional<CommandLine> ParseCommandLine(int argc, char** argv) {
  CommandLine line;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--config" && i + 1 < argc) {
      line.config = argv[++i];
    } else if (word == "--check-config") {
      line.check = true;
    } else if (word == "--sample-config") {
      line.sample = true;
    } else if (word == "--version") {
      line.version = true;
    } else {
      return std::nullopt;
    }
  }
  if (line.config.empty() && !line.sample && !line.version) return std::nullopt;
  return line;
}

obs::Level LevelOf(const std::string& word) {
  if (word == "debug") return obs::Level::kDebug;
  if (word == "warning") return obs::Level::kWarning;
  if (word == "error") return obs::Level::kError;
  return obs::Level::kInfo;
}

// Blocks the signals in this thread and those it starts; Wait() takes them.
class Signals {
 public:
  Signals() {
    sigemptyset(&set_);
    sigaddset(&set_, SIGTERM);
    sigaddset(&set_, SIGINT);
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
  }
  void Wait() {
    int signal = 0;
    sigwait(&set_, &signal);
  }
  // The next one ends the process at once.
  void Restore() {
    std::signal(SIGTERM, SIG_DFL);
    std::signal(SIGINT, SIG_DFL);
    pthread_sigmask(SIG_UNBLOCK, &set_, nullptr);
  }

 private:
  sigset_t set_;
};

// Disk and network answer many calls at once: whoever is woken waits for a turn instead of pushing
// aside the one that wakes the others. Where it is not allowed, all works as well, a little slower.
void YieldToWakers() {
  const sched_param none{};
  sched_setscheduler(0, SCHED_BATCH, &none);
}

// Everything of a running service, put together in order and taken apart in the opposite one.
class Runner {
 public:
  Runner(const ServiceSpec& spec, const config::ServiceConfig& config)
      : spec_(spec), config_(config), name_(spec.name) {}

  absl::Status Start();
  void Stop();

 private:
  absl::Status OpenStore();
  absl::Status StartServers();
  std::shared_ptr<grpc::Channel> ChannelTo(const std::string& service);
  CallerDirectory* Callers();
  ServerOptions OptionsFor(const std::string& listen, bool client_certificates) const;
  void PollLoop();
  bool PollOnce();

  const ServiceSpec& spec_;
  const config::ServiceConfig& config_;
  const obs::Name name_;
  obs::Metrics metrics_;
  std::atomic<bool> ready_{false};
  std::unique_ptr<obs::OpsServer> ops_;

  std::unique_ptr<StoreMetrics> store_metrics_;
  std::unique_ptr<store::RedisStore> store_;

  Mutex channels_mutex_;
  std::map<std::string, std::shared_ptr<grpc::Channel>> channels_ AMANA_GUARDED_BY(channels_mutex_);

  std::unique_ptr<CallerDirectory> remote_callers_;
  std::unique_ptr<CachingCallerDirectory> cached_callers_;
  std::optional<Environment> environment_;
  std::unique_ptr<Application> application_;
  std::unique_ptr<Server> server_;
  std::unique_ptr<Server> open_server_;
  std::unique_ptr<store::TimerLoop> timers_;

  Mutex poll_mutex_;
  CondVar poll_changed_;
  bool stopping_ AMANA_GUARDED_BY(poll_mutex_) = false;
  std::thread poller_;
};

absl::Status Missing(std::string key) {
  return Error(Reason::kConfigurationInvalid, {.field = "missing: " + std::move(key)});
}

absl::Status Runner::OpenStore() {
  if (!spec_.uses_store) return absl::OkStatus();
  if (config_.storage_keys_file.empty()) return Missing("storage_keys_file");
  if (config_.redis_socket.empty()) return Missing("redis_socket");
  if (config_.redis_user.empty()) return Missing("redis_user");
  if (config_.redis_password_file.empty()) return Missing("redis_password_file");
  AMANA_ASSIGN_OR_RETURN(const SecretBytes file,
                         ReadPrivateFile(config_.redis_password_file, kMaxPasswordBytes));
  std::string_view password = file.Expose();
  while (!password.empty() && (password.back() == '\n' || password.back() == '\r')) {
    password.remove_suffix(1);
  }
  AMANA_ASSIGN_OR_RETURN(std::shared_ptr<crypto::Sealer> sealer,
                         crypto::Sealer::FromFile(config_.storage_keys_file));
  store_metrics_ = std::make_unique<StoreMetrics>(metrics_, name_);
  store::RedisStoreOptions options;
  options.socket_path = config_.redis_socket;
  options.user = config_.redis_user;
  options.password = SecretBytes::CopyOf(password);
  options.service = std::string(name_.text());
  options.shards = static_cast<uint32_t>(config_.shards);
  store_ = store::RedisStore::Open(std::move(options), std::move(sealer), store_metrics_.get());
  return absl::OkStatus();
}

std::shared_ptr<grpc::Channel> Runner::ChannelTo(const std::string& service) {
  MutexLock lock(channels_mutex_);
  std::shared_ptr<grpc::Channel>& channel = channels_[service];
  if (channel == nullptr) {
    channel = MakeChannel({.address = config_.AddressOf(service),
                           .network = config_.network,
                           .service = service,
                           .tls = TlsFiles{config_.tls_dir}});
  }
  return channel;
}

CallerDirectory* Runner::Callers() {
  if (CallerDirectory* own = application_->callers()) return own;
  if (config_.identity_address.empty()) return nullptr;
  remote_callers_ = MakeRemoteCallerDirectory(ChannelTo("identity"));
  cached_callers_ = std::make_unique<CachingCallerDirectory>(
      *remote_callers_,
      CachingCallerDirectory::Options{.fresh = absl::Seconds(config_.caller_fresh_seconds)});
  return cached_callers_.get();
}

ServerOptions Runner::OptionsFor(const std::string& listen, bool client_certificates) const {
  ServerOptions options;
  options.service = name_;
  options.listen = listen;
  options.network = config_.network;
  options.tls_dir = config_.tls_dir;
  options.client_certificates = client_certificates;
  // The open door hashes codes, slowly on purpose: a few workers, so that nobody outside takes all.
  options.workers = client_certificates ? static_cast<size_t>(config_.workers) : 2;
  options.queue_limit = client_certificates ? static_cast<size_t>(config_.queue_limit) : 32;
  options.reflection = config_.reflection;
  options.drain_wait = absl::Milliseconds(client_certificates ? config_.drain_wait_ms : 0);
  options.max_connection_age = absl::Seconds(config_.max_connection_age_seconds);
  return options;
}

absl::Status Runner::StartServers() {
  const ServerDeps deps{.callers = Callers(), .metrics = &metrics_};
  server_ = std::make_unique<Server>(OptionsFor(config_.listen, true), deps);
  for (Service* service : application_->services()) server_->Add(*service);
  const std::vector<Service*> open_services = application_->open_services();
  if (!open_services.empty()) {
    if (config_.enrolment_listen.empty()) return Missing("enrolment_listen");
    open_server_ = std::make_unique<Server>(OptionsFor(config_.enrolment_listen, false), deps);
    for (Service* service : open_services) open_server_->Add(*service);
    AMANA_RETURN_IF_ERROR(open_server_->Start());
  }
  return server_->Start();
}

absl::Status Runner::Start() {
  metrics_
      .AddGauge("amana_build_info", "1, with what runs.",
                {{"version", AMANA_VERSION}, {"service", name_}})
      .Set(1);
  AMANA_ASSIGN_OR_RETURN(ops_, obs::OpsServer::Start(config_.metrics_listen, metrics_,
                                                     [this] { return ready_.load(); }));
  AMANA_RETURN_IF_ERROR(OpenStore());
  environment_.emplace(
      Environment{.config = config_,
                  .metrics = metrics_,
                  .clock = SystemClock::Instance(),
                  .random = crypto::SystemRandom::Instance(),
                  .store = store_.get(),
                  .channel = [this](const std::string& service) { return ChannelTo(service); }});
  AMANA_ASSIGN_OR_RETURN(application_, spec_.build(*environment_));
  AMANA_RETURN_IF_ERROR(StartServers());
  if (store_ != nullptr) {
    timers_ = std::make_unique<store::TimerLoop>(
        *store_, SystemClock::Instance(), [this](const store::DueTimer& timer) {
          const absl::Status status = application_->RunTimer(timer, Deadline::After(kTimerTime));
          if (!status.ok()) {
            obs::Log(obs::Level::kWarning, "a timer failed and will come again",
                     {obs::ReasonField(status)});
          }
          return status;
        });
  }
  application_->Start();
  poller_ = std::thread([this] { PollLoop(); });
  return absl::OkStatus();
}

bool Runner::PollOnce() {
  const Deadline deadline = Deadline::After(kPollTimeout);
  absl::Status status = absl::OkStatus();
  if (store_ != nullptr) {
    status = store_->Ping(deadline);
    store_metrics_->OnPing(status.ok());
    if (status.ok()) {
      if (const auto backlog = store_->ReadOutboxBacklog(deadline); backlog.ok()) {
        store_metrics_->OnBacklog(backlog->entries);
      }
    }
  }
  if (status.ok()) application_->Look(deadline);
  if (status.ok()) status = application_->Ready(deadline);
  const bool ready = status.ok();
  if (ready != ready_.load()) {
    obs::Log(ready ? obs::Level::kInfo : obs::Level::kWarning,
             ready ? obs::Literal("ready") : obs::Literal("not ready"), {obs::ReasonField(status)});
  }
  return ready;
}

void Runner::PollLoop() {
  while (true) {
    const bool ready = PollOnce();
    MutexLock lock(poll_mutex_);
    if (stopping_) return;
    if (ready != ready_.load()) {
      ready_.store(ready);
      server_->SetServing(ready);
    }
    const Deadline next = Deadline::After(kPollInterval);
    while (!stopping_ && poll_changed_.WaitUntil(poll_mutex_, next)) {
    }
    if (stopping_) return;
  }
}

void Runner::Stop() {
  if (poller_.joinable()) {
    {
      MutexLock lock(poll_mutex_);
      stopping_ = true;
      ready_.store(false);
    }
    poll_changed_.NotifyAll();
    poller_.join();
  }
  if (server_ != nullptr) server_->Drain();
  if (open_server_ != nullptr) open_server_->Drain();
  if (timers_ != nullptr) timers_->Stop();
  if (application_ != nullptr) application_->Stop();
}

}  // namespace

absl::Status Application::RunTimer(const store::DueTimer&, Deadline) {
  return Error(Reason::kUnexpected);  // a service with timers says what they do
}

int RunService(int argc, char** argv, const ServiceSpec& spec) {
  const std::string_view name = spec.name.text();
  umask(077);
  const auto line = ParseCommandLine(argc, argv);
  if (!line)
    return Complain(name, "usage: --config FILE [--check-config] | --sample-config | --version");
  if (line->version) {
    std::printf("amana-%.*s %s\n", static_cast<int>(name.size()), name.data(), AMANA_VERSION);
    return 0;
  }
  config::ServiceConfig config;
  config::Schema schema;
  config::Declare(config, schema);
  if (spec.declare) spec.declare(schema);
  if (line->sample) {
    std::fputs(schema.Sample().c_str(), stdout);
    return 0;
  }
  if (const absl::Status status = schema.Load(line->config); !status.ok()) {
    ComplainAbout(name, status);
    return kExitConfiguration;
  }
  if (line->check) return 0;

  obs::StartLogging(spec.name, LevelOf(config.log_level));
  Signals signals;  // these two before any thread starts
  YieldToWakers();
  Runner runner(spec, config);
  if (const absl::Status status = runner.Start(); !status.ok()) {
    obs::Log(obs::Level::kError, "the service can't start", {obs::ReasonField(status)});
    const int code = ComplainAbout(name, status);
    runner.Stop();
    return code;
  }
  obs::Log(obs::Level::kInfo, "started");
  signals.Wait();
  signals.Restore();
  obs::Log(obs::Level::kInfo, "draining");
  runner.Stop();
  obs::Log(obs::Level::kInfo, "stopped");
  return 0;
}

}  // namespace amana::rpc
