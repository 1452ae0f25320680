#pragma once

// What every command of messaging stands on: where things are kept, and the few steps they share.

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/call_context.h"
#include "common/base/clock.h"
#include "common/base/error.h"
#include "common/base/random.h"
#include "common/base/status_macros.h"
#include "common/store/audit_record.h"
#include "common/store/execute.h"
#include "common/store/read_everywhere.h"
#include "common/store/store.h"
#include "services/messaging/app/bell.h"
#include "services/messaging/app/meters.h"
#include "services/messaging/app/ports.h"
#include "services/messaging/store/blob_store.h"
#include "services/messaging/store/codec.h"
#include "services/messaging/store/names.h"

namespace amana::messaging {

// All of it outlives whoever holds it; all of it is thread-safe.
struct Deps {
  store::Store& store;
  const Clock& clock;
  Random& random;
  BlobStore& blobs;
  Consents& consents;
  Devices& devices;
  Bell& bell;
  Meters& meters;
  std::string network;

  // The time of a decision, in the microseconds that the store keeps.
  absl::Time Now() const { return absl::FromUnixMicros(absl::ToUnixMicros(clock.Now())); }

  template <class I>
  store::Shard ShardOf(const I& id) const {
    return store::ShardOf(id, store.shards());
  }
};

// A value with the version it was read at.
template <class T>
struct Loaded {
  T value;
  uint64_t version = 0;
};

// Reads what `id` names; `not_found` if there is none.
template <class T, class I>
absl::StatusOr<Loaded<T>> Load(const Deps& deps, const I& id, Reason not_found, Deadline deadline) {
  AMANA_ASSIGN_OR_RETURN(const store::Row row,
                         deps.store.Read(deps.ShardOf(id), KeyOf(id), deadline));
  if (!row.exists()) return Error(not_found);
  AMANA_ASSIGN_OR_RETURN(T value, Decode<T>(row.value));
  return Loaded<T>{.value = std::move(value), .version = row.version};
}

// A row's value, or the value of none.
template <class T>
absl::StatusOr<Loaded<T>> DecodeOrDefault(const store::Row& row) {
  if (!row.exists()) return Loaded<T>{};
  AMANA_ASSIGN_OR_RETURN(T value, Decode<T>(row.value));
  return Loaded<T>{.value = std::move(value), .version = row.version};
}

// An id out of a request; kInvalidField with the field's name unless it is 16 bytes, not all zero.
template <class I>
absl::StatusOr<I> IdFrom(std::string_view bytes, const char* field) {
  absl::StatusOr<I> id = I::FromBytes(bytes);
  if (!id.ok() || id->is_zero()) return Error(Reason::kInvalidField, {.field = field});
  return id;
}

// The context of one more commit under the same call. Only the commit that answers the call carries
// its request.
CallContext PartOf(const CallContext& context, std::string_view action);

// Execute() for a step that may turn out to be done already: `decide` then gives no commit. For
// contexts without a request.
absl::Status ExecuteStep(
    const Deps& deps, const CallContext& context, store::Shard shard,
    const std::function<absl::StatusOr<std::optional<store::Commit>>()>& decide);

// Audit records of what the commit does: about a handoff (subject: its case), or about something of
// an organisation (subject: the organisation).
void Audit(const Deps& deps, const CallContext& context, const domain::Handoff& handoff,
           std::string_view state, store::Commit* commit, std::string_view reason = "");
void Audit(const Deps& deps, const CallContext& context, const OrganisationId& organisation,
           std::string object, std::string_view state, store::Commit* commit);

}  // namespace amana::messaging
