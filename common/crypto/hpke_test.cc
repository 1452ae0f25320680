#include "common/crypto/hpke.h"

#include <fstream>
#include <nlohmann/json.hpp>

#include "common/base/error.h"
#include "common/crypto/random.h"
#include "common/crypto/test_bytes.h"
#include "gtest/gtest.h"

namespace amana::crypto {
namespace {

// RFC 9180 appendix A.2.1: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20Poly1305, base mode.
constexpr std::string_view kInfo = "Ode on a Grecian Urn";
constexpr std::string_view kIkmE =
    "909a9b35d3dc4713a5e72a4da274b55d3d3821a37e5d099e74a647db583a904b";
constexpr std::string_view kSkEm =
    "f4ec9b33b792c372c1d2c2063507b684ef925b8c75a42dbcbf57d63ccd381600";
constexpr std::string_view kPkEm =
    "1afa08d3dec047a643885163f1180476fa7ddb54c6a8029ea33f95796bf2ac4a";
constexpr std::string_view kSkRm =
    "8057991eef8f1f1af18f4a9491d16a1ce333f695d4db8e38da75975c4478e0fb";
constexpr std::string_view kPkRm =
    "4310ee97d88cc1f088a5576c77ab0cf5c3ac797f3d95139c6c84b5429c59662a";
constexpr std::string_view kSharedSecret =
    "0bbe78490412b4bbea4812666f7916932b828bba79942424abb65244930d69a7";
constexpr std::string_view kPlaintext = "Beauty is truth, truth beauty";

struct Encryption {
  int sequence;
  std::string_view ciphertext;
};
constexpr Encryption kEncryptions[] = {
    {0,
     "1c5250d8034ec2b784ba2cfd69dbdb8af406cfe3ff938e131f0def8c8b60b4db21993c62ce81883d2dd1b51a28"},
    {1,
     "6b53c051e4199c518de79594e1c4ab18b96f081549d45ce015be002090bb119e85285337cc95ba5f59992dc98c"},
    {2,
     "71146bd6795ccc9c49ce25dda112a48f202ad220559502cef1f34271e0cb4b02b4f10ecac6f48c32f878fae86b"},
    {4,
     "63357a2aa291f5a4e5f27db6baa2af8cf77427c7c1a909e0b37214dd47db122bb153495ff0b02e9e54a50dbe16"},
    {255,
     "18ab939d63ddec9f6ac2b60d61d36a7375d2070c9b683861110757062c52b8880a5f6b3936da9cd6c23ef2a95c"},
    {256,
     "7a4a13e9ef23978e2c520fd4d2e757514ae160cd0cd05e556ef692370ca53076214c0c40d4c728d6ed9e727a5b"},
};

struct Export {
  std::string_view context, value;  // hexadecimal
};
constexpr Export kExports[] = {
    {"", "4bbd6243b8bb54cec311fac9df81841b6fd61f56538a775e7c80a9f40160606e"},
    {"00", "8c1df14732580e5501b00f82b10a1647b40713191b7c1240ac80e2b68808ba69"},
    {"54657374436f6e74657874", "5acb09211139c43b3090489a9da433e8a30ee7188ba8b0a9a1ccf0c229283e53"},
};

HpkePrivateKey Recipient() { return *HpkePrivateKey::FromBytes(FromHex(kSkRm)); }

HpkeSender RfcSender() {
  FixedRandom random(FromHex(kIkmE));
  return *SetupBaseS(Recipient().public_key(), HpkeInfo(kInfo), random);
}

void ExpectRfcCiphertexts(HpkeContext& sender) {
  int sequence = 0;
  for (const Encryption& e : kEncryptions) {
    for (; sequence < e.sequence; ++sequence) sender.Seal("", "passed over");
    EXPECT_EQ(HexEncode(sender.Seal("Count-" + std::to_string(sequence++), kPlaintext)),
              e.ciphertext)
        << e.sequence;
  }
}

TEST(HpkeVectorTest, Keys) {
  EXPECT_EQ(HexEncode(Recipient().public_key().bytes()), kPkRm);
  const HpkePrivateKey ephemeral = HpkePrivateKey::Derive(FromHex(kIkmE));
  EXPECT_EQ(HexEncode(ephemeral.bytes().Expose()), kSkEm);
  EXPECT_EQ(HexEncode(ephemeral.public_key().bytes()), kPkEm);
}

TEST(HpkeVectorTest, SenderSealsAndExports) {
  HpkeSender sender = RfcSender();
  EXPECT_EQ(HexEncode(sender.enc), kPkEm);
  for (const Export& e : kExports) {
    EXPECT_EQ(HexEncode(sender.context.Export(FromHex(e.context), 32).Expose()), e.value);
  }
  ExpectRfcCiphertexts(sender.context);
}

TEST(HpkeVectorTest, KeyScheduleFromTheSharedSecret) {
  HpkeContext sender = HpkeContext(FromHex(kSharedSecret), HpkeInfo(kInfo), /*sender=*/true);
  ExpectRfcCiphertexts(sender);
}

TEST(HpkeVectorTest, ReceiverOpensAndExports) {
  HpkeSender sender = RfcSender();
  HpkeContext receiver = *SetupBaseR(Recipient(), FromHex(kPkEm), HpkeInfo(kInfo));
  for (const Export& e : kExports)
    EXPECT_EQ(HexEncode(receiver.Export(FromHex(e.context), 32).Expose()), e.value);
  for (int i = 0; i <= 256; ++i) {
    const std::string ad = "Count-" + std::to_string(i);
    EXPECT_EQ(*receiver.Open(ad, sender.context.Seal(ad, kPlaintext)), kPlaintext);
  }
}

// A vector<V> of RFC 9420 for the lengths that occur here.
std::string MlsVector(std::string_view bytes) {
  EXPECT_LT(bytes.size(), 64u);
  return std::string(1, static_cast<char>(bytes.size())) + std::string(bytes);
}

// The MLS working group's vectors use HPKE with the same suite: a second opinion, made by other
// people.
TEST(HpkeVectorTest, MlsDecryptWithLabel) {
  std::ifstream file(SharedPath("vectors/mls/crypto-basics.json"));
  if (!file) GTEST_SKIP() << "shared/vectors/mls/crypto-basics.json is not here";
  int seen = 0;
  for (const auto& suite : nlohmann::json::parse(file)) {
    if (suite["cipher_suite"] != 3) continue;
    const auto& v = suite["encrypt_with_label"];
    const auto bytes = [&v](const char* name) { return FromHex(v[name].get<std::string>()); };
    const HpkePrivateKey key = *HpkePrivateKey::FromBytes(bytes("priv"));
    EXPECT_EQ(key.public_key().bytes(), bytes("pub"));
    const std::string info =
        MlsVector("MLS 1.0 " + v["label"].get<std::string>()) + MlsVector(bytes("context"));
    EXPECT_EQ(*OpenBase(key, {bytes("kem_output"), bytes("ciphertext")}, info, ""),
              bytes("plaintext"));
    ++seen;
  }
  EXPECT_EQ(seen, 1);
}

TEST(HpkeTest, SingleShot) {
  const HpkePrivateKey key = HpkePrivateKey::Generate(SystemRandom::Instance());
  const Sealed sealed = *SealBase(key.public_key(), "info", "ad", "plaintext");
  EXPECT_EQ(*OpenBase(key, sealed, "info", "ad"), "plaintext");
  EXPECT_NE(SealBase(key.public_key(), "info", "ad", "plaintext")->enc, sealed.enc);
  EXPECT_EQ(ReasonOf(OpenBase(key, sealed, "other", "ad").status()), Reason::kDecryptionFailed);
  EXPECT_FALSE(OpenBase(key, sealed, "info", "other").ok());
  EXPECT_FALSE(
      OpenBase(HpkePrivateKey::Generate(SystemRandom::Instance()), sealed, "info", "ad").ok());
  ForEachDamaged(sealed.enc, [&](const std::string& enc) {
    EXPECT_FALSE(OpenBase(key, {enc, sealed.ciphertext}, "info", "ad").ok());
  });
  ForEachDamaged(sealed.ciphertext, [&](const std::string& ciphertext) {
    EXPECT_FALSE(OpenBase(key, {sealed.enc, ciphertext}, "info", "ad").ok());
  });
  EXPECT_FALSE(OpenBase(key, {"", sealed.ciphertext}, "info", "ad").ok());
  EXPECT_FALSE(OpenBase(key, {sealed.enc, ""}, "info", "ad").ok());
}

TEST(HpkeTest, APointOfSmallOrderIsRefused) {
  const HpkePublicKey zero = *HpkePublicKey::FromBytes(std::string(32, '\0'));
  EXPECT_EQ(ReasonOf(SealBase(zero, "", "", "x").status()), Reason::kDecryptionFailed);
  EXPECT_EQ(ReasonOf(SetupBaseR(Recipient(), zero.bytes(), HpkeInfo("")).status()),
            Reason::kDecryptionFailed);
  EXPECT_FALSE(SealBase(HpkePublicKey(), "", "", "x").ok());
}

// All of order 1, 2, 4 and 8, two of them in a second form.
TEST(HpkeTest, SomePointsAreNotUsable) {
  const std::string zeros(31, '\0');
  const std::string ones(30, '\xff');
  for (const std::string& small :
       {zeros + '\0', '\1' + zeros, "\xec" + ones + '\x7f', "\xed" + ones + '\x7f',
        "\xee" + ones + '\x7f',
        FromHex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"),
        FromHex("5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157")}) {
    ASSERT_EQ(small.size(), kHpkeKeySize);
    EXPECT_FALSE(HpkePublicKey::IsUsable(small));
  }
  EXPECT_FALSE(HpkePublicKey::IsUsable(""));
  EXPECT_FALSE(HpkePublicKey::IsUsable(std::string(31, 'x')));
  EXPECT_TRUE(HpkePublicKey::IsUsable(Recipient().public_key().bytes()));
  EXPECT_TRUE(HpkePublicKey::IsUsable('\x9' + zeros));
}

TEST(HpkeTest, AFailedOpenLeavesTheReceiverWhereItWas) {
  HpkeSender sender = RfcSender();
  HpkeContext receiver = *SetupBaseR(Recipient(), sender.enc, HpkeInfo(kInfo));
  const std::string first = sender.context.Seal("", "first");
  const std::string second = sender.context.Seal("", "second");
  EXPECT_FALSE(receiver.Open("", second).ok());  // out of order
  EXPECT_EQ(*receiver.Open("", first), "first");
  EXPECT_FALSE(receiver.Open("", first).ok());  // again
  EXPECT_EQ(*receiver.Open("", second), "second");
}

TEST(HpkeTest, KeysOfAnotherSizeAreRefused) {
  EXPECT_EQ(ReasonOf(HpkePublicKey::FromBytes("short").status()), Reason::kInputMalformed);
  EXPECT_EQ(ReasonOf(HpkePrivateKey::FromBytes(std::string(31, 'x')).status()),
            Reason::kInputMalformed);
}

TEST(HpkeDeathTest, SidesAreNotMixedUp) {
  HpkeSender sender = RfcSender();
  EXPECT_DEATH(static_cast<void>(sender.context.Open("", "")), "receiver");
}

}  // namespace
}  // namespace amana::crypto
