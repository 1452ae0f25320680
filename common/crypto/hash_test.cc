#include "common/crypto/hash.h"

#include "common/crypto/constant_time.h"
#include "common/crypto/test_bytes.h"
#include "gtest/gtest.h"

namespace amana::crypto {
namespace {

// FIPS 180-4's examples.
TEST(Sha256Test, FipsVectors) {
  EXPECT_EQ(HexEncode(Sha256("")),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(HexEncode(Sha256("abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(HexEncode(Sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(HexEncode(Sha256(std::string(1000000, 'a'))),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256HasherTest, PartsGiveTheSameAndItStartsOver) {
  Sha256Hasher hasher;
  for (int i = 0; i < 1000; ++i) hasher.Update(std::string(1000, 'a'));
  EXPECT_EQ(hasher.Finish(), Sha256(std::string(1000000, 'a')));
  EXPECT_EQ(hasher.Finish(), Sha256(""));
  Sha256Hasher moved = std::move(hasher);
  EXPECT_EQ(moved.Update("a").Update("").Update("bc").Finish(), Sha256("abc"));
}

// RFC 4231, test cases 1 to 7 (5 gives the first 128 bits only).
TEST(HmacSha256Test, Rfc4231) {
  EXPECT_EQ(HexEncode(HmacSha256(std::string(20, '\x0b'), "Hi There")),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(HexEncode(HmacSha256("Jefe", "what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(HexEncode(HmacSha256(std::string(20, '\xaa'), std::string(50, '\xdd'))),
            "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
  EXPECT_EQ(HexEncode(HmacSha256(Range(1, 26), std::string(50, '\xcd'))),
            "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b");
  EXPECT_EQ(HexEncode(HmacSha256(std::string(20, '\x0c'), "Test With Truncation").substr(0, 16)),
            "a3b6167473100ee06e0c796c2955552b");
  EXPECT_EQ(HexEncode(HmacSha256(std::string(131, '\xaa'),
                                 "Test Using Larger Than Block-Size Key - Hash Key First")),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
  EXPECT_EQ(
      HexEncode(HmacSha256(
          std::string(131, '\xaa'),
          "This is a test using a larger than block-size key and a larger than block-size data. "
          "The key needs to be hashed before being used by the HMAC algorithm.")),
      "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2");
}

struct HkdfVector {
  std::string input_key, salt, info;
  std::string pseudorandom_key, output;  // hexadecimal
};

// RFC 5869 appendix A.1 to A.3.
TEST(HkdfTest, Rfc5869) {
  const HkdfVector vectors[] = {
      {std::string(22, '\x0b'), Range(0, 13), Range(0xf0, 0xfa),
       "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5",
       "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"},
      {Range(0, 0x50), Range(0x60, 0xb0), Range(0xb0, 0x100),
       "06a6b88c5853361a06104c9ceb35b45cef760014904671014a193f40c15fc244",
       "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e5"
       "90e09"
       "da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87"},
      {std::string(22, '\x0b'), "", "",
       "19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04",
       "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"},
  };
  for (const HkdfVector& v : vectors) {
    const size_t size = v.output.size() / 2;
    const SecretBytes key = HkdfExtract(v.salt, v.input_key);
    EXPECT_EQ(HexEncode(key.Expose()), v.pseudorandom_key);
    EXPECT_EQ(HexEncode(HkdfExpand(key.Expose(), v.info, size).Expose()), v.output);
  }
}

TEST(HkdfTest, TheLongestOutput) {
  constexpr size_t kLongest = size_t{255} * 32;
  EXPECT_EQ(HkdfExpand("key", "", kLongest).size(), kLongest);
  EXPECT_TRUE(HkdfExpand("key", "", 0).empty());
  EXPECT_DEATH(HkdfExpand("key", "", kLongest + 1), "255 blocks");
}

TEST(ConstantTimeEqualTest, ComparesBytesAndSizes) {
  EXPECT_TRUE(ConstantTimeEqual("", ""));
  EXPECT_TRUE(ConstantTimeEqual("abc", "abc"));
  EXPECT_FALSE(ConstantTimeEqual("abc", "abd"));
  EXPECT_FALSE(ConstantTimeEqual("abc", "ab"));
  EXPECT_FALSE(ConstantTimeEqual("", "a"));
}

}  // namespace
}  // namespace amana::crypto
