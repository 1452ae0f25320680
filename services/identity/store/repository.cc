#include "services/identity/store/repository.h"

#include <map>

#include "common/base/error.h"
#include "common/base/status_macros.h"

namespace amana::identity {
namespace {

using amana::store::IndexEntry;
using amana::store::Key;
using amana::store::Row;
using amana::store::Shard;

template <class T, class Decode>
Found<T> FindRow(amana::store::Store& store, Shard shard, const Key& key, Decode decode,
                 Deadline deadline) {
  AMANA_ASSIGN_OR_RETURN(const Row row, store.Read(shard, key, deadline));
  if (!row.exists()) return std::optional<Versioned<T>>();
  AMANA_ASSIGN_OR_RETURN(T value, decode(row.value));
  return std::optional<Versioned<T>>(Versioned<T>{std::move(value), row.version});
}

}  // namespace

Found<domain::Organisation> Repository::FindOrganisation(const OrganisationId& id,
                                                         Deadline deadline) const {
  return FindRow<domain::Organisation>(store_, ShardOf(id), KeyOf(id), DecodeOrganisation,
                                       deadline);
}

Found<domain::Device> Repository::FindDevice(const DeviceId& id, Deadline deadline) const {
  return FindRow<domain::Device>(store_, ShardOf(id), KeyOf(id), DecodeDevice, deadline);
}

Found<StoredInvitation> Repository::FindInvitation(Shard shard, std::string_view selector,
                                                   Deadline deadline) const {
  return FindRow<StoredInvitation>(store_, shard, CodeKey(selector), DecodeInvitation, deadline);
}

absl::StatusOr<std::vector<domain::Device>> Repository::ReadDevices(
    Shard shard, const std::vector<DeviceId>& ids, Deadline deadline) const {
  std::vector<domain::Device> devices;
  if (ids.empty()) return devices;
  std::vector<Key> keys;
  keys.reserve(ids.size());
  for (const DeviceId& id : ids) keys.push_back(KeyOf(id));
  AMANA_ASSIGN_OR_RETURN(const std::vector<Row> rows, store_.ReadMany(shard, keys, deadline));
  devices.reserve(rows.size());
  for (const Row& row : rows) {
    if (!row.exists()) continue;
    AMANA_ASSIGN_OR_RETURN(domain::Device device, DecodeDevice(row.value));
    devices.push_back(std::move(device));
  }
  return devices;
}

absl::StatusOr<std::vector<domain::Organisation>> Repository::ReadOrganisations(
    const std::vector<OrganisationId>& ids, Deadline deadline) const {
  std::map<Shard, std::vector<size_t>> places;
  for (size_t i = 0; i < ids.size(); ++i) places[ShardOf(ids[i])].push_back(i);
  std::vector<std::optional<domain::Organisation>> found(ids.size());
  for (const auto& [shard, indices] : places) {
    std::vector<Key> keys;
    keys.reserve(indices.size());
    for (const size_t i : indices) keys.push_back(KeyOf(ids[i]));
    AMANA_ASSIGN_OR_RETURN(const std::vector<Row> rows, store_.ReadMany(shard, keys, deadline));
    for (size_t k = 0; k < indices.size(); ++k) {
      if (!rows[k].exists()) continue;
      AMANA_ASSIGN_OR_RETURN(found[indices[k]], DecodeOrganisation(rows[k].value));
    }
  }
  std::vector<domain::Organisation> organisations;
  organisations.reserve(ids.size());
  for (std::optional<domain::Organisation>& organisation : found) {
    if (organisation) organisations.push_back(*std::move(organisation));
  }
  return organisations;
}

absl::StatusOr<std::vector<DeviceId>> Repository::ReadDeviceIndex(
    Shard shard, const std::string& index, const amana::store::IndexRange& range,
    Deadline deadline) const {
  AMANA_ASSIGN_OR_RETURN(const std::vector<IndexEntry> entries,
                         store_.ReadIndex(shard, index, range, deadline));
  std::vector<DeviceId> ids;
  ids.reserve(entries.size());
  for (const IndexEntry& entry : entries) {
    absl::StatusOr<DeviceId> id = DeviceId::Parse(entry.member);
    if (!id.ok()) return Error(Reason::kStoredValueUnreadable);
    ids.push_back(*id);
  }
  return ids;
}

}  // namespace amana::identity
