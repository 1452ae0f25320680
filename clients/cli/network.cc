// amana network …: founding a network and its services' certificates. Needs no service.

#include "clients/cli/commands.h"
#include "clients/cli/render.h"
#include "common/base/status_macros.h"
#include "common/client/founding.h"

namespace amana::cli {
namespace {

struct InitOptions {
  std::string directory;
  std::string network;
  std::string administrator_home;
  std::string client_config;
};

absl::Status Init(Context& context, const InitOptions& options) {
  // The passphrase is the administrator's, whose vault this makes.
  Context administrator = context;
  administrator.home = options.administrator_home;
  AMANA_ASSIGN_OR_RETURN(const SecretBytes passphrase, administrator.Passphrase());
  AMANA_ASSIGN_OR_RETURN(const identity::v1::Genesis genesis,
                         client::FoundNetwork({.directory = options.directory,
                                               .network = options.network,
                                               .administrator_home = options.administrator_home,
                                               .passphrase = std::string(passphrase.Expose()),
                                               .client_config_file = options.client_config}));
  context.Show(genesis, "The network " + options.network + " is founded.\nKeep " +
                            options.directory + "/root.key offline, with a copy elsewhere.");
  return absl::OkStatus();
}

struct IssueOptions {
  std::string directory;
  std::string out;
  std::vector<std::string> services;
  int hours = 24;
};

absl::Status Issue(Context& context, const IssueOptions& options) {
  AMANA_RETURN_IF_ERROR(client::IssueServiceCertificates(
      options.directory, options.out, options.services, absl::Hours(options.hours)));
  context.ShowText("{}", std::to_string(options.services.size()) + " certificates for " +
                             std::to_string(options.hours) + " hours.");
  return absl::OkStatus();
}

struct ReissueOptions {
  std::string directory;
};

absl::Status Reissue(Context& context, const ReissueOptions& options) {
  AMANA_ASSIGN_OR_RETURN(const SecretBytes passphrase, context.Passphrase());
  AMANA_ASSIGN_OR_RETURN(
      const bool reissued,
      client::ReissueDeviceCertificate(options.directory, context.home, passphrase.Expose()));
  context.ShowText(Json{{"reissued", reissued}}.dump(2),
                   reissued ? "A new certificate for a day." : "Its certificate is still good.");
  return absl::OkStatus();
}

}  // namespace

void AddNetworkCommands(CLI::App& app, Context& context) {
  CLI::App& group = AddGroup(app, "network", "Found a network");
  AddCommand<InitOptions>(
      group, context, "init", "Root key, CA, log key, genesis and the first administrator's vault",
      [](CLI::App& command, InitOptions& o) {
        command.add_option("--dir", o.directory, "Folder of the network's keys")->required();
        command.add_option("--network", o.network, "Name, such as demo.amana")->required();
        command.add_option("--administrator-home", o.administrator_home, "Home of its vault")
            ->required();
        command.add_option("--client-config", o.client_config, "Where the services are")
            ->required();
      },
      Init);
  AddCommand<IssueOptions>(
      group, context, "issue-service-certificates", "TLS certificates for services",
      [](CLI::App& command, IssueOptions& o) {
        command.add_option("--dir", o.directory, "Folder of the network's keys")->required();
        command.add_option("--out", o.out, "Folder with one folder a service")->required();
        command.add_option("--hours", o.hours, "How long they last")->check(CLI::Range(1, 8760));
        command.add_option("services", o.services, "Names of services")->required();
      },
      Issue);
  AddCommand<ReissueOptions>(
      group, context, "reissue-device-certificate",
      "A new certificate for the device in --home, whose own ran out while it was off",
      [](CLI::App& command, ReissueOptions& o) {
        command.add_option("--dir", o.directory, "Folder of the network's keys")->required();
      },
      Reissue);
}

}  // namespace amana::cli
