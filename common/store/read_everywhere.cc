#include "common/store/read_everywhere.h"

#include <map>

#include "common/base/status_macros.h"

namespace amana::store {

absl::StatusOr<std::vector<Row>> ReadEverywhere(Store& store,
                                                const std::vector<std::pair<Shard, Key>>& keys,
                                                Deadline deadline) {
  std::map<Shard, std::vector<size_t>> by_shard;
  for (size_t i = 0; i < keys.size(); ++i) by_shard[keys[i].first].push_back(i);

  std::vector<Row> rows(keys.size());
  for (const auto& [shard, places] : by_shard) {
    std::vector<Key> wanted;
    wanted.reserve(places.size());
    for (const size_t place : places) wanted.push_back(keys[place].second);
    AMANA_ASSIGN_OR_RETURN(std::vector<Row> found, store.ReadMany(shard, wanted, deadline));
    for (size_t i = 0; i < places.size(); ++i) rows[places[i]] = std::move(found[i]);
  }
  return rows;
}

}  // namespace amana::store
