#pragma once

// A network of one server for tests: a CA, certificates on disk, callers who are what the test
// says.

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "common/base/mutex.h"
#include "common/crypto/x509.h"
#include "common/obs/metrics.h"
#include "common/rpc/call.h"
#include "common/rpc/channel.h"
#include "common/rpc/server.h"
#include "common/rpc/testing/echo.grpc.pb.h"

namespace amana::rpc::testing {

inline constexpr char kNetwork[] = "amana.test";

// Answers what it was told; kCallerUnknown for others.
class FakeCallers final : public CallerDirectory {
 public:
  void Set(const DeviceId& device, absl::StatusOr<Caller> answer);
  absl::StatusOr<Caller> LookUp(const DeviceId& device, Deadline deadline) override;

 private:
  Mutex mutex_;
  std::map<DeviceId, absl::StatusOr<Caller>> answers_ AMANA_GUARDED_BY(mutex_);
};

struct Person {
  OrganisationId organisation;
  DeviceId device;
  std::string spiffe_id;
};

class ServerTest : public ::testing::Test {
 protected:
  using Stub = amana::load::v1::EchoService::Stub;

  ServerTest();
  ~ServerTest() override;

  // A folder with ca.pem, cert.pem and key.pem; the dates are the CA's day unless given.
  std::string MakeTls(const crypto::CertificateAuthority& ca, const std::string& spiffe_id,
                      std::optional<absl::Time> not_after = std::nullopt);

  // A device that the directory answers with `role`.
  Person NewPerson(Role role);

  // Starts server_ with the echo.
  void Start();
  std::string Address() const;

  std::shared_ptr<grpc::Channel> Channel(const std::string& tls_dir);
  std::unique_ptr<Stub> StubFor(const std::string& tls_dir);
  std::unique_ptr<Stub> StubFor(const Person& person) {
    return StubFor(MakeTls(ca_, person.spiffe_id));
  }

  // Echoes once without retry: the answer's reason, kUnspecified for success.
  Reason EchoReason(Stub& stub, const std::string& behaviour = "",
                    absl::Duration time = absl::Seconds(3));

  static crypto::CertificateAuthority NewAuthority();

  std::string folder_;
  int folders_ = 0;
  crypto::CertificateAuthority ca_;
  FakeCallers callers_;
  obs::Metrics metrics_;
  ServerOptions options_;
  std::unique_ptr<Service> service_;
  std::unique_ptr<Server> server_;
};

}  // namespace amana::rpc::testing
