#pragma once

// For the tests of this folder.

#include <algorithm>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

#include "common/base/hex.h"
#include "common/base/random.h"

namespace amana::crypto {

inline std::string FromHex(std::string_view hex) { return *HexDecode(hex); }

// Bytes from, from + 1, … below to.
inline std::string Range(int from, int to) {
  std::string bytes;
  for (int i = from; i < to; ++i) bytes.push_back(static_cast<char>(i));
  return bytes;
}

// Gives the same bytes to everyone who asks, as test vectors want it.
class FixedRandom final : public Random {
 public:
  explicit FixedRandom(std::string bytes) : bytes_(std::move(bytes)) {}
  void Fill(char* out, size_t n) override { std::copy_n(bytes_.data(), n, out); }

 private:
  std::string bytes_;
};

// A file of the folder of shared vectors: $AMANA_SHARED, or `shared` beside the checkout.
inline std::string SharedPath(const std::string& name) {
  const char* folder = std::getenv("AMANA_SHARED");
  return (folder != nullptr ? std::string(folder) : AMANA_SOURCE_DIR "/../shared") + "/" + name;
}

// All copies of `bytes` with one bit turned over, the first bit of each byte.
template <class Use>
void ForEachDamaged(std::string bytes, Use use) {
  for (char& byte : bytes) {
    byte = static_cast<char>(byte ^ 1);
    use(bytes);
    byte = static_cast<char>(byte ^ 1);
  }
}

}  // namespace amana::crypto
