#include "common/crypto/aead.h"

#include "common/base/error.h"
#include "common/crypto/test_bytes.h"
#include "gtest/gtest.h"

namespace amana::crypto {
namespace {

constexpr std::string_view kPlaintext =
    "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, "
    "sunscreen would be it.";

// draft-irtf-cfrg-xchacha-03 appendix A.3.1.
TEST(AeadTest, XChaCha20Poly1305Vector) {
  const std::string key = Range(0x80, 0xa0);
  const std::string nonce = Range(0x40, 0x58);
  const std::string ad = FromHex("50515253c0c1c2c3c4c5c6c7");
  const std::string ciphertext = Seal(key, nonce, ad, kPlaintext);
  EXPECT_EQ(HexEncode(ciphertext),
            "bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb731c7f1b0b4aa6440bf3a8"
            "2f4eda7e39"
            "ae64c6708c54c216cb96b72e1213b4522f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b238"
            "3565d3fff9"
            "21f9664c97637da9768812f615c68b13b52ec0875924c1c7987947deafd8780acf49");
  EXPECT_EQ(*Open(key, nonce, ad, ciphertext), kPlaintext);
}

// RFC 8439 section 2.8.2.
TEST(AeadTest, ChaCha20Poly1305IetfVector) {
  const std::string key = Range(0x80, 0xa0);
  const std::string nonce = FromHex("070000004041424344454647");
  const std::string ad = FromHex("50515253c0c1c2c3c4c5c6c7");
  const std::string ciphertext = SealIetf(key, nonce, ad, kPlaintext);
  EXPECT_EQ(HexEncode(ciphertext),
            "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb"
            "69da92728b"
            "1a71de0a9e060b2905d6a5b67ecd3b3692ddbd7f2d778b8c9803aee328091b58fab324e4fad67594558580"
            "8b4831d7bc"
            "3ff4def08e4b7a9de576d26586cec64b61161ae10b594f09e26a7e902ecbd0600691");
  EXPECT_EQ(*OpenIetf(key, nonce, ad, ciphertext), kPlaintext);
}

TEST(AeadTest, NothingDamagedOpens) {
  const std::string key(32, 'k');
  const std::string sealed = SealWithNonce(key, "ad", "plaintext");
  EXPECT_EQ(*OpenWithNonce(key, "ad", sealed), "plaintext");
  ForEachDamaged(sealed, [&](const std::string& damaged) {
    EXPECT_EQ(ReasonOf(OpenWithNonce(key, "ad", damaged).status()), Reason::kDecryptionFailed);
  });
  ForEachDamaged(key, [&](const std::string& other) {
    EXPECT_FALSE(OpenWithNonce(other, "ad", sealed).ok());
  });
  EXPECT_FALSE(OpenWithNonce(key, "da", sealed).ok());
  for (size_t size = 0; size < sealed.size(); ++size)
    EXPECT_FALSE(OpenWithNonce(key, "ad", sealed.substr(0, size)).ok());
}

TEST(AeadTest, EmptyPlaintextAndEmptyData) {
  const std::string key(32, 'k');
  EXPECT_EQ(*OpenWithNonce(key, "", SealWithNonce(key, "", "")), "");
  EXPECT_NE(SealWithNonce(key, "", ""), SealWithNonce(key, "", ""));
}

TEST(AeadDeathTest, AKeyOrNonceOfAnotherSizeEndsTheProcess) {
  EXPECT_DEATH(Seal("short", std::string(24, 'n'), "", ""), "a key of another size");
  EXPECT_DEATH(Seal(std::string(32, 'k'), std::string(12, 'n'), "", ""), "a nonce of another size");
}

}  // namespace
}  // namespace amana::crypto
