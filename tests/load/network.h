#pragma once
// The throw-away network that a load runs against, as scripts/cluster made it, and what a load
// needs in it: an operator's certificate and an echo beside the services.

#include <grpcpp/channel.h>
#include <sys/types.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace amana::load {

// Owns a scratch folder and the echo's process; both go with it.
class Network {
 public:
  // `data` is the network's folder.
  static absl::StatusOr<std::unique_ptr<Network>> Open(const std::string& data);
  ~Network();

  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;

  // A connection of its own, as the operator, to "intake" or "echo".
  std::shared_ptr<grpc::Channel> Connect(const std::string& service) const;

 private:
  Network() = default;
  absl::Status ReadOperator();
  absl::Status IssueCertificate(const std::string& folder, const std::string& spiffe_path) const;
  absl::Status StartEcho();

  std::string data_;
  std::string scratch_;
  std::string name_;
  std::string intake_address_;
  std::string echo_address_;
  std::string device_;
  std::string organisation_;
  pid_t echo_ = -1;
};

}  // namespace amana::load
