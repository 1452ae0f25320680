#include "services/identity/app/genesis.h"

#include "amana/identity/v1/identity.pb.h"
#include "common/base/status_macros.h"
#include "common/store/execute.h"
#include "services/identity/app/devices.h"
#include "services/identity/store/repository.h"

namespace amana::identity {
namespace {

using amana::store::Commit;
using amana::store::Outcome;

absl::Status Invalid() { return Error(Reason::kConfigurationInvalid, {.field = "genesis_file"}); }

// All devices of an organisation begin like it, so that they share its shard.
bool Beside(const OrganisationId& organisation, const DeviceId& device) {
  return organisation.view().substr(0, 2) == device.view().substr(0, 2);
}

domain::Organisation OrganisationOf(const v1::Genesis& from, const OrganisationId& id,
                                    absl::Time time) {
  domain::Organisation organisation;
  organisation.id = id;
  organisation.name = from.organisation().name();
  organisation.kind = domain::OrganisationKind::kNetwork;
  organisation.region_code = from.organisation().region_code();
  organisation.province_code = from.organisation().province_code();
  organisation.state = domain::OrganisationState::kOpen;
  organisation.create_time = time;
  organisation.live_devices = 1;
  organisation.approved_heads = 1;
  return organisation;
}

Commit FirstCommit(const Tools& tools, const CallContext& context,
                   const domain::Membership& first) {
  Commit commit;
  commit.shard = amana::store::ShardOf(first.organisation.id, tools.store.shards());
  commit.writes = {WriteOf(first.organisation, 0), WriteOf(first.device, 0)};
  commit.index_edits = {{kOrganisationsIndex, first.organisation.id.ToString(),
                         ScoreOf(first.organisation.create_time)},
                        {DevicesIndex(first.organisation.id), first.device.id.ToString(),
                         ScoreOf(first.device.enrol_time)}};
  commit.audit = {OrganisationEvent(tools, context, first.organisation, "organisation.created"),
                  DeviceEvent(tools, context, first.device, domain::NameOf(first.device.state),
                              "device.approved")};
  return commit;
}

}  // namespace

absl::StatusOr<Genesis> ParseGenesis(std::string_view bytes, const std::string& network) {
  v1::Genesis from;
  if (!from.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return Invalid();
  const auto root_key = crypto::VerifyingKey::FromBytes(from.root_key());
  const auto organisation = OrganisationId::FromBytes(from.organisation().organisation_id());
  const auto statement = ParseStatement(from.administrator().statement());
  if (!root_key.ok() || !organisation.ok() || !statement.ok()) return Invalid();

  const domain::DeviceCertificate certificate{from.administrator().statement(), DeviceId(),
                                              from.administrator().signature()};
  const bool whole =
      from.network() == network && statement->network == network && !organisation->is_zero() &&
      from.organisation().kind() == v1::ORGANISATION_KIND_NETWORK &&
      statement->organisation == *organisation && Beside(*organisation, statement->device) &&
      statement->role == Role::kNetworkAdministrator &&
      statement->signing_key.size() == crypto::kVerifyingKeySize &&
      from.administrator().issuer_device_id().empty();
  if (!whole || !IsSignedBy(certificate, *root_key)) return Invalid();

  v1::DeviceStatement stated;
  stated.ParseFromString(certificate.statement);
  const absl::Time time = absl::FromUnixSeconds(stated.issue_time().seconds());
  Genesis genesis;
  genesis.root_key = *root_key;
  genesis.first.organisation = OrganisationOf(from, *organisation, time);
  domain::Device& device = genesis.first.device;
  device.id = statement->device;
  device.organisation = *organisation;
  device.role = statement->role;
  device.state = domain::DeviceState::kApproved;
  device.signing_key = statement->signing_key;
  device.enrol_time = time;
  device.certificate = certificate;
  return genesis;
}

absl::Status InstallGenesis(const Tools& tools, const Genesis& genesis, Deadline deadline) {
  const CallContext context = CallContext::ForTimer("network.began", deadline);
  const Repository repository(tools.store);
  const domain::Membership& first = genesis.first;
  for (int attempt = 0; attempt < amana::store::kMaxAttempts; ++attempt) {
    AMANA_ASSIGN_OR_RETURN(const auto organisation,
                           repository.FindOrganisation(first.organisation.id, deadline));
    AMANA_ASSIGN_OR_RETURN(const auto device, repository.FindDevice(first.device.id, deadline));
    if (organisation && device) {
      return device->value.signing_key == first.device.signing_key ? absl::OkStatus() : Invalid();
    }
    // Only one of two reads saw it: another server did it in between, if it is the same network.
    if (organisation || device) continue;
    const Commit commit = FirstCommit(tools, context, first);
    AMANA_ASSIGN_OR_RETURN(const Outcome outcome, tools.store.Apply(commit, deadline));
    if (outcome.kind == Outcome::Kind::kCommitted) return absl::OkStatus();
  }
  return Invalid();
}

}  // namespace amana::identity
