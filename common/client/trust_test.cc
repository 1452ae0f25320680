#include "common/client/trust.h"

#include <gtest/gtest.h>

#include "common/base/error.h"
#include "common/client/test_office.h"

namespace amana::client {
namespace {

using identity::v1::ListDeviceCertificatesResponse;

class TrustTest : public testing::Test {
 protected:
  void ExpectBroken(const ListDeviceCertificatesResponse& answer) {
    EXPECT_EQ(ReasonOf(office_.Verify(answer).status()), Reason::kTrustChainBroken);
  }
  void ExpectKeyLeftOut(const messaging::v1::PublishedKey& key) {
    messaging::v1::ListKeysResponse answer;
    *answer.add_keys() = key;
    *answer.add_keys() = office_.KeyOf(office_.manager);
    const auto recipients = VerifyPublishedKeys(office_.Trusted(), answer);
    ASSERT_EQ(recipients.size(), 1u);
    EXPECT_EQ(recipients[0].device, office_.manager.id);
  }

  TestOffice office_{'A'};
  TestOffice other_{'M'};
};

TEST_F(TrustTest, FollowsTheChainFromTheRoot) {
  const TrustedOrganisation trusted = office_.Trusted();
  ASSERT_EQ(trusted.devices().size(), 2u);
  EXPECT_EQ(trusted.Find(office_.worker.id)->signing_key, office_.worker.signing.verifying_key());
  EXPECT_EQ(trusted.Find(other_.worker.id), nullptr);
}

TEST_F(TrustTest, RefusesAnotherRoot) {
  ListDeviceCertificatesResponse answer = office_.Certificates();
  *answer.mutable_certificates(0) =
      SignDeviceCertificate(office_.StatementOf(office_.manager, options::v1::ROLE_CENTRE_MANAGER),
                            TestKey('X'), nullptr);
  ExpectBroken(answer);
}

TEST_F(TrustTest, RefusesASwappedKey) {
  ListDeviceCertificatesResponse answer = office_.Certificates();
  auto statement = office_.StatementOf(office_.worker, options::v1::ROLE_CASE_WORKER);
  statement.set_signing_key(TestKey('X').verifying_key().bytes());
  answer.mutable_certificates(1)->set_statement(statement.SerializeAsString());
  ExpectBroken(answer);
}

TEST_F(TrustTest, RefusesAnotherOrganisationsDevices) {
  ExpectBroken(other_.Certificates());
  ListDeviceCertificatesResponse answer = office_.Certificates();
  *answer.add_certificates() = other_.Certificates().certificates(0);
  ExpectBroken(answer);
}

TEST_F(TrustTest, RefusesAnIssuerOfAnotherOrganisation) {
  ListDeviceCertificatesResponse answer = office_.Certificates();
  *answer.mutable_certificates(1) =
      SignDeviceCertificate(office_.StatementOf(office_.worker, options::v1::ROLE_CASE_WORKER),
                            other_.manager.signing, &other_.manager.id);
  ExpectBroken(answer);
}

TEST_F(TrustTest, RefusesAnIssuerThatIsNoHead) {
  ListDeviceCertificatesResponse answer = office_.Certificates();
  const TestDevice third = MakeTestDevice('Z');
  *answer.add_certificates() =
      SignDeviceCertificate(office_.StatementOf(third, options::v1::ROLE_CASE_WORKER),
                            office_.worker.signing, &office_.worker.id);
  ExpectBroken(answer);
}

TEST_F(TrustTest, RefusesAnIssuerThatComesLaterAndADeviceTwice) {
  ListDeviceCertificatesResponse answer = office_.Certificates();
  answer.mutable_certificates()->SwapElements(0, 1);
  ExpectBroken(answer);
  answer = office_.Certificates();
  *answer.add_certificates() = answer.certificates(1);
  ExpectBroken(answer);
}

TEST_F(TrustTest, RefusesAReplayFromAnotherNetwork) {
  auto statement = office_.StatementOf(office_.manager, options::v1::ROLE_CENTRE_MANAGER);
  statement.set_network("other.amana");
  ListDeviceCertificatesResponse answer;
  *answer.add_certificates() = SignDeviceCertificate(statement, TestKey('R'), nullptr);
  ExpectBroken(answer);
}

TEST_F(TrustTest, RefusesASignatureForAnotherPurpose) {
  ListDeviceCertificatesResponse answer = office_.Certificates();
  auto& certificate = *answer.mutable_certificates(0);
  certificate.set_signature(TestKey('R').Sign(certificate.statement()));
  ExpectBroken(answer);
}

TEST_F(TrustTest, TakesPublishedKeysOfDevicesThatAreNotRevoked) {
  messaging::v1::ListKeysResponse keys;
  *keys.add_keys() = office_.KeyOf(office_.manager);
  *keys.add_keys() = office_.KeyOf(office_.worker);
  EXPECT_EQ(VerifyPublishedKeys(office_.Trusted(), keys).size(), 2u);

  ListDeviceCertificatesResponse answer = office_.Certificates();
  answer.add_revoked_device_ids(office_.worker.id.bytes());
  const auto recipients = VerifyPublishedKeys(*office_.Verify(answer), keys);
  ASSERT_EQ(recipients.size(), 1u);
  EXPECT_EQ(recipients[0].device, office_.manager.id);
}

TEST_F(TrustTest, TakesTheNewestKeyOfADevice) {
  const auto newer = crypto::HpkePrivateKey::Derive(std::string(32, 'n')).public_key();
  messaging::v1::ListKeysResponse keys;
  *keys.add_keys() = SignPublishedKey(kTestNetwork, office_.worker.id, newer,
                                      absl::FromUnixSeconds(9), office_.worker.signing);
  *keys.add_keys() = office_.KeyOf(office_.worker);
  EXPECT_EQ(VerifyPublishedKeys(office_.Trusted(), keys).at(0).key, newer);
}

TEST_F(TrustTest, TakesTheNewestWhereThereAreTooMany) {
  ListDeviceCertificatesResponse certificates = office_.Certificates();
  messaging::v1::ListKeysResponse keys;
  *keys.add_keys() =
      SignPublishedKey(kTestNetwork, office_.worker.id, office_.worker.hpke.public_key(),
                       absl::FromUnixSeconds(1), office_.worker.signing);
  for (size_t i = 0; i < kMaxRecipients; ++i) {
    const TestDevice device = MakeTestDevice(static_cast<char>(128 + i));
    *certificates.add_certificates() =
        SignDeviceCertificate(office_.StatementOf(device, options::v1::ROLE_CASE_WORKER),
                              office_.manager.signing, &office_.manager.id);
    *keys.add_keys() = SignPublishedKey(kTestNetwork, device.id, device.hpke.public_key(),
                                        absl::FromUnixSeconds(2), device.signing);
  }
  const auto recipients = VerifyPublishedKeys(*office_.Verify(certificates), keys);
  EXPECT_EQ(recipients.size(), kMaxRecipients);
  for (const TrustedRecipient& one : recipients) EXPECT_NE(one.device, office_.worker.id);
}

TEST_F(TrustTest, LeavesOutPublishedKeysThatLieOrCannotBeSealedTo) {
  ExpectKeyLeftOut(other_.KeyOf(other_.worker));
  // Signed by a colleague.
  ExpectKeyLeftOut(SignPublishedKey(kTestNetwork, office_.worker.id,
                                    office_.worker.hpke.public_key(), absl::FromUnixSeconds(1),
                                    office_.manager.signing));
  // From another network.
  ExpectKeyLeftOut(SignPublishedKey("other.amana", office_.worker.id,
                                    office_.worker.hpke.public_key(), absl::FromUnixSeconds(1),
                                    office_.worker.signing));
  // The key swapped under the signature.
  messaging::v1::PublishedKey key = office_.KeyOf(office_.worker);
  messaging::v1::KeyStatement statement;
  statement.ParseFromString(key.statement());
  statement.set_hpke_key(std::string(32, 'x'));
  key.set_statement(statement.SerializeAsString());
  ExpectKeyLeftOut(key);
  // A point of small order, rightly signed.
  ExpectKeyLeftOut(SignPublishedKey(kTestNetwork, office_.worker.id,
                                    *crypto::HpkePublicKey::FromBytes(std::string(32, '\0')),
                                    absl::FromUnixSeconds(1), office_.worker.signing));
}

}  // namespace
}  // namespace amana::client
