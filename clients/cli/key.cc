// amana key …: the key under which colleagues elsewhere seal handoffs for this device.

#include "clients/cli/commands.h"
#include "clients/cli/options.h"
#include "clients/cli/render.h"
#include "common/base/hex.h"
#include "common/base/status_macros.h"
#include "common/client/enrolment.h"

namespace amana::cli {
namespace {

struct NoOptions {};

absl::Status Publish(Context& context, const NoOptions&) {
  AMANA_ASSIGN_OR_RETURN(const auto session, context.OpenSession());
  AMANA_RETURN_IF_ERROR(client::PublishHpkeKey(*session));
  context.ShowText("{}", "A new key is published; earlier ones still open what they were for.");
  return absl::OkStatus();
}

struct ListOptions {
  std::string organisation;
};

// Verified from the network's root key down, as a sender does it.
absl::Status List(Context& context, const ListOptions& options) {
  AMANA_ASSIGN_OR_RETURN(const auto organisation, OrganisationId::FromBytes(options.organisation));
  AMANA_ASSIGN_OR_RETURN(const auto session, context.OpenSession());
  AMANA_ASSIGN_OR_RETURN(const auto trusted, session->Trust(organisation));
  messaging::v1::ListKeysRequest request;
  request.set_organisation_id(options.organisation);
  AMANA_ASSIGN_OR_RETURN(const auto response,
                         session->Call(&messaging::v1::MessagingService::Stub::ListKeys, request));
  const auto recipients = client::VerifyPublishedKeys(trusted, response);
  Json keys = Json::array();
  std::string lines;
  for (const auto& recipient : recipients) {
    const std::string key = HexEncode(recipient.key.bytes());
    keys.push_back({{"device_id", recipient.device.ToString()}, {"key", key}});
    lines += recipient.device.ToString() + "  " + key + "\n";
  }
  context.ShowText(Json{{"keys", keys}}.dump(2), lines);
  return absl::OkStatus();
}

}  // namespace

void AddKeyCommands(CLI::App& app, Context& context) {
  CLI::App& group = AddGroup(app, "key", "Keys for sealed handoffs");
  AddCommand<NoOptions>(
      group, context, "publish", "Make a new key and publish it", [](CLI::App&, NoOptions&) {},
      Publish);
  AddCommand<ListOptions>(
      group, context, "list", "Show an organisation's keys, verified",
      [](CLI::App& command, ListOptions& o) {
        AddId(command, "organisation", o.organisation, "Organisation");
      },
      List);
}

}  // namespace amana::cli
