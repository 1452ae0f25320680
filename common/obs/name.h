#pragma once

// The only two kinds of text that logs and metrics take: words of the program itself. What a person
// typed, an id or a message of a library has no way in.

#include <cstddef>
#include <string_view>

namespace amana::obs {

// A string literal of the source, and nothing else: the constructor runs in the compiler.
class Literal {
 public:
  template <size_t N>
  consteval Literal(const char (&text)[N])  // NOLINT(google-explicit-constructor)
      : text_(text, N - 1) {}

  constexpr std::string_view text() const { return text_; }

 private:
  std::string_view text_;
};

// A literal, or a word that the program registered while it started: the name of a method, a
// service, an enum value. A process can register at most kMaxNames; more ends it, so that nobody
// registers what comes from outside. A value: cheap to copy, valid for the life of the process.
class Name {
 public:
  static constexpr size_t kMaxNames = 4096;
  static constexpr size_t kMaxNameSize = 96;

  constexpr Name(Literal literal)  // NOLINT(google-explicit-constructor)
      : text_(literal.text()) {}
  template <size_t N>
  consteval Name(const char (&text)[N])  // NOLINT(google-explicit-constructor)
      : text_(text, N - 1) {}

  // Letters, digits and "._/-" only. Thread-safe; takes a lock: keep the Name.
  static Name Register(std::string_view word);

  constexpr std::string_view text() const { return text_; }

  friend constexpr bool operator==(Name, Name) = default;

 private:
  struct Interned {};
  constexpr Name(Interned, std::string_view text) : text_(text) {}

  std::string_view text_;
};

}  // namespace amana::obs
