#include "common/store/redis_store.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <limits>
#include <thread>

#include "common/base/check.h"
#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "common/store/functions.h"
#include "common/store/history_parts.h"
#include "common/store/redis_pool.h"
#include "common/store/scores.h"
#include "common/store/validate.h"

namespace amana::store {
namespace {

bool HasPrefix(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix;
}

bool FunctionIsMissing(const Reply& reply) {
  return reply.is_error() && HasPrefix(reply.text, "ERR Function not found");
}

// Errors that say that a fault of ours, not Redis's condition, is to blame.
absl::Status StatusOf(const Reply& error) {
  const bool ours = HasPrefix(error.text, "WRONGTYPE") || HasPrefix(error.text, "AMANA");
  return Error(ours ? Reason::kUnexpected : Reason::kStoreUnavailable);
}

bool IsFailure(const absl::Status& status) {
  return !status.ok() && ReasonOf(status) != Reason::kRequestIdReused;
}

const absl::Status& AsStatus(const absl::Status& status) { return status; }
template <class T>
const absl::Status& AsStatus(const absl::StatusOr<T>& result) {
  return result.status();
}

// The shortest text that reads back as the same number.
std::string FormatScore(double score) {
  char text[32];
  return {text, std::to_chars(text, text + sizeof(text), score).ptr};
}

absl::StatusOr<double> ParseScore(std::string_view text) {
  double score = 0;
  if (text == "inf" || text == "-inf") return text == "inf" ? INFINITY : -INFINITY;
  const auto end = text.data() + text.size();
  if (std::from_chars(text.data(), end, score).ptr != end) {
    return Error(Reason::kStoredValueUnreadable);
  }
  return score;
}

void AddRangeCommand(const std::string& name, const IndexRange& range, Batch& batch) {
  const std::string minimum = FormatScore(range.minimum);
  const std::string maximum = FormatScore(range.maximum);
  const std::string limit = std::to_string(range.limit);
  if (range.descending) {
    batch.Command({"ZREVRANGEBYSCORE", name, maximum, minimum, "WITHSCORES", "LIMIT", "0", limit});
  } else {
    batch.Command({"ZRANGEBYSCORE", name, minimum, maximum, "WITHSCORES", "LIMIT", "0", limit});
  }
}

// Members and scores in turn.
absl::Status AppendEntries(const Reply& reply, std::vector<IndexEntry>& entries) {
  for (size_t i = 0; i + 1 < reply.elements.size(); i += 2) {
    AMANA_ASSIGN_OR_RETURN(const double score, ParseScore(reply.elements[i + 1].text));
    entries.push_back({reply.elements[i].text, score});
  }
  return absl::OkStatus();
}

// The first id that an entry after `sequence` may have.
std::string IdAfter(uint64_t sequence) {
  constexpr uint64_t kLast = std::numeric_limits<uint64_t>::max();
  return sequence == kLast ? "1-0" : "0-" + std::to_string(sequence + 1);
}

uint64_t CursorOf(const std::vector<uint64_t>& cursors, Shard shard) {
  return shard < cursors.size() ? cursors[shard] : 0;
}

// An entry of XRANGE: [id, [field, body]].
absl::StatusOr<OutboxEntry> DecodeEntry(const Codec& codec, const std::string& name, Shard shard,
                                        const Reply& entry) {
  uint64_t sequence = 0;
  const bool shaped = entry.elements.size() == 2 && HasPrefix(entry.elements[0].text, "0-") &&
                      entry.elements[1].elements.size() == 2;
  if (!shaped) return Error(Reason::kStoredValueUnreadable);
  const std::string& id = entry.elements[0].text;
  std::from_chars(id.data() + 2, id.data() + id.size(), sequence);
  return codec.DecodeOutbox(name, shard, sequence, entry.elements[1].elements[1].text);
}

// The arguments of one FCALL, as commit.lua describes them.
class CommitCommand {
 public:
  CommitCommand(const Commit& commit, const Names& names, const Codec& codec,
                const std::string& reply_lifetime_ms)
      : commit_(commit), names_(names), codec_(codec) {
    const size_t replies = commit.request ? 1 : 0;
    const size_t checks = commit.checks.size(), writes = commit.writes.size();
    const size_t edits = commit.index_edits.size() + commit.timer_edits.size();
    const size_t records = commit.audit.size();
    const size_t keys = 1 + replies + checks + writes + edits + records;
    batch_.Begin(3 + keys + 5 + replies + checks + 2 * (writes + edits + records));
    batch_.Add("FCALL");
    batch_.Add(kCommitFunction);
    batch_.Add(std::to_string(keys));
    AddKeys();
    batch_.Add(commit.request ? reply_lifetime_ms : "0");
    for (const size_t count : {checks, writes, edits, records}) batch_.Add(std::to_string(count));
    AddArguments();
  }

