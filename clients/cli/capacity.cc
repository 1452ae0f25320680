// amana capacity …: how much room there is.

#include "absl/strings/str_cat.h"
#include "clients/cli/commands.h"
#include "clients/cli/options.h"
#include "clients/cli/render.h"

namespace amana::cli {
namespace {

using referral::v1::DirectoryService;

std::string Describe(const referral::v1::Pool& pool) {
  return absl::StrCat("Pool ", IdText(pool.pool_id()), ": ", pool.free(), " of ", pool.maximum(),
                      " ", Word(pool.unit()), " free (", pool.held(), " held, ", pool.confirmed(),
                      " confirmed, ", pool.occupied(), " occupied, ", pool.occupied_elsewhere(),
                      " not ours), as of ", TimeText(pool.update_time()), ".");
}

struct Show {
  std::string service_at_location_id;
};

absl::Status RunShow(Context& context, const Show& options) {
  referral::v1::GetCapacityRequest request;
  request.set_service_at_location_id(options.service_at_location_id);
  return context.CallAndShow(
      &DirectoryService::Stub::GetCapacity, request,
      [](const auto& response) { return Lines(response.pools(), Describe, "No pools."); });
}

struct Set {
  std::string service_at_location_id;
  std::string pool_id;
  uint32_t maximum = 0;
  uint32_t occupied_elsewhere = 0;
};

void DeclareSet(CLI::App& command, Set& options) {
  AddId(command, "service_at_location", options.service_at_location_id, "Where");
  AddId(command, "--pool", options.pool_id, "Which pool")->required();
  command.add_option("--maximum", options.maximum, "Places in all")->required();
  command.add_option("--occupied-elsewhere", options.occupied_elsewhere,
                     "Taken by people who did not come through the network (0)");
}

absl::Status RunSet(Context& context, const Set& options) {
  referral::v1::SetCapacityRequest request;
  request.set_service_at_location_id(options.service_at_location_id);
  request.set_pool_id(options.pool_id);
  request.set_maximum(options.maximum);
  request.set_occupied_elsewhere(options.occupied_elsewhere);
  return context.CallAndShow(&DirectoryService::Stub::SetCapacity, request,
                             &referral::v1::SetCapacityResponse::pool, Describe);
}

}  // namespace

void AddCapacityCommands(CLI::App& app, Context& context) {
  CLI::App& group = AddGroup(app, "capacity", "Places and reservations of one's own centre");
  AddCommand<Show>(
      group, context, "show", "Shows pools and reservations",
      [](CLI::App& command, Show& options) {
        AddId(command, "service_at_location", options.service_at_location_id, "Where");
      },
      RunShow);
  AddCommand<Set>(group, context, "set", "Says how many places there are, as of now", DeclareSet,
                  RunSet);
}

}  // namespace amana::cli
