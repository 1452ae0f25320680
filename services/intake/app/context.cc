#include "services/intake/app/context.h"

#include <map>

namespace amana::intake {

void Put(store::Commit* commit, store::Key key, uint64_t expected_version, std::string value) {
  commit->writes.push_back(
      {.key = std::move(key), .expected_version = expected_version, .value = std::move(value)});
}

void Audit(const Deps& deps, const CallContext& context, absl::Time now, const Event& event,
           store::Commit* commit) {
  const store::AuditInput input{.service = "intake",
                                .subject = event.subject,
                                .object = event.object,
                                .state = event.state,
                                .reason = event.reason,
                                .action = event.action};
  commit->audit.push_back(store::MakeAuditRecord(context, input, now, deps.random));
}

namespace internal {

absl::StatusOr<std::vector<store::Row>> ReadEverywhere(
    const Deps& deps, const std::vector<std::pair<store::Shard, store::Key>>& keys,
    Deadline deadline) {
  std::map<store::Shard, std::vector<size_t>> by_shard;
  for (size_t i = 0; i < keys.size(); ++i) by_shard[keys[i].first].push_back(i);

  std::vector<store::Row> rows(keys.size());
  for (const auto& [shard, places] : by_shard) {
    std::vector<store::Key> wanted;
    wanted.reserve(places.size());
    for (const size_t place : places) wanted.push_back(keys[place].second);
    AMANA_ASSIGN_OR_RETURN(std::vector<store::Row> found,
                           deps.store.ReadMany(shard, wanted, deadline));
    for (size_t i = 0; i < places.size(); ++i) rows[places[i]] = std::move(found[i]);
  }
  return rows;
}

}  // namespace internal

}  // namespace amana::intake