  const Batch& batch() const { return batch_; }
  const std::string& reply_name() const { return reply_name_; }

 private:
  void AddKeys() {
    const Shard shard = commit_.shard;
    outbox_name_ = names_.Outbox(shard);
    batch_.Add(outbox_name_);
    if (commit_.request) {
      reply_name_ = names_.Reply(shard, *commit_.request);
      batch_.Add(reply_name_);
    }
    for (const Check& check : commit_.checks) batch_.Add(names_.Row(shard, check.key));
    for (const Write& write : commit_.writes) batch_.Add(names_.Row(shard, write.key));
    for (const IndexEdit& edit : commit_.index_edits) batch_.Add(names_.Index(shard, edit.index));
    for (size_t i = 0; i < commit_.timer_edits.size(); ++i) batch_.Add(names_.Timers(shard));
    for (const AuditRecord& r : commit_.audit) batch_.Add(names_.History(shard, r.subject));
  }

  void AddArguments() {
    if (commit_.request) {
      batch_.Add(codec_.EncodeReply(reply_name_, commit_.request->digest, commit_.reply));
    }
    for (const Check& check : commit_.checks) batch_.Add(EncodeVersion(check.expected_version));
    for (const Write& write : commit_.writes) AddWrite(write);
    for (const IndexEdit& edit : commit_.index_edits) {
      batch_.Add(edit.score ? FormatScore(*edit.score) : "");
      batch_.Add(edit.member);
    }
    for (const TimerEdit& edit : commit_.timer_edits) {
      batch_.Add(edit.due ? FormatScore(MicrosUp(*edit.due)) : "");
      batch_.Add(edit.timer);
    }
    for (const AuditRecord& record : commit_.audit) {
      batch_.Add(codec_.EncodeOutbox(outbox_name_, record.leaf, commit_.traceparent));
      batch_.Add(codec_.EncodeHistory(names_.History(commit_.shard, record.subject), record.event,
                                      record.opening));
    }
  }

  void AddWrite(const Write& write) {
    batch_.Add(EncodeVersion(write.expected_version));
    if (!write.value) return batch_.Add("");
    batch_.Add(codec_.EncodeRow(names_.Row(commit_.shard, write.key), write.expected_version + 1,
                                *write.value));
  }

