#include "services/audit/app/follower.h"

#include <algorithm>
#include <utility>

#include "common/base/status_macros.h"

namespace amana::audit {
namespace {

constexpr absl::Duration kWait = absl::Seconds(1);
constexpr absl::Duration kRetryPause = absl::Milliseconds(250);
// Entries are let gather between two rounds: a round costs the service a look at every shard and
// the log a sync, and nobody can prove an entry before the next checkpoint anyway.
constexpr absl::Duration kGather = absl::Milliseconds(100);
// So many at once mean that more are waiting.
constexpr size_t kBusy = 1024;
// How often the entries that the log took last are read again, to notice a store that was rolled
// back: it would count up to known numbers, which nobody would look at.
constexpr absl::Duration kCheckEvery = absl::Seconds(10);

std::vector<uint64_t> OneBefore(std::vector<uint64_t> cursors) {
  for (uint64_t& cursor : cursors) cursor -= std::min<uint64_t>(cursor, 1);
  return cursors;
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
    const absl::StatusOr<size_t> entries = RunOnce(kWait);
    lock.Lock();
    if (stopping_) break;
    if (!entries.ok()) {
      stopped_.WaitFor(mutex_, kRetryPause);
    } else if (*entries > 0 && *entries < kBusy) {
      stopped_.WaitFor(mutex_, kGather);
    }
  }
}

absl::StatusOr<size_t> Follower::RunOnce(absl::Duration wait) {
  if (absl::Now() - last_check_ >= kCheckEvery) AMANA_RETURN_IF_ERROR(CheckLastEntries());
  AMANA_ASSIGN_OR_RETURN(Outbox::Batch batch, outbox_.Read(log_.Cursors(service_, shards_), wait));
  shards_ = batch.shards;
  if (!batch.entries.empty()) observer_(log_.Append(service_, batch.entries));
  return batch.entries.size();
}

// Reads from one before the cursors: the log's last entry of each stream must still be there, and
// be the same. That is why a service keeps it: all but the last are forgotten here too.
absl::Status Follower::CheckLastEntries() {
  const std::vector<uint64_t> cursors = OneBefore(log_.Cursors(service_, shards_));
  AMANA_ASSIGN_OR_RETURN(Outbox::Batch batch, outbox_.Read(cursors, absl::ZeroDuration()));
  shards_ = batch.shards;
  observer_(log_.Append(service_, batch.entries));
  AMANA_RETURN_IF_ERROR(outbox_.Trim(OneBefore(log_.Cursors(service_, shards_))));
  last_check_ = absl::Now();
  return absl::OkStatus();
}

}  // namespace amana::audit
