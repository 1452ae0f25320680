#include "common/obs/ops_server.h"

#include <httplib.h>

#include <charconv>
#include <chrono>
#include <thread>

#include "common/base/error.h"

namespace amana::obs {
namespace {

// Splits "host:port" and "[::1]:port".
bool SplitAddress(const std::string& address, std::string& host, int& port) {
  const size_t colon = address.rfind(':');
  if (colon == std::string::npos || colon == 0) return false;
  host = address.substr(0, colon);
  if (host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  const char* end = address.data() + address.size();
  const auto [parsed, error] = std::from_chars(address.data() + colon + 1, end, port);
  return error == std::errc() && parsed == end && port >= 0 && port <= 65535;
}

}  // namespace

struct OpsServer::Impl {
  httplib::Server server;
  std::thread thread;
  int port = 0;

  ~Impl() {
    if (!thread.joinable()) return;
    server.stop();
    thread.join();
  }
};

absl::StatusOr<std::unique_ptr<OpsServer>> OpsServer::Start(const std::string& address,
                                                            const Metrics& metrics,
                                                            std::function<bool()> ready) {
  std::string host;
  int port = 0;
  if (!SplitAddress(address, host, port)) {
    return Error(Reason::kConfigurationInvalid, {.field = "metrics_listen"});
  }
  auto impl = std::make_unique<Impl>();
  httplib::Server& server = impl->server;
  server.set_tcp_nodelay(true);  // without it every answer waits 40 ms for an acknowledgement
  server.set_keep_alive_max_count(1000);
  server.set_read_timeout(5);
  server.set_write_timeout(5);
  server.set_payload_max_length(1024);
  // Not httplib's default: it lets two processes share the port.
  server.set_socket_options([](socket_t socket) {
    const int yes = 1;
    setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
  });
  server.new_task_queue = [] { return new httplib::ThreadPool(4); };
  server.Get("/metrics", [&metrics](const httplib::Request&, httplib::Response& response) {
    response.set_content(metrics.Scrape(), "text/plain; version=0.0.4; charset=utf-8");
  });
  server.Get("/livez", [](const httplib::Request&, httplib::Response& response) {
    response.set_content("ok\n", "text/plain");
  });
  server.Get("/readyz",
             [ready = std::move(ready)](const httplib::Request&, httplib::Response& response) {
               const bool ok = ready();
               response.status = ok ? 200 : 503;
               response.set_content(ok ? "ready\n" : "not ready\n", "text/plain");
             });
  impl->port = port == 0 ? server.bind_to_any_port(host.c_str())
                         : (server.bind_to_port(host.c_str(), port) ? port : -1);
  if (impl->port <= 0) return Error(Reason::kConfigurationInvalid, {.field = "metrics_listen"});
  impl->thread = std::thread([&server] { server.listen_after_bind(); });
  // stop() would do nothing to a server that is still starting.
  while (!server.is_running()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  return std::unique_ptr<OpsServer>(new OpsServer(std::move(impl)));
}

OpsServer::OpsServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
OpsServer::~OpsServer() = default;

int OpsServer::port() const { return impl_->port; }

}  // namespace amana::obs
