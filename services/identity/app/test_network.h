#pragma once

// A small network in memory for the tests of app/: a store, a clock that stands still, a CA, the
// root key, and devices that keep their keys.

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "amana/audit/v1/event.pb.h"
#include "amana/identity/v1/identity.pb.h"
#include "common/base/clock.h"
#include "common/crypto/hash.h"
#include "common/crypto/random.h"
#include "common/crypto/sign.h"
#include "common/crypto/x509.h"
#include "common/store/memory_store.h"
#include "services/identity/app/certificates.h"
#include "services/identity/app/devices.h"
#include "services/identity/app/enrolment.h"
#include "services/identity/app/genesis.h"
#include "services/identity/app/organisations.h"

namespace amana::identity {

inline constexpr char kTestNetwork[] = "amana.test";

// Effectively none.
inline constexpr EnrolmentLimits kNoLimits{.calls_per_second = 1e9,
                                           .burst = 1e9,
                                           .attempts_per_code = 1 << 30,
                                           .window = absl::Minutes(15),
                                           .max_codes = 1 << 20};

// A person's machine.
struct TestDevice {
  crypto::SigningKey signing_key;
  crypto::TransportKey transport_key;
  Caller caller;

  static TestDevice New();
};

class TestNetwork {
 public:
  // Installs a genesis.
  explicit TestNetwork(uint32_t max_devices = domain::kMaxDevices,
                       const EnrolmentLimits& limits = kNoLimits);

  // Of a call of this caller, with a request_id and its digest.
  CallContext CallOf(const Caller& caller, const RequestId& request_id) const;
  CallContext CallOf(const Caller& caller) { return CallOf(caller, NewRequestId()); }
  RequestId NewRequestId() { return NewId<RequestId>(random_); }

  OrganisationId NewOrganisation(v1::OrganisationKind kind);

  // A code for a role, made by `inviter`.
  absl::StatusOr<std::string> NewCode(const Caller& inviter, const OrganisationId& organisation,
                                      Role role);
  v1::EnrolRequest EnrolRequestOf(const TestDevice& device, const std::string& code,
                                  const RequestId& request_id) const;
  absl::StatusOr<v1::EnrolResponse> Enrol(const v1::EnrolRequest& request);
  // With a fresh code by the administrator; the device is pending.
  TestDevice NewPending(const OrganisationId& organisation, Role role);

  // What `issuer` signs about the device; by the root where there is no issuer.
  v1::DeviceCertificate Vouch(const TestDevice& device, const TestDevice* issuer) const;
  absl::Status Approve(const Caller& caller, const v1::DeviceCertificate& certificate);
  // Enrolled and approved; by the root where there is no issuer.
  TestDevice NewApproved(const OrganisationId& organisation, Role role,
                         const TestDevice* issuer = nullptr);
  absl::Status Revoke(const Caller& caller, const OrganisationId& organisation,
                      const DeviceId& device);
  v1::DeviceState StateOf(const DeviceId& device);

  // The history of an organisation.
  std::vector<amana::audit::v1::Event> History(const OrganisationId& organisation);

  amana::store::MemoryStore& store() { return store_; }
  FakeClock& clock() { return clock_; }
  Random& random() { return random_; }
  const TestDevice& administrator() const { return administrator_; }
  const crypto::SigningKey& root() const { return root_; }
  const OrganisationId& network_organisation() const { return administrator_.caller.organisation; }
  const Tools& tools() const { return *tools_; }
  const crypto::CertificateAuthority& authority() const { return authority_; }
  // The serialised genesis.
  const std::string& genesis() const { return genesis_; }

  Organisations& organisations() { return *organisations_; }
  Devices& devices() { return *devices_; }
  Enrolment& enrolment() { return *enrolment_; }

 private:
  v1::Genesis MakeGenesis();

  amana::store::MemoryStore store_;
  FakeClock clock_;
  crypto::SystemRandom random_;
  crypto::CertificateAuthority authority_;
  crypto::SigningKey root_;
  TestDevice administrator_;
  std::string genesis_;
  std::unique_ptr<Tools> tools_;
  std::unique_ptr<CertificateIssuer> issuer_;
  std::unique_ptr<Organisations> organisations_;
  std::unique_ptr<Devices> devices_;
  std::unique_ptr<Enrolment> enrolment_;
};

}  // namespace amana::identity
