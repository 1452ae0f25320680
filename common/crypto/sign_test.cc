#include "common/crypto/sign.h"

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "common/base/error.h"
#include "common/crypto/random.h"
#include "common/crypto/test_bytes.h"
#include "gtest/gtest.h"

namespace amana::crypto {
namespace {

struct Vector {
  std::string seed, public_key, message, signature;  // hexadecimal
};

// RFC 8032 section 7.1: tests 1, 2, 3 and SHA(abc).
const Vector kRfc8032[] = {
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b"
     "46bd25bf5f0595bbe24"
     "655141438e7a100b"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11"
     "d8c387b2eaeb4302aee"
     "b00d291612bb0c00"},
    {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc"
     "6594a7c15e9716ed28d"
     "c027beceea1ec40a"},
    {"833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
     "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
     "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3fee"
     "bbd454d4423643ce80e"
     "2a9ac94fa54ca49f",
     "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e"
     "0303dca179c138ac17a"
     "d9bef1177331a704"},
};

TEST(SignTest, Rfc8032) {
  for (const Vector& v : kRfc8032) {
    const SigningKey key = *SigningKey::FromSeed(FromHex(v.seed));
    EXPECT_EQ(HexEncode(key.verifying_key().bytes()), v.public_key);
    EXPECT_EQ(HexEncode(key.Sign(FromHex(v.message))), v.signature);
    EXPECT_EQ(HexEncode(key.Seed().Expose()), v.seed);
    const VerifyingKey verifying = *VerifyingKey::FromBytes(FromHex(v.public_key));
    EXPECT_EQ(verifying, key.verifying_key());
    EXPECT_TRUE(verifying.Verify(FromHex(v.message), FromHex(v.signature)));
  }
}

TEST(SignTest, NothingDamagedVerifies) {
  const SigningKey key = SigningKey::Generate(SystemRandom::Instance());
  const std::string signature = key.Sign("message");
  EXPECT_TRUE(key.verifying_key().Verify("message", signature));
  EXPECT_FALSE(key.verifying_key().Verify("massage", signature));
  ForEachDamaged(signature, [&](const std::string& damaged) {
    EXPECT_FALSE(key.verifying_key().Verify("message", damaged));
  });
  ForEachDamaged(key.verifying_key().bytes(), [&](const std::string& other) {
    EXPECT_FALSE(VerifyingKey::FromBytes(other)->Verify("message", signature));
  });
  for (size_t size = 0; size < signature.size(); ++size) {
    EXPECT_FALSE(key.verifying_key().Verify("message", signature.substr(0, size)));
  }
  EXPECT_FALSE(key.verifying_key().Verify("message", signature + "x"));
  EXPECT_FALSE(VerifyingKey().Verify("message", signature));
}

TEST(SignTest, KeysOfAnotherSizeAreRefused) {
  EXPECT_EQ(ReasonOf(SigningKey::FromSeed("short").status()), Reason::kInputMalformed);
  EXPECT_EQ(ReasonOf(VerifyingKey::FromBytes(std::string(33, 'x')).status()),
            Reason::kInputMalformed);
}

// C2SP/CCTV's crafted signatures, on which implementations differ. The rules that sign.h names
// accept 43 of the 914: another number means that the rules changed, and auditors with the old ones
// would disagree with us.
TEST(SignTest, CctvEdgeCases) {
  std::ifstream file(SharedPath("vectors/tlog/cctv-ed25519vectors.json"));
  if (!file) GTEST_SKIP() << "shared/vectors/tlog/cctv-ed25519vectors.json is not here";
  const nlohmann::json vectors = nlohmann::json::parse(file);
  ASSERT_EQ(vectors.size(), 914u);
  int accepted = 0;
  for (const auto& v : vectors) {
    const VerifyingKey key = *VerifyingKey::FromBytes(FromHex(v["key"].get<std::string>()));
    const bool valid =
        key.Verify(v["msg"].get<std::string>(), FromHex(v["sig"].get<std::string>()));
    accepted += valid ? 1 : 0;
    const auto& flags = v["flags"];
    if (valid && flags.is_array()) {
      for (const char* refused : {"low_order_A", "low_order_R", "non_canonical_A"}) {
        EXPECT_EQ(std::count(flags.begin(), flags.end(), refused), 0)
            << v["number"] << " " << refused;
      }
    }
  }
  EXPECT_EQ(accepted, 43);
}

}  // namespace
}  // namespace amana::crypto
