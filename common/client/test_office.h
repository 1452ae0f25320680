#pragma once

// An organisation with devices whose chain is right, for tests to break.

#include <string>
#include <string_view>

#include "common/client/trust.h"
#include "common/crypto/random.h"

namespace amana::client {

inline constexpr char kTestNetwork[] = "test.amana";

inline crypto::SigningKey TestKey(char seed) {
  return *crypto::SigningKey::FromSeed(std::string(crypto::kSeedSize, seed));
}

template <class I>
I TestId(char byte) {
  return *I::FromBytes(std::string(kIdSize, byte));
}

struct TestDevice {
  DeviceId id;
  crypto::SigningKey signing;
  crypto::HpkePrivateKey hpke;
};

inline TestDevice MakeTestDevice(char byte) {
  return {TestId<DeviceId>(byte), TestKey(byte),
          crypto::HpkePrivateKey::Derive(std::string(32, byte))};
}

// A manager vouched for by the root, a worker by the manager.
struct TestOffice {
  explicit TestOffice(char byte)
      : id(TestId<OrganisationId>(byte)),
        manager(MakeTestDevice(static_cast<char>(byte + 1))),
        worker(MakeTestDevice(static_cast<char>(byte + 2))) {}

  identity::v1::DeviceStatement StatementOf(const TestDevice& device,
                                            options::v1::Role role) const {
    identity::v1::DeviceStatement statement;
    statement.set_network(kTestNetwork);
    statement.set_organisation_id(id.bytes());
    statement.set_device_id(device.id.bytes());
    statement.set_role(role);
    statement.set_signing_key(device.signing.verifying_key().bytes());
    return statement;
  }

  identity::v1::ListDeviceCertificatesResponse Certificates() const {
    identity::v1::ListDeviceCertificatesResponse answer;
    *answer.add_certificates() = SignDeviceCertificate(
        StatementOf(manager, options::v1::ROLE_CENTRE_MANAGER), TestKey('R'), nullptr);
    *answer.add_certificates() = SignDeviceCertificate(
        StatementOf(worker, options::v1::ROLE_CASE_WORKER), manager.signing, &manager.id);
    return answer;
  }

  absl::StatusOr<TrustedOrganisation> Verify(
      const identity::v1::ListDeviceCertificatesResponse& answer) const {
    return TrustedOrganisation::Verify(kTestNetwork, TestKey('R').verifying_key(), id, answer);
  }
  TrustedOrganisation Trusted() const { return *Verify(Certificates()); }

  messaging::v1::PublishedKey KeyOf(const TestDevice& device) const {
    return SignPublishedKey(kTestNetwork, device.id, device.hpke.public_key(),
                            absl::FromUnixSeconds(1), device.signing);
  }

  OrganisationId id;
  TestDevice manager;
  TestDevice worker;
};

}  // namespace amana::client
