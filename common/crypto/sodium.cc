#include "common/crypto/sodium.h"

#include "common/base/check.h"

namespace amana::crypto::internal {

void EnsureSodium() {
  static const bool started = sodium_init() >= 0;
  AMANA_CHECK(started, "libsodium did not start");
}

}  // namespace amana::crypto::internal
