#include "common/store/validate.h"

#include <cmath>
#include <set>

#include "common/base/error.h"
#include "common/crypto/hash.h"
#include "common/merkle/leaf.h"

namespace amana::store {
namespace {

bool IsName(std::string_view name) {
  return !name.empty() && name.size() <= kMaxNameBytes && name.find(':') == std::string_view::npos;
}

// Members and timers stand alone, so they may hold anything.
bool IsMember(std::string_view member) { return !member.empty() && member.size() <= kMaxNameBytes; }

bool KeysAreValid(const Commit& commit) {
  std::set<Key> seen;
  auto valid = [&seen](const Key& key) {
    return IsName(key.kind) && IsName(key.id) && seen.insert(key).second;
  };
  for (const Check& check : commit.checks) {
    if (!valid(check.key)) return false;
  }
  for (const Write& write : commit.writes) {
    if (!valid(write.key) || (write.value && write.value->size() > kMaxValueBytes)) return false;
  }
  return true;
}

bool EditsAreValid(const Commit& commit) {
  for (const IndexEdit& edit : commit.index_edits) {
    if (!IsName(edit.index) || !IsMember(edit.member)) return false;
    if (edit.score && !std::isfinite(*edit.score)) return false;
  }
  for (const TimerEdit& edit : commit.timer_edits) {
    if (!IsMember(edit.timer)) return false;
    // Infinite times have no place on a clock.
    if (edit.due && (*edit.due < absl::UnixEpoch() || *edit.due > absl::FromUnixSeconds(1LL << 33)))
      return false;
  }
  return true;
}

bool AuditIsValid(const Commit& commit) {
  if (commit.audit.empty()) return false;
  for (const AuditRecord& record : commit.audit) {
    if (record.subject.size() != kIdSize || record.opening.size() != merkle::kOpeningBytes ||
        record.leaf.size() != merkle::kEventLeafBytes || record.event.empty() ||
        record.event.size() > merkle::kMaxEventBytes)
      return false;
  }
  return commit.traceparent.size() <= kMaxTraceparentBytes;
}

bool RequestIsValid(const Commit& commit) {
  return !commit.request ||
         (IsName(commit.request->caller) && !commit.request->request_id.is_zero() &&
          commit.request->digest.size() == crypto::kDigestSize &&
          commit.reply.size() <= kMaxValueBytes);
}

}  // namespace

absl::Status ValidateCommit(const Commit& commit, uint32_t shards) {
  const bool few =
      commit.writes.size() <= kMaxCommitWrites && commit.checks.size() <= kMaxCommitWrites &&
      commit.index_edits.size() <= kMaxCommitEdits &&
      commit.timer_edits.size() <= kMaxCommitEdits && commit.audit.size() <= kMaxCommitWrites;
  if (!few || commit.shard >= shards || !KeysAreValid(commit) || !EditsAreValid(commit) ||
      !AuditIsValid(commit) || !RequestIsValid(commit))
    return Error(Reason::kUnexpected);
  return absl::OkStatus();
}

absl::Status ValidateShard(Shard shard, uint32_t shards) {
  return shard < shards ? absl::OkStatus() : Error(Reason::kUnexpected);
}

}  // namespace amana::store
