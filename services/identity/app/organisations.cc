#include "services/identity/app/organisations.h"

#include "common/base/status_macros.h"
#include "common/store/execute.h"
#include "common/store/index_page.h"
#include "services/identity/app/messages.h"

namespace amana::identity {
namespace {

using amana::store::Commit;
using amana::store::Execute;

}  // namespace

absl::StatusOr<Commit> Organisations::DecideCreate(const CallContext& context,
                                                   const domain::NewOrganisation& given,
                                                   const OrganisationId& parent_id) {
  AMANA_ASSIGN_OR_RETURN(const auto existing,
                         repository_.FindOrganisation(given.id, context.deadline));
  if (existing) return Error(Reason::kInvalidField, {.field = "organisation_id"});
  AMANA_ASSIGN_OR_RETURN(const auto parent,
                         repository_.FindOrganisation(parent_id, context.deadline));
  AMANA_ASSIGN_OR_RETURN(
      const domain::Organisation created,
      domain::Create(given, parent ? &parent->value : nullptr, tools_.clock.Now()));
  Commit commit;
  commit.writes.push_back(WriteOf(created, 0));
  commit.index_edits.push_back(
      {kOrganisationsIndex, created.id.ToString(), ScoreOf(created.create_time)});
  commit.audit.push_back(OrganisationEvent(tools_, context, created));
  v1::CreateOrganisationResponse response;
  *response.mutable_organisation() = ToMessage(created);
  commit.reply = response.SerializeAsString();
  return commit;
}

absl::StatusOr<std::string> Organisations::Create(const CallContext& context,
                                                  const v1::CreateOrganisationRequest& request) {
  domain::NewOrganisation given;
  if (request.organisation_id().empty()) {
    given.id = amana::store::NewIdBeside<OrganisationId>(tools_.random, context.request_id);
  } else {
    AMANA_ASSIGN_OR_RETURN(given.id,
                           IdFrom<OrganisationId>(request.organisation_id(), "organisation_id"));
  }
  given.name = request.name();
  given.kind = static_cast<domain::OrganisationKind>(request.kind());
  given.region_code = request.region_code();
  given.province_code = request.province_code();
  AMANA_ASSIGN_OR_RETURN(
      const OrganisationId parent,
      IdFrom<OrganisationId>(request.parent_organisation_id(), "parent_organisation_id"));
  return Execute(tools_.store, context, repository_.ShardOf(given.id),
                 [&] { return DecideCreate(context, given, parent); });
}

absl::StatusOr<Commit> Organisations::DecideClose(const CallContext& context,
                                                  const OrganisationId& id) {
  AMANA_ASSIGN_OR_RETURN(const auto found, repository_.FindOrganisation(id, context.deadline));
  if (!found) return Error(Reason::kOrganisationNotFound);
  AMANA_ASSIGN_OR_RETURN(const domain::Organisation closed, domain::Close(found->value));
  Commit commit;
  commit.writes.push_back(WriteOf(closed, found->version));
  commit.audit.push_back(OrganisationEvent(tools_, context, closed));
  v1::CloseOrganisationResponse response;
  *response.mutable_organisation() = ToMessage(closed);
  commit.reply = response.SerializeAsString();
  return commit;
}

absl::StatusOr<std::string> Organisations::Close(const CallContext& context,
                                                 const v1::CloseOrganisationRequest& request) {
  AMANA_ASSIGN_OR_RETURN(const OrganisationId id,
                         IdFrom<OrganisationId>(request.organisation_id(), "organisation_id"));
  return Execute(tools_.store, context, repository_.ShardOf(id),
                 [&] { return DecideClose(context, id); });
}

absl::StatusOr<v1::ListOrganisationsResponse> Organisations::List(
    const CallContext& context, const v1::ListOrganisationsRequest& request) {
  AMANA_ASSIGN_OR_RETURN(const store::IndexPage page,
                         store::ReadIndexPage(tools_.store, kOrganisationsIndex,
                                              {.limit = store::PageSize(request.page_size())},
                                              request.page_token(), context.deadline));
  std::vector<OrganisationId> ids;
  for (const store::IndexEntry& entry : page.entries) {
    AMANA_ASSIGN_OR_RETURN(const OrganisationId id, OrganisationId::Parse(entry.member));
    ids.push_back(id);
  }
  AMANA_ASSIGN_OR_RETURN(const std::vector<domain::Organisation> organisations,
                         repository_.ReadOrganisations(ids, context.deadline));
  v1::ListOrganisationsResponse response;
  for (const domain::Organisation& o : organisations) {
    *response.add_organisations() = ToMessage(o);
  }
  response.set_next_page_token(page.next_token);
  return response;
}

}  // namespace amana::identity
