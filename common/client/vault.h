#pragma once

// What a device keeps: one SQLite file of named values, each sealed under a key that comes from a
// passphrase.
//
//   AMANA_ASSIGN_OR_RETURN(std::unique_ptr<Vault> vault, Vault::Open(path, passphrase));
//   VaultBatch batch;
//   batch.Put("cursor", …);
//   batch.Put("message/…", …);
//   AMANA_RETURN_IF_ERROR(vault->Commit(batch));   // both or neither, on the disk
//
// In clear: the salt, the Argon2id limits, the names of the values and their sizes. Names must say
// nothing about a person; ids are random. A value is XChaCha20-Poly1305 with its name as associated
// data, so that a value moved to another name does not open.
//
// Errors: kVaultLocked: there is no vault or the passphrase is wrong; kVaultCorrupt: a value does
// not open, or SQLite says so; kFileUnreadable: the file can't be made or written.
//
// The file has mode 0600, WAL, synchronous=FULL. Several processes may use one vault: SQLite's lock
// orders them. A Vault object belongs to one thread at a time.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/secret.h"
#include "common/crypto/password.h"

struct sqlite3;

namespace amana::client {

// Changes that belong together. Values are copied into buffers that are wiped.
class VaultBatch {
 public:
  void Put(std::string name, std::string_view value);
  void Erase(std::string name);

 private:
  friend class Vault;
  struct Edit {
    std::string name;
    std::optional<SecretBytes> value;  // none: erase
  };
  std::vector<Edit> edits_;
};

class Vault {
 public:
  // Makes a vault, with the folder it lies in (0700). kFileUnreadable if there is one already.
  static absl::StatusOr<std::unique_ptr<Vault>> Create(
      const std::string& path, std::string_view passphrase,
      crypto::PasswordLimits limits = crypto::kVaultLimits);

  static absl::StatusOr<std::unique_ptr<Vault>> Open(const std::string& path,
                                                     std::string_view passphrase);

  static bool Exists(const std::string& path);

  ~Vault();
  Vault(const Vault&) = delete;
  Vault& operator=(const Vault&) = delete;

  // Nothing if there is no such value.
  absl::StatusOr<std::optional<SecretBytes>> Get(const std::string& name) const;

  // The names that begin with `prefix`, in the order of their bytes.
  absl::StatusOr<std::vector<std::string>> List(const std::string& prefix) const;

  absl::Status Commit(const VaultBatch& batch);

 private:
  explicit Vault(sqlite3* database) : database_(database) {}
  static absl::StatusOr<std::unique_ptr<Vault>> OpenFile(const std::string& path);
  absl::Status WriteHeader(std::string_view passphrase, crypto::PasswordLimits limits);
  absl::Status Unlock(std::string_view passphrase);

  sqlite3* database_;
  SecretBytes key_;
};

}  // namespace amana::client
