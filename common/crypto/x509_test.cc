#include "common/crypto/x509.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <cstdio>
#include <cstdlib>
#include <set>

#include "common/base/error.h"
#include "common/base/files.h"
#include "gtest/gtest.h"

namespace amana::crypto {
namespace {

const absl::Time kStart = absl::FromUnixSeconds(1767225600);  // 2026-01-01
const absl::Time kNow = kStart + absl::Hours(30);
const std::string kDevice =
    "spiffe://ma.example/org/aebagbafaydqqcikbmga2dqpca/device/aebagbafaydqqcikbmga2dqpca";

CertificateAuthority NewCa(absl::Time not_after = kStart + absl::Hours(24 * 365)) {
  return *CertificateAuthority::Create("ma.example", TransportKey::Generate(), kStart, not_after);
}

LeafRequest Leaf(const TransportKey& key) {
  return {.public_key = key.public_key(),
          .spiffe_ids = {kDevice},
          .dns_names = {"amana-intake", "amana-intake.amana.svc"},
          .not_before = kNow - absl::Minutes(5),
          .not_after = kNow + absl::Hours(24)};
}

TEST(TransportKeyTest, PemThereAndBack) {
  const TransportKey key = TransportKey::Generate();
  EXPECT_EQ(key.public_key().size(), 32u);
  EXPECT_EQ(TransportKey::FromPem(key.ToPem().Expose())->public_key(), key.public_key());
  EXPECT_NE(TransportKey::Generate().public_key(), key.public_key());
  for (const std::string& bad :
       {std::string(), std::string("x"), std::string(kMaxPemSize + 1, '-')}) {
    EXPECT_EQ(ReasonOf(TransportKey::FromPem(bad).status()), Reason::kInputMalformed);
  }
}

TEST(CertificateRequestTest, GivesItsKeyIfItHoldsIt) {
  const TransportKey key = TransportKey::Generate();
  const std::string request = CreateCertificateRequest(key);
  EXPECT_EQ(*VerifyCertificateRequest(request), key.public_key());
  for (size_t i = 40; i < request.size() - 40; i += 3) {
    std::string damaged = request;
    damaged[i] = damaged[i] == 'A' ? 'B' : 'A';
    if (damaged[i] == request[i]) continue;
    EXPECT_EQ(ReasonOf(VerifyCertificateRequest(damaged).status()),
              Reason::kCertificateRequestInvalid)
        << i;
  }
  EXPECT_FALSE(VerifyCertificateRequest("").ok());
  EXPECT_FALSE(VerifyCertificateRequest(key.ToPem().Expose()).ok());
  EXPECT_EQ(ERR_peek_error(), 0u);  // nothing is left for the thread's TLS to stumble over
}

TEST(CertificateRequestTest, OtherKindsOfKeysAreRefused) {
  const std::string folder = testing::TempDir();
  const std::string path = folder + "amana-p256.csr";
  const std::string command =
      "openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=x -keyout "
      "/dev/null -out " +
      path + " 2>/dev/null";
  if (std::system(command.c_str()) != 0) GTEST_SKIP() << "the openssl program is not here";
  EXPECT_EQ(ReasonOf(VerifyCertificateRequest(*ReadFile(path, kMaxPemSize)).status()),
            Reason::kCertificateRequestInvalid);
  std::remove(path.c_str());
}

TEST(CertificateAuthorityTest, SaysWhatItIs) {
  const CertificateAuthority ca = NewCa();
  const CertificateInfo info = *ParseCertificate(ca.certificate_pem());
  EXPECT_TRUE(info.is_ca);
  EXPECT_EQ(info.common_name, "ma.example");
  EXPECT_EQ(info.not_before, kStart);
  EXPECT_EQ(info.public_key, ca.key().public_key());
  EXPECT_TRUE(info.spiffe_ids.empty());
  EXPECT_TRUE(VerifyIssued(ca.certificate_pem(), ca.certificate_pem(), kNow).ok());
}

TEST(CertificateAuthorityTest, IssuesLeaves) {
  const CertificateAuthority ca = NewCa();
  const TransportKey key = TransportKey::Generate();
  const std::string pem = *ca.Issue(Leaf(key));
  const CertificateInfo info = *ParseCertificate(pem);
  EXPECT_FALSE(info.is_ca);
  EXPECT_EQ(info.common_name, "leaf");
  EXPECT_EQ(info.spiffe_ids, std::vector<std::string>{kDevice});
  EXPECT_EQ(info.dns_names, (std::vector<std::string>{"amana-intake", "amana-intake.amana.svc"}));
  EXPECT_EQ(info.not_before, kNow - absl::Minutes(5));
  EXPECT_EQ(info.not_after, kNow + absl::Hours(24));
  EXPECT_EQ(info.public_key, key.public_key());
  EXPECT_TRUE(VerifyIssued(pem, ca.certificate_pem(), kNow).ok());
}

TEST(CertificateAuthorityTest, VerifyingLooksAtIssuerAndDates) {
  const CertificateAuthority ca = NewCa();
  const std::string pem = *ca.Issue(Leaf(TransportKey::Generate()));
  EXPECT_EQ(ReasonOf(VerifyIssued(pem, NewCa().certificate_pem(), kNow)),
            Reason::kSignatureInvalid);
  EXPECT_FALSE(VerifyIssued(pem, ca.certificate_pem(), kNow + absl::Hours(25)).ok());
  EXPECT_FALSE(VerifyIssued(pem, ca.certificate_pem(), kNow - absl::Hours(1)).ok());
  EXPECT_FALSE(VerifyIssued("", ca.certificate_pem(), kNow).ok());
  EXPECT_FALSE(VerifyIssued(pem, pem, kNow).ok());  // a leaf is no issuer
  EXPECT_EQ(ERR_peek_error(), 0u);
}

std::string SerialOf(std::string_view pem) {
  BIO* bio = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  X509* certificate = PEM_read_bio_X509(bio, nullptr, nullptr, nullptr);
  const ASN1_INTEGER* serial = X509_get0_serialNumber(certificate);
  std::string bytes(reinterpret_cast<const char*>(ASN1_STRING_get0_data(serial)),
                    static_cast<size_t>(ASN1_STRING_length(serial)));
  X509_free(certificate);
  BIO_free(bio);
  return bytes;
}

TEST(CertificateAuthorityTest, SerialsAreRandomAndLong) {
  const CertificateAuthority ca = NewCa();
  const LeafRequest leaf = Leaf(TransportKey::Generate());
  std::set<std::string> serials;
  for (int i = 0; i < 300; ++i) {
    const std::string serial = SerialOf(*ca.Issue(leaf));
    EXPECT_GE(serial.size(), 14u);  // of 16 random bytes, without leading zeros
    serials.insert(serial);
  }
  EXPECT_EQ(serials.size(), 300u);
}

TEST(CertificateAuthorityTest, NoLeafOutlivesTheCa) {
  const CertificateAuthority ca = NewCa(kNow + absl::Hours(1));
  LeafRequest leaf = Leaf(TransportKey::Generate());
  EXPECT_EQ(ParseCertificate(*ca.Issue(leaf))->not_after, kNow + absl::Hours(1));
  leaf.not_before = kNow + absl::Hours(2);
  EXPECT_EQ(ReasonOf(ca.Issue(leaf).status()), Reason::kCertificateRequestInvalid);
}

TEST(CertificateAuthorityTest, RefusesWhatIsNoNameOrNoKey) {
  const CertificateAuthority ca = NewCa();
  const LeafRequest good = Leaf(TransportKey::Generate());
  const auto refused = [&ca](const LeafRequest& leaf) {
    return ReasonOf(ca.Issue(leaf).status()) == Reason::kCertificateRequestInvalid;
  };
  LeafRequest leaf = good;
  leaf.spiffe_ids.clear();
  EXPECT_TRUE(refused(leaf));
  for (const std::string& id :
       {std::string("https://ma.example/x"), std::string("spiffe://"),
        std::string("spiffe://a,DNS:b"), std::string("spiffe://a b"),
        std::string("spiffe://a\0b", 12), "spiffe://" + std::string(300, 'a')}) {
    leaf = good;
    leaf.spiffe_ids.push_back(id);
    EXPECT_TRUE(refused(leaf)) << id;
  }
  for (const std::string& name :
       {std::string(), std::string("*.example"), std::string("a b"), std::string("a\nb")}) {
    leaf = good;
    leaf.dns_names = {name};
    EXPECT_TRUE(refused(leaf)) << name;
  }
  leaf = good;
  leaf.public_key = "short";
  EXPECT_TRUE(refused(leaf));
  leaf = good;
  leaf.not_after = leaf.not_before;
  EXPECT_TRUE(refused(leaf));
  leaf = good;
  leaf.dns_names.assign(17, "a");
  EXPECT_TRUE(refused(leaf));
}

TEST(CertificateAuthorityTest, RefusesBadNetworkIds) {
  for (const std::string& id :
       {std::string(), std::string("Ma"), std::string("a/b"), std::string(65, 'a')}) {
    EXPECT_EQ(
        ReasonOf(CertificateAuthority::Create(id, TransportKey::Generate(), kStart, kNow).status()),
        Reason::kInputMalformed);
  }
}

TEST(CertificateAuthorityTest, LoadsWhatBelongsTogether) {
  const CertificateAuthority ca = NewCa();
  const auto loaded = CertificateAuthority::Load(ca.certificate_pem(), ca.key().ToPem().Expose());
  ASSERT_TRUE(loaded.ok());
  EXPECT_TRUE(
      VerifyIssued(*loaded->Issue(Leaf(TransportKey::Generate())), ca.certificate_pem(), kNow)
          .ok());
  const TransportKey other = TransportKey::Generate();
  EXPECT_FALSE(CertificateAuthority::Load(ca.certificate_pem(), other.ToPem().Expose()).ok());
  EXPECT_FALSE(
      CertificateAuthority::Load(*ca.Issue(Leaf(other)), other.ToPem().Expose()).ok());  // a leaf
}

TEST(ParseCertificateTest, RefusesWhatIsNone) {
  const std::string pem = NewCa().certificate_pem();
  for (const std::string& bad : {std::string(), std::string("x"), pem.substr(0, pem.size() / 2)}) {
    EXPECT_EQ(ReasonOf(ParseCertificate(bad).status()), Reason::kInputMalformed);
  }
}

}  // namespace
}  // namespace amana::crypto
