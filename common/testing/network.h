#pragma once

// A running network, seen from a test (scripts/cluster … with -- TEST): organisations and devices
// made for the test, certificates of any kind, and the processes behind it.
//
// The folder of a throw-away network holds its root key and its CA: with them a test speaks as
// whoever it likes. Nothing here is thread-safe but Channel().

#include <grpcpp/channel.h>
#include <sys/types.h>

#include <cstdlib>
#include <iostream>
#include <memory>
#include <source_location>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "amana/identity/v1/identity.grpc.pb.h"
#include "common/base/call_context.h"
#include "common/base/ids.h"
#include "common/crypto/sign.h"
#include "common/crypto/x509.h"
#include "common/rpc/channel.h"

namespace amana::testing {

// The value, or the end of the test program: for what must be there before anything can be tested.
template <class T>
T Must(absl::StatusOr<T> value, std::source_location where = std::source_location::current()) {
  if (value.ok()) return *std::move(value);
  std::cerr << where.file_name() << ":" << where.line() << ": " << value.status() << std::endl;
  std::exit(3);
}

// A client device whose keys the test holds.
struct TestDevice {
  OrganisationId organisation;
  DeviceId id;
  Role role = Role::kUnspecified;
  rpc::TlsPem tls;
  std::shared_ptr<crypto::SigningKey> signing_key;  // null for devices that the test did not make
};

// The five, as they are named in addresses and certificates.
inline constexpr const char* kServices[] = {"identity", "intake", "referral", "messaging", "audit"};

class TestNetwork {
 public:
  // The one in $AMANA_DATA; ends the program if there is none.
  static TestNetwork& Get();

  const std::string& name() const { return name_; }
  const std::string& folder() const { return folder_; }
  const OrganisationId& organisation() const { return administrator_.organisation; }
  // "intake", "intake-metrics", "enrolment".
  std::string Address(const std::string& door) const;

  // A new connection of its own.
  std::shared_ptr<grpc::Channel> Channel(const std::string& service, const rpc::TlsPem& tls) const;
  std::shared_ptr<grpc::Channel> Channel(const std::string& service,
                                         const TestDevice& device) const {
    return Channel(service, device.tls);
  }
  // To the enrolment door, with or without a certificate.
  std::shared_ptr<grpc::Channel> EnrolmentDoor(const rpc::TlsPem& tls) const;

  // Certificates by this network's own CA.
  const std::string& ca_pem() const { return ca_.certificate_pem(); }
  rpc::TlsPem CertificateFor(const std::string& spiffe_id, absl::Time not_before = absl::Now(),
                             absl::Duration valid = absl::Hours(12)) const;
  rpc::TlsPem ServiceCertificate(const std::string& service) const;
  rpc::TlsPem NoCertificate() const { return {ca_pem(), "", ""}; }

  // The network's first device. Its signing key is in its vault.
  const TestDevice& administrator() const { return administrator_; }

  OrganisationId AddOrganisation(const std::string& organisation_name,
                                 identity::v1::OrganisationKind kind);
  // Enrolled, not approved.
  TestDevice EnrolPending(const OrganisationId& organisation, Role role);
  // `approver` is an approved head of the same organisation; null: signed by the root, for the
  // first head. Devices of the network's own organisation are approved by its administrator.
  TestDevice Enrol(const OrganisationId& organisation, Role role, const TestDevice* approver);
  // The certificate that approves `device`; `approver` as above.
  identity::v1::DeviceCertificate CertificateOf(const TestDevice& device,
                                                const TestDevice* approver) const;

  // Runs the command line client as one of the network's own devices; its exit code.
  int RunClient(const std::string& home, const std::vector<std::string>& arguments) const;

  // A supervised process by name ("redis", "intake").
  pid_t Pid(const std::string& process) const;
  void Signal(const std::string& process, int signal) const;
  // Kills it; it is not started again until Release().
  void HoldDown(const std::string& process) const;
  void Release(const std::string& process) const;
  // Waits for /readyz to say what is wanted; false after `timeout`.
  bool WaitReady(const std::string& service, bool wanted, absl::Duration timeout) const;
  // The HTTP status of a path of the operator's door; 0 if it does not answer.
  int OpsStatus(const std::string& service, const std::string& path) const;

 private:
  TestNetwork(std::string folder, std::string name, crypto::CertificateAuthority ca);
  void ReadAdministrator();

  const std::string folder_;
  const std::string name_;
  const crypto::CertificateAuthority ca_;
  TestDevice administrator_;
};

// 16 random bytes, for request_id.
std::string NewRequestId();

// "quick", "normal" or "full", by AMANA_TEST_SIZE.
int BySize(int quick, int normal, int full);

}  // namespace amana::testing
