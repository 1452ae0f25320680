#include "common/mls/test_suite1.h"

#include <openssl/evp.h>

#include <memory>

#include "common/base/check.h"
#include "common/base/error.h"

namespace amana::mls {
namespace {

constexpr size_t kKeySize = 16;
constexpr size_t kNonceSize = 12;
constexpr size_t kTagSize = 16;

using Context = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

const unsigned char* In(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}
unsigned char* Out(char* bytes) { return reinterpret_cast<unsigned char*>(bytes); }

void Check(int result) { AMANA_CHECK(result == 1, "OpenSSL failed"); }

Context Begin(std::string_view key, std::string_view nonce, std::string_view ad, bool sealing) {
  AMANA_CHECK(key.size() == kKeySize && nonce.size() == kNonceSize,
              "a key or nonce of another size");
  Context context(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
  Check(EVP_CipherInit_ex(context.get(), EVP_aes_128_gcm(), nullptr, In(key), In(nonce),
                          sealing ? 1 : 0));
  int size = 0;
  Check(EVP_CipherUpdate(context.get(), nullptr, &size, In(ad), static_cast<int>(ad.size())));
  return context;
}

// Room for `in`, and behind it for `behind` bytes.
std::string Update(const Context& context, std::string_view in, size_t behind) {
  std::string out(in.size() + behind, '\0');
  int size = 0;
  Check(
      EVP_CipherUpdate(context.get(), Out(out.data()), &size, In(in), static_cast<int>(in.size())));
  return out;
}

std::string Seal(std::string_view key, std::string_view nonce, std::string_view ad,
                 std::string_view plaintext) {
  const Context context = Begin(key, nonce, ad, true);
  std::string sealed = Update(context, plaintext, kTagSize);
  int size = 0;
  Check(EVP_CipherFinal_ex(context.get(), nullptr, &size));
  Check(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, kTagSize,
                            sealed.data() + plaintext.size()));
  return sealed;
}

absl::StatusOr<std::string> Open(std::string_view key, std::string_view nonce, std::string_view ad,
                                 std::string_view sealed) {
  if (sealed.size() < kTagSize) return Error(Reason::kDecryptionFailed);
  const Context context = Begin(key, nonce, ad, false);
  std::string plaintext = Update(context, sealed.substr(0, sealed.size() - kTagSize), 0);
  std::string tag(sealed.substr(plaintext.size()));
  Check(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, kTagSize, tag.data()));
  int size = 0;
  if (EVP_CipherFinal_ex(context.get(), nullptr, &size) != 1) {
    return Error(Reason::kDecryptionFailed);
  }
  return plaintext;
}

}  // namespace

constexpr crypto::Aead kAes128Gcm = {0x0001, kKeySize, kNonceSize, Seal, Open};

const Suite& SuiteOf(CipherSuiteId id) {
  AMANA_CHECK(id == kSuite1.id || id == kSuite3.id, "a cipher suite that no test has");
  return id == kSuite1.id ? kSuite1 : kSuite3;
}

}  // namespace amana::mls
