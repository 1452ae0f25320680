#pragma once

// The one main() of all services: configuration, logs, metrics, store, callers, server, timers,
// signals. A service says what it is made of:
//
//   int main(int argc, char** argv) {
//     amana::rpc::ServiceSpec spec{.name = "intake", .build = BuildIntake};
//     return amana::rpc::RunService(argc, argv, spec);
//   }
//
// Command line: --config FILE [--check-config], --sample-config, --version.
// Exit codes: 0 after a drain, 2 for a command line or configuration that can't be used, 1 for
// everything else that stops it from starting.
// SIGTERM and SIGINT drain; a second one ends at once.

#include <functional>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/clock.h"
#include "common/base/random.h"
#include "common/config/service_config.h"
#include "common/obs/metrics.h"
#include "common/rpc/callers.h"
#include "common/rpc/channel.h"
#include "common/rpc/service.h"
#include "common/store/store.h"

namespace amana::rpc {

// What a service is given. All of it outlives the Application.
struct Environment {
  const config::ServiceConfig& config;
  obs::Metrics& metrics;
  Clock& clock;
  Random& random;
  store::Store* store;  // null where the spec has none
  // A channel to another service by name, with the address of the configuration and this service's
  // certificate. Made once for each name.
  std::function<std::shared_ptr<grpc::Channel>(const std::string& service)> channel;
};

// A service's parts. Built once, before the server starts; destroyed after it has drained.
class Application {
 public:
  virtual ~Application() = default;

  // Behind client certificates. They must live as long as this.
  virtual std::vector<Service*> services() = 0;

  // Behind config.enrolment_listen, without client certificates.
  virtual std::vector<Service*> open_services() { return {}; }

  // Who callers are, from its own knowledge. Null: identity is asked.
  virtual CallerDirectory* callers() { return nullptr; }

  // What a timer that is due does: commits a change that disarms or re-arms it (common/store). An
  // error leaves it armed: it comes again. Called by several threads, never for one timer at once.
  virtual absl::Status RunTimer(const store::DueTimer& timer, Deadline deadline);

  // Whether the service can work, besides its store: asked every second.
  virtual absl::Status Ready(Deadline) { return absl::OkStatus(); }

  // Measures what only the store knows: every second while it answers.
  virtual void Look(Deadline) {}

  // After the server answers: threads of its own start here…
  virtual void Start() {}
  // …and end here, after the drain.
  virtual void Stop() {}
};

struct ServiceSpec {
  obs::Literal name;       // "intake", also its name in certificates
  bool uses_store = true;  // false: no Redis and no timers (audit)
  // Adds the service's own keys; what they are bound to must outlive RunService.
  std::function<void(config::Schema&)> declare = {};
  std::function<absl::StatusOr<std::unique_ptr<Application>>(const Environment&)> build;
};

int RunService(int argc, char** argv, const ServiceSpec& spec);

}  // namespace amana::rpc
