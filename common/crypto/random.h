#pragma once

#include <cstddef>
#include <string>

#include "common/base/random.h"

namespace amana::crypto {

// The operating system's cryptographic randomness, through libsodium. Thread-safe, holds nothing,
// safe after fork().
class SystemRandom final : public Random {
 public:
  SystemRandom();
  void Fill(char* out, size_t n) override;

  // One for the whole process.
  static SystemRandom& Instance();
};

std::string RandomBytes(size_t n);

// The same quality out of a buffer of the calling thread: for nonces, of which many are needed.
// Every byte is given out once and wiped; a child after fork() starts with an empty buffer, so it
// never repeats its parent's.
void FillNonce(char* out, size_t n);

}  // namespace amana::crypto
