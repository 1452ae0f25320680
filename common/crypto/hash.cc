#include "common/crypto/hash.h"

#include <openssl/evp.h>

#include <algorithm>
#include <cstring>

#include "common/base/check.h"
#include "common/crypto/sodium.h"

namespace amana::crypto {
namespace {

using internal::Bytes;
using internal::EnsureSodium;

// SHA-256 is OpenSSL's, which uses the processor's SHA instructions: three to five times faster
// than libsodium's. Fetched once: looking it up costs more than hashing a short text.
const EVP_MD* Algorithm() {
  static const EVP_MD* const kAlgorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  AMANA_CHECK(kAlgorithm != nullptr, "OpenSSL has no SHA-256");
  return kAlgorithm;
}

void Check(int result) { AMANA_CHECK(result == 1, "hashing failed"); }

}  // namespace

struct Sha256Hasher::Context {
  Context() : md(EVP_MD_CTX_new()) {
    AMANA_CHECK(md != nullptr, "no memory for a hash");
    Check(EVP_DigestInit_ex2(md, Algorithm(), nullptr));
  }
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
  ~Context() { EVP_MD_CTX_free(md); }

  EVP_MD_CTX* md;
};

Sha256Hasher::Sha256Hasher() : context_(std::make_unique<Context>()) {}
Sha256Hasher::~Sha256Hasher() = default;
Sha256Hasher::Sha256Hasher(Sha256Hasher&&) noexcept = default;
Sha256Hasher& Sha256Hasher::operator=(Sha256Hasher&&) noexcept = default;

Sha256Hasher& Sha256Hasher::Update(std::string_view data) {
  Check(EVP_DigestUpdate(context_->md, data.data(), data.size()));
  return *this;
}

std::string Sha256Hasher::Finish() {
  std::string digest(kDigestSize, '\0');
  Check(EVP_DigestFinal_ex(context_->md, Bytes(digest.data()), nullptr));
  Check(EVP_DigestInit_ex2(context_->md, Algorithm(), nullptr));
  return digest;
}

std::string Sha256(std::string_view data) {
  thread_local Sha256Hasher hasher;
  return hasher.Update(data).Finish();
}

namespace {

// libsodium's HMAC over parts, so that HKDF need not put secrets together in a string.
class Hmac {
 public:
  explicit Hmac(std::string_view key) {
    EnsureSodium();
    crypto_auth_hmacsha256_init(&state_, Bytes(key), key.size());
  }
  Hmac(const Hmac&) = delete;
  Hmac& operator=(const Hmac&) = delete;
  ~Hmac() { sodium_memzero(&state_, sizeof(state_)); }

  Hmac& Update(std::string_view data) {
    crypto_auth_hmacsha256_update(&state_, Bytes(data), data.size());
    return *this;
  }
  Hmac& Update(Parts parts) {
    for (const std::string_view part : parts) Update(part);
    return *this;
  }
  // The last call.
  void Finish(char* out) { crypto_auth_hmacsha256_final(&state_, Bytes(out)); }

 private:
  crypto_auth_hmacsha256_state state_;
};

}  // namespace

std::string HmacSha256(std::string_view key, std::string_view data) {
  std::string mac(kDigestSize, '\0');
  Hmac(key).Update(data).Finish(mac.data());
  return mac;
}

SecretBytes HkdfExtract(std::string_view salt, Parts input_key) {
  SecretBytes pseudorandom_key(kDigestSize);
  Hmac(salt).Update(input_key).Finish(pseudorandom_key.ExposeMutable());
  return pseudorandom_key;
}

SecretBytes HkdfExtract(std::string_view salt, std::string_view input_key) {
  return HkdfExtract(salt, Parts{input_key});
}

SecretBytes HkdfExpand(std::string_view pseudorandom_key, Parts info, size_t size) {
  AMANA_CHECK(size <= 255 * kDigestSize, "HKDF gives at most 255 blocks");
  SecretBytes out(size);
  SecretBytes block(kDigestSize);
  std::string_view previous;
  char counter = 1;
  for (size_t done = 0; done < size; done += kDigestSize, ++counter) {
    Hmac(pseudorandom_key)
        .Update(previous)
        .Update(info)
        .Update(std::string_view(&counter, 1))
        .Finish(block.ExposeMutable());
    previous = block.Expose();
    std::memcpy(out.ExposeMutable() + done, previous.data(), std::min(kDigestSize, size - done));
  }
  return out;
}

SecretBytes HkdfExpand(std::string_view pseudorandom_key, std::string_view info, size_t size) {
  return HkdfExpand(pseudorandom_key, Parts{info}, size);
}

}  // namespace amana::crypto
