#include "common/client/founding.h"

#include <sys/stat.h>

#include <filesystem>
#include <utility>

#include "common/base/error.h"
#include "common/base/files.h"
#include "common/base/hex.h"
#include "common/base/status_macros.h"
#include "common/client/client_config.h"
#include "common/client/identity.h"
#include "common/client/session.h"
#include "common/client/trust.h"
#include "common/crypto/random.h"
#include "common/crypto/x509.h"
#include "common/merkle/note_key.h"
#include "common/rpc/spiffe.h"

namespace amana::client {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxFileBytes = 64 * 1024;
constexpr absl::Duration kCaLifetime = absl::Hours(24 * 365 * 10);
constexpr absl::Duration kFirstCertificateLifetime = absl::Hours(24);
// Machines whose clocks are a little behind shall believe a new certificate.
constexpr absl::Duration kBackdated = absl::Minutes(5);

absl::Time WholeSecond(absl::Time time) { return absl::FromUnixSeconds(absl::ToUnixSeconds(time)); }

absl::Status MakeFolder(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error || ::chmod(path.c_str(), 0700) != 0) return Error(Reason::kFileUnreadable);
  return absl::OkStatus();
}

absl::Status WriteSeed(const std::string& path, std::string_view before,
                       const crypto::SigningKey& key) {
  const SecretBytes seed = key.Seed();
  std::string text = std::string(before) + HexEncode(seed.Expose()) + "\n";
  const absl::Status written = WritePrivateFile(path, text);
  WipeString(text);
  return written;
}

absl::StatusOr<crypto::CertificateAuthority> MakeAuthority(const FoundingOptions& options,
                                                           absl::Time now) {
  AMANA_ASSIGN_OR_RETURN(
      crypto::CertificateAuthority authority,
      crypto::CertificateAuthority::Create(options.network, crypto::TransportKey::Generate(),
                                           now - kBackdated, now + kCaLifetime));
  AMANA_RETURN_IF_ERROR(
      WritePrivateFile(options.directory + "/ca.key", authority.key().ToPem().Expose()));
  AMANA_RETURN_IF_ERROR(
      WritePrivateFile(options.directory + "/ca.pem", authority.certificate_pem()));
  return authority;
}

absl::Status MakeLogKey(const FoundingOptions& options) {
  const std::string name = options.network + "/log";
  auto key = crypto::SigningKey::Generate(crypto::SystemRandom::Instance());
  AMANA_ASSIGN_OR_RETURN(
      const auto note_key,
      merkle::NoteKey::Create(name, merkle::NoteKeyType::kEd25519, key.verifying_key()));
  AMANA_RETURN_IF_ERROR(WriteSeed(options.directory + "/log.key", name + "\n", key));
  return WritePrivateFile(options.directory + "/log.vkey", note_key.Encode() + "\n");
}

identity::v1::Genesis MakeGenesis(const std::string& network, const crypto::SigningKey& root,
                                  const crypto::SigningKey& administrator, absl::Time now) {
  auto& random = crypto::SystemRandom::Instance();
  const auto organisation = NewId<OrganisationId>(random);
  // A device begins with its organisation's first two bytes: both live in one shard.
  const std::string device =
      organisation.bytes().substr(0, 2) + NewId<DeviceId>(random).bytes().substr(2);
  identity::v1::DeviceStatement statement;
  statement.set_network(network);
  statement.set_organisation_id(organisation.bytes());
  statement.set_device_id(device);
  statement.set_role(options::v1::ROLE_NETWORK_ADMINISTRATOR);
  statement.set_signing_key(administrator.verifying_key().bytes());
  statement.mutable_issue_time()->set_seconds(absl::ToUnixSeconds(now));
  identity::v1::Genesis genesis;
  genesis.set_network(network);
  genesis.set_root_key(root.verifying_key().bytes());
  genesis.mutable_organisation()->set_organisation_id(organisation.bytes());
  genesis.mutable_organisation()->set_name(network);
  genesis.mutable_organisation()->set_kind(identity::v1::ORGANISATION_KIND_NETWORK);
  genesis.mutable_organisation()->set_state(identity::v1::ORGANISATION_STATE_OPEN);
  *genesis.mutable_administrator() = SignDeviceCertificate(statement, root, nullptr);
  return genesis;
}

