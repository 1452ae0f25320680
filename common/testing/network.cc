#include "common/testing/network.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "absl/strings/ascii.h"
#include "absl/strings/strip.h"
#include "common/base/deadline.h"
#include "common/base/hex.h"
#include "common/crypto/random.h"
#include "common/rpc/call.h"
#include "common/rpc/spiffe.h"

extern char** environ;

namespace amana::testing {
namespace {

namespace pb = identity::v1;

constexpr char kCertificatePrefix[] = "amana device certificate v1\n";
constexpr char kEnrolmentPrefix[] = "amana enrolment v1\n";

[[noreturn]] void Stop(const std::string& sentence) {
  std::cerr << sentence << std::endl;
  std::exit(3);
}

std::string ReadAll(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) Stop("Can't read " + path + ".");
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string Text(const SecretBytes& secret) { return std::string(secret.Expose()); }

// "key = value" of a configuration file.
std::string Setting(const std::string& text, const std::string& key) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind(key + " = ", 0) == 0) return line.substr(key.size() + 3);
  }
  Stop("The client configuration has no " + key + ".");
}

crypto::SigningKey RootKey(const std::string& folder) {
  std::string text = ReadAll(folder + "/network/root.key");
  while (!text.empty() && text.back() == '\n') text.pop_back();
  const auto seed =
      text.size() == crypto::kSeedSize ? absl::StatusOr<std::string>(text) : HexDecode(text);
  return Must(crypto::SigningKey::FromSeed(Must(seed)));
}

nlohmann::json ReadJson(const std::string& path) { return nlohmann::json::parse(ReadAll(path)); }

// The first line of an HTTP/1.0 answer.
std::string HttpStatusLine(int port, const std::string& path) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const timeval patience{.tv_sec = 2, .tv_usec = 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  std::string answer;
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0) {
    const std::string request = "GET " + path + " HTTP/1.0\r\nHost: localhost\r\n\r\n";
    if (write(fd, request.data(), request.size()) == static_cast<ssize_t>(request.size())) {
      char buffer[256];
      const ssize_t n = read(fd, buffer, sizeof(buffer));
      if (n > 0) answer.assign(buffer, static_cast<size_t>(n));
    }
  }
  close(fd);
  return answer.substr(0, answer.find('\r'));
}

}  // namespace

TestNetwork& TestNetwork::Get() {
  static TestNetwork& network = *[] {
    const char* folder = std::getenv("AMANA_DATA");
    if (folder == nullptr) {
      Stop("This test needs a running network: scripts/cluster --data DIR with -- THIS_TEST.");
    }
    const std::string name =
        Setting(ReadAll(std::string(folder) + "/network/client.conf"), "network");
    auto ca = crypto::CertificateAuthority::Load(ReadAll(std::string(folder) + "/network/ca.pem"),
                                                 ReadAll(std::string(folder) + "/network/ca.key"));
    auto* made = new TestNetwork(folder, name, Must(std::move(ca)));
    made->ReadAdministrator();
    return made;
  }();
  return network;
}

TestNetwork::TestNetwork(std::string folder, std::string name, crypto::CertificateAuthority ca)
    : folder_(std::move(folder)), name_(std::move(name)), ca_(std::move(ca)) {}

void TestNetwork::ReadAdministrator() {
  pb::Genesis genesis;
  pb::DeviceStatement statement;
  if (!genesis.ParseFromString(ReadAll(folder_ + "/network/genesis.pb")) ||
      !statement.ParseFromString(genesis.administrator().statement())) {
    Stop("The genesis can't be read.");
  }
  administrator_.organisation = Must(OrganisationId::FromBytes(statement.organisation_id()));
  administrator_.id = Must(DeviceId::FromBytes(statement.device_id()));
  administrator_.role = Role::kNetworkAdministrator;
  administrator_.tls =
      CertificateFor(rpc::DeviceSpiffeId(name_, administrator_.organisation, administrator_.id));
}

std::string TestNetwork::Address(const std::string& door) const {
  return "127.0.0.1:" + std::to_string(ReadJson(folder_ + "/run/ports.json").at(door).get<int>());
}

