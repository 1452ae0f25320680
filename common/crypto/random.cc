#include "common/crypto/random.h"

#include <pthread.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <cstring>

#include "common/base/check.h"
#include "common/crypto/sodium.h"

namespace amana::crypto {
namespace {

using internal::EnsureSodium;

// How often this process has been a fork's child: a buffer of another generation is the parent's.
std::atomic<uint64_t> fork_generation{0};

void WatchForks() {
  static const bool watching = pthread_atfork(nullptr, nullptr, [] {
                                 fork_generation.fetch_add(1, std::memory_order_relaxed);
                               }) == 0;
  AMANA_CHECK(watching, "can't watch for forks");
}

// One system call fills it for 42 nonces.
class NonceBuffer {
 public:
  NonceBuffer() {
    EnsureSodium();
    WatchForks();
  }
  NonceBuffer(const NonceBuffer&) = delete;
  NonceBuffer& operator=(const NonceBuffer&) = delete;
  ~NonceBuffer() { sodium_memzero(bytes_.data(), bytes_.size()); }

  void Take(char* out, size_t n) {
    const uint64_t generation = fork_generation.load(std::memory_order_relaxed);
    if (generation != generation_ || n > bytes_.size() - used_) {
      randombytes_buf(bytes_.data(), bytes_.size());
      used_ = 0;
      generation_ = generation;
    }
    std::memcpy(out, bytes_.data() + used_, n);
    sodium_memzero(bytes_.data() + used_, n);
    used_ += n;
  }

  static constexpr size_t kSize = 1024;

 private:
  std::array<char, kSize> bytes_{};
  size_t used_ = kSize;
  uint64_t generation_ = 0;
};

}  // namespace

SystemRandom::SystemRandom() { EnsureSodium(); }

void SystemRandom::Fill(char* out, size_t n) { randombytes_buf(out, n); }

SystemRandom& SystemRandom::Instance() {
  static SystemRandom random;
  return random;
}

std::string RandomBytes(size_t n) {
  std::string bytes(n, '\0');
  SystemRandom::Instance().Fill(bytes.data(), n);
  return bytes;
}

void FillNonce(char* out, size_t n) {
  thread_local NonceBuffer buffer;
  AMANA_CHECK(n <= NonceBuffer::kSize, "that is no nonce");
  buffer.Take(out, n);
}

}  // namespace amana::crypto
