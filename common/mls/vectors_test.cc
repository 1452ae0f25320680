// That the official vectors are read at all, and a welcome's by themselves.

#include <gtest/gtest.h>

#include "common/mls/test_group.h"
#include "common/mls/test_vectors.h"

namespace amana::mls {
namespace {

namespace fs = std::filesystem;

TEST(Vectors, AreAllReadByATest) {
  if (!fs::is_directory(VectorFolder())) GTEST_SKIP() << "no test vectors at " << VectorFolder();
  size_t files = 0;
  for (const auto& entry : fs::recursive_directory_iterator(VectorFolder())) {
    if (entry.path().extension() != ".json") continue;
    ++files;
    const std::string name = entry.path().lexically_relative(VectorFolder()).generic_string();
    EXPECT_TRUE(VectorFiles().contains(name)) << "no test reads " << name;
  }
  EXPECT_GT(files, 0u);
}

// Otherwise a file that was renamed, or is called by a wrong name, would never run again.
TEST(Vectors, OfAFileThatIsNotThereFail) {
  if (!fs::is_directory(VectorFolder())) GTEST_SKIP() << "no test vectors at " << VectorFolder();
  const std::vector<VectorCase> cases = VectorCases("no such file.json");
  ASSERT_EQ(cases.size(), 1u);
  EXPECT_EQ(cases[0].json, nullptr);
  EXPECT_EQ(cases[0].name, "Missing");
}

// A welcome without its group: it has the keys to open it and to verify what is in it, and no tree.
class WelcomeVectors : public VectorTest {
 protected:
  GroupSecrets Secrets(const Welcome& welcome) const {
    const std::string reference = RefOf(*DecodeKeyPackageMessage(hex("key_package")));
    const auto ours = std::find_if(welcome.secrets.begin(), welcome.secrets.end(),
                                   [&](const auto& one) { return one.new_member == reference; });
    AMANA_CHECK(ours != welcome.secrets.end(), "a welcome for somebody else");
    const auto opened = DecryptWithLabel(
        EncryptContext(suite(), "Welcome", welcome.encrypted_group_info),
        *crypto::HpkePrivateKey::FromBytes(hex("init_priv")), ours->encrypted_group_secrets);
    AMANA_CHECK(opened.ok(), "its secrets do not open");
    return *Decode<GroupSecrets>(opened->Expose());
  }

  GroupInfo Info(const Welcome& welcome, std::string_view joiner_secret) const {
    const SecretBytes secret = DeriveWelcomeSecret(joiner_secret, ZeroSecret());
    const crypto::Aead& aead = *suite().aead;
    const auto opened =
        aead.open(ExpandWithLabel(secret.Expose(), "key", "", aead.key_size).Expose(),
                  ExpandWithLabel(secret.Expose(), "nonce", "", aead.nonce_size).Expose(), "",
                  welcome.encrypted_group_info);
    AMANA_CHECK(opened.ok(), "its group info does not open");
    return *Decode<GroupInfo>(*opened);
  }
};
INSTANTIATE_TEST_SUITE_P(, WelcomeVectors, CasesOf("welcome.json", {1, 3}), NameOfCase);

TEST_P(WelcomeVectors, OpenAndAreSignedAndConfirmed) {
  const auto message = Decode<MlsMessage>(hex("welcome"));
  ASSERT_TRUE(message.ok()) << message.status();
  const auto& welcome = std::get<Welcome>(message->content);
  EXPECT_EQ(welcome.cipher_suite, suite().id);
  const GroupSecrets secrets = Secrets(welcome);
  EXPECT_TRUE(secrets.psks.empty());
  const GroupInfo info = Info(welcome, secrets.joiner_secret.Expose());
  EXPECT_TRUE(VerifyWithLabel(hex("signer_pub"), "GroupInfoTBS", GroupInfoToBeSigned(info),
                              info.signature));
  const DerivedEpoch epoch =
      DeriveEpoch(secrets.joiner_secret.Expose(), ZeroSecret(), Encode(info.group_context));
  EXPECT_TRUE(VerifyMac(epoch.secrets.confirmation_key.Expose(),
                        info.group_context.confirmed_transcript_hash, info.confirmation_tag));
}

}  // namespace
}  // namespace amana::mls
