#pragma once

// AMANA_CHECK: for what only a fault in our own code can break (a key of the wrong length, a broken
// invariant). It ends the process with a fixed sentence, because going on would be worse. Anything
// the outside can cause is an absl::Status.

namespace amana::internal {

// Writes the sentence to stderr and aborts.
[[noreturn]] void CheckFailed(const char* sentence, const char* file, int line);

}  // namespace amana::internal

#define AMANA_CHECK(condition, sentence)                            \
  do {                                                              \
    if (!(condition)) [[unlikely]] {                                \
      ::amana::internal::CheckFailed(sentence, __FILE__, __LINE__); \
    }                                                               \
  } while (false)
