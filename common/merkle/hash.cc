#include "common/merkle/hash.h"

#include <algorithm>
#include <bit>
#include <vector>

#include "common/base/check.h"
#include "common/crypto/hash.h"
#include "common/merkle/text.h"

namespace amana::merkle {
namespace {

constexpr char kLeafPrefix = 0x00;
constexpr char kNodePrefix = 0x01;

Hash Digest(std::string_view data) {
  const std::optional<Hash> hash = Hash::FromBytes(crypto::Sha256(data));
  AMANA_CHECK(hash.has_value(), "SHA-256 gives 32 bytes.");
  return *hash;
}

}  // namespace

std::optional<Hash> Hash::FromBytes(std::string_view bytes) {
  if (bytes.size() != kHashBytes) return std::nullopt;
  Hash hash;
  std::copy(bytes.begin(), bytes.end(), hash.bytes_.begin());
  return hash;
}

std::string Hash::ToBase64() const { return EncodeBase64(bytes()); }

Hash LeafHash(std::string_view entry) {
  std::string data;
  data.reserve(1 + entry.size());
  data.push_back(kLeafPrefix);
  data.append(entry);
  return Digest(data);
}

Hash NodeHash(const Hash& left, const Hash& right) {
  std::array<char, 1 + 2 * kHashBytes> data;
  data[0] = kNodePrefix;
  std::copy(left.bytes().begin(), left.bytes().end(), data.begin() + 1);
  std::copy(right.bytes().begin(), right.bytes().end(), data.begin() + 1 + kHashBytes);
  return Digest({data.data(), data.size()});
}

Hash EmptyRoot() { return Digest(""); }

Hash PerfectRoot(std::span<const Hash> nodes) {
  AMANA_CHECK(std::has_single_bit(nodes.size()), "A perfect tree has a power of two of leaves.");
  std::vector<Hash> row(nodes.begin(), nodes.end());
  while (row.size() > 1) {
    for (size_t i = 0; i < row.size() / 2; ++i) row[i] = NodeHash(row[2 * i], row[2 * i + 1]);
    row.resize(row.size() / 2);
  }
  return row.front();
}

}  // namespace amana::merkle
