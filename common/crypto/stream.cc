#include "common/crypto/stream.h"

#include <algorithm>
#include <utility>

#include "common/base/check.h"
#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "common/crypto/sodium.h"

namespace amana::crypto {
namespace {

using internal::Bytes;
using internal::EnsureSodium;

static_assert(kStreamKeySize == crypto_secretstream_xchacha20poly1305_KEYBYTES);
static_assert(kStreamHeaderSize == crypto_secretstream_xchacha20poly1305_HEADERBYTES);
static_assert(kStreamOverhead == crypto_secretstream_xchacha20poly1305_ABYTES);

// libsodium's state, wiped at the end.
struct WipedState {
  WipedState() = default;
  WipedState(const WipedState&) = delete;
  WipedState& operator=(const WipedState&) = delete;
  ~WipedState() { sodium_memzero(&state, sizeof(state)); }

  crypto_secretstream_xchacha20poly1305_state state;
};

void CheckKey(std::string_view key) {
  AMANA_CHECK(key.size() == kStreamKeySize, "a key of another size");
  EnsureSodium();
}

}  // namespace

SecretBytes NewStreamKey(Random& random) {
  SecretBytes key(kStreamKeySize);
  random.Fill(key.ExposeMutable(), key.size());
  return key;
}

struct StreamSealer::State : WipedState {};
struct StreamOpener::State : WipedState {};

StreamSealer::StreamSealer(std::string_view key)
    : header_(kStreamHeaderSize, '\0'), state_(std::make_unique<State>()) {
  CheckKey(key);
  crypto_secretstream_xchacha20poly1305_init_push(&state_->state, Bytes(header_.data()),
                                                  Bytes(key));
}
StreamSealer::~StreamSealer() = default;
StreamSealer::StreamSealer(StreamSealer&&) noexcept = default;
StreamSealer& StreamSealer::operator=(StreamSealer&&) noexcept = default;

std::string StreamSealer::Push(std::string_view plaintext, bool last) {
  AMANA_CHECK(state_ != nullptr, "the stream has had its last chunk");
  std::string out(plaintext.size() + kStreamOverhead, '\0');
  const unsigned char tag = last ? crypto_secretstream_xchacha20poly1305_TAG_FINAL : 0;
  crypto_secretstream_xchacha20poly1305_push(&state_->state, Bytes(out.data()), nullptr,
                                             Bytes(plaintext), plaintext.size(), nullptr, 0, tag);
  if (last) state_.reset();
  return out;
}

std::string StreamSealer::Chunk(std::string_view plaintext) {
  AMANA_CHECK(plaintext.size() == kStreamChunkSize, "every chunk but the last is full");
  return Push(plaintext, /*last=*/false);
}

std::string StreamSealer::LastChunk(std::string_view plaintext) {
  AMANA_CHECK(plaintext.size() <= kStreamChunkSize, "a chunk that is too large");
  return Push(plaintext, /*last=*/true);
}

StreamOpener::StreamOpener() : state_(std::make_unique<State>()) {}
StreamOpener::~StreamOpener() = default;
StreamOpener::StreamOpener(StreamOpener&&) noexcept = default;
StreamOpener& StreamOpener::operator=(StreamOpener&&) noexcept = default;

absl::StatusOr<StreamOpener> StreamOpener::Create(std::string_view key, std::string_view header) {
  CheckKey(key);
  if (header.size() != kStreamHeaderSize) return Error(Reason::kDecryptionFailed);
  StreamOpener opener;
  if (crypto_secretstream_xchacha20poly1305_init_pull(&opener.state_->state, Bytes(header),
                                                      Bytes(key)) != 0) {
    return Error(Reason::kDecryptionFailed);
  }
  return opener;
}

absl::StatusOr<std::string> StreamOpener::Chunk(std::string_view ciphertext) {
  // Taken out, and put back only if the stream goes on: after an error nothing more opens.
  std::unique_ptr<State> state = std::exchange(state_, nullptr);
  if (state == nullptr || ciphertext.size() < kStreamOverhead ||
      ciphertext.size() > kStreamChunkSize + kStreamOverhead) {
    return Error(Reason::kDecryptionFailed);
  }
  std::string out(ciphertext.size() - kStreamOverhead, '\0');
  unsigned char tag = 0;
  if (crypto_secretstream_xchacha20poly1305_pull(&state->state, Bytes(out.data()), nullptr, &tag,
                                                 Bytes(ciphertext), ciphertext.size(), nullptr,
                                                 0) != 0) {
    return Error(Reason::kDecryptionFailed);
  }
  finished_ = tag == crypto_secretstream_xchacha20poly1305_TAG_FINAL;
  if (finished_) return out;
  if (out.size() != kStreamChunkSize) return Error(Reason::kDecryptionFailed);
  state_ = std::move(state);
  return out;
}

std::string SealStream(std::string_view key, std::string_view plaintext) {
  StreamSealer sealer(key);
  std::string out = sealer.header();
  out.reserve(StreamCiphertextSize(plaintext.size()));
  while (plaintext.size() > kStreamChunkSize) {
    out += sealer.Chunk(plaintext.substr(0, kStreamChunkSize));
    plaintext.remove_prefix(kStreamChunkSize);
  }
  return out += sealer.LastChunk(plaintext);
}

absl::StatusOr<std::string> OpenStream(std::string_view key, std::string_view ciphertext) {
  AMANA_ASSIGN_OR_RETURN(StreamOpener opener,
                         StreamOpener::Create(key, ciphertext.substr(0, kStreamHeaderSize)));
  ciphertext.remove_prefix(kStreamHeaderSize);
  std::string out;
  while (!ciphertext.empty()) {
    const size_t size = std::min(ciphertext.size(), kStreamChunkSize + kStreamOverhead);
    AMANA_ASSIGN_OR_RETURN(const std::string chunk, opener.Chunk(ciphertext.substr(0, size)));
    out += chunk;
    ciphertext.remove_prefix(size);
  }
  if (!opener.finished()) return Error(Reason::kDecryptionFailed);
  return out;
}

}  // namespace amana::crypto
