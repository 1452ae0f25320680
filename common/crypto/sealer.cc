#include "common/crypto/sealer.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

#include "common/base/check.h"
#include "common/base/error.h"
#include "common/base/files.h"
#include "common/base/hex.h"
#include "common/base/status_macros.h"
#include "common/crypto/aead.h"
#include "common/crypto/random.h"
#include "common/crypto/sodium.h"

namespace amana::crypto {
namespace {

using internal::Bytes;
using internal::EnsureSodium;

constexpr char kVersion = 1;
constexpr size_t kHeaderSize = 5;  // version and key id
constexpr size_t kMaxKeyFileSize = size_t{16} * 1024;

static_assert(Sealer::kOverhead == kHeaderSize + kXNonceSize + kAeadTagSize);

absl::Status BadKeyFile() { return Error(Reason::kConfigurationInvalid); }

void WriteHeader(uint32_t key_id, char* out) {
  out[0] = kVersion;
  for (int i = 0; i < 4; ++i) out[1 + i] = static_cast<char>(key_id >> (24 - 8 * i));
}

uint32_t KeyIdOf(std::string_view sealed) {
  uint32_t id = 0;
  for (int i = 1; i < 5; ++i)
    id = id << 8 | static_cast<unsigned char>(sealed[static_cast<size_t>(i)]);
  return id;
}

// Header and the caller's associated data in one piece, on the stack unless a name is absurdly
// long.
class AssociatedData {
 public:
  AssociatedData(std::string_view header, std::string_view ad) : size_(header.size() + ad.size()) {
    char* out = small_.data();
    if (size_ > small_.size()) {
      large_.resize(size_);
      out = large_.data();
    }
    std::memcpy(out, header.data(), header.size());
    if (!ad.empty()) std::memcpy(out + header.size(), ad.data(), ad.size());
    data_ = out;
  }
  AssociatedData(const AssociatedData&) = delete;
  AssociatedData& operator=(const AssociatedData&) = delete;

  const unsigned char* data() const { return reinterpret_cast<const unsigned char*>(data_); }
  size_t size() const { return size_; }

 private:
  size_t size_;
  std::array<char, 256> small_;
  std::string large_;
  const char* data_;
};

absl::StatusOr<Sealer::Key> ParseKeyLine(std::string_view line) {
  uint32_t id = 0;
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), id);
  const auto digits = static_cast<size_t>(end - line.data());
  if (error != std::errc() || id == 0 || line.front() == '0') return BadKeyFile();
  if (line.size() != digits + 1 + 2 * kAeadKeySize || line[digits] != ' ') return BadKeyFile();
  auto bytes = HexDecode(line.substr(digits + 1));
  if (!bytes.ok()) return BadKeyFile();
  return Sealer::Key{id, SecretBytes::Take(*std::move(bytes))};
}

}  // namespace

absl::StatusOr<std::unique_ptr<Sealer>> Sealer::FromFile(const std::string& path) {
  AMANA_ASSIGN_OR_RETURN(const SecretBytes text, ReadPrivateFile(path, kMaxKeyFileSize));
  return FromText(text.Expose());
}

absl::StatusOr<std::unique_ptr<Sealer>> Sealer::FromText(std::string_view key_file) {
  std::vector<Key> keys;
  while (!key_file.empty()) {
    const size_t end = std::min(key_file.find('\n'), key_file.size());
    const std::string_view line = key_file.substr(0, end);
    key_file.remove_prefix(std::min(end + 1, key_file.size()));
    if (line.empty() || line.front() == '#') continue;
    AMANA_ASSIGN_OR_RETURN(Key key, ParseKeyLine(line));
    keys.push_back(std::move(key));
  }
  return FromKeys(std::move(keys));
}

absl::StatusOr<std::unique_ptr<Sealer>> Sealer::FromKeys(std::vector<Key> keys) {
  if (keys.empty() || keys.size() > kMaxKeys) return BadKeyFile();
  std::sort(keys.begin(), keys.end(), [](const Key& a, const Key& b) { return a.id > b.id; });
  for (size_t i = 0; i < keys.size(); ++i) {
    if (keys[i].id == 0 || keys[i].bytes.size() != kAeadKeySize) return BadKeyFile();
    if (i > 0 && keys[i].id == keys[i - 1].id) return BadKeyFile();
  }
  EnsureSodium();
  return std::unique_ptr<Sealer>(new Sealer(std::move(keys)));
}

SecretBytes Sealer::NewKeyLine(uint32_t id, Random& random) {
  AMANA_CHECK(id != 0, "key ids start at 1");
  SecretBytes key(kAeadKeySize);
  random.Fill(key.ExposeMutable(), key.size());
  const std::string prefix = std::to_string(id) + ' ';
  // libsodium's hexadecimal ends with a zero byte, whose place the line end takes.
  SecretBytes line(prefix.size() + 2 * kAeadKeySize + 1);
  std::memcpy(line.ExposeMutable(), prefix.data(), prefix.size());
  EnsureSodium();
  sodium_bin2hex(line.ExposeMutable() + prefix.size(), 2 * kAeadKeySize + 1, Bytes(key.Expose()),
                 key.size());
  line.ExposeMutable()[line.size() - 1] = '\n';
  return line;
}

std::string Sealer::Seal(std::string_view ad, std::string_view plaintext) const {
  const Key& key = keys_.front();
  std::string out(kOverhead + plaintext.size(), '\0');
  char* const nonce = out.data() + kHeaderSize;
  WriteHeader(key.id, out.data());
  FillNonce(nonce, kXNonceSize);
  const AssociatedData all({out.data(), kHeaderSize}, ad);
  crypto_aead_xchacha20poly1305_ietf_encrypt(Bytes(nonce + kXNonceSize), nullptr, Bytes(plaintext),
                                             plaintext.size(), all.data(), all.size(), nullptr,
                                             Bytes(nonce), Bytes(key.bytes.Expose()));
  return out;
}

absl::StatusOr<std::string> Sealer::Open(std::string_view ad, std::string_view sealed) const {
  if (sealed.size() < kOverhead || sealed[0] != kVersion)
    return Error(Reason::kStoredValueUnreadable);
  const Key* key = Find(KeyIdOf(sealed));
  if (key == nullptr) return Error(Reason::kStoredValueUnreadable);
  const std::string_view nonce = sealed.substr(kHeaderSize, kXNonceSize);
  const std::string_view ciphertext = sealed.substr(kHeaderSize + kXNonceSize);
  const AssociatedData all(sealed.substr(0, kHeaderSize), ad);
  std::string out(sealed.size() - kOverhead, '\0');
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(
          Bytes(out.data()), nullptr, nullptr, Bytes(ciphertext), ciphertext.size(), all.data(),
          all.size(), Bytes(nonce), Bytes(key->bytes.Expose())) != 0) {
    return Error(Reason::kStoredValueUnreadable);
  }
  return out;
}

const Sealer::Key* Sealer::Find(uint32_t id) const {
  for (const Key& key : keys_) {
    if (key.id == id) return &key;
  }
  return nullptr;
}

}  // namespace amana::crypto
