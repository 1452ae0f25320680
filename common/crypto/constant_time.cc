#include "common/crypto/constant_time.h"

#include "common/crypto/sodium.h"

namespace amana::crypto {

bool ConstantTimeEqual(std::string_view a, std::string_view b) {
  internal::EnsureSodium();
  return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace amana::crypto
