#pragma once

// Attachments: libsodium's secretstream (XChaCha20-Poly1305) over chunks of 64 KiB. Chunks can't be
// changed, swapped, left out, repeated or cut off at the end without Open noticing. Memory: one
// chunk, whatever the size of the file.
//
// Encrypted form: 24 bytes header | chunks of 64 KiB + 17 bytes | a last chunk, marked as such, of
// 17 bytes to 64 KiB + 17. Not thread-safe. kDecryptionFailed for anything that was not made with
// the same key and in this order.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "common/base/random.h"
#include "common/base/secret.h"

namespace amana::crypto {

inline constexpr size_t kStreamKeySize = 32;
inline constexpr size_t kStreamHeaderSize = 24;
inline constexpr size_t kStreamChunkSize = size_t{64} * 1024;  // of plaintext
inline constexpr size_t kStreamOverhead = 17;                  // a chunk's tag and mark

// How many bytes a plaintext of `size` bytes becomes, header included.
constexpr uint64_t StreamCiphertextSize(uint64_t size) {
  const uint64_t chunks = size == 0 ? 1 : (size + kStreamChunkSize - 1) / kStreamChunkSize;
  return kStreamHeaderSize + size + chunks * kStreamOverhead;
}

// A key for one stream. Never use one key for two.
SecretBytes NewStreamKey(Random& random);

class StreamSealer {
 public:
  explicit StreamSealer(std::string_view key);
  ~StreamSealer();
  StreamSealer(StreamSealer&&) noexcept;
  StreamSealer& operator=(StreamSealer&&) noexcept;

  // 24 bytes, which go in front of the first chunk.
  const std::string& header() const { return header_; }

  // A chunk before the last: exactly kStreamChunkSize bytes.
  std::string Chunk(std::string_view plaintext);

  // The last chunk: 0 to kStreamChunkSize bytes. Afterwards the sealer is done.
  std::string LastChunk(std::string_view plaintext);

 private:
  struct State;
  std::string Push(std::string_view plaintext, bool last);

  std::string header_;
  std::unique_ptr<State> state_;
};

class StreamOpener {
 public:
  // kDecryptionFailed unless the header has 24 bytes.
  static absl::StatusOr<StreamOpener> Create(std::string_view key, std::string_view header);
  ~StreamOpener();
  StreamOpener(StreamOpener&&) noexcept;
  StreamOpener& operator=(StreamOpener&&) noexcept;

  // The next chunk, as Chunk or LastChunk gave it. After an error or the last chunk every further
  // one is an error.
  absl::StatusOr<std::string> Chunk(std::string_view ciphertext);

  // True after the last chunk: without it the stream was cut off, and nothing of it is to be
  // trusted.
  bool finished() const { return finished_; }

 private:
  struct State;
  StreamOpener();

  std::unique_ptr<State> state_;
  bool finished_ = false;
};

// A whole attachment in memory, for small ones and for tests.
std::string SealStream(std::string_view key, std::string_view plaintext);
absl::StatusOr<std::string> OpenStream(std::string_view key, std::string_view ciphertext);

}  // namespace amana::crypto
