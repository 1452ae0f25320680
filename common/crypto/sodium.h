#pragma once

// Internal to common/crypto, the only folder that includes <sodium.h>.

#include <sodium.h>

#include <string_view>

namespace amana::crypto::internal {

// Starts libsodium once for the process; every function that calls libsodium calls this first.
// Thread-safe, cheap.
void EnsureSodium();

inline const unsigned char* Bytes(std::string_view data) {
  return reinterpret_cast<const unsigned char*>(data.data());
}
inline unsigned char* Bytes(char* data) { return reinterpret_cast<unsigned char*>(data); }

}  // namespace amana::crypto::internal
