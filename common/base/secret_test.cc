#include "common/base/secret.h"

#include <algorithm>
#include <array>
#include <concepts>
#include <cstdint>
#include <ostream>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace amana {
namespace {

using Key = Secret<std::array<uint8_t, 32>>;

// What a secret must not be able to do, proved when this file compiles.
template <class T>
concept Printable = requires(std::ostream& out, const T& secret) { out << secret; };
template <class T>
concept Comparable = requires(const T& a, const T& b) { a == b; };
template <class T>
concept Ordered = requires(const T& a, const T& b) { a < b; };
template <class T>
concept Concatenable = requires(const T& secret) { absl::StrCat(secret); };
template <class T>
concept Stringifiable =
    requires(const T& secret) { AbslStringify(std::declval<std::string&>(), secret); };
template <class T>
concept Hidden = !Printable<T> && !Comparable<T> && !Ordered<T> && !Concatenable<T> &&
                 !Stringifiable<T> && !std::convertible_to<T, std::string> &&
                 !std::convertible_to<T, std::string_view> && !std::convertible_to<T, bool>;
template <class T>
concept MoveOnly = !std::copy_constructible<T> && !std::is_copy_assignable_v<T> &&
                   std::is_nothrow_move_constructible_v<T> && std::is_nothrow_move_assignable_v<T>;

static_assert(Hidden<Key> && MoveOnly<Key>);
static_assert(Hidden<SecretBytes> && MoveOnly<SecretBytes>);
// The concepts themselves see what they look for.
static_assert(Printable<int> && Comparable<int> && Ordered<int> && Concatenable<int> &&
              !Hidden<std::string>);

// Wipes as production does, then looks at the memory while its owner still lives.
struct WatchedWiper {
  static inline size_t wiped_bytes = 0;
  static inline bool all_zero = true;

  static void Reset() {
    wiped_bytes = 0;
    all_zero = true;
  }
  static void Wipe(void* data, size_t size) noexcept {
    MemoryWiper::Wipe(data, size);
    const auto* bytes = static_cast<const unsigned char*>(data);
    all_zero = all_zero && std::all_of(bytes, bytes + size, [](unsigned char b) { return b == 0; });
    wiped_bytes += size;
  }
};

using WatchedKey = Secret<std::array<uint8_t, 32>, WatchedWiper>;
using WatchedBytes = BasicSecretBytes<WatchedWiper>;

std::array<uint8_t, 32> Filled(uint8_t byte) {
  std::array<uint8_t, 32> bytes;
  bytes.fill(byte);
  return bytes;
}

TEST(SecretTest, IsWipedWhenItGoes) {
  WatchedWiper::Reset();
  {
    const WatchedKey key(Filled(7));
  }
  EXPECT_EQ(WatchedWiper::wiped_bytes, 32u);
  EXPECT_TRUE(WatchedWiper::all_zero);
}

TEST(SecretTest, AMoveLeavesZerosBehind) {
  Key from(Filled(7));
  const Key to(std::move(from));
  EXPECT_EQ(to.Expose(), Filled(7));
  EXPECT_EQ(from.Expose(), Filled(0));  // NOLINT(bugprone-use-after-move): that is what is tested
  Key assigned;
  Key source(Filled(9));
  assigned = std::move(source);
  EXPECT_EQ(assigned.Expose(), Filled(9));
  EXPECT_EQ(source.Expose(), Filled(0));  // NOLINT(bugprone-use-after-move)
}

TEST(SecretBytesTest, IsWipedWhenItGoes) {
  WatchedWiper::Reset();
  {
    const WatchedBytes bytes = WatchedBytes::CopyOf("correct horse");
  }
  EXPECT_EQ(WatchedWiper::wiped_bytes, 13u);
  EXPECT_TRUE(WatchedWiper::all_zero);
}

TEST(SecretBytesTest, AssignmentWipesWhatWasThere) {
  WatchedBytes bytes = WatchedBytes::CopyOf("old key");
  WatchedWiper::Reset();
  bytes = WatchedBytes::CopyOf("new");
  EXPECT_EQ(WatchedWiper::wiped_bytes, 7u);
  EXPECT_TRUE(WatchedWiper::all_zero);
  EXPECT_EQ(bytes.Expose(), "new");
}

TEST(SecretBytesTest, MovesWithoutACopy) {
  SecretBytes from = SecretBytes::CopyOf("key");
  const char* const place = from.Expose().data();
  const SecretBytes to = std::move(from);
  EXPECT_EQ(to.Expose().data(), place);
  EXPECT_TRUE(from.empty());  // NOLINT(bugprone-use-after-move)
}

TEST(SecretBytesTest, TakeEmptiesTheStringItCameIn) {
  std::string text = "a passphrase longer than the small string buffer";
  const SecretBytes secret = SecretBytes::Take(std::move(text));
  EXPECT_EQ(secret.Expose(), "a passphrase longer than the small string buffer");
  EXPECT_TRUE(text.empty());  // NOLINT(bugprone-use-after-move)
}

bool IsZero(const char* bytes, size_t size) {
  return std::all_of(bytes, bytes + size, [](char c) { return c == 0; });
}

TEST(WipeStringTest, WipesWhatStandsBehindTheEnd) {
  std::string text(100, 'x');
  text.resize(3);
  const char* const place = text.data();
  WipeString(text);
  EXPECT_EQ(text, "");
  ASSERT_EQ(text.data(), place);
  EXPECT_TRUE(IsZero(place, text.capacity()));
}

TEST(GrowStringTest, MovesTheTextAndTakesNothingAway) {
  std::string text = "text";
  GrowString(text, 1000);
  EXPECT_GE(text.capacity(), 1000u);
  EXPECT_EQ(text, "text");
  const char* const place = text.data();
  GrowString(text, 1000);
  GrowString(text, 1);
  EXPECT_EQ(text.data(), place);
  EXPECT_EQ(text, "text");
}

// What it leaves in memory that is freed, mls_wipe_test sees.
TEST(WipedStringTest, IsCopiedMovedAndCompared) {
  WipedString text(std::string("text"));
  WipedString copy = text;
  EXPECT_EQ(copy, text);
  copy = WipedString(std::string("other"));
  EXPECT_NE(copy, text);
  copy = std::move(text);
  EXPECT_EQ(copy.text, "text");
}

TEST(SecretBytesTest, EmptyAndCloned) {
  const SecretBytes none;
  EXPECT_TRUE(none.empty());
  EXPECT_TRUE(none.Clone().empty());
  const SecretBytes key = SecretBytes::CopyOf("key");
  EXPECT_EQ(key.Clone().Expose(), "key");
  EXPECT_EQ(SecretBytes(4).Expose(), std::string_view("\0\0\0\0", 4));
}

}  // namespace
}  // namespace amana
