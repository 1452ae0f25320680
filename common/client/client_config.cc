#include "common/client/client_config.h"

#include "absl/strings/strip.h"
#include "common/base/error.h"
#include "common/base/files.h"
#include "common/base/status_macros.h"
#include "common/client/trust.h"
#include "common/config/config.h"
#include "common/merkle/note_key.h"

namespace amana::client {
namespace {

constexpr size_t kMaxFileBytes = 64 * 1024;
using config::Need;

}  // namespace

absl::StatusOr<ClientConfig> ReadClientConfig(const std::string& path) {
  ClientConfig config;
  v1::Addresses& addresses = config.addresses;
  config::Schema schema;
  schema.String("network", "The network's name.", config.network, Need::kRequired);
  schema.Address("identity_address", "Where identity is.", *addresses.mutable_identity(),
                 Need::kRequired);
  schema.Address("intake_address", "Where intake is.", *addresses.mutable_intake(),
                 Need::kRequired);
  schema.Address("referral_address", "Where referral is.", *addresses.mutable_referral(),
                 Need::kRequired);
  schema.Address("messaging_address", "Where messaging is.", *addresses.mutable_messaging(),
                 Need::kRequired);
  schema.Address("audit_address", "Where audit is.", *addresses.mutable_audit(), Need::kRequired);
  schema.Address("enrolment_address", "The door for devices that are not enrolled yet.",
                 *addresses.mutable_enrolment(), Need::kRequired);
  schema.Path("ca_file", "PEM of the network's CA.", config.ca_file, Need::kRequired);
  schema.Path("genesis_file", "The network's public beginning.", config.genesis_file,
              Need::kRequired);
  schema.Path("log_key_file", "The public key of the network's log.", config.log_key_file,
              Need::kRequired);
  AMANA_RETURN_IF_ERROR(schema.Load(path));
  return config;
}

absl::StatusOr<v1::Profile> NetworkProfile(const ClientConfig& config) {
  AMANA_ASSIGN_OR_RETURN(const std::string bytes, ReadFile(config.genesis_file, kMaxFileBytes));
  identity::v1::Genesis genesis;
  if (!genesis.ParseFromString(bytes)) {
    return Error(Reason::kConfigurationInvalid, {.field = "genesis_file"});
  }
  return NetworkProfile(config, genesis);
}

absl::StatusOr<v1::Profile> NetworkProfile(const ClientConfig& config,
                                           const identity::v1::Genesis& genesis) {
  if (genesis.network() != config.network || !VerifyGenesis(genesis).ok()) {
    return Error(Reason::kConfigurationInvalid, {.field = "genesis_file"});
  }
  AMANA_ASSIGN_OR_RETURN(const std::string ca, ReadFile(config.ca_file, kMaxFileBytes));
  AMANA_ASSIGN_OR_RETURN(const std::string vkey_line, ReadFile(config.log_key_file, kMaxFileBytes));
  const std::string vkey(absl::StripSuffix(vkey_line, "\n"));
  if (!merkle::NoteKey::Parse(vkey).ok()) {
    return Error(Reason::kConfigurationInvalid, {.field = "log_key_file"});
  }
  v1::Profile profile;
  profile.set_network(config.network);
  *profile.mutable_addresses() = config.addresses;
  profile.set_ca_certificate(ca);
  profile.set_root_key(genesis.root_key());
  profile.set_log_key(vkey);
  return profile;
}

}  // namespace amana::client
