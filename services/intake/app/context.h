#pragma once

// What every command of intake stands on: where things are kept, and the few steps they share.

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
#include "common/store/index_page.h"
#include "common/store/read_everywhere.h"
#include "common/store/store.h"
#include "services/intake/store/codec.h"

namespace amana::intake {

// All of it outlives whoever holds it; all of it is thread-safe.
struct Deps {
  store::Store& store;
  const Clock& clock;
  Random& random;

  // The time of a decision, in the microseconds that the store keeps.
  absl::Time Now() const { return absl::FromUnixMicros(absl::ToUnixMicros(clock.Now())); }

  template <class I>
  store::Shard ShardOf(const I& id) const {
    return store::ShardOf(id, store.shards());
  }
};

inline store::Key KeyOf(const CaseId& id) { return {"case", id.ToString()}; }
inline store::Key KeyOf(const ConsentId& id) { return {"consent", id.ToString()}; }
inline store::Key KeyOf(const CallId& id) { return {"call", id.ToString()}; }
inline store::Key KeyOf(const FollowUpId& id) { return {"follow_up", id.ToString()}; }
inline store::Key ConsentListKeyOf(const CaseId& id) { return {"consents", id.ToString()}; }

// A value with the version it was read at.
template <class T>
struct Loaded {
  T value;
  uint64_t version = 0;
};

template <class T>
absl::StatusOr<Loaded<T>> DecodeRow(const store::Row& row) {
  AMANA_ASSIGN_OR_RETURN(T value, Decode<T>(row.value));
  return Loaded<T>{.value = std::move(value), .version = row.version};
}

// Reads what `id` names, whosever it is: for timers and other services.
template <class T, class I>
absl::StatusOr<Loaded<T>> Load(const Deps& deps, const I& id, Reason not_found, Deadline deadline) {
  AMANA_ASSIGN_OR_RETURN(const store::Row row,
                         deps.store.Read(deps.ShardOf(id), KeyOf(id), deadline));
  if (!row.exists()) return Error(not_found);
  return DecodeRow<T>(row);
}

// What isn't there and what isn't the caller's are the same: `not_found`.
template <class T, class I>
absl::StatusOr<Loaded<T>> LoadOwn(const Deps& deps, const CallContext& context, const I& id,
                                  Reason not_found) {
  AMANA_ASSIGN_OR_RETURN(Loaded<T> loaded, Load<T>(deps, id, not_found, context.deadline));
  if (!context.caller.Owns(loaded.value.organisation)) return Error(not_found);
  return loaded;
}

// What a command takes back is in force with its commit, which arms a timer that tells those who
// act on it (ports.h) until they have done so. The command tries that itself first, so that the
// timer has work only after a fault. How long it waits for them:
inline constexpr absl::Duration kRevocationPatience = absl::Seconds(1);
// The timer comes a little after that.
inline constexpr absl::Duration kRevocationTimerDelay = absl::Seconds(2);
// The context of the command's own try.
CallContext FirstTry(const CallContext& context, std::string_view action);

// What happened, for the audit log: ids and names of the domain (store::AuditInput).
struct Event {
  std::string subject = {};
  std::string object = {};
  std::string_view state = {};
  std::string_view reason = {};
  std::string_view action = {};  // empty: the context's
};

// Adds the audit record of what the commit does.
void Audit(const Deps& deps, const CallContext& context, absl::Time now, const Event& event,
           store::Commit* commit);

// Reads what the members of an index name, in their order; what has gone meanwhile is left out.
template <class T, class I>
absl::StatusOr<std::vector<T>> LoadMembers(const Deps& deps,
                                           const std::vector<store::IndexEntry>& entries,
                                           Deadline deadline) {
  std::vector<std::pair<store::Shard, store::Key>> keys;
  keys.reserve(entries.size());
  for (const store::IndexEntry& entry : entries) {
    AMANA_ASSIGN_OR_RETURN(const I id, I::Parse(entry.member));
    keys.emplace_back(deps.ShardOf(id), KeyOf(id));
  }
  AMANA_ASSIGN_OR_RETURN(const std::vector<store::Row> rows,
                         store::ReadEverywhere(deps.store, keys, deadline));
  std::vector<T> values;
  for (const store::Row& row : rows) {
    if (!row.exists()) continue;
    AMANA_ASSIGN_OR_RETURN(T value, Decode<T>(row.value));
    values.push_back(std::move(value));
  }
  return values;
}

template <class T>
struct Page {
  std::vector<T> values;
  std::string next_page_token;  // empty at the end
};

// A list of the caller's, page by page (common/store/index_page.h). `belongs` says of a value
// whether it is still of the list: it may have left between the two reads.
template <class T, class I, class Belongs>
absl::StatusOr<Page<T>> LoadPage(const Deps& deps, const std::string& index,
                                 const store::IndexRange& range, const std::string& page_token,
                                 Deadline deadline, Belongs belongs) {
  AMANA_ASSIGN_OR_RETURN(store::IndexPage listed,
                         store::ReadIndexPage(deps.store, index, range, page_token, deadline));
  Page<T> page{.values = {}, .next_page_token = std::move(listed.next_token)};
  AMANA_ASSIGN_OR_RETURN(page.values, (LoadMembers<T, I>(deps, listed.entries, deadline)));
  std::erase_if(page.values, [&](const T& value) { return !belongs(value); });
  return page;
}

}  // namespace amana::intake