absl::Status MakeAdministrator(const FoundingOptions& options,
                               const crypto::CertificateAuthority& authority,
                               const identity::v1::Genesis& genesis,
                               const crypto::SigningKey& signing, absl::Time now) {
  AMANA_ASSIGN_OR_RETURN(const ClientConfig config, ReadClientConfig(options.client_config_file));
  AMANA_ASSIGN_OR_RETURN(v1::Profile profile, NetworkProfile(config, genesis));
  identity::v1::DeviceStatement statement;
  statement.ParseFromString(genesis.administrator().statement());
  AMANA_ASSIGN_OR_RETURN(const auto organisation,
                         OrganisationId::FromBytes(statement.organisation_id()));
  AMANA_ASSIGN_OR_RETURN(const auto device, DeviceId::FromBytes(statement.device_id()));
  const auto transport = crypto::TransportKey::Generate();
  AMANA_ASSIGN_OR_RETURN(
      const std::string certificate,
      authority.Issue({.public_key = transport.public_key(),
                       .spiffe_ids = {rpc::DeviceSpiffeId(options.network, organisation, device)},
                       .dns_names = {},
                       .not_before = now - kBackdated,
                       .not_after = now + kFirstCertificateLifetime}));
  profile.set_organisation_id(organisation.bytes());
  profile.set_device_id(device.bytes());
  profile.set_role(statement.role());
  profile.set_certificate(certificate);
  AMANA_ASSIGN_OR_RETURN(const std::unique_ptr<Vault> vault,
                         Vault::Create(VaultPath(options.administrator_home), options.passphrase));
  const SecretBytes seed = signing.Seed();
  const SecretBytes pem = transport.ToPem();
  VaultBatch batch;
  batch.Put(kProfileName, profile.SerializeAsString());
  batch.Put(kSigningSeedName, seed.Expose());
  batch.Put(kTransportKeyName, pem.Expose());
  return vault->Commit(batch);
}

}  // namespace

absl::StatusOr<identity::v1::Genesis> FoundNetwork(const FoundingOptions& options) {
  std::error_code error;
  const std::string genesis_path = options.directory + "/genesis.pb";
  if (fs::exists(genesis_path, error) || Vault::Exists(VaultPath(options.administrator_home))) {
    return Error(Reason::kFileUnreadable);
  }
  AMANA_RETURN_IF_ERROR(MakeFolder(options.directory));
  auto& random = crypto::SystemRandom::Instance();
  const absl::Time now = WholeSecond(absl::Now());
  const auto root = crypto::SigningKey::Generate(random);
  const auto administrator = crypto::SigningKey::Generate(random);
  AMANA_RETURN_IF_ERROR(WriteSeed(options.directory + "/root.key", "", root));
  AMANA_ASSIGN_OR_RETURN(const auto authority, MakeAuthority(options, now));
  AMANA_RETURN_IF_ERROR(MakeLogKey(options));
  const identity::v1::Genesis genesis = MakeGenesis(options.network, root, administrator, now);
  AMANA_RETURN_IF_ERROR(MakeAdministrator(options, authority, genesis, administrator, now));
  // Last: a network is there when its genesis is.
  AMANA_RETURN_IF_ERROR(WritePrivateFile(genesis_path, genesis.SerializeAsString()));
  return genesis;
}

absl::StatusOr<crypto::SigningKey> ReadRootKey(const std::string& path) {
  AMANA_ASSIGN_OR_RETURN(const SecretBytes text, ReadPrivateFile(path, kMaxFileBytes));
  std::string_view digits = text.Expose();
  if (digits.ends_with('\n')) digits.remove_suffix(1);
  AMANA_ASSIGN_OR_RETURN(std::string decoded, HexDecode(digits));
  const SecretBytes seed = SecretBytes::Take(std::move(decoded));
  return crypto::SigningKey::FromSeed(seed.Expose());
}

