#include "common/merkle/text.h"

#include <gtest/gtest.h>

namespace amana::merkle {
namespace {

TEST(Base64, HasOneSpellingForEachValue) {
  EXPECT_EQ(DecodeBase64("Zm9vYg=="), "foob");
  EXPECT_EQ(DecodeBase64(""), "");
  for (const char* text : {"Zm9vYg", "Zm9vYg=", "Zm9vYh==", "Zm9v Yg==", "Zm9vYg==\n",
                           "Zm9vYg===", "Zm9v-_==", "Zm9vYg==Zm9v", "=", "Z"}) {
    EXPECT_EQ(DecodeBase64(text), std::nullopt) << text;
  }
}

TEST(Decimal, HasOneSpellingForEachNumber) {
  EXPECT_EQ(ParseDecimal("0"), 0u);
  EXPECT_EQ(ParseDecimal("18446744073709551615"), UINT64_MAX);
  for (const char* text :
       {"", "00", "042", "+1", "-1", " 1", "1 ", "0x1", "1e3", "18446744073709551616"}) {
    EXPECT_EQ(ParseDecimal(text), std::nullopt) << text;
  }
}

TEST(NoteText, IsUtf8WithoutControlCharacters) {
  EXPECT_TRUE(IsNoteText("plain\n\nأمانة, 𝄞\n"));
  for (const std::string_view text :
       {std::string_view("a\r\n"), std::string_view("a\tb"), std::string_view("a\0b", 3),
        std::string_view("\x80"), std::string_view("\xC0\xAF"), std::string_view("\xE0\x80\xAF"),
        std::string_view("\xED\xA0\x80"), std::string_view("\xF4\x90\x80\x80"),
        std::string_view("\xF8\x88\x80\x80\x80"), std::string_view("\xE2\x80")}) {
    EXPECT_FALSE(IsNoteText(text));
  }
}

TEST(KeyName, HasNoSpaceAndNoPlus) {
  EXPECT_TRUE(IsKeyName("audit.example.org/log1"));
  EXPECT_TRUE(IsKeyName("أمانة"));
  for (const char* name : {"", "a b", "a+b", "a\u00A0b", "a\u2003b", "a\u3000", "a\u0085", "a\nb",
                           "\u2028", "a\xFF"}) {
    EXPECT_FALSE(IsKeyName(name)) << name;
  }
}

TEST(LineReader, LeavesAnUnfinishedLine) {
  LineReader lines("one\n\nrest");
  EXPECT_EQ(lines.Next(), "one");
  EXPECT_EQ(lines.Next(), "");
  EXPECT_EQ(lines.Next(), std::nullopt);
  EXPECT_EQ(lines.rest(), "rest");
}

}  // namespace
}  // namespace amana::merkle
