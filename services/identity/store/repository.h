#pragma once

// Reads of what identity keeps, and the writes that go into a commit.

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/deadline.h"
#include "common/base/ids.h"
#include "common/store/store.h"
#include "services/identity/domain/device.h"
#include "services/identity/domain/organisation.h"
#include "services/identity/store/codec.h"

namespace amana::identity {

// A value and the version it was read at.
template <class T>
struct Versioned {
  T value;
  uint64_t version = 0;
};

template <class T>
using Found = absl::StatusOr<std::optional<Versioned<T>>>;

// Thread-safe. Errors are the store's own; what is not there is no error.
class Repository {
 public:
  // `store` outlives this.
  explicit Repository(amana::store::Store& store) : store_(store) {}

  Found<domain::Organisation> FindOrganisation(const OrganisationId& id, Deadline deadline) const;
  Found<domain::Device> FindDevice(const DeviceId& id, Deadline deadline) const;
  Found<StoredInvitation> FindInvitation(amana::store::Shard shard, std::string_view selector,
                                         Deadline deadline) const;

  // Rows of one shard, in the order of `ids`; those that are not there are left out.
  absl::StatusOr<std::vector<domain::Device>> ReadDevices(amana::store::Shard shard,
                                                          const std::vector<DeviceId>& ids,
                                                          Deadline deadline) const;
  // Of any shards, in the order of `ids`.
  absl::StatusOr<std::vector<domain::Organisation>> ReadOrganisations(
      const std::vector<OrganisationId>& ids, Deadline deadline) const;

  // Device ids of an index (DevicesIndex, RevokedIndex).
  absl::StatusOr<std::vector<DeviceId>> ReadDeviceIndex(amana::store::Shard shard,
                                                        const std::string& index,
                                                        const amana::store::IndexRange& range,
                                                        Deadline deadline) const;

  template <class I>
  amana::store::Shard ShardOf(const I& id) const {
    return amana::store::ShardOf(id, store_.shards());
  }

 private:
  amana::store::Store& store_;
};

// A write of the value in place of the version it was read at (0: it is new).
template <class T>
amana::store::Write WriteOf(const T& value, uint64_t version) {
  return {KeyOf(value.id), version, Encode(value)};
}

// A check that what was read is still so at the commit.
template <class T>
amana::store::Check CheckOf(const Versioned<T>& read) {
  return {KeyOf(read.value.id), read.version};
}

}  // namespace amana::identity
