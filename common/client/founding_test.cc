#include "common/client/founding.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "common/base/error.h"
#include "common/base/files.h"
#include "common/client/identity.h"
#include "common/client/session.h"
#include "common/client/test_folder.h"
#include "common/client/trust.h"
#include "common/crypto/x509.h"
#include "common/merkle/note_key.h"

namespace amana::client {
namespace {

constexpr char kPassphrase[] = "a passphrase";

class FoundingTest : public testing::Test {
 protected:
  FoundingTest() {
    std::ofstream config(folder_ / "client.conf");
    config << "network = test.amana\n";
    for (const char* name : {"identity", "intake", "referral", "messaging", "audit", "enrolment"}) {
      config << name << "_address = 127.0.0.1:1\n";
    }
    config << "ca_file = " << directory_ << "/ca.pem\n";
    config << "genesis_file = " << directory_ << "/genesis.pb\n";
    config << "log_key_file = " << directory_ << "/log.vkey\n";
  }

  absl::StatusOr<identity::v1::Genesis> Found() {
    return FoundNetwork({.directory = directory_,
                         .network = "test.amana",
                         .administrator_home = home_,
                         .passphrase = kPassphrase,
                         .client_config_file = folder_ / "client.conf"});
  }

  std::string Read(const std::string& path) { return *ReadFile(path, size_t{1} << 16); }
  std::unique_ptr<Vault> OpenVault() { return *Vault::Open(VaultPath(home_), kPassphrase); }

  TestFolder folder_;
  std::string directory_ = folder_ / "network";
  std::string home_ = folder_ / "home";
};

TEST_F(FoundingTest, MakesEverythingThatANetworkBeginsWith) {
  const auto genesis = Found();
  ASSERT_TRUE(genesis.ok());
  EXPECT_TRUE(VerifyGenesis(*genesis).ok());
  EXPECT_EQ(ReadRootKey(directory_ + "/root.key")->verifying_key().bytes(), genesis->root_key());
  std::string vkey = Read(directory_ + "/log.vkey");
  vkey.pop_back();
  EXPECT_EQ(merkle::NoteKey::Parse(vkey)->name(), "test.amana/log");
  for (const char* name : {"root.key", "ca.key", "log.key"}) {
    struct stat info{};
    ASSERT_EQ(::stat((directory_ + "/" + name).c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0600u) << name;
  }
  const auto profile = *LoadProfile(*OpenVault());
  EXPECT_EQ(profile.role(), options::v1::ROLE_NETWORK_ADMINISTRATOR);
  EXPECT_TRUE(
      crypto::VerifyIssued(profile.certificate(), profile.ca_certificate(), absl::Now()).ok());
}

TEST_F(FoundingTest, WritesOverNothing) {
  ASSERT_TRUE(Found().ok());
  const std::string root = Read(directory_ + "/root.key");
  EXPECT_EQ(ReasonOf(Found().status()), Reason::kFileUnreadable);
  home_ = folder_ / "another";
  EXPECT_EQ(ReasonOf(Found().status()), Reason::kFileUnreadable);
  EXPECT_EQ(Read(directory_ + "/root.key"), root);
}

TEST_F(FoundingTest, ServiceCertificatesAreSwappedWhole) {
  ASSERT_TRUE(Found().ok());
  std::string before;
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(
        IssueServiceCertificates(directory_, folder_ / "services", {"intake"}, absl::Hours(24))
            .ok());
    const std::string tls = folder_ / "services/intake/tls/";
    const std::string certificate = Read(tls + "cert.pem");
    EXPECT_NE(certificate, before);
    before = certificate;
    const auto info = *crypto::ParseCertificate(certificate);
    EXPECT_EQ(info.spiffe_ids, std::vector<std::string>{"spiffe://test.amana/service/intake"});
    EXPECT_EQ(crypto::TransportKey::FromPem(Read(tls + "key.pem"))->public_key(), info.public_key);
  }
  // The link and the folder it leads to: earlier ones are gone.
  using std::filesystem::directory_iterator;
  EXPECT_EQ(std::distance(directory_iterator(folder_ / "services/intake"), directory_iterator()),
            2);
}

TEST_F(FoundingTest, ADeviceWhoseCertificateRanOutGetsAnother) {
  ASSERT_TRUE(Found().ok());
  EXPECT_FALSE(*ReissueDeviceCertificate(directory_, home_, kPassphrase));

  v1::Profile profile = *LoadProfile(*OpenVault());
  const auto authority = *crypto::CertificateAuthority::Load(Read(directory_ + "/ca.pem"),
                                                             Read(directory_ + "/ca.key"));
  const auto info = *crypto::ParseCertificate(profile.certificate());
  const absl::Time now = absl::FromUnixSeconds(absl::ToUnixSeconds(absl::Now()));
  profile.set_certificate(*authority.Issue({.public_key = info.public_key,
                                            .spiffe_ids = info.spiffe_ids,
                                            .dns_names = {},
                                            .not_before = now - absl::Seconds(60),
                                            .not_after = now - absl::Seconds(1)}));
  VaultBatch batch;
  batch.Put(kProfileName, profile.SerializeAsString());
  ASSERT_TRUE(OpenVault()->Commit(batch).ok());

  EXPECT_TRUE(*ReissueDeviceCertificate(directory_, home_, kPassphrase));
  profile = *LoadProfile(*OpenVault());
  EXPECT_TRUE(
      crypto::VerifyIssued(profile.certificate(), profile.ca_certificate(), absl::Now()).ok());
  const auto after = *crypto::ParseCertificate(profile.certificate());
  EXPECT_EQ(after.spiffe_ids, info.spiffe_ids);
  EXPECT_EQ(crypto::TransportKey::FromPem(LoadTransportKey(*OpenVault())->Expose())->public_key(),
            after.public_key);
}

}  // namespace
}  // namespace amana::client
