#pragma once

// Values at rest: what goes into Redis or onto a disk is sealed with a key from a file.
//
// Key file, readable by its owner alone, one key a line, `#` starts a comment line:
//   <key id, decimal, 1 to 2^32-1> <64 hexadecimal digits, lower case>
// The highest id seals; every id opens. To rotate, add a line and restart; drop the old line once
// nothing is sealed with it.
//
// Sealed value: 1 byte version (1) | 4 bytes key id, big-endian | 24 bytes nonce | ciphertext | 16
// bytes tag. The associated data is what the caller gives (the name of the key under which the
// value is stored, so that a value moved to another name does not open), preceded by the five bytes
// of the header.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/random.h"
#include "common/base/secret.h"

namespace amana::crypto {

// Thread-safe: nothing changes after it is made.
class Sealer {
 public:
  // What sealing adds to a value: header, nonce and tag.
  static constexpr size_t kOverhead = 1 + 4 + 24 + 16;
  static constexpr size_t kMaxKeys = 16;

  struct Key {
    uint32_t id;
    SecretBytes bytes;  // 32
  };

  // kConfigurationInvalid if the text is not a key file, kFileUnreadable if it can't be read or
  // others may read it.
  static absl::StatusOr<std::unique_ptr<Sealer>> FromFile(const std::string& path);
  static absl::StatusOr<std::unique_ptr<Sealer>> FromText(std::string_view key_file);
  static absl::StatusOr<std::unique_ptr<Sealer>> FromKeys(std::vector<Key> keys);

  // A line for the key file, with its line end.
  static SecretBytes NewKeyLine(uint32_t id, Random& random);

  std::string Seal(std::string_view ad, std::string_view plaintext) const;

  // kStoredValueUnreadable: other key, other associated data, or damaged. One answer for all.
  absl::StatusOr<std::string> Open(std::string_view ad, std::string_view sealed) const;

 private:
  explicit Sealer(std::vector<Key> keys) : keys_(std::move(keys)) {}
  const Key* Find(uint32_t id) const;

  const std::vector<Key> keys_;  // newest first, never empty
};

}  // namespace amana::crypto
