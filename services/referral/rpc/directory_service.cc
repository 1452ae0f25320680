#include "services/referral/rpc/directory_service.h"

#include <algorithm>

#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "services/referral/rpc/render.h"
#include "services/referral/store/convert.h"

namespace amana::referral {
namespace {

using Answer = absl::StatusOr<std::string>;

Answer Import(Directory& directory, const CallContext& context,
              const v1::ImportDirectoryRequest& request) {
  std::vector<domain::ServiceAtLocation> records;
  for (const auto& record : request.records()) records.push_back(FromProto(record));
  AMANA_ASSIGN_OR_RETURN(const std::vector<ImportResult> results,
                         directory.Import(context, records));
  v1::ImportDirectoryResponse response;
  for (const ImportResult& result : results) {
    auto& added = *response.add_results();
    added.set_service_at_location_id(result.id.bytes());
    added.set_outcome(static_cast<v1::ImportResult::Outcome>(result.outcome));
    if (result.reason != Reason::kUnspecified) {
      added.set_reason(std::string(InfoOf(result.reason).name));
    }
  }
  return rpc::Reply(response);
}

Answer List(Directory& directory, const v1::ListServicesAtLocationRequest& request) {
  AMANA_ASSIGN_OR_RETURN(const ServicePage page,
                         directory.List(IdFrom<OrganisationId>(request.organisation_id()),
                                        request.page_size(), request.page_token()));
  v1::ListServicesAtLocationResponse response;
  for (const auto& entry : page.entries) {
    *response.add_services_at_location() = ToProto(entry->record, entry->ledger);
  }
  response.set_next_page_token(page.next_token);
  return rpc::Reply(response);
}

Answer SetStatus(Directory& directory, const CallContext& context,
                 const v1::SetServiceStatusRequest& request) {
  return directory.SetStatus(
      context, IdFrom<ServiceAtLocationId>(request.service_at_location_id()),
      static_cast<domain::ServiceStatus>(request.status()),
      [](const domain::ServiceAtLocation& record, const domain::Ledger& ledger) {
        v1::SetServiceStatusResponse response;
        *response.mutable_service_at_location() = ToProto(record, ledger);
        return response.SerializeAsString();
      });
}

Answer SetCapacity(Directory& directory, const CallContext& context,
                   const v1::SetCapacityRequest& request) {
  const auto pool_id = IdFrom<PoolId>(request.pool_id());
  return directory.SetCapacity(
      context, IdFrom<ServiceAtLocationId>(request.service_at_location_id()), pool_id,
      request.maximum(), request.occupied_elsewhere(),
      [&](const domain::ServiceAtLocation&, const domain::Ledger& ledger) {
        v1::SetCapacityResponse response;
        const auto pool = std::ranges::find(ledger.pools, pool_id, &domain::Pool::pool_id);
        if (pool != ledger.pools.end()) *response.mutable_pool() = ToProto(ledger, *pool);
        return response.SerializeAsString();
      });
}

Answer GetCapacity(Directory& directory, const CallContext& context,
                   const v1::GetCapacityRequest& request) {
  AMANA_ASSIGN_OR_RETURN(const domain::Ledger ledger,
                         directory.GetCapacity(context, IdFrom<ServiceAtLocationId>(
                                                            request.service_at_location_id())));
  v1::GetCapacityResponse response;
  for (const domain::Pool& pool : ledger.pools) *response.add_pools() = ToProto(ledger, pool);
  for (const domain::Reservation& reservation : ledger.reservations) {
    // What ended without lines is a note of the saga's, not a reservation.
    if (!reservation.lines.empty()) *response.add_reservations() = ToProto(reservation);
  }
  return rpc::Reply(response);
}

Answer Match(Directory& directory, const v1::MatchRequest& request) {
  const domain::RoutingCard card = FromProto(request.card());
  const auto need = static_cast<domain::NeedCode>(request.need());
  if (std::ranges::find(card.needs, need) == card.needs.end()) {
    return Error(Reason::kInvalidField, {.field = "need"});
  }
  absl::Time snapshot_time;
  AMANA_ASSIGN_OR_RETURN(const domain::MatchResult result,
                         directory.Match(card, need, request.limit(), snapshot_time));
  return rpc::Reply(ToProto(result, snapshot_time));
}

}  // namespace

std::unique_ptr<rpc::Service> MakeDirectoryService(Directory& directory) {
  auto service = std::make_unique<rpc::Service>("amana.referral.v1.DirectoryService");
  Directory* const d = &directory;
  service->Unary<v1::ImportDirectoryRequest, v1::ImportDirectoryResponse>(
      "ImportDirectory",
      [d](const CallContext& context, const v1::ImportDirectoryRequest& request) {
        return Import(*d, context, request);
      });
  service->Unary<v1::ListServicesAtLocationRequest, v1::ListServicesAtLocationResponse>(
      "ListServicesAtLocation",
      [d](const CallContext&, const v1::ListServicesAtLocationRequest& request) {
        return List(*d, request);
      });
  service->Unary<v1::SetServiceStatusRequest, v1::SetServiceStatusResponse>(
      "SetServiceStatus",
      [d](const CallContext& context, const v1::SetServiceStatusRequest& request) {
        return SetStatus(*d, context, request);
      });
  service->Unary<v1::SetCapacityRequest, v1::SetCapacityResponse>(
      "SetCapacity", [d](const CallContext& context, const v1::SetCapacityRequest& request) {
        return SetCapacity(*d, context, request);
      });
  service->Unary<v1::GetCapacityRequest, v1::GetCapacityResponse>(
      "GetCapacity", [d](const CallContext& context, const v1::GetCapacityRequest& request) {
        return GetCapacity(*d, context, request);
      });
  service->Unary<v1::MatchRequest, v1::MatchResponse>(
      "Match",
      [d](const CallContext&, const v1::MatchRequest& request) { return Match(*d, request); });
  return service;
}

}  // namespace amana::referral
