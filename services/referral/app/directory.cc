#include "services/referral/app/directory.h"

#include "common/base/status_macros.h"
#include "common/crypto/hash.h"
#include "common/store/audit_record.h"
#include "common/store/execute.h"
#include "common/store/index_page.h"
#include "services/referral/app/ledgers.h"
#include "services/referral/app/names.h"
#include "services/referral/store/codec.h"

namespace amana::referral {
namespace {

using domain::Ledger;
using domain::ServiceAtLocation;

constexpr size_t kDefaultCandidates = 10;

// One record's part of an import.
CallContext ContextFor(const CallContext& import, const ServiceAtLocationId& id) {
  CallContext context = import;
  context.request_id =
      *RequestId::FromBytes(crypto::Sha256(import.request_id.bytes() + id.bytes()).substr(0, 16));
  return context;
}

// What a commit of an import records as its reply.
std::string ToReply(ImportOutcome outcome) {
  return std::string(1, static_cast<char>('0' + static_cast<int>(outcome)));
}
ImportOutcome FromReply(const std::string& reply) {
  return reply == ToReply(ImportOutcome::kCreated) ? ImportOutcome::kCreated
                                                   : ImportOutcome::kUpdated;
}

bool IsRefusalOfRecord(Reason reason) {
  return reason == Reason::kDirectoryRecordInvalid || reason == Reason::kDirectoryRecordPolitical ||
         reason == Reason::kCapacityBelowCommitted;
}

}  // namespace

absl::StatusOr<std::vector<ImportResult>> Directory::Import(
    const CallContext& context, const std::vector<ServiceAtLocation>& records) {
  std::vector<ImportResult> results;
  for (const ServiceAtLocation& record : records) {
    auto result = ImportOne(ContextFor(context, record.id), record);
    if (!result.ok()) {
      const Reason reason = ReasonOf(result.status());
      if (!IsRefusalOfRecord(reason)) return result.status();
      result = ImportResult{.id = record.id, .outcome = ImportOutcome::kRefused, .reason = reason};
    }
    results.push_back(*result);
  }
  return results;
}

absl::StatusOr<ImportResult> Directory::ImportOne(const CallContext& context,
                                                  const ServiceAtLocation& record) {
  AMANA_RETURN_IF_ERROR(domain::Validate(record));
  bool unchanged = false;
  const auto decide = [&]() -> absl::StatusOr<store::Commit> {
    AMANA_ASSIGN_OR_RETURN(Loaded loaded, Load(record.id, context.deadline));
    const bool is_new = loaded.record_version == 0;
    AMANA_ASSIGN_OR_RETURN(const bool changes, MergeInto(loaded, record));
    unchanged = !changes;
    if (unchanged) return Error(Reason::kContended);
    store::Commit commit;
    commit.Put(RecordKey(record.id), loaded.record_version, Encode(loaded.record));
    commit.Put(LedgerKey(record.id), loaded.ledger_version, Encode(loaded.ledger));
    if (is_new) commit.index_edits.push_back({kDirectoryIndex, record.id.ToString(), 0.0});
    commit.timer_edits.push_back(HoldsTimer(loaded.ledger));
    commit.audit.push_back(Audit(context, record.id, "", Name(loaded.record.current.status)));
    commit.reply = ToReply(is_new ? ImportOutcome::kCreated : ImportOutcome::kUpdated);
    return commit;
  };
  const auto reply =
      store::Execute(store_, context, store::ShardOf(record.id, store_.shards()), decide);
  if (unchanged && !reply.ok()) {
    return ImportResult{.id = record.id, .outcome = ImportOutcome::kUnchanged};
  }
  AMANA_RETURN_IF_ERROR(reply.status());
  if (!unchanged) Show(record.id, context.deadline);
  return ImportResult{.id = record.id, .outcome = FromReply(*reply)};
}

absl::StatusOr<bool> Directory::MergeInto(Loaded& loaded, const ServiceAtLocation& record) const {
  const ServiceAtLocation imported = domain::Normalised(record, geography_);
  const bool is_new = loaded.record_version == 0;
  if (!is_new && loaded.record.imported == imported) return false;
  AMANA_RETURN_IF_ERROR(domain::ApplyPools(
      loaded.ledger, is_new ? std::vector<domain::Pool>{} : loaded.record.imported.pools,
      imported.pools, clock_.Now()));
  loaded.ledger.id = record.id;
  loaded.record = is_new ? domain::NewRecord(imported) : domain::Merge(loaded.record, imported);
  return true;
}

absl::StatusOr<std::string> Directory::SetStatus(const CallContext& context,
                                                 const ServiceAtLocationId& id,
                                                 domain::ServiceStatus status,
                                                 const RenderEntry& render) {
  const auto decide = [&]() -> absl::StatusOr<store::Commit> {
    AMANA_ASSIGN_OR_RETURN(Loaded loaded, Load(id, context.deadline));
    if (loaded.record_version == 0) return Error(Reason::kServiceAtLocationNotFound);
    loaded.record.current.status = status;
    store::Commit commit;
    commit.Put(RecordKey(id), loaded.record_version, Encode(loaded.record));
    commit.audit.push_back(Audit(context, id, "", Name(status)));
    commit.reply = render(loaded.record.current, loaded.ledger);
    return commit;
  };
  auto reply = store::Execute(store_, context, store::ShardOf(id, store_.shards()), decide);
  if (reply.ok()) Show(id, context.deadline);
  return reply;
}

absl::StatusOr<std::string> Directory::SetCapacity(const CallContext& context,
                                                   const ServiceAtLocationId& id,
                                                   const PoolId& pool_id, uint32_t maximum,
                                                   uint32_t occupied_elsewhere,
                                                   const RenderEntry& render) {
  const auto decide = [&]() -> absl::StatusOr<store::Commit> {
    AMANA_ASSIGN_OR_RETURN(Loaded loaded, LoadOwn(context, id));
    AMANA_RETURN_IF_ERROR(
        domain::SetCapacity(loaded.ledger, pool_id, maximum, occupied_elsewhere, clock_.Now()));
    store::Commit commit;
    commit.Put(LedgerKey(id), loaded.ledger_version, Encode(loaded.ledger));
    commit.timer_edits.push_back(HoldsTimer(loaded.ledger));
    commit.audit.push_back(Audit(context, id, pool_id.bytes(), ""));
    commit.reply = render(loaded.record.current, loaded.ledger);
    return commit;
  };
  auto reply = store::Execute(store_, context, store::ShardOf(id, store_.shards()), decide);
  if (reply.ok()) Show(id, context.deadline);
  return reply;
}

absl::StatusOr<Ledger> Directory::GetCapacity(const CallContext& context,
                                              const ServiceAtLocationId& id) const {
  AMANA_ASSIGN_OR_RETURN(Loaded loaded, LoadOwn(context, id));
  return std::move(loaded.ledger);
}

absl::StatusOr<ServicePage> Directory::List(const OrganisationId& organisation, uint32_t page_size,
                                            const std::string& token) const {
  ServiceAtLocationId after;
  if (!token.empty()) {
    const auto parsed = ServiceAtLocationId::Parse(token);
    if (!parsed.ok()) return Error(Reason::kPageTokenInvalid);
    after = *parsed;
  }
  const uint32_t size = store::PageSize(page_size);
  AMANA_ASSIGN_OR_RETURN(const auto snapshot, snapshot_.Get());
  ServicePage page;
  for (auto it = snapshot->entries.upper_bound(after); it != snapshot->entries.end(); ++it) {
    if (!organisation.is_zero() && it->second->record.organisation_id != organisation) continue;
    if (page.entries.size() == size) {
      page.next_token = page.entries.back()->record.id.ToString();
      break;
    }
    page.entries.push_back(it->second);
  }
  return page;
}

absl::StatusOr<domain::MatchResult> Directory::Match(const domain::RoutingCard& card,
                                                     domain::NeedCode need, size_t limit,
                                                     absl::Time& snapshot_time) const {
  AMANA_ASSIGN_OR_RETURN(const auto snapshot, snapshot_.Get());
  snapshot_time = snapshot->time;
  return domain::Match(*snapshot, geography_,
                       {.card = card,
                        .need = need,
                        .limit = limit == 0 ? kDefaultCandidates : limit,
                        .now = clock_.Now()});
}

absl::StatusOr<bool> Directory::IsRunBy(const ServiceAtLocationId& id,
                                        const OrganisationId& organisation,
                                        Deadline deadline) const {
  AMANA_ASSIGN_OR_RETURN(const Loaded loaded, Load(id, deadline));
  return loaded.record_version != 0 && loaded.record.current.organisation_id == organisation;
}

absl::StatusOr<Directory::Loaded> Directory::Load(const ServiceAtLocationId& id,
                                                  Deadline deadline) const {
  AMANA_ASSIGN_OR_RETURN(const std::vector<store::Row> rows,
                         store_.ReadMany(store::ShardOf(id, store_.shards()),
                                         {RecordKey(id), LedgerKey(id)}, deadline));
  Loaded loaded;
  loaded.record_version = rows[0].version;
  loaded.ledger_version = rows[1].version;
  if (rows[0].exists()) {
    AMANA_ASSIGN_OR_RETURN(loaded.record, DecodeDirectoryRecord(rows[0].value));
  }
  if (rows[1].exists()) {
    AMANA_ASSIGN_OR_RETURN(loaded.ledger, DecodeLedger(rows[1].value));
  }
  return loaded;
}

absl::StatusOr<Directory::Loaded> Directory::LoadOwn(const CallContext& context,
                                                     const ServiceAtLocationId& id) const {
  AMANA_ASSIGN_OR_RETURN(Loaded loaded, Load(id, context.deadline));
  if (loaded.record_version == 0 || !context.caller.Owns(loaded.record.current.organisation_id)) {
    return Error(Reason::kServiceAtLocationNotFound);
  }
  return loaded;
}

void Directory::Show(const ServiceAtLocationId& id, Deadline deadline) {
  const auto loaded = Load(id, deadline);
  if (!loaded.ok() || loaded->record_version == 0) return;
  snapshot_.PutRecord(loaded->record.current, loaded->record_version);
  snapshot_.PutLedger(loaded->ledger, loaded->ledger_version);
}

store::AuditRecord Directory::Audit(const CallContext& context, const ServiceAtLocationId& id,
                                    std::string object, std::string_view state) {
  return store::MakeAuditRecord(context,
                                {.service = "referral",
                                 .subject = id.bytes(),
                                 .object = std::move(object),
                                 .state = state,
                                 .reason = "",
                                 .action = ""},
                                clock_.Now(), random_);
}

}  // namespace amana::referral
