#pragma once

// The directory: importing records, opening and closing services, saying how many places there are,
// and asking who can take her.

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/call_context.h"
#include "common/base/clock.h"
#include "common/base/error.h"
#include "common/base/random.h"
#include "common/store/store.h"
#include "services/referral/app/snapshot.h"
#include "services/referral/domain/directory.h"
#include "services/referral/domain/geography.h"
#include "services/referral/domain/matching.h"

namespace amana::referral {

// Same numbers as ImportResult.Outcome.
enum class ImportOutcome : int32_t { kCreated = 1, kUpdated = 2, kUnchanged = 3, kRefused = 4 };

struct ImportResult {
  ServiceAtLocationId id;
  ImportOutcome outcome = ImportOutcome::kRefused;
  Reason reason = Reason::kUnspecified;  // where refused
};

struct ServicePage {
  std::vector<std::shared_ptr<const domain::SnapshotEntry>> entries;
  std::string next_token;
};

// Thread-safe.
class Directory {
 public:
  Directory(store::Store& store, const Clock& clock, Random& random, DirectorySnapshot& snapshot,
            const domain::Geography& geography)
      : store_(store), clock_(clock), random_(random), snapshot_(snapshot), geography_(geography) {}

  // Record by record, each in a commit of its own under a request id derived from the call's and
  // the record's, so that an import that broke off is simply sent again. An error is the store's.
  absl::StatusOr<std::vector<ImportResult>> Import(
      const CallContext& context, const std::vector<domain::ServiceAtLocation>& records);

  using RenderEntry =
      std::function<std::string(const domain::ServiceAtLocation&, const domain::Ledger&)>;
  // kServiceAtLocationNotFound.
  absl::StatusOr<std::string> SetStatus(const CallContext& context, const ServiceAtLocationId& id,
                                        domain::ServiceStatus status, const RenderEntry& render);

  // The caller's own service only. kServiceAtLocationNotFound, kPoolNotFound,
  // kCapacityBelowCommitted.
  absl::StatusOr<std::string> SetCapacity(const CallContext& context, const ServiceAtLocationId& id,
                                          const PoolId& pool_id, uint32_t maximum,
                                          uint32_t occupied_elsewhere, const RenderEntry& render);
  absl::StatusOr<domain::Ledger> GetCapacity(const CallContext& context,
                                             const ServiceAtLocationId& id) const;

  // From the snapshot, by id. `organisation` zero: all. kPageTokenInvalid, kServiceUnavailable.
  absl::StatusOr<ServicePage> List(const OrganisationId& organisation, uint32_t page_size,
                                   const std::string& token) const;

  // From the snapshot; `snapshot_time` gets its age. kServiceUnavailable.
  absl::StatusOr<domain::MatchResult> Match(const domain::RoutingCard& card, domain::NeedCode need,
                                            size_t limit, absl::Time& snapshot_time) const;

  // Whether a service_at_location with these bytes as its id is the organisation's.
  absl::StatusOr<bool> IsRunBy(const ServiceAtLocationId& id, const OrganisationId& organisation,
                               Deadline deadline) const;

 private:
  struct Loaded {
    domain::DirectoryRecord record;
    domain::Ledger ledger;
    uint64_t record_version = 0;
    uint64_t ledger_version = 0;
  };
  // With versions 0 where there is none yet.
  absl::StatusOr<Loaded> Load(const ServiceAtLocationId& id, Deadline deadline) const;
  absl::StatusOr<Loaded> LoadOwn(const CallContext& context, const ServiceAtLocationId& id) const;

  // Puts what the store has by now into the snapshot. After a command that was answered, which may
  // have been a repetition: what it decided is then not what was committed. Where this fails, the
  // snapshot is read again within seconds.
  void Show(const ServiceAtLocationId& id, Deadline deadline);

  absl::StatusOr<ImportResult> ImportOne(const CallContext& context,
                                         const domain::ServiceAtLocation& record);
  // Applies an import to what is there. False: nothing changes.
  absl::StatusOr<bool> MergeInto(Loaded& loaded, const domain::ServiceAtLocation& record) const;
  store::AuditRecord Audit(const CallContext& context, const ServiceAtLocationId& id,
                           std::string object, std::string_view state);

  store::Store& store_;
  const Clock& clock_;
  Random& random_;
  DirectorySnapshot& snapshot_;
  const domain::Geography& geography_;
};

}  // namespace amana::referral