namespace {

absl::StatusOr<crypto::CertificateAuthority> LoadAuthority(const std::string& directory) {
  AMANA_ASSIGN_OR_RETURN(const std::string ca, ReadFile(directory + "/ca.pem", kMaxFileBytes));
  AMANA_ASSIGN_OR_RETURN(const SecretBytes key,
                         ReadPrivateFile(directory + "/ca.key", kMaxFileBytes));
  return crypto::CertificateAuthority::Load(ca, key.Expose());
}

absl::Status IssueOne(const crypto::CertificateAuthority& authority, const std::string& network,
                      const fs::path& folder, const std::string& service, absl::Time now,
                      absl::Duration lifetime) {
  const auto key = crypto::TransportKey::Generate();
  AMANA_ASSIGN_OR_RETURN(const std::string certificate,
                         authority.Issue({.public_key = key.public_key(),
                                          .spiffe_ids = {rpc::ServiceSpiffeId(network, service)},
                                          .dns_names = {},
                                          .not_before = now - kBackdated,
                                          .not_after = now + lifetime}));
  const std::string name = "tls-" + HexEncode(crypto::RandomBytes(8));
  const fs::path made = folder / name;
  AMANA_RETURN_IF_ERROR(MakeFolder(made));
  AMANA_RETURN_IF_ERROR(WritePrivateFile(made / "ca.pem", authority.certificate_pem()));
  AMANA_RETURN_IF_ERROR(WritePrivateFile(made / "cert.pem", certificate));
  AMANA_RETURN_IF_ERROR(WritePrivateFile(made / "key.pem", key.ToPem().Expose()));

  std::error_code error;
  const fs::path link = folder / "tls";
  const fs::path before = fs::read_symlink(link, error);
  const fs::path fresh = folder / (name + ".link");
  fs::create_directory_symlink(name, fresh, error);
  if (!error) fs::rename(fresh, link, error);
  if (error) return Error(Reason::kFileUnreadable);
  // Only what a swap like this left behind; a reader that is still in it keeps its open files.
  if (before.string().starts_with("tls-")) fs::remove_all(folder / before, error);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<bool> ReissueDeviceCertificate(const std::string& directory, const std::string& home,
                                              std::string_view passphrase) {
  AMANA_ASSIGN_OR_RETURN(const std::unique_ptr<Vault> vault,
                         Vault::Open(VaultPath(home), passphrase));
  AMANA_ASSIGN_OR_RETURN(v1::Profile profile, LoadProfile(*vault));
  AMANA_ASSIGN_OR_RETURN(const auto info, crypto::ParseCertificate(profile.certificate()));
  const absl::Time now = WholeSecond(absl::Now());
  if (info.not_after - now > kRenewBefore) return false;
  AMANA_ASSIGN_OR_RETURN(const auto authority, LoadAuthority(directory));
  const auto key = crypto::TransportKey::Generate();
  AMANA_ASSIGN_OR_RETURN(const std::string certificate,
                         authority.Issue({.public_key = key.public_key(),
                                          .spiffe_ids = info.spiffe_ids,
                                          .dns_names = {},
                                          .not_before = now - kBackdated,
                                          .not_after = now + kFirstCertificateLifetime}));
  profile.set_certificate(certificate);
  const SecretBytes pem = key.ToPem();
  VaultBatch batch;
  batch.Put(kProfileName, profile.SerializeAsString());
  batch.Put(kTransportKeyName, pem.Expose());
  AMANA_RETURN_IF_ERROR(vault->Commit(batch));
  return true;
}

absl::Status IssueServiceCertificates(const std::string& directory, const std::string& out,
                                      const std::vector<std::string>& services,
                                      absl::Duration lifetime) {
  AMANA_ASSIGN_OR_RETURN(const auto authority, LoadAuthority(directory));
  // The CA's common name is the network.
  AMANA_ASSIGN_OR_RETURN(const auto info, crypto::ParseCertificate(authority.certificate_pem()));
  const absl::Time now = WholeSecond(absl::Now());
  for (const std::string& service : services) {
    const fs::path folder = fs::path(out) / service;
    AMANA_RETURN_IF_ERROR(MakeFolder(folder));
    AMANA_RETURN_IF_ERROR(IssueOne(authority, info.common_name, folder, service, now, lifetime));
  }
  return absl::OkStatus();
}

}  // namespace amana::client
