#pragma once

// The gRPC server: mutual TLS, one dispatcher for all methods, health, drain.
//
//   rpc::Server server(options, {.callers = directory, .metrics = metrics});
//   server.Add(intake_service);
//   AMANA_RETURN_IF_ERROR(server.Start());
//   server.SetServing(true);
//   …
//   server.Drain();

#include <cstddef>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/obs/metrics.h"
#include "common/obs/name.h"
#include "common/rpc/callers.h"
#include "common/rpc/service.h"

namespace amana::rpc {

struct ServerOptions {
  obs::Name service = "amana";  // whose metrics these are
  std::string listen;           // "host:port"; port 0 takes a free one
  std::string network;
  // ca.pem, cert.pem, key.pem; read again every second. Replace them together, by renaming a
  // directory symlink, and only with a pair that matches.
  std::string tls_dir;
  // False: a door without client certificates, whose callers are all Role::kUnenrolled. What one
  // connection may send, and what all of them may take of memory, is far less then: anybody on the
  // network can come to it.
  bool client_certificates = true;
  size_t workers = 1;         // threads for handlers; a service's are config::ServiceConfig's
  size_t queue_limit = 1024;  // calls waiting for one; then kOverloaded
  bool reflection = false;
  absl::Duration drain_wait = absl::Seconds(2);    // NOT_SERVING is seen before calls are refused
  absl::Duration drain_limit = absl::Seconds(20);  // then calls still running are cut off
  absl::Duration max_connection_age = absl::Minutes(5);
};

// Limits on the time of a call (common/rpc/README.md says why).
inline constexpr absl::Duration kMaxCallTime = absl::Seconds(10);
inline constexpr absl::Duration kKeptBack = absl::Milliseconds(20);
inline constexpr absl::Duration kLeastUseful = absl::Milliseconds(30);

// All must outlive the server.
struct ServerDeps {
  CallerDirectory* callers = nullptr;  // none: every device is kServiceUnavailable
  obs::Metrics* metrics = nullptr;     // required
};

class Server {
 public:
  Server(ServerOptions options, ServerDeps deps);
  ~Server();  // drains if that was not done

  // Before Start(). The service must outlive the server.
  void Add(Service& service);

  // Binds and answers, with health NOT_SERVING. kConfigurationInvalid if the address or the TLS
  // files can't be used.
  absl::Status Start();

  // The bound port.
  int port() const;

  // What grpc.health.v1 says, for every service and for the server as a whole.
  void SetServing(bool serving);

  // NOT_SERVING → wait → streams end with kDraining → no new calls → running ones end → workers
  // end. Blocks, at most drain_wait + drain_limit. Once.
  void Drain();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace amana::rpc
