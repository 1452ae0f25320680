#include "common/store/memory_store.h"

#include <algorithm>

#include "common/base/check.h"
#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "common/crypto/random.h"
#include "common/store/history_parts.h"
#include "common/store/scores.h"
#include "common/store/validate.h"

namespace amana::store {
namespace {

std::shared_ptr<const crypto::Sealer> NewSealer() {
  std::vector<crypto::Sealer::Key> keys;
  keys.push_back({1, SecretBytes::Take(crypto::RandomBytes(32))});
  absl::StatusOr<std::unique_ptr<crypto::Sealer>> sealer =
      crypto::Sealer::FromKeys(std::move(keys));
  AMANA_CHECK(sealer.ok(), "A fresh storage key does not seal.");
  return *std::move(sealer);
}

absl::Status CheckDeadline(Deadline deadline) {
  return deadline.expired() ? Error(Reason::kDeadlinePassed) : absl::OkStatus();
}

}  // namespace

MemoryStore::MemoryStore() : MemoryStore(NewSealer(), {}) {}

MemoryStore::MemoryStore(std::shared_ptr<const crypto::Sealer> sealer, MemoryStoreOptions options)
    : sealer_(std::move(sealer)),
      names_(options.service, options.shards),
      codec_(*sealer_),
      reply_lifetime_(options.reply_lifetime),
      outboxes_(options.shards) {}

absl::StatusOr<Outcome> MemoryStore::Apply(const Commit& commit, Deadline deadline) {
  AMANA_RETURN_IF_ERROR(CheckDeadline(deadline));
  AMANA_RETURN_IF_ERROR(ValidateCommit(commit, shards()));
  {
    MutexLock lock(mutex_);
    if (commit.request) {
      const std::string name = names_.Reply(commit.shard, *commit.request);
      if (const std::string* recorded = FindReplyBytes(name)) {
        AMANA_ASSIGN_OR_RETURN(std::string reply,
                               codec_.DecodeReply(name, commit.request->digest, *recorded));
        return Outcome{Outcome::Kind::kReplayed, std::move(reply)};
      }
    }
    if (!VersionsAre(commit)) return Outcome{Outcome::Kind::kConflict, {}};
    AppendAudit(commit);
    WriteAll(commit);
  }
  commit_signal().Ring();
  return Outcome{};
}

bool MemoryStore::VersionsAre(const Commit& commit) const {
  auto is = [this, &commit](const Key& key, uint64_t expected) AMANA_NO_THREAD_SAFETY_ANALYSIS {
    const auto it = rows_.find(names_.Row(commit.shard, key));
    return EncodeVersion(expected) == (it == rows_.end() ? "" : it->second.substr(0, 8));
  };
  return std::all_of(commit.checks.begin(), commit.checks.end(),
                     [&](const Check& c) { return is(c.key, c.expected_version); }) &&
         std::all_of(commit.writes.begin(), commit.writes.end(),
                     [&](const Write& w) { return is(w.key, w.expected_version); });
}

const std::string* MemoryStore::FindReplyBytes(const std::string& name) const {
  const auto it = replies_.find(name);
  if (it == replies_.end() || it->second.lifetime.expired()) return nullptr;
  return &it->second.stored;
}

void MemoryStore::AppendAudit(const Commit& commit) {
  Outbox& outbox = outboxes_[commit.shard];
  for (const AuditRecord& record : commit.audit) {
    outbox.entries[++outbox.last_sequence] =
        codec_.EncodeOutbox(names_.Outbox(commit.shard), record.leaf, commit.traceparent);
    const std::string history = names_.History(commit.shard, record.subject);
    histories_[history].push_back(codec_.EncodeHistory(history, record.event, record.opening));
  }
}

void MemoryStore::WriteAll(const Commit& commit) {
  for (const Write& write : commit.writes) {
    const std::string name = names_.Row(commit.shard, write.key);
    if (write.value) {
      rows_[name] = codec_.EncodeRow(name, write.expected_version + 1, *write.value);
    } else {
      rows_.erase(name);
    }
  }
  for (const IndexEdit& edit : commit.index_edits) {
    EditScore(names_.Index(commit.shard, edit.index), edit.member, edit.score);
  }
  for (const TimerEdit& edit : commit.timer_edits) {
    EditScore(names_.Timers(commit.shard), edit.timer,
              edit.due ? std::optional<double>(MicrosUp(*edit.due)) : std::nullopt);
  }
  if (commit.request) {
    const std::string name = names_.Reply(commit.shard, *commit.request);
    replies_[name] = {codec_.EncodeReply(name, commit.request->digest, commit.reply),
                      Deadline::After(reply_lifetime_)};
  }
}

void MemoryStore::EditScore(const std::string& name, const std::string& member,
                            std::optional<double> score) {
  if (score) {
    scores_[name][member] = *score;
  } else {
    scores_[name].erase(member);
  }
}

absl::StatusOr<Row> MemoryStore::Read(Shard shard, const Key& key, Deadline deadline) {
  AMANA_ASSIGN_OR_RETURN(std::vector<Row> rows, ReadMany(shard, {key}, deadline));
  return std::move(rows.front());
}

absl::StatusOr<std::vector<Row>> MemoryStore::ReadMany(Shard shard, const std::vector<Key>& keys,
                                                       Deadline deadline) {
  AMANA_RETURN_IF_ERROR(CheckDeadline(deadline));
  AMANA_RETURN_IF_ERROR(ValidateShard(shard, shards()));
  std::vector<Row> rows(keys.size());
  MutexLock lock(mutex_);
  for (size_t i = 0; i < keys.size(); ++i) {
    const auto it = rows_.find(names_.Row(shard, keys[i]));
    if (it == rows_.end()) continue;
    AMANA_ASSIGN_OR_RETURN(rows[i], codec_.DecodeRow(it->first, it->second));
  }
  return rows;
}

void MemoryStore::Select(const std::string& name, const IndexRange& range,
                         std::vector<IndexEntry>& out) const {
  const auto it = scores_.find(name);
  if (it == scores_.end()) return;
  for (const auto& [member, score] : it->second) {
    if (score >= range.minimum && score <= range.maximum) out.push_back({member, score});
  }
}

absl::StatusOr<std::vector<IndexEntry>> MemoryStore::ReadIndex(Shard shard,
                                                               const std::string& index,
                                                               const IndexRange& range,
                                                               Deadline deadline) {
  AMANA_RETURN_IF_ERROR(CheckDeadline(deadline));
  AMANA_RETURN_IF_ERROR(ValidateShard(shard, shards()));
  std::vector<IndexEntry> entries;
  MutexLock lock(mutex_);
  Select(names_.Index(shard, index), range, entries);
  SortAndCut(range, entries);
  return entries;
}

absl::StatusOr<std::vector<IndexEntry>> MemoryStore::ReadIndexEverywhere(const std::string& index,
                                                                         const IndexRange& range,
                                                                         Deadline deadline) {
  AMANA_RETURN_IF_ERROR(CheckDeadline(deadline));
  std::vector<IndexEntry> entries;
  MutexLock lock(mutex_);
  for (Shard shard = 0; shard < shards(); ++shard) {
    Select(names_.Index(shard, index), range, entries);
  }
  SortAndCut(range, entries);
  return entries;
}

absl::StatusOr<std::optional<std::string>> MemoryStore::FindReply(Shard shard,
                                                                  const RequestRecord& request,
                                                                  Deadline deadline) {
  AMANA_RETURN_IF_ERROR(CheckDeadline(deadline));
  AMANA_RETURN_IF_ERROR(ValidateShard(shard, shards()));
  const std::string name = names_.Reply(shard, request);
  MutexLock lock(mutex_);
  const std::string* recorded = FindReplyBytes(name);
  if (recorded == nullptr) return std::nullopt;
  AMANA_ASSIGN_OR_RETURN(std::string reply, codec_.DecodeReply(name, request.digest, *recorded));
  return reply;
}

absl::StatusOr<std::vector<DueTimer>> MemoryStore::DueTimers(absl::Time now, uint32_t limit,
                                                             Deadline deadline) {
  AMANA_RETURN_IF_ERROR(CheckDeadline(deadline));
  const double latest = MicrosDown(now);
  std::vector<DueTimer> due;
  MutexLock lock(mutex_);
  for (Shard shard = 0; shard < shards(); ++shard) {
    std::vector<IndexEntry> entries;
    Select(names_.Timers(shard), {.maximum = latest}, entries);
    for (IndexEntry& e : entries) due.push_back({shard, std::move(e.member), FromMicros(e.score)});
  }
  SortAndCut(limit, due);
  return due;
}

absl::StatusOr<std::vector<OutboxEntry>> MemoryStore::ReadOutbox(
    const std::vector<uint64_t>& cursors, uint32_t limit, Deadline deadline) {
  AMANA_RETURN_IF_ERROR(CheckDeadline(deadline));
  std::vector<OutboxEntry> entries;
  MutexLock lock(mutex_);
  for (Shard shard = 0; shard < shards(); ++shard) {
    const uint64_t cursor = shard < cursors.size() ? cursors[shard] : 0;
    const auto& stored = outboxes_[shard].entries;
    for (auto it = stored.upper_bound(cursor); it != stored.end() && entries.size() < limit; ++it) {
      AMANA_ASSIGN_OR_RETURN(OutboxEntry entry, codec_.DecodeOutbox(names_.Outbox(shard), shard,
                                                                    it->first, it->second));
      entries.push_back(std::move(entry));
    }
  }
  return entries;
}

absl::Status MemoryStore::TrimOutbox(const std::vector<uint64_t>& cursors, Deadline deadline) {
  AMANA_RETURN_IF_ERROR(CheckDeadline(deadline));
  MutexLock lock(mutex_);
  for (Shard shard = 0; shard < std::min<size_t>(cursors.size(), shards()); ++shard) {
    auto& stored = outboxes_[shard].entries;
    stored.erase(stored.begin(), stored.upper_bound(cursors[shard]));
  }
  return absl::OkStatus();
}

absl::StatusOr<OutboxBacklog> MemoryStore::ReadOutboxBacklog(Deadline deadline) {
  AMANA_RETURN_IF_ERROR(CheckDeadline(deadline));
  OutboxBacklog backlog;
  MutexLock lock(mutex_);
  for (const Outbox& outbox : outboxes_) backlog.entries += outbox.entries.size();
  return backlog;
}

absl::StatusOr<HistoryPage> MemoryStore::ReadHistory(const std::string& subject,
                                                     HistoryPosition from, uint32_t limit,
                                                     Deadline deadline) {
  AMANA_RETURN_IF_ERROR(CheckDeadline(deadline));
  MutexLock lock(mutex_);
  std::vector<uint64_t> sizes;
  for (Shard shard = 0; shard < shards(); ++shard) {
    const auto it = histories_.find(names_.History(shard, subject));
    sizes.push_back(it == histories_.end() ? 0 : it->second.size());
  }
  HistoryPage page;
  for (const HistoryPart& part : PartsOfHistory(sizes, from, limit, page.next)) {
    const std::string name = names_.History(part.shard, subject);
    const std::vector<std::string>& stored = histories_.at(name);
    for (uint64_t i = part.first; i < part.first + part.count; ++i) {
      AMANA_ASSIGN_OR_RETURN(HistoryEntry entry, codec_.DecodeHistory(name, stored[i]));
      page.entries.push_back(std::move(entry));
    }
  }
  return page;
}

absl::Status MemoryStore::Ping(Deadline deadline) { return CheckDeadline(deadline); }

}  // namespace amana::store
