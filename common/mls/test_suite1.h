#pragma once

// Cipher suite 0x0001 for tests: what most of the shared vectors are about. It differs from ours in
// its AEAD alone, AES-128-GCM, which libsodium does not have; here it is OpenSSL's.

#include "common/mls/suite.h"

namespace amana::mls {

extern const crypto::Aead kAes128Gcm;

inline constexpr Suite kSuite1 = {0x0001, &kAes128Gcm};

// 1 or 3.
const Suite& SuiteOf(CipherSuiteId id);

}  // namespace amana::mls
