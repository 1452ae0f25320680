#include "common/client/vault.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "common/crypto/aead.h"
#include "common/crypto/random.h"

namespace amana::client {
namespace {

constexpr int kBusyTimeoutMs = 10'000;
constexpr char kCheckName[] = "vault check";
constexpr char kCheckValue[] = "amana vault v1";
constexpr char kSchema[] =
    "CREATE TABLE header (salt BLOB NOT NULL, passes INTEGER NOT NULL, memory INTEGER NOT NULL);"
    "CREATE TABLE items (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;";

absl::Status Corrupt() { return Error(Reason::kVaultCorrupt); }

// One prepared statement; finalised when it goes.
class Statement {
 public:
  Statement(sqlite3* database, const char* sql) {
    sqlite3_prepare_v2(database, sql, -1, &statement_, nullptr);
  }
  ~Statement() { sqlite3_finalize(statement_); }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  Statement& Text(int at, std::string_view text) {
    sqlite3_bind_text(statement_, at, text.data(), static_cast<int>(text.size()), SQLITE_TRANSIENT);
    return *this;
  }
  Statement& Blob(int at, std::string_view bytes) {
    sqlite3_bind_blob(statement_, at, bytes.data(), static_cast<int>(bytes.size()),
                      SQLITE_TRANSIENT);
    return *this;
  }
  Statement& Int(int at, int64_t value) {
    sqlite3_bind_int64(statement_, at, value);
    return *this;
  }

  // SQLITE_ROW, SQLITE_DONE or an error; SQLITE_MISUSE if it could not be prepared.
  int Step() { return sqlite3_step(statement_); }
  std::string Bytes(int column) const {
    const void* data = sqlite3_column_blob(statement_, column);
    const int size = sqlite3_column_bytes(statement_, column);
    return data == nullptr ? "" : std::string(static_cast<const char*>(data), size_t(size));
  }
  int64_t Number(int column) const { return sqlite3_column_int64(statement_, column); }

 private:
  sqlite3_stmt* statement_ = nullptr;
};

bool Run(sqlite3* database, const char* sql) {
  return sqlite3_exec(database, sql, nullptr, nullptr, nullptr) == SQLITE_OK;
}

// SQLite gives its WAL and shared-memory files the mode of the database itself.
absl::Status MakePrivateFile(const std::string& path) {
  std::error_code error;
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  if (!folder.empty() && std::filesystem::create_directories(folder, error)) {
    ::chmod(folder.c_str(), 0700);
  }
  const int descriptor = ::open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
  if (descriptor < 0) return Error(Reason::kFileUnreadable);
  ::close(descriptor);
  return absl::OkStatus();
}

}  // namespace

void VaultBatch::Put(std::string name, std::string_view value) {
  edits_.push_back({std::move(name), SecretBytes::CopyOf(value)});
}

void VaultBatch::Erase(std::string name) { edits_.push_back({std::move(name), std::nullopt}); }

Vault::~Vault() { sqlite3_close(database_); }

bool Vault::Exists(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::exists(path, error)) return false;
  const auto vault = OpenFile(path);
  // A file that cannot be read is not free to be written over.
  if (!vault.ok()) return true;
  return Statement((*vault)->database_, "SELECT salt FROM header").Step() == SQLITE_ROW;
}

