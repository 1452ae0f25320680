#include "common/mls/suite.h"

#include <gtest/gtest.h>

#include "common/crypto/random.h"
#include "common/mls/test_vectors.h"

namespace amana::mls {
namespace {

using crypto::HpkePrivateKey;
using crypto::SigningKey;
using crypto::SystemRandom;

absl::StatusOr<HpkeCiphertext> Encrypt(const Suite& suite, std::string_view public_key,
                                       std::string_view label, std::string_view context,
                                       std::string_view plaintext) {
  return EncryptWithLabel(EncryptContext(suite, label, context), public_key, plaintext,
                          SystemRandom::Instance());
}

// What it gives is no secret here.
absl::StatusOr<std::string> Decrypt(const Suite& suite, const HpkePrivateKey& key,
                                    std::string_view label, std::string_view context,
                                    const HpkeCiphertext& sealed) {
  const auto plaintext = DecryptWithLabel(EncryptContext(suite, label, context), key, sealed);
  if (!plaintext.ok()) return plaintext.status();
  return std::string(plaintext->Expose());
}

class CryptoBasics : public VectorTest {};
INSTANTIATE_TEST_SUITE_P(, CryptoBasics, CasesOf("crypto-basics.json", {1, 3}), NameOfCase);

TEST_P(CryptoBasics, Derive) {
  const Json& ref = json()["ref_hash"];
  EXPECT_EQ(RefHash(ref["label"].get<std::string>(), HexIn(ref, "value")), HexIn(ref, "out"));

  const Json& expand = json()["expand_with_label"];
  EXPECT_EQ(ExpandWithLabel(HexIn(expand, "secret"), expand["label"].get<std::string>(),
                            HexIn(expand, "context"), expand["length"].get<size_t>())
                .Expose(),
            HexIn(expand, "out"));

  const Json& derive = json()["derive_secret"];
  EXPECT_EQ(DeriveSecret(HexIn(derive, "secret"), derive["label"].get<std::string>()).Expose(),
            HexIn(derive, "out"));

  const Json& tree = json()["derive_tree_secret"];
  EXPECT_EQ(DeriveTreeSecret(HexIn(tree, "secret"), tree["label"].get<std::string>(),
                             tree["generation"].get<uint32_t>(), tree["length"].get<size_t>())
                .Expose(),
            HexIn(tree, "out"));
}

TEST_P(CryptoBasics, Sign) {
  const Json& sign = json()["sign_with_label"];
  const std::string key = HexIn(sign, "pub");
  const std::string content = HexIn(sign, "content");
  const std::string label = sign["label"].get<std::string>();
  EXPECT_TRUE(VerifyWithLabel(key, label, content, HexIn(sign, "signature")));

  const SigningKey signing_key = *SigningKey::FromSeed(HexIn(sign, "priv"));
  EXPECT_EQ(signing_key.verifying_key().bytes(), key);
  const std::string signature = SignWithLabel(signing_key, label, content);
  EXPECT_EQ(signature, HexIn(sign, "signature"));  // Ed25519 is deterministic.
  EXPECT_FALSE(VerifyWithLabel(key, label + "x", content, signature));
  EXPECT_FALSE(VerifyWithLabel(key, label, content + "x", signature));
  EXPECT_FALSE(VerifyWithLabel(key, label, content, signature + "x"));
  EXPECT_FALSE(VerifyWithLabel(key + "x", label, content, signature));
}

TEST_P(CryptoBasics, Encrypt) {
  const Json& encrypt = json()["encrypt_with_label"];
  const std::string label = encrypt["label"].get<std::string>();
  const std::string context = HexIn(encrypt, "context");
  const std::string plaintext = HexIn(encrypt, "plaintext");
  const HpkePrivateKey key = *HpkePrivateKey::FromBytes(HexIn(encrypt, "priv"));
  EXPECT_EQ(key.public_key().bytes(), HexIn(encrypt, "pub"));

  const HpkeCiphertext given{HexIn(encrypt, "kem_output"), HexIn(encrypt, "ciphertext")};
  EXPECT_EQ(*Decrypt(suite(), key, label, context, given), plaintext);

  const auto ours = Encrypt(suite(), HexIn(encrypt, "pub"), label, context, plaintext);
  ASSERT_TRUE(ours.ok());
  EXPECT_EQ(*Decrypt(suite(), key, label, context, *ours), plaintext);
  EXPECT_EQ(FaultIn(Decrypt(suite(), key, label + "x", context, *ours)), Fault::kDecryptionFailed);
  EXPECT_EQ(FaultIn(Decrypt(suite(), key, label, context + "x", *ours)), Fault::kDecryptionFailed);
}

// The two suites are told apart by their AEAD, also within HPKE.
TEST(Suites, DoNotOpenWhatAnotherOneSealed) {
  const HpkePrivateKey key = HpkePrivateKey::Generate(SystemRandom::Instance());
  const auto sealed = Encrypt(kSuite1, key.public_key().bytes(), "label", "", "text");
  EXPECT_EQ(*Decrypt(kSuite1, key, "label", "", *sealed), "text");
  EXPECT_EQ(FaultIn(Decrypt(kSuite3, key, "label", "", *sealed)), Fault::kDecryptionFailed);
}

TEST(Suites, RefuseKeysThatAreNone) {
  for (const std::string& key : {std::string(31, 'k'), std::string(33, 'k'), std::string(),
                                 std::string(32, '\0')}) {  // the last is a point of small order
    EXPECT_EQ(FaultIn(Encrypt(kSuite3, key, "label", "", "text")), Fault::kKeyMalformed);
  }
}

TEST(Suites, RefuseWhatWasDamaged) {
  const HpkePrivateKey key = HpkePrivateKey::Generate(SystemRandom::Instance());
  const HpkeCiphertext sealed = *Encrypt(kSuite3, key.public_key().bytes(), "label", "", "text");
  const auto fault = [&](const HpkeCiphertext& damaged) {
    return FaultIn(Decrypt(kSuite3, key, "label", "", damaged));
  };
  crypto::ForEachDamaged(sealed.ciphertext, [&](const std::string& ciphertext) {
    EXPECT_EQ(fault({sealed.kem_output, ciphertext}), Fault::kDecryptionFailed);
  });
  EXPECT_EQ(fault({sealed.kem_output.substr(1), sealed.ciphertext}), Fault::kDecryptionFailed);
  EXPECT_EQ(fault({std::string(32, '\0'), sealed.ciphertext}), Fault::kDecryptionFailed);
  EXPECT_EQ(fault({sealed.kem_output, ""}), Fault::kDecryptionFailed);
}

// A tag that is a beginning of the right one was once accepted elsewhere (GHSA-8x3w-qj7j-gqhf).
TEST(Macs, AreComparedWithTheirSize) {
  const std::string tag = Mac("key", "data");
  EXPECT_TRUE(VerifyMac("key", "data", tag));
  for (size_t size = 0; size < tag.size(); ++size) {
    EXPECT_FALSE(VerifyMac("key", "data", tag.substr(0, size))) << size;
  }
  EXPECT_FALSE(VerifyMac("key", "data", tag + '\0'));
  crypto::ForEachDamaged(
      tag, [](const std::string& other) { EXPECT_FALSE(VerifyMac("key", "data", other)); });
}

}  // namespace
}  // namespace amana::mls
