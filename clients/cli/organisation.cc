// amana org …

#include <filesystem>
#include <set>

#include "clients/cli/commands.h"
#include "clients/cli/options.h"
#include "clients/cli/render.h"
#include "common/base/files.h"
#include "common/base/status_macros.h"
#include "common/client/hsds.h"
#include "common/client/paging.h"

namespace amana::cli {
namespace {

using identity::v1::CreateOrganisationRequest;
using identity::v1::IdentityService;
using identity::v1::ListOrganisationsResponse;
using identity::v1::Organisation;

std::string Line(const Organisation& organisation) {
  return IdText(organisation.organisation_id()) + "  " + Word(organisation.kind()) + "  " +
         Word(organisation.state()) + "  " + organisation.name();
}

absl::StatusOr<ListOrganisationsResponse> ListAll(client::Session& session) {
  return client::AllPages(
      [&](const auto& page) {
        return session.Call(&IdentityService::Stub::ListOrganisations, page);
      },
      identity::v1::ListOrganisationsRequest());
}

struct AddOptions {
  CreateOrganisationRequest request;
};

absl::Status Add(Context& context, const AddOptions& options) {
  CreateOrganisationRequest request = options.request;
  if (request.region_code().empty()) request.set_region_code(request.province_code().substr(0, 2));
  return context.CallAndShow(&IdentityService::Stub::CreateOrganisation, request,
                             &identity::v1::CreateOrganisationResponse::organisation, Line);
}

struct NoOptions {};

absl::Status List(Context& context, const NoOptions&) {
  return context.CallAndShow(
      &IdentityService::Stub::ListOrganisations, identity::v1::ListOrganisationsRequest(),
      [](const auto& response) { return Lines(response.organisations(), Line, ""); });
}

struct CloseOptions {
  std::string id;
};

absl::Status Close(Context& context, const CloseOptions& options) {
  identity::v1::CloseOrganisationRequest request;
  request.set_organisation_id(options.id);
  return context.CallAndShow(&IdentityService::Stub::CloseOrganisation, request,
                             &identity::v1::CloseOrganisationResponse::organisation, Line);
}

struct ImportOptions {
  std::string file;
};

CreateOrganisationRequest RequestFor(const Organisation& organisation, const std::string& root,
                                     const std::set<std::string>& known) {
  CreateOrganisationRequest request;
  request.set_organisation_id(organisation.organisation_id());
  request.set_name(organisation.name());
  request.set_kind(organisation.kind());
  const std::string& parent = organisation.parent_organisation_id();
  request.set_parent_organisation_id(known.contains(parent) ? parent : root);
  request.set_region_code(organisation.region_code());
  request.set_province_code(organisation.province_code());
  return request;
}

// Those that are there already are left as they are, so that a file may be read in again.
absl::Status Import(Context& context, const ImportOptions& options) {
  AMANA_ASSIGN_OR_RETURN(const std::string text, ReadFile(options.file, client::kMaxHsdsBytes));
  AMANA_ASSIGN_OR_RETURN(const client::HsdsDirectory directory,
                         client::ReadHsds(text, absl::Now()));
  AMANA_ASSIGN_OR_RETURN(const auto session, context.OpenSession());
  AMANA_ASSIGN_OR_RETURN(const ListOrganisationsResponse all, ListAll(*session));
  std::set<std::string> known;
  for (const Organisation& organisation : all.organisations()) {
    known.insert(organisation.organisation_id());
  }
  const size_t before = known.size();
  for (const Organisation& organisation : directory.organisations) {
    if (known.contains(organisation.organisation_id())) continue;
    AMANA_RETURN_IF_ERROR(
        session
            ->Call(&IdentityService::Stub::CreateOrganisation,
                   RequestFor(organisation, session->organisation().bytes(), known))
            .status());
    known.insert(organisation.organisation_id());
  }
  const size_t created = known.size() - before;
  const Json json = {{"created", created}, {"existing", directory.organisations.size() - created}};
  context.ShowText(json.dump(2), std::to_string(created) + " organisations created, " +
                                     std::to_string(directory.organisations.size() - created) +
                                     " were there already.");
  return absl::OkStatus();
}

void DeclareAdd(CLI::App& command, AddOptions& o) {
  CreateOrganisationRequest& request = o.request;
  command.add_option("--name", *request.mutable_name(), "Its name")->required();
  command
      .add_option_function<std::string>(
          "--kind",
          [&request](const std::string& word) {
            request.set_kind(static_cast<identity::v1::OrganisationKind>(
                NumberOf(*identity::v1::OrganisationKind_descriptor(), "--kind", word)));
          },
          WordsOf(*identity::v1::OrganisationKind_descriptor()))
      ->required();
  AddId(command, "--parent", *request.mutable_parent_organisation_id(), "The one above it")
      ->required();
  AddId(command, "--id", *request.mutable_organisation_id(), "Its HSDS id, if it has one");
  command.add_option("--province", *request.mutable_province_code(), "HCP code, RR.PPP");
  command.add_option("--region", *request.mutable_region_code(), "HCP code, RR");
}

}  // namespace

void AddOrganisationCommands(CLI::App& app, Context& context) {
  CLI::App& group = AddGroup(app, "org", "Organisations of the network");
  AddCommand<AddOptions>(group, context, "add", "Create one", DeclareAdd, Add);
  AddCommand<NoOptions>(group, context, "list", "Show all", [](CLI::App&, NoOptions&) {}, List);
  AddCommand<CloseOptions>(
      group, context, "close", "Close one: its devices can do nothing more",
      [](CLI::App& command, CloseOptions& o) { AddId(command, "id", o.id, "Organisation"); },
      Close);
  AddCommand<ImportOptions>(
      group, context, "import", "Create all organisations of an HSDS file",
      [](CLI::App& command, ImportOptions& o) {
        command.add_option("file", o.file, "HSDS JSON")->required();
      },
      Import);
}

}  // namespace amana::cli