absl::StatusOr<std::unique_ptr<Vault>> Vault::OpenFile(const std::string& path) {
  sqlite3* database = nullptr;
  const int opened = sqlite3_open_v2(path.c_str(), &database,
                                     SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
  std::unique_ptr<Vault> vault(new Vault(database));
  if (opened != SQLITE_OK) return Error(Reason::kFileUnreadable);
  sqlite3_busy_timeout(database, kBusyTimeoutMs);
  // secure_delete: what was erased is overwritten in the file.
  if (!Run(database,
           "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON;")) {
    return Corrupt();
  }
  return vault;
}

absl::StatusOr<std::unique_ptr<Vault>> Vault::Create(const std::string& path,
                                                     std::string_view passphrase,
                                                     crypto::PasswordLimits limits) {
  AMANA_RETURN_IF_ERROR(MakePrivateFile(path));
  AMANA_ASSIGN_OR_RETURN(std::unique_ptr<Vault> vault, OpenFile(path));
  AMANA_RETURN_IF_ERROR(vault->WriteHeader(passphrase, limits));
  return vault;
}

absl::StatusOr<std::unique_ptr<Vault>> Vault::Open(const std::string& path,
                                                   std::string_view passphrase) {
  if (!Exists(path)) return Error(Reason::kVaultLocked);
  AMANA_ASSIGN_OR_RETURN(std::unique_ptr<Vault> vault, OpenFile(path));
  AMANA_RETURN_IF_ERROR(vault->Unlock(passphrase));
  return vault;
}

// All in one transaction: a vault is whole or not there. The tables of one that is there already
// make it fail.
absl::Status Vault::WriteHeader(std::string_view passphrase, crypto::PasswordLimits limits) {
  const std::string salt = crypto::RandomBytes(crypto::kSaltSize);
  AMANA_ASSIGN_OR_RETURN(key_, crypto::DeriveKey(passphrase, salt, limits));
  if (!Run(database_, "BEGIN IMMEDIATE")) return Error(Reason::kFileUnreadable);
  bool written = Run(database_, kSchema);
  if (written) {
    Statement header(database_, "INSERT INTO header VALUES (?, ?, ?)");
    header.Blob(1, salt).Int(2, int64_t(limits.passes)).Int(3, int64_t(limits.memory_bytes));
    Statement check(database_, "INSERT INTO items VALUES (?, ?)");
    check.Text(1, kCheckName)
        .Blob(2, crypto::SealWithNonce(key_.Expose(), kCheckName, kCheckValue));
    written = header.Step() == SQLITE_DONE && check.Step() == SQLITE_DONE;
  }
  if (written && Run(database_, "COMMIT")) return absl::OkStatus();
  Run(database_, "ROLLBACK");
  return Error(Reason::kFileUnreadable);
}

absl::Status Vault::Unlock(std::string_view passphrase) {
  Statement header(database_, "SELECT salt, passes, memory FROM header");
  if (header.Step() != SQLITE_ROW) return Corrupt();
  const crypto::PasswordLimits limits{uint64_t(header.Number(1)), size_t(header.Number(2))};
  absl::StatusOr<SecretBytes> key = crypto::DeriveKey(passphrase, header.Bytes(0), limits);
  if (!key.ok()) return ReasonOf(key.status()) == Reason::kOverloaded ? key.status() : Corrupt();
  key_ = *std::move(key);
  Statement select(database_, "SELECT value FROM items WHERE name = ?");
  select.Text(1, kCheckName);
  if (select.Step() != SQLITE_ROW) return Corrupt();
  const auto check = crypto::OpenWithNonce(key_.Expose(), kCheckName, select.Bytes(0));
  return check.ok() && *check == kCheckValue ? absl::OkStatus() : Error(Reason::kVaultLocked);
}

absl::StatusOr<std::optional<SecretBytes>> Vault::Get(const std::string& name) const {
  Statement select(database_, "SELECT value FROM items WHERE name = ?");
  const int found = select.Text(1, name).Step();
  if (found == SQLITE_DONE) return std::optional<SecretBytes>();
  if (found != SQLITE_ROW) return Corrupt();
  absl::StatusOr<std::string> value = crypto::OpenWithNonce(key_.Expose(), name, select.Bytes(0));
  if (!value.ok()) return Corrupt();
  return std::optional<SecretBytes>(SecretBytes::Take(*std::move(value)));
}

absl::StatusOr<std::vector<std::string>> Vault::List(const std::string& prefix) const {
  Statement select(database_,
                   "SELECT name FROM items WHERE substr(name, 1, length(?1)) = ?1 ORDER BY name");
  select.Text(1, prefix);
  std::vector<std::string> names;
  int step = 0;
  while ((step = select.Step()) == SQLITE_ROW) names.push_back(select.Bytes(0));
  if (step != SQLITE_DONE) return Corrupt();
  return names;
}

absl::Status Vault::Commit(const VaultBatch& batch) {
  if (!Run(database_, "BEGIN IMMEDIATE")) return Error(Reason::kFileUnreadable);
  bool written = true;
  for (const VaultBatch::Edit& edit : batch.edits_) {
    if (edit.value) {
      Statement put(database_, "INSERT OR REPLACE INTO items VALUES (?, ?)");
      put.Text(1, edit.name)
          .Blob(2, crypto::SealWithNonce(key_.Expose(), edit.name, edit.value->Expose()));
      written = written && put.Step() == SQLITE_DONE;
    } else {
      Statement erase(database_, "DELETE FROM items WHERE name = ?");
      written = written && erase.Text(1, edit.name).Step() == SQLITE_DONE;
    }
  }
  if (written && Run(database_, "COMMIT")) return absl::OkStatus();
  Run(database_, "ROLLBACK");
  return Error(Reason::kFileUnreadable);
}

}  // namespace amana::client