  const Commit& commit_;
  const Names& names_;
  const Codec& codec_;
  std::string outbox_name_, reply_name_;
  Batch batch_;
};

}  // namespace

std::unique_ptr<RedisStore> RedisStore::Open(RedisStoreOptions options,
                                             std::shared_ptr<const crypto::Sealer> sealer,
                                             StoreObserver* observer) {
  const Deadline patience = Deadline::After(options.open_wait);
  std::unique_ptr<RedisStore> store(
      new RedisStore(std::move(options), std::move(sealer), observer));
  while (!store->pool_->connected() && !store->pool_->refused() && !patience.expired()) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return store;
}

RedisStore::RedisStore(RedisStoreOptions options, std::shared_ptr<const crypto::Sealer> sealer,
                       StoreObserver* observer)
    : sealer_(std::move(sealer)),
      names_(options.service, options.shards),
      codec_(*sealer_),
      reply_lifetime_ms_(std::to_string(absl::ToInt64Milliseconds(options.reply_lifetime))),
      observer_(observer),
      pool_(std::make_unique<RedisPool>(
          RedisPoolOptions{options.socket_path, options.user, std::move(options.password),
                           options.connections, options.command_timeout},
          names_, codec_)) {
  AMANA_CHECK(options.reply_lifetime >= absl::Milliseconds(1), "A reply must be kept for a while.");
}

RedisStore::~RedisStore() = default;

template <class F>
auto RedisStore::Observed(std::string_view operation, const F& work) {
  const auto start = std::chrono::steady_clock::now();
  auto result = work();
  if (observer_ != nullptr) {
    observer_->OnOperation(operation, absl::FromChrono(std::chrono::steady_clock::now() - start),
                           !IsFailure(AsStatus(result)));
  }
  return result;
}

absl::StatusOr<std::vector<Reply>> RedisStore::Query(const Batch& batch, Deadline deadline) {
  if (deadline.expired()) return Error(Reason::kDeadlinePassed);
  std::vector<Reply> replies;
  CallOutcome outcome = pool_->Call(batch, deadline, replies);
  if (outcome == CallOutcome::kBroken) outcome = pool_->Call(batch, deadline, replies);
  if (outcome != CallOutcome::kAnswered) return pool_->ErrorOf(outcome, deadline);
  for (const Reply& reply : replies) {
    if (reply.is_error()) return StatusOf(reply);
  }
  return replies;
}

absl::Status RedisStore::LoadFunctions(Deadline deadline) {
  Batch load;
  load.Command({"FUNCTION", "LOAD", "REPLACE", FunctionCode()});
  return Query(load, deadline).status();
}

absl::StatusOr<Outcome> RedisStore::Apply(const Commit& commit, Deadline deadline) {
  absl::StatusOr<Outcome> outcome = Observed("apply", [&] { return DoApply(commit, deadline); });
  if (outcome.ok() && outcome->kind == Outcome::Kind::kCommitted) commit_signal().Ring();
  return outcome;
}

absl::StatusOr<Outcome> RedisStore::DoApply(const Commit& commit, Deadline deadline) {
  AMANA_RETURN_IF_ERROR(ValidateCommit(commit, shards()));
  if (deadline.expired()) return Error(Reason::kDeadlinePassed);
  const CommitCommand command(commit, names_, codec_, reply_lifetime_ms_);
  std::vector<Reply> replies;
  CallOutcome outcome = pool_->Call(command.batch(), deadline, replies);
  if (outcome == CallOutcome::kAnswered && FunctionIsMissing(replies[0])) {
    AMANA_RETURN_IF_ERROR(LoadFunctions(deadline));
    outcome = pool_->Call(command.batch(), deadline, replies);
  }
  if (outcome != CallOutcome::kAnswered) return pool_->ErrorOf(outcome, deadline);
  const Reply& reply = replies[0];
  if (reply.is_error()) return StatusOf(reply);
  if (!reply.is_text()) {
    return Outcome{reply.integer == 1 ? Outcome::Kind::kCommitted : Outcome::Kind::kConflict, {}};
  }
  AMANA_ASSIGN_OR_RETURN(
      std::string recorded,
      codec_.DecodeReply(command.reply_name(), commit.request->digest, reply.text));
  return Outcome{Outcome::Kind::kReplayed, std::move(recorded)};
}

absl::StatusOr<Row> RedisStore::Read(Shard shard, const Key& key, Deadline deadline) {
  AMANA_ASSIGN_OR_RETURN(std::vector<Row> rows, ReadMany(shard, {key}, deadline));
  return std::move(rows.front());
}

absl::StatusOr<std::vector<Row>> RedisStore::ReadMany(Shard shard, const std::vector<Key>& keys,
                                                      Deadline deadline) {
  return Observed("read", [&]() -> absl::StatusOr<std::vector<Row>> {
    AMANA_RETURN_IF_ERROR(ValidateShard(shard, shards()));
    std::vector<Row> rows(keys.size());
    if (keys.empty()) return rows;
    std::vector<std::string> names;
    Batch batch;
    batch.Begin(1 + keys.size());
    batch.Add("MGET");
    for (const Key& key : keys) batch.Add(names.emplace_back(names_.Row(shard, key)));
    AMANA_ASSIGN_OR_RETURN(const std::vector<Reply> replies, Query(batch, deadline));
    for (size_t i = 0; i < keys.size(); ++i) {
      const Reply& stored = replies[0].elements[i];
      if (stored.is_nil()) continue;
      AMANA_ASSIGN_OR_RETURN(rows[i], codec_.DecodeRow(names[i], stored.text));
    }
    return rows;
  });
}

absl::StatusOr<std::vector<IndexEntry>> RedisStore::ReadIndex(Shard shard, const std::string& index,
                                                              const IndexRange& range,
                                                              Deadline deadline) {
  return Observed("read_index", [&]() -> absl::StatusOr<std::vector<IndexEntry>> {
    AMANA_RETURN_IF_ERROR(ValidateShard(shard, shards()));
    Batch batch;
    AddRangeCommand(names_.Index(shard, index), range, batch);
    AMANA_ASSIGN_OR_RETURN(const std::vector<Reply> replies, Query(batch, deadline));
    std::vector<IndexEntry> entries;
    AMANA_RETURN_IF_ERROR(AppendEntries(replies[0], entries));
    return entries;
  });
}

absl::StatusOr<std::vector<IndexEntry>> RedisStore::ReadIndexEverywhere(const std::string& index,
                                                                        const IndexRange& range,
                                                                        Deadline deadline) {
  return Observed("read_index_everywhere", [&]() -> absl::StatusOr<std::vector<IndexEntry>> {
    Batch batch;
    for (Shard s = 0; s < shards(); ++s) AddRangeCommand(names_.Index(s, index), range, batch);
    AMANA_ASSIGN_OR_RETURN(const std::vector<Reply> replies, Query(batch, deadline));
    std::vector<IndexEntry> entries;
    for (const Reply& reply : replies) AMANA_RETURN_IF_ERROR(AppendEntries(reply, entries));
    SortAndCut(range, entries);
    return entries;
  });
}

absl::StatusOr<std::optional<std::string>> RedisStore::FindReply(Shard shard,
                                                                 const RequestRecord& request,
                                                                 Deadline deadline) {
  return Observed("find_reply", [&]() -> absl::StatusOr<std::optional<std::string>> {
    AMANA_RETURN_IF_ERROR(ValidateShard(shard, shards()));
    const std::string name = names_.Reply(shard, request);
    Batch batch;
    batch.Command({"GET", name});
    AMANA_ASSIGN_OR_RETURN(const std::vector<Reply> replies, Query(batch, deadline));
    if (replies[0].is_nil()) return std::nullopt;
    AMANA_ASSIGN_OR_RETURN(std::string reply,
                           codec_.DecodeReply(name, request.digest, replies[0].text));
    return reply;
  });
}

absl::StatusOr<std::vector<DueTimer>> RedisStore::DueTimers(absl::Time now, uint32_t limit,
                                                            Deadline deadline) {
  return Observed("due_timers", [&]() -> absl::StatusOr<std::vector<DueTimer>> {
    const IndexRange range{.maximum = MicrosDown(now), .limit = limit};
    Batch batch;
    for (Shard shard = 0; shard < shards(); ++shard) {
      AddRangeCommand(names_.Timers(shard), range, batch);
    }
    AMANA_ASSIGN_OR_RETURN(const std::vector<Reply> replies, Query(batch, deadline));
    std::vector<DueTimer> due;
    for (Shard shard = 0; shard < shards(); ++shard) {
      std::vector<IndexEntry> entries;
      AMANA_RETURN_IF_ERROR(AppendEntries(replies[shard], entries));
      for (IndexEntry& e : entries)
        due.push_back({shard, std::move(e.member), FromMicros(e.score)});
    }
    SortAndCut(limit, due);
    return due;
  });
}

absl::StatusOr<std::vector<OutboxEntry>> RedisStore::ReadOutbox(
    const std::vector<uint64_t>& cursors, uint32_t limit, Deadline deadline) {
  return Observed("read_outbox", [&] { return DoReadOutbox(cursors, limit, deadline); });
}

absl::StatusOr<std::vector<OutboxEntry>> RedisStore::DoReadOutbox(std::vector<uint64_t> cursors,
                                                                  uint32_t limit,
                                                                  Deadline deadline) {
  std::vector<OutboxEntry> entries;
  // First every shard its part, then those that had more share what is left: one busy shard neither
  // keeps others waiting nor gets only a sliver. Beginning elsewhere each time keeps it fair when
  // there are fewer entries asked for than shards.
  cursors.resize(shards(), 0);
  std::vector<Shard> order(shards());
  const uint32_t first = next_outbox_shard_.fetch_add(1, std::memory_order_relaxed);
  for (uint32_t i = 0; i < shards(); ++i) order[i] = (first + i) % shards();
  for (int round = 0; round < 2 && !order.empty() && entries.size() < limit; ++round) {
    const size_t left = limit - entries.size();
    if (order.size() > left) order.resize(left);
    const size_t part = left / order.size();
    const std::string count = std::to_string(part);
    Batch batch;
    for (const Shard shard : order) {
      batch.Command({"XRANGE", names_.Outbox(shard), IdAfter(cursors[shard]), "+", "COUNT", count});
    }
    AMANA_ASSIGN_OR_RETURN(const std::vector<Reply> replies, Query(batch, deadline));
    std::vector<Shard> with_more;
    for (size_t i = 0; i < order.size(); ++i) {
      const Shard shard = order[i];
      for (const Reply& raw : replies[i].elements) {
        AMANA_ASSIGN_OR_RETURN(OutboxEntry entry,
                               DecodeEntry(codec_, names_.Outbox(shard), shard, raw));
        cursors[shard] = entry.sequence;
        entries.push_back(std::move(entry));
      }
      if (replies[i].elements.size() == part) with_more.push_back(shard);
    }
    order = std::move(with_more);
  }
  return entries;
}

absl::Status RedisStore::TrimOutbox(const std::vector<uint64_t>& cursors, Deadline deadline) {
  return Observed("trim_outbox", [&]() -> absl::Status {
    Batch batch;
    for (Shard shard = 0; shard < shards(); ++shard) {
      const uint64_t cursor = CursorOf(cursors, shard);
      if (cursor == 0) continue;
      batch.Command({"XTRIM", names_.Outbox(shard), "MINID", "=", IdAfter(cursor)});
    }
    if (batch.commands() == 0) return absl::OkStatus();
    return Query(batch, deadline).status();
  });
}

absl::StatusOr<OutboxBacklog> RedisStore::ReadOutboxBacklog(Deadline deadline) {
  return Observed("read_outbox_backlog", [&]() -> absl::StatusOr<OutboxBacklog> {
    Batch batch;
    for (Shard shard = 0; shard < shards(); ++shard) {
      batch.Command({"XLEN", names_.Outbox(shard)});
    }
    AMANA_ASSIGN_OR_RETURN(const std::vector<Reply> replies, Query(batch, deadline));
    OutboxBacklog backlog;
    for (const Reply& reply : replies) backlog.entries += static_cast<uint64_t>(reply.integer);
    return backlog;
  });
}

absl::StatusOr<HistoryPage> RedisStore::ReadHistory(const std::string& subject,
                                                    HistoryPosition from, uint32_t limit,
                                                    Deadline deadline) {
  return Observed("read_history", [&]() -> absl::StatusOr<HistoryPage> {
    Batch lengths;
    for (Shard shard = 0; shard < shards(); ++shard) {
      lengths.Command({"LLEN", names_.History(shard, subject)});
    }
    AMANA_ASSIGN_OR_RETURN(const std::vector<Reply> counted, Query(lengths, deadline));
    std::vector<uint64_t> sizes;
    for (const Reply& reply : counted) sizes.push_back(static_cast<uint64_t>(reply.integer));

    HistoryPage page;
    const std::vector<HistoryPart> parts = PartsOfHistory(sizes, from, limit, page.next);
    if (parts.empty()) return page;
    Batch ranges;
    for (const HistoryPart& part : parts) {
      ranges.Command({"LRANGE", names_.History(part.shard, subject), std::to_string(part.first),
                      std::to_string(part.first + part.count - 1)});
    }
    AMANA_ASSIGN_OR_RETURN(const std::vector<Reply> replies, Query(ranges, deadline));
    for (size_t i = 0; i < parts.size(); ++i) {
      const std::string name = names_.History(parts[i].shard, subject);
      for (const Reply& stored : replies[i].elements) {
        AMANA_ASSIGN_OR_RETURN(HistoryEntry entry, codec_.DecodeHistory(name, stored.text));
        page.entries.push_back(std::move(entry));
      }
    }
    return page;
  });
}

absl::Status RedisStore::Ping(Deadline deadline) {
  return Observed("ping", [&]() -> absl::Status {
    Batch batch;
    batch.Command({"FUNCTION", "LIST", "LIBRARYNAME", kFunctionLibrary});
    AMANA_ASSIGN_OR_RETURN(const std::vector<Reply> replies, Query(batch, deadline));
    return replies[0].elements.empty() ? LoadFunctions(deadline) : absl::OkStatus();
  });
}

}  // namespace amana::store
