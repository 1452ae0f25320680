#include "common/crypto/password.h"

#include "common/base/error.h"
#include "gtest/gtest.h"

namespace amana::crypto {
namespace {

constexpr PasswordLimits kFast{1, 8192};
const std::string kSalt(16, 's');

// From the test suite of Argon2's reference implementation (argon2id, version 19, t=2, m=64 MiB,
// p=1).
TEST(VerifyCodeTest, ReferenceVector) {
  const std::string hash =
      "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
  EXPECT_TRUE(VerifyCode("password", hash));
  EXPECT_FALSE(VerifyCode("Password", hash));
}

TEST(VerifyCodeTest, KnowsItsOwnHashesAndNothingElse) {
  const std::string hash = *HashCode("mzxw6ytboi");
  EXPECT_LT(hash.size(), 128u);
  EXPECT_TRUE(hash.starts_with("$argon2id$v=19$m=8192,t=1,p=1$")) << hash;
  EXPECT_TRUE(VerifyCode("mzxw6ytboi", hash));
  EXPECT_FALSE(VerifyCode("mzxw6ytbo", hash));
  EXPECT_FALSE(VerifyCode("", hash));
  EXPECT_NE(*HashCode("mzxw6ytboi"), hash);  // another salt
  for (const std::string& text :
       {std::string(), std::string("x"), std::string(500, '$'), hash.substr(1)}) {
    EXPECT_FALSE(VerifyCode("mzxw6ytboi", text));
  }
}

TEST(DeriveKeyTest, DependsOnEverything) {
  const auto derive = [](std::string_view passphrase, std::string_view salt,
                         PasswordLimits limits) {
    return std::string(DeriveKey(passphrase, salt, limits)->Expose());
  };
  const std::string key = derive("passphrase", kSalt, kFast);
  EXPECT_EQ(key.size(), 32u);
  EXPECT_EQ(derive("passphrase", kSalt, kFast), key);
  EXPECT_NE(derive("passphrasE", kSalt, kFast), key);
  EXPECT_NE(derive("passphrase", std::string(16, 't'), kFast), key);
  EXPECT_NE(derive("passphrase", kSalt, {2, 8192}), key);
  EXPECT_NE(derive("passphrase", kSalt, {1, 16384}), key);
  EXPECT_TRUE(DeriveKey("", kSalt, kFast).ok());
}

TEST(DeriveKeyTest, RefusesLimitsThatSomeoneElseWrote) {
  for (const PasswordLimits limits :
       {PasswordLimits{0, 8192}, PasswordLimits{1, 8191}, PasswordLimits{1, 0},
        PasswordLimits{kMaxLimits.passes + 1, 8192},
        PasswordLimits{1, kMaxLimits.memory_bytes + 1}}) {
    EXPECT_EQ(ReasonOf(DeriveKey("p", kSalt, limits).status()), Reason::kInputMalformed);
  }
  EXPECT_EQ(ReasonOf(DeriveKey("p", "salt", kFast).status()), Reason::kInputMalformed);
}

}  // namespace
}  // namespace amana::crypto
