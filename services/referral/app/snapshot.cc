#include "services/referral/app/snapshot.h"

#include <map>
#include <vector>

#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "services/referral/app/names.h"
#include "services/referral/store/codec.h"

namespace amana::referral {
namespace {

using Entry = domain::SnapshotEntry;
using Entries = std::map<ServiceAtLocationId, std::shared_ptr<const Entry>>;

absl::StatusOr<std::shared_ptr<const Entry>> ReadEntry(const store::Row& record_row,
                                                       const store::Row& ledger_row) {
  AMANA_ASSIGN_OR_RETURN(domain::DirectoryRecord record, DecodeDirectoryRecord(record_row.value));
  AMANA_ASSIGN_OR_RETURN(domain::Ledger ledger, DecodeLedger(ledger_row.value));
  return std::make_shared<const Entry>(Entry{.record = std::move(record.current),
                                             .ledger = std::move(ledger),
                                             .record_version = record_row.version,
                                             .ledger_version = ledger_row.version});
}

// Both halves as new as either side knows them.
std::shared_ptr<const Entry> Newest(const std::shared_ptr<const Entry>& a,
                                    const std::shared_ptr<const Entry>& b) {
  if (b->record_version <= a->record_version && b->ledger_version <= a->ledger_version) return a;
  auto newest = std::make_shared<Entry>(*a);
  if (b->record_version > a->record_version) {
    newest->record = b->record;
    newest->record_version = b->record_version;
  }
  if (b->ledger_version > a->ledger_version) {
    newest->ledger = b->ledger;
    newest->ledger_version = b->ledger_version;
  }
  return newest;
}

absl::Status ReadShard(store::Store& store, store::Shard shard,
                       const std::vector<ServiceAtLocationId>& ids, Deadline deadline,
                       Entries& entries) {
  std::vector<store::Key> keys;
  for (const auto& id : ids) {
    keys.push_back(RecordKey(id));
    keys.push_back(LedgerKey(id));
  }
  AMANA_ASSIGN_OR_RETURN(const std::vector<store::Row> rows, store.ReadMany(shard, keys, deadline));
  for (size_t i = 0; i < ids.size(); ++i) {
    if (!rows[2 * i].exists() || !rows[2 * i + 1].exists()) continue;
    AMANA_ASSIGN_OR_RETURN(entries[ids[i]], ReadEntry(rows[2 * i], rows[2 * i + 1]));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::shared_ptr<const domain::Snapshot>> DirectorySnapshot::Get() const {
  MutexLock lock(mutex_);
  if (!loaded_) return Error(Reason::kServiceUnavailable);
  return snapshot_;
}

absl::Status DirectorySnapshot::Load(Deadline deadline) {
  AMANA_ASSIGN_OR_RETURN(
      const std::vector<store::IndexEntry> index,
      store_.ReadIndexEverywhere(kDirectoryIndex, {.limit = kMaxServicesAtLocation}, deadline));
  std::map<store::Shard, std::vector<ServiceAtLocationId>> by_shard;
  for (const store::IndexEntry& entry : index) {
    AMANA_ASSIGN_OR_RETURN(const auto id, ServiceAtLocationId::Parse(entry.member));
    by_shard[store::ShardOf(id, store_.shards())].push_back(id);
  }
  auto next = std::make_shared<domain::Snapshot>();
  for (const auto& [shard, ids] : by_shard) {
    AMANA_RETURN_IF_ERROR(ReadShard(store_, shard, ids, deadline, next->entries));
  }
  MutexLock lock(mutex_);
  // Records are never deleted, so whatever is known here already stays.
  for (const auto& [id, known] : snapshot_->entries) {
    auto& read = next->entries[id];
    read = read == nullptr ? known : Newest(known, read);
  }
  Publish(std::move(next));
  loaded_ = true;
  return absl::OkStatus();
}

void DirectorySnapshot::PutRecord(const domain::ServiceAtLocation& record, uint64_t version) {
  MutexLock lock(mutex_);
  const auto known = snapshot_->entries.find(record.id);
  const bool is_new = known == snapshot_->entries.end();
  if (!is_new && known->second->record_version >= version) return;
  auto entry = is_new ? std::make_shared<Entry>() : std::make_shared<Entry>(*known->second);
  entry->record = record;
  entry->record_version = version;
  auto next = std::make_shared<domain::Snapshot>(*snapshot_);
  next->entries[record.id] = std::move(entry);
  Publish(std::move(next));
}

void DirectorySnapshot::PutLedger(const domain::Ledger& ledger, uint64_t version) {
  MutexLock lock(mutex_);
  const auto known = snapshot_->entries.find(ledger.id);
  if (known == snapshot_->entries.end() || known->second->ledger_version >= version) return;
  auto entry = std::make_shared<Entry>(*known->second);
  entry->ledger = ledger;
  entry->ledger_version = version;
  auto next = std::make_shared<domain::Snapshot>(*snapshot_);
  next->entries[ledger.id] = std::move(entry);
  Publish(std::move(next));
}

void DirectorySnapshot::Publish(std::shared_ptr<domain::Snapshot> next) {
  next->time = clock_.Now();
  snapshot_ = std::move(next);
}

}  // namespace amana::referral
