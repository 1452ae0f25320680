#pragma once

// Keys, codes and passphrases in memory: move-only, wiped when they go, and without any way to
// print, log or compare them.
//
//   Secret<std::array<uint8_t, 32>>   of a fixed size, held in place
//   SecretBytes                       of a size known at run time, in one buffer that never grows
//   WipedString                       text on its way between two who have it as a plain string
//
// The only way in is Expose(): a word one can search for. What it gives must not outlive the
// secret. Comparing goes through crypto::ConstantTimeEqual(a.Expose(), b.Expose()). Not thread-safe
// while being changed or moved.

#include <cstddef>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace amana {

// Overwrites memory with zeros in a way that the compiler may not leave out.
void WipeMemory(void* data, size_t size) noexcept;

// Wipes all memory of a string, also behind its end, and empties it. Copies that the string left
// behind when it grew are out of reach: where a secret is appended to, GrowString() comes first.
void WipeString(std::string& text) noexcept;

// Makes room for `capacity` bytes in all; the memory that the string outgrows is wiped.
void GrowString(std::string& text, size_t capacity);

// How a secret is wiped. A test gives another one, to see that it happened.
struct MemoryWiper {
  static void Wipe(void* data, size_t size) noexcept { WipeMemory(data, size); }
};

template <class T, class Wiper = MemoryWiper>
class Secret {
  static_assert(std::is_trivially_copyable_v<T> && !std::is_pointer_v<T>,
                "A Secret owns all its bytes in place; for text and buffers use SecretBytes.");

 public:
  Secret() = default;
  explicit Secret(const T& value) : value_(value) {}

  Secret(Secret&& other) noexcept : value_(other.value_) { other.Wipe(); }
  Secret& operator=(Secret&& other) noexcept {
    if (this != &other) {
      value_ = other.value_;
      other.Wipe();
    }
    return *this;
  }
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret() { Wipe(); }

  const T& Expose() const { return value_; }
  T& ExposeMutable() { return value_; }

 private:
  void Wipe() noexcept { Wiper::Wipe(&value_, sizeof(value_)); }

  T value_{};
};

template <class Wiper>
class BasicSecretBytes {
 public:
  BasicSecretBytes() = default;

  // `size` zero bytes, to be filled through ExposeMutable().
  explicit BasicSecretBytes(size_t size) : size_(size), data_(std::make_unique<char[]>(size)) {}

  static BasicSecretBytes CopyOf(std::string_view bytes) {
    BasicSecretBytes secret(bytes.size());
    if (!bytes.empty()) std::memcpy(secret.data_.get(), bytes.data(), bytes.size());
    return secret;
  }

  // Takes the bytes over and wipes the string they came in.
  static BasicSecretBytes Take(std::string&& bytes) {
    BasicSecretBytes secret = CopyOf(bytes);
    WipeString(bytes);
    return secret;
  }

  BasicSecretBytes(BasicSecretBytes&& other) noexcept
      : size_(std::exchange(other.size_, 0)), data_(std::move(other.data_)) {}
  BasicSecretBytes& operator=(BasicSecretBytes&& other) noexcept {
    if (this != &other) {
      Wipe();
      size_ = std::exchange(other.size_, 0);
      data_ = std::move(other.data_);
    }
    return *this;
  }
  BasicSecretBytes(const BasicSecretBytes&) = delete;
  BasicSecretBytes& operator=(const BasicSecretBytes&) = delete;
  ~BasicSecretBytes() { Wipe(); }

  // A second secret with the same bytes: written out, so that no copy is made by accident.
  BasicSecretBytes Clone() const { return CopyOf(Expose()); }

  std::string_view Expose() const { return {data_.get(), size_}; }
  char* ExposeMutable() { return data_.get(); }
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

 private:
  void Wipe() noexcept {
    if (data_ != nullptr) Wiper::Wipe(data_.get(), size_);
  }

  size_t size_ = 0;
  std::unique_ptr<char[]> data_;
};

using SecretBytes = BasicSecretBytes<MemoryWiper>;

// A string that is wiped when it goes, unless it was moved on to somebody else. Copies are wiped as
// well.
struct WipedString {
  WipedString() = default;
  WipedString(std::string bytes) : text(std::move(bytes)) {}  // NOLINT(google-explicit-constructor)
  WipedString(const WipedString&) = default;
  WipedString(WipedString&&) noexcept = default;
  // What was there before goes with `other`.
  WipedString& operator=(WipedString other) noexcept {
    text.swap(other.text);
    return *this;
  }
  ~WipedString() { WipeString(text); }

  friend bool operator==(const WipedString&, const WipedString&) = default;

  std::string text;
};

}  // namespace amana
