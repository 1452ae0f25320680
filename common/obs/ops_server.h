#pragma once

// The operator's door: a plain HTTP server with GET /metrics, /livez and /readyz. It shows no data
// of anyone; bind it to an address that only the monitoring reaches.

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "common/obs/metrics.h"

namespace amana::obs {

class OpsServer {
 public:
  // `ready` is asked for each /readyz (200 or 503); thread-safe, fast, outlives the server, as does
  // `metrics`. `address` is "host:port"; port 0 takes a free one. kConfigurationInvalid if it can't
  // be bound.
  static absl::StatusOr<std::unique_ptr<OpsServer>> Start(const std::string& address,
                                                          const Metrics& metrics,
                                                          std::function<bool()> ready);
  ~OpsServer();  // stops

  int port() const;

 private:
  struct Impl;
  explicit OpsServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace amana::obs