std::shared_ptr<grpc::Channel> TestNetwork::Channel(const std::string& service,
                                                    const rpc::TlsPem& tls) const {
  return rpc::MakeChannel({.address = Address(service),
                           .network = name_,
                           .service = service,
                           .tls = tls,
                           .own_connection = true});
}

std::shared_ptr<grpc::Channel> TestNetwork::EnrolmentDoor(const rpc::TlsPem& tls) const {
  return rpc::MakeChannel({.address = Address("enrolment"),
                           .network = name_,
                           .service = "identity",
                           .tls = tls,
                           .own_connection = true});
}

rpc::TlsPem TestNetwork::CertificateFor(const std::string& spiffe_id, absl::Time not_before,
                                        absl::Duration valid) const {
  const crypto::TransportKey key = crypto::TransportKey::Generate();
  // A CA that is a second old has no earlier past.
  const absl::Time begin = absl::FromUnixSeconds(absl::ToUnixSeconds(not_before));
  std::string certificate = Must(ca_.Issue({.public_key = key.public_key(),
                                            .spiffe_ids = {spiffe_id},
                                            .dns_names = {"localhost"},
                                            .not_before = begin,
                                            .not_after = begin + valid}));
  return {ca_pem(), std::move(certificate), Text(key.ToPem())};
}

rpc::TlsPem TestNetwork::ServiceCertificate(const std::string& service) const {
  return CertificateFor(rpc::ServiceSpiffeId(name_, service));
}

OrganisationId TestNetwork::AddOrganisation(const std::string& organisation_name,
                                            pb::OrganisationKind kind) {
  const auto stub = pb::IdentityService::NewStub(Channel("identity", administrator_));
  pb::CreateOrganisationRequest request;
  request.set_request_id(NewRequestId());
  request.set_name(organisation_name);
  request.set_kind(kind);
  request.set_parent_organisation_id(organisation().bytes());
  request.set_province_code("04.421");
  const auto made = Must(rpc::Call(*stub, &pb::IdentityService::Stub::CreateOrganisation, request));
  return Must(OrganisationId::FromBytes(made.organisation().organisation_id()));
}

TestDevice TestNetwork::EnrolPending(const OrganisationId& organisation, Role role) {
  const auto admin = pb::IdentityService::NewStub(Channel("identity", administrator_));
  pb::CreateEnrolmentCodeRequest code;
  code.set_request_id(NewRequestId());
  code.set_organisation_id(organisation.bytes());
  code.set_role(static_cast<options::v1::Role>(role));
  const auto made = Must(rpc::Call(*admin, &pb::IdentityService::Stub::CreateEnrolmentCode, code));

  const crypto::TransportKey transport = crypto::TransportKey::Generate();
  TestDevice device;
  device.organisation = organisation;
  device.role = role;
  device.signing_key = std::make_shared<crypto::SigningKey>(
      crypto::SigningKey::Generate(crypto::SystemRandom::Instance()));
  pb::EnrolRequest enrol;
  enrol.set_request_id(NewRequestId());
  enrol.set_code(made.code());
  enrol.set_certificate_request(crypto::CreateCertificateRequest(transport));
  enrol.set_signing_key(device.signing_key->verifying_key().bytes());
  enrol.set_signature(device.signing_key->Sign(kEnrolmentPrefix + enrol.request_id()));
  const auto door = pb::EnrolmentService::NewStub(EnrolmentDoor(NoCertificate()));
  const auto answer = Must(rpc::Call(*door, &pb::EnrolmentService::Stub::Enrol, enrol,
                                     {.deadline = Deadline::After(absl::Seconds(20))}));
  device.id = Must(DeviceId::FromBytes(answer.device().device_id()));
  device.tls = {answer.ca_certificate(), answer.certificate(), Text(transport.ToPem())};
  return device;
}

