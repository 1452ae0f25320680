#include "tests/load/network.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/base/files.h"
#include "common/base/status_macros.h"
#include "common/crypto/x509.h"
#include "common/rpc/channel.h"

namespace amana::load {
namespace {

// What the echo is called in certificates (common/rpc/testing/echo_main.cc).
constexpr char kEchoName[] = "load";

// `key = value` of a configuration file of ours.
absl::StatusOr<std::string> Setting(const std::string& file, const std::string& key) {
  std::istringstream lines(file);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(key + " = ")) return line.substr(key.size() + 3);
  }
  return Error(Reason::kInputMalformed);
}

absl::StatusOr<std::string> Output(const std::string& command) {
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return Error(Reason::kFileUnreadable);
  std::string output;
  char buffer[4096];
  for (size_t n; (n = fread(buffer, 1, sizeof(buffer), pipe)) > 0;) output.append(buffer, n);
  if (pclose(pipe) != 0) return Error(Reason::kFileUnreadable);
  return output;
}

int FreePort() {
  const int probe = socket(AF_INET, SOCK_STREAM, 0);
  if (probe < 0) return 0;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  int port = 0;
  if (bind(probe, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
      getsockname(probe, reinterpret_cast<sockaddr*>(&address), &size) == 0) {
    port = ntohs(address.sin_port);
  }
  close(probe);
  return port;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Network>> Network::Open(const std::string& data) {
  std::unique_ptr<Network> network(new Network);
  network->data_ = data;
  network->scratch_ = data + "/load";
  std::filesystem::create_directories(network->scratch_);
  AMANA_ASSIGN_OR_RETURN(const std::string config,
                         ReadFile(data + "/network/client.conf", size_t{64} << 10));
  AMANA_ASSIGN_OR_RETURN(network->name_, Setting(config, "network"));
  AMANA_ASSIGN_OR_RETURN(network->intake_address_, Setting(config, "intake_address"));
  AMANA_RETURN_IF_ERROR(network->ReadOperator());
  AMANA_RETURN_IF_ERROR(network->IssueCertificate(
      network->scratch_ + "/operator",
      absl::StrCat("org/", network->organisation_, "/device/", network->device_)));
  AMANA_RETURN_IF_ERROR(
      network->IssueCertificate(network->scratch_ + "/echo", absl::StrCat("service/", kEchoName)));
  AMANA_RETURN_IF_ERROR(network->StartEcho());
  return network;
}

Network::~Network() {
  if (echo_ > 0) {
    kill(echo_, SIGTERM);
    waitpid(echo_, nullptr, 0);
  }
  std::filesystem::remove_all(scratch_);
}

// The vault keeps the operator's own certificate; the network's CA, which a throw-away network has
// at hand, issues the load a second one for the same device.
absl::Status Network::ReadOperator() {
  const std::string cli = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "amana";
  AMANA_ASSIGN_OR_RETURN(
      const std::string shown,
      Output(absl::StrCat("'", cli, "' --home '", data_, "/devices/operator' --json device show")));
  const nlohmann::json device = nlohmann::json::parse(shown, nullptr, false);
  if (!device.is_object() || !device.contains("device_id")) return Error(Reason::kInputMalformed);
  device_ = device["device_id"];
  organisation_ = device["organisation_id"];
  return absl::OkStatus();
}

absl::Status Network::IssueCertificate(const std::string& folder,
                                       const std::string& spiffe_path) const {
  std::filesystem::create_directories(folder);
  AMANA_ASSIGN_OR_RETURN(const std::string ca, ReadFile(data_ + "/network/ca.pem", 1 << 16));
  AMANA_ASSIGN_OR_RETURN(const SecretBytes ca_key,
                         ReadPrivateFile(data_ + "/network/ca.key", 1 << 16));
  AMANA_ASSIGN_OR_RETURN(const auto authority,
                         crypto::CertificateAuthority::Load(ca, ca_key.Expose()));
  const crypto::TransportKey key = crypto::TransportKey::Generate();
  const absl::Time now = absl::FromUnixSeconds(absl::ToUnixSeconds(absl::Now()));
  AMANA_ASSIGN_OR_RETURN(
      const std::string certificate,
      authority.Issue({.public_key = key.public_key(),
                       .spiffe_ids = {absl::StrCat("spiffe://", name_, "/", spiffe_path)},
                       .dns_names = {},
                       .not_before = now - absl::Minutes(5),
                       .not_after = now + absl::Hours(2)}));
  AMANA_RETURN_IF_ERROR(WritePrivateFile(folder + "/ca.pem", ca));
  AMANA_RETURN_IF_ERROR(WritePrivateFile(folder + "/cert.pem", certificate));
  return WritePrivateFile(folder + "/key.pem", key.ToPem().Expose());
}

absl::Status Network::StartEcho() {
  echo_address_ = absl::StrCat("127.0.0.1:", FreePort());
  const std::string config = scratch_ + "/echo.conf";
  AMANA_RETURN_IF_ERROR(WritePrivateFile(
      config, absl::StrCat("listen = ", echo_address_, "\nmetrics_listen = 127.0.0.1:", FreePort(),
                           "\nnetwork = ", name_, "\ntls_dir = ", scratch_,
                           "/echo\norganisation = ", organisation_, "\n")));
  echo_ = fork();
  if (echo_ == 0) {
    execl(AMANA_ECHO, AMANA_ECHO, "--config", config.c_str(), nullptr);
    _exit(127);
  }
  return echo_ > 0 ? absl::OkStatus() : Error(Reason::kUnexpected);
}

std::shared_ptr<grpc::Channel> Network::Connect(const std::string& service) const {
  const bool echo = service == "echo";
  return rpc::MakeChannel({.address = echo ? echo_address_ : intake_address_,
                           .network = name_,
                           .service = echo ? kEchoName : service,
                           .tls = rpc::TlsFiles{.directory = scratch_ + "/operator"},
                           .own_connection = true});
}

}  // namespace amana::load
