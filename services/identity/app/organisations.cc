#include "services/identity/app/organisations.h"

#include <algorithm>

#include "common/base/status_macros.h"
#include "common/store/execute.h"
#include "services/identity/app/messages.h"
#include "services/identity/app/page_token.h"

namespace amana::identity {
namespace {

using amana::store::Commit;
using amana::store::Execute;
using amana::store::IndexEntry;

// How many members at the end of `entries` have the last score, together with `before` ones of an
// earlier page.
PagePosition EndOf(const std::vector<IndexEntry>& entries, const PagePosition& start) {
  PagePosition end{entries.back().score, 0};
  for (const IndexEntry& entry : entries) end.skip += entry.score == end.score ? 1 : 0;
  if (end.score == start.score) end.skip += start.skip;
  return end;
}

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
  AMANA_ASSIGN_OR_RETURN(const PagePosition start, ParsePageToken(request.page_token()));
  const uint32_t size =
      std::min(request.page_size() == 0 ? kDefaultPageSize : request.page_size(), kMaxPageSize);
  AMANA_ASSIGN_OR_RETURN(
      std::vector<IndexEntry> entries,
      tools_.store.ReadIndexEverywhere(kOrganisationsIndex,
                                       {.minimum = start.score, .limit = start.skip + size + 1},
                                       context.deadline));
  // One more than fits was asked for: to know whether there is more.
  const bool more = entries.size() > start.skip + size;
  if (more) entries.pop_back();
  entries.erase(entries.begin(), entries.begin() + static_cast<ptrdiff_t>(std::min<size_t>(
                                                       start.skip, entries.size())));
  std::vector<OrganisationId> ids;
  for (const IndexEntry& entry : entries) {
    AMANA_ASSIGN_OR_RETURN(const OrganisationId id, OrganisationId::Parse(entry.member));
    ids.push_back(id);
  }
  AMANA_ASSIGN_OR_RETURN(const std::vector<domain::Organisation> organisations,
                         repository_.ReadOrganisations(ids, context.deadline));
  v1::ListOrganisationsResponse response;
  for (const domain::Organisation& o : organisations) {
    *response.add_organisations() = ToMessage(o);
  }
  if (more) response.set_next_page_token(MakePageToken(EndOf(entries, start)));
  return response;
}

}  // namespace amana::identity