pb::DeviceCertificate TestNetwork::CertificateOf(const TestDevice& device,
                                                 const TestDevice* approver) const {
  pb::DeviceStatement statement;
  statement.set_network(name_);
  statement.set_organisation_id(device.organisation.bytes());
  statement.set_device_id(device.id.bytes());
  statement.set_role(static_cast<options::v1::Role>(device.role));
  statement.set_signing_key(device.signing_key->verifying_key().bytes());
  statement.mutable_issue_time()->set_seconds(absl::ToUnixSeconds(absl::Now()));
  pb::DeviceCertificate certificate;
  certificate.set_statement(statement.SerializeAsString());
  const std::string signed_bytes = kCertificatePrefix + certificate.statement();
  if (approver == nullptr) {
    certificate.set_signature(RootKey(folder_).Sign(signed_bytes));
  } else {
    certificate.set_issuer_device_id(approver->id.bytes());
    certificate.set_signature(approver->signing_key->Sign(signed_bytes));
  }
  return certificate;
}

TestDevice TestNetwork::Enrol(const OrganisationId& organisation, Role role,
                              const TestDevice* approver) {
  TestDevice device = EnrolPending(organisation, role);
  if (organisation == administrator_.organisation) {
    const std::string word = absl::AsciiStrToLower(
        absl::StripPrefix(options::v1::Role_Name(static_cast<options::v1::Role>(role)), "ROLE_"));
    if (RunClient("administrator", {"device", "approve", device.id.ToString(), "--organisation",
                                    organisation.ToString(), "--role", word, "--key",
                                    HexEncode(device.signing_key->verifying_key().bytes())}) != 0) {
      Stop("The administrator could not approve a device.");
    }
    return device;
  }
  const auto admin = pb::IdentityService::NewStub(Channel("identity", administrator_));
  pb::ApproveDeviceRequest request;
  request.set_request_id(NewRequestId());
  *request.mutable_certificate() = CertificateOf(device, approver);
  Must(rpc::Call(*admin, &pb::IdentityService::Stub::ApproveDevice, request));
  return device;
}

int TestNetwork::RunClient(const std::string& home,
                           const std::vector<std::string>& arguments) const {
  const char* build = std::getenv("AMANA_BUILD");
  std::vector<std::string> words = {std::string(build == nullptr ? "build" : build) + "/bin/amana",
                                    "--home", folder_ + "/devices/" + home, "--json"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  pid_t pid = 0;
  const int failed = posix_spawn(&pid, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) return 127;
  int status = 0;
  waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

pid_t TestNetwork::Pid(const std::string& process) const {
  return ReadJson(folder_ + "/run/pids.json").at(process).get<pid_t>();
}

void TestNetwork::Signal(const std::string& process, int signal) const {
  // One that is gone has nothing to continue.
  if (kill(Pid(process), signal) != 0 && signal != SIGCONT)
    Stop("Could not signal " + process + ".");
}

void TestNetwork::HoldDown(const std::string& process) const {
  std::filesystem::create_directories(folder_ + "/run/hold");
  std::ofstream(folder_ + "/run/hold/" + process).flush();
  Signal(process, SIGKILL);
}

void TestNetwork::Release(const std::string& process) const {
  std::filesystem::remove(folder_ + "/run/hold/" + process);
}

bool TestNetwork::WaitReady(const std::string& service, bool wanted, absl::Duration timeout) const {
  for (const Deadline end = Deadline::After(timeout); !end.expired();) {
    if ((OpsStatus(service, "/readyz") == 200) == wanted) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return false;
}

int TestNetwork::OpsStatus(const std::string& service, const std::string& path) const {
  const int port = ReadJson(folder_ + "/run/ports.json").at(service + "-metrics").get<int>();
  int status = 0;
  if (std::sscanf(HttpStatusLine(port, path).c_str(), "HTTP/%*s %d", &status) != 1) return 0;
  return status;
}

std::string NewRequestId() { return NewId<RequestId>(crypto::SystemRandom::Instance()).bytes(); }

int BySize(int quick, int normal, int full) {
  const char* size = std::getenv("AMANA_TEST_SIZE");
  const std::string text = size == nullptr ? "normal" : size;
  return text == "quick" ? quick : text == "full" ? full : normal;
}

}  // namespace amana::testing
