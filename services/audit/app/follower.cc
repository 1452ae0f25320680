#include "services/audit/app/follower.h"

#include <algorithm>
#include <utility>

#include "common/base/error.h"
#include "common/base/status_macros.h"

namespace amana::audit {
namespace {

constexpr absl::Duration kWait = absl::Seconds(1);
constexpr absl::Duration kRetryPause = absl::Milliseconds(250);
// Entries are let gather between two rounds: a round costs the service a look at every shard and
// the log a sync, and nobody can prove an entry before the next checkpoint anyway.
constexpr absl::Duration kGather = absl::Milliseconds(100);
// A stream that was stopped has news for ever, and none of it is taken until a person has looked.
constexpr absl::Duration kStoppedRest = absl::Seconds(1);
// So many at once mean that more are waiting.
constexpr size_t kBusy = 1024;
// Of one read; where there are very many shards, two of each: the one that the log has, and one
// more.
constexpr uint32_t kMaxEntries = 2048;
// How often the entries that the log took last are read again also when nothing comes, to notice a
// store that was rolled back: it would count up to known numbers, which nobody would look at.
constexpr absl::Duration kCheckEvery = absl::Seconds(10);
// As many as a service may be configured to have.
constexpr uint32_t kMaxShards = 4096;

std::vector<uint64_t> OneBefore(std::vector<uint64_t> cursors) {
  for (uint64_t& cursor : cursors) cursor -= std::min<uint64_t>(cursor, 1);
  return cursors;
}

bool IsSound(const Outbox::Batch& batch) {
  return batch.shards >= 1 && batch.shards <= kMaxShards &&
         std::ranges::all_of(batch.entries,
                             [&](const StreamEntry& entry) { return entry.shard < batch.shards; });
}

}  // namespace

Follower::Follower(std::string service, Outbox& outbox, Log& log, FollowerObserver observer)
    : service_(std::move(service)), outbox_(outbox), log_(log), observer_(std::move(observer)) {}

Follower::~Follower() { Stop(); }

void Follower::Start() {
  thread_ = std::thread([this] { Loop(); });
}

void Follower::Stop() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    stopped_.NotifyAll();
  }
  if (thread_.joinable()) thread_.join();
}

void Follower::Loop() {
  MutexLock lock(mutex_);
  while (!stopping_) {
    lock.Unlock();
    const absl::Duration rest = RunOnce(kWait).value_or(kRetryPause);
    lock.Lock();
    if (!stopping_ && rest > absl::ZeroDuration()) stopped_.WaitFor(mutex_, rest);
  }
}

absl::StatusOr<absl::Duration> Follower::RunOnce(absl::Duration wait) {
  if (next_check_.expired()) AMANA_RETURN_IF_ERROR(CheckLastEntries());
  // This read only waits: it is answered as soon as there is anything that the log does not have,
  // in whatever shard.
  AMANA_ASSIGN_OR_RETURN(const Outbox::Batch news,
                         Read(log_.Cursors(service_, shards_), shards_, wait));
  if (news.entries.empty()) return absl::ZeroDuration();
  AMANA_ASSIGN_OR_RETURN(const AppendResult taken, Take());
  if (taken.appended == 0) return kStoppedRest;
  return taken.appended < kBusy ? kGather : absl::ZeroDuration();
}

absl::StatusOr<Outbox::Batch> Follower::Read(const std::vector<uint64_t>& cursors, uint32_t limit,
                                             absl::Duration wait) {
  AMANA_ASSIGN_OR_RETURN(Outbox::Batch batch, outbox_.Read(cursors, limit, wait));
  const bool sound = IsSound(batch);
  if (!sound && sound_) {
    AppendResult refused;
    refused.malformed = 1;
    observer_(refused);
  }
  sound_ = sound;
  if (!sound) return Error(Reason::kInputMalformed);
  shards_ = batch.shards;
  return batch;
}

// The log's last entry of each stream must still be there, and be the same: that shows that what
// comes after it really follows it. That is why a service keeps it.
absl::StatusOr<AppendResult> Follower::Take() {
  // 0 in the first round, which asks for everything.
  const uint32_t asked = shards_;
  AMANA_ASSIGN_OR_RETURN(const Outbox::Batch batch,
                         Read(OneBefore(log_.Cursors(service_, asked)),
                              std::max(kMaxEntries, 2 * asked), absl::ZeroDuration()));
  AppendResult taken = log_.Append(service_, asked, batch.entries);
  observer_(taken);
  return taken;
}

// Forgets all but the last entries, of the streams that have shown them: what a store that was
// rolled back holds instead must stay, for a person to look at.
absl::Status Follower::CheckLastEntries() {
  AMANA_ASSIGN_OR_RETURN(const AppendResult taken, Take());
  std::vector<uint64_t> shown(shards_, 0);
  for (const auto& [shard, sequence] : taken.shown) shown[shard] = sequence;
  AMANA_RETURN_IF_ERROR(outbox_.Trim(OneBefore(std::move(shown))));
  next_check_ = Deadline::After(kCheckEvery);
  return absl::OkStatus();
}

}  // namespace amana::audit
