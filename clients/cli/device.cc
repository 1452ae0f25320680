// amana device …: codes, enrolment, approval, removal.

#include "clients/cli/commands.h"
#include "clients/cli/options.h"
#include "clients/cli/render.h"
#include "common/base/hex.h"
#include "common/base/status_macros.h"
#include "common/client/client_config.h"
#include "common/client/enrolment.h"
#include "common/client/founding.h"

namespace amana::cli {
namespace {

using identity::v1::Device;
using identity::v1::IdentityService;

std::string Line(const Device& device) {
  return IdText(device.device_id()) + "  " + Word(device.role()) + "  " + Word(device.state()) +
         "  key " + HexEncode(device.signing_key()) + "\n";
}

struct CodeOptions {
  std::string organisation;
  options::v1::Role role = options::v1::ROLE_UNSPECIFIED;
};

absl::Status Code(Context& context, const CodeOptions& options) {
  identity::v1::CreateEnrolmentCodeRequest request;
  request.set_organisation_id(options.organisation);
  request.set_role(options.role);
  return context.CallAndShow(
      &IdentityService::Stub::CreateEnrolmentCode, request, [](const auto& response) {
        return response.code() + "\nGood once, until " + TimeText(response.expire_time()) + ".";
      });
}

struct EnrolOptions {
  std::string code;
  std::string config;
};

absl::Status Enrol(Context& context, const EnrolOptions& options) {
  AMANA_ASSIGN_OR_RETURN(const client::ClientConfig config,
                         client::ReadClientConfig(options.config));
  AMANA_ASSIGN_OR_RETURN(const SecretBytes passphrase, context.Passphrase());
  AMANA_ASSIGN_OR_RETURN(
      const Device device,
      client::Enrol(context.home, passphrase.Expose(), config, options.code, context.timeout()));
  context.Show(device,
               Line(device) + "Read the key out to whoever approves it: both must see the same.");
  return absl::OkStatus();
}

struct ApproveOptions {
  std::string device;
  std::string organisation;
  options::v1::Role role = options::v1::ROLE_UNSPECIFIED;
  std::string key;
  std::string root_key;
};

absl::Status Approve(Context& context, const ApproveOptions& options) {
  AMANA_ASSIGN_OR_RETURN(const auto device, DeviceId::FromBytes(options.device));
  AMANA_ASSIGN_OR_RETURN(const std::string key_bytes, HexDecode(options.key));
  AMANA_ASSIGN_OR_RETURN(const auto key, crypto::VerifyingKey::FromBytes(key_bytes));
  AMANA_ASSIGN_OR_RETURN(const auto session, context.OpenSession());
  OrganisationId organisation = session->organisation();
  if (!options.organisation.empty()) {
    AMANA_ASSIGN_OR_RETURN(organisation, OrganisationId::FromBytes(options.organisation));
  }
  const client::Vouched vouched{organisation, device, options.role, key};
  absl::StatusOr<Device> approved = Error(Reason::kUnexpected);
  if (options.root_key.empty()) {
    approved = client::Approve(*session, vouched, nullptr);
  } else {
    AMANA_ASSIGN_OR_RETURN(const auto root_key, client::ReadRootKey(options.root_key));
    approved = client::Approve(*session, vouched, &root_key);
  }
  AMANA_RETURN_IF_ERROR(approved.status());
  context.Show(*approved, Line(*approved));
  return absl::OkStatus();
}

struct RevokeOptions {
  std::string device;
  std::string organisation;
};

absl::Status Revoke(Context& context, const RevokeOptions& options) {
  AMANA_ASSIGN_OR_RETURN(const auto session, context.OpenSession());
  identity::v1::RevokeDeviceRequest request;
  request.set_device_id(options.device);
  request.set_organisation_id(options.organisation.empty() ? session->organisation().bytes()
                                                           : options.organisation);
  AMANA_ASSIGN_OR_RETURN(const auto response,
                         session->Call(&IdentityService::Stub::RevokeDevice, request));
  context.Show(response.device(), Line(response.device()));
  return absl::OkStatus();
}

struct ListOptions {
  std::string organisation;
};

absl::Status List(Context& context, const ListOptions& options) {
  AMANA_ASSIGN_OR_RETURN(const auto session, context.OpenSession());
  identity::v1::ListDevicesRequest request;
  request.set_organisation_id(options.organisation.empty() ? session->organisation().bytes()
                                                           : options.organisation);
  AMANA_ASSIGN_OR_RETURN(const auto response,
                         session->Call(&IdentityService::Stub::ListDevices, request));
  std::string lines;
  for (const Device& device : response.devices()) lines += Line(device);
  context.Show(response, lines);
  return absl::OkStatus();
}

struct NoOptions {};

absl::Status Show(Context& context, const NoOptions&) {
  return context.CallAndShow(
      &IdentityService::Stub::GetOwnDevice, identity::v1::GetOwnDeviceRequest(),
      &identity::v1::GetOwnDeviceResponse::device,
      [](const Device& device) { return Line(device) + "of " + IdText(device.organisation_id()); });
}

}  // namespace

void AddDeviceCommands(CLI::App& app, Context& context) {
  CLI::App& group = AddGroup(app, "device", "Devices: who may take part");
  AddCommand<CodeOptions>(
      group, context, "code", "Make a one-time enrolment code",
      [](CLI::App& command, CodeOptions& o) {
        AddId(command, "--organisation", o.organisation, "Whose device it will be")->required();
        AddWord(command, "--role", o.role, "What it may do")->required();
      },
      Code);
  AddCommand<EnrolOptions>(
      group, context, "enrol", "Make this home a device, with a code",
      [](CLI::App& command, EnrolOptions& o) {
        command.add_option("--code", o.code, "The code")->required();
        command.add_option("--config", o.config, "The network's client.conf")->required();
      },
      Enrol);
  AddCommand<ApproveOptions>(
      group, context, "approve", "Vouch for a pending device",
      [](CLI::App& command, ApproveOptions& o) {
        AddId(command, "device", o.device, "The pending device");
        AddId(command, "--organisation", o.organisation, "Whose device it is (default: own)");
        AddWord(command, "--role", o.role, "What it may do")->required();
        command
            .add_option("--key", o.key, "Its key, as `device enrol` showed it on the new device")
            ->required();
        command.add_option("--root-key", o.root_key,
                           "The network's root key, for an organisation's first device");
      },
      Approve);
  AddCommand<RevokeOptions>(
      group, context, "revoke", "Remove a device at once",
      [](CLI::App& command, RevokeOptions& o) {
        AddId(command, "device", o.device, "The device");
        AddId(command, "--organisation", o.organisation, "Whose device it is (default: own)");
      },
      Revoke);
  AddCommand<ListOptions>(
      group, context, "list", "Show the devices of an organisation",
      [](CLI::App& command, ListOptions& o) {
        AddId(command, "--organisation", o.organisation, "Default: own");
      },
      List);
  AddCommand<NoOptions>(
      group, context, "show", "Show this device", [](CLI::App&, NoOptions&) {}, Show);
}

}  // namespace amana::cli
