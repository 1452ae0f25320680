#include <string>
#include <utility>
#include <vector>

#include "common/base/base32.h"
#include "common/base/error.h"
#include "common/base/hex.h"
#include "gtest/gtest.h"

namespace amana {
namespace {

TEST(Base32Test, Rfc4648Vectors) {
  // RFC 4648 section 10, in lower case and without padding.
  const std::vector<std::pair<std::string, std::string>> vectors = {{"", ""},
                                                                    {"f", "my"},
                                                                    {"fo", "mzxq"},
                                                                    {"foo", "mzxw6"},
                                                                    {"foob", "mzxw6yq"},
                                                                    {"fooba", "mzxw6ytb"},
                                                                    {"foobar", "mzxw6ytboi"}};
  for (const auto& [bytes, text] : vectors) {
    EXPECT_EQ(Base32Encode(bytes), text);
    EXPECT_EQ(*Base32Decode(text), bytes);
  }
}

TEST(Base32Test, RefusesEverySecondSpelling) {
  for (const char* text :
       {"MY", "my======", "m", "mzx", "mzxw6y", "mz", "m1", "m ", "m\n", "0a", "8a"}) {
    EXPECT_EQ(ReasonOf(Base32Decode(text).status()), Reason::kInputMalformed) << text;
  }
}

TEST(Base32Test, EveryAcceptedTextIsTheOnlyOne) {
  // All texts of up to four characters over a part of the alphabet: what decodes must encode to
  // itself.
  const std::string_view alphabet = "ab27qzA=1";
  std::vector<std::string> texts = {""};
  for (size_t i = 0; i < texts.size() && texts[i].size() < 4; ++i) {
    for (const char c : alphabet) texts.push_back(texts[i] + c);
  }
  for (const std::string& text : texts) {
    const auto bytes = Base32Decode(text);
    if (bytes.ok()) {
      EXPECT_EQ(Base32Encode(*bytes), text);
    }
  }
}

TEST(HexTest, ThereAndBack) {
  std::string all;
  for (int i = 0; i < 256; ++i) all.push_back(static_cast<char>(i));
  EXPECT_EQ(*HexDecode(HexEncode(all)), all);
  EXPECT_EQ(HexEncode(std::string_view("\x00\xff\x1a", 3)), "00ff1a");
  EXPECT_EQ(*HexDecode(""), "");
}

TEST(HexTest, RefusesWhatItNeverWrites) {
  for (const char* text : {"0", "0g", "FF", "0x", " 0", "00 "}) {
    EXPECT_EQ(ReasonOf(HexDecode(text).status()), Reason::kInputMalformed) << text;
  }
}

}  // namespace
}  // namespace amana
