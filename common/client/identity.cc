#include "common/client/identity.h"

#include "common/base/error.h"
#include "common/base/hex.h"
#include "common/base/status_macros.h"
#include "common/crypto/random.h"

namespace amana::client {
namespace {

absl::StatusOr<SecretBytes> Need(const Vault& vault, const std::string& name) {
  AMANA_ASSIGN_OR_RETURN(std::optional<SecretBytes> value, vault.Get(name));
  if (!value) return Error(Reason::kVaultLocked);
  return *std::move(value);
}

}  // namespace

absl::StatusOr<v1::Profile> LoadProfile(const Vault& vault) {
  AMANA_ASSIGN_OR_RETURN(const SecretBytes bytes, Need(vault, kProfileName));
  v1::Profile profile;
  if (!profile.ParseFromString(std::string(bytes.Expose()))) return Error(Reason::kVaultCorrupt);
  return profile;
}

absl::StatusOr<crypto::SigningKey> LoadSigningKey(const Vault& vault) {
  AMANA_ASSIGN_OR_RETURN(const SecretBytes seed, Need(vault, kSigningSeedName));
  return crypto::SigningKey::FromSeed(seed.Expose());
}

absl::StatusOr<SecretBytes> LoadTransportKey(const Vault& vault) {
  return Need(vault, kTransportKeyName);
}

absl::StatusOr<crypto::HpkePublicKey> AddHpkeKey(Vault& vault) {
  const auto key = crypto::HpkePrivateKey::Generate(crypto::SystemRandom::Instance());
  const std::string name = kHpkePrefix + HexEncode(key.public_key().bytes());
  VaultBatch batch;
  batch.Put(name, key.bytes().Expose());
  batch.Put(kCurrentHpkeName, name);
  AMANA_RETURN_IF_ERROR(vault.Commit(batch));
  return key.public_key();
}

absl::StatusOr<std::vector<crypto::HpkePrivateKey>> LoadHpkeKeys(const Vault& vault) {
  AMANA_ASSIGN_OR_RETURN(const std::optional<SecretBytes> current, vault.Get(kCurrentHpkeName));
  AMANA_ASSIGN_OR_RETURN(const std::vector<std::string> names, vault.List(kHpkePrefix));
  std::vector<crypto::HpkePrivateKey> keys;
  for (const std::string& name : names) {
    AMANA_ASSIGN_OR_RETURN(const SecretBytes bytes, Need(vault, name));
    AMANA_ASSIGN_OR_RETURN(crypto::HpkePrivateKey key,
                           crypto::HpkePrivateKey::FromBytes(bytes.Expose()));
    const bool is_current = current && current->Expose() == name;
    keys.insert(is_current ? keys.begin() : keys.end(), std::move(key));
  }
  return keys;
}

}  // namespace amana::client
