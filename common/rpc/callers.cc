#include "common/rpc/callers.h"

#include <array>
#include <deque>
#include <optional>
#include <thread>
#include <unordered_map>
#include <utility>

#include "common/base/error.h"
#include "common/base/mutex.h"

namespace amana::rpc {
namespace {

constexpr size_t kShards = 16;
constexpr absl::Duration kAskFor = absl::Seconds(2);
constexpr size_t kMaxRefreshes = 4096;  // waiting; then answers go stale first

using Answer = absl::StatusOr<Caller>;
using SteadyTime = std::chrono::steady_clock::time_point;

// Whether the directory said something about the device, rather than nothing at all.
bool IsWord(const Answer& answer) {
  switch (ReasonOf(answer.status())) {
    case Reason::kUnspecified:
    case Reason::kCallerUnknown:
    case Reason::kDeviceRevoked:
    case Reason::kDeviceNotApproved:
    case Reason::kOrganisationClosed:
      return true;
    default:
      return false;
  }
}

struct Entry {
  std::optional<Answer> answer;
  SteadyTime fetched{};
  bool asking = false;  // somebody asks, or has put it into the queue of refreshes
  bool silent = false;  // the directory did not answer last time
};

}  // namespace

struct CachingCallerDirectory::Impl {
  struct Shard {
    Mutex mutex;
    CondVar answered;
    std::unordered_map<DeviceId, Entry> entries AMANA_GUARDED_BY(mutex);
  };

  Impl(CallerDirectory& directory, Options given) : source(directory), options(given) {
    refresher = std::thread([this] { RefreshLoop(); });
  }

  ~Impl() {
    {
      MutexLock lock(queue_mutex);
      stopping = true;
    }
    queue_changed.NotifyAll();
    refresher.join();
  }

  Shard& ShardOf(const DeviceId& device) {
    return shards[static_cast<unsigned char>(device.view()[15]) % kShards];
  }

  absl::Duration FreshFor(const Answer& answer) const {
    return answer.ok() ? options.fresh : options.fresh / 5;
  }

  // Puts a refresh into the queue; the entry stays "asking" until it is done.
  void RefreshLater(const DeviceId& device, Entry& entry) {
    MutexLock lock(queue_mutex);
    if (queue.size() >= kMaxRefreshes) return;
    entry.asking = true;
    queue.push_back(device);
    queue_changed.NotifyOne();
  }

  void RefreshLoop() {
    while (true) {
      DeviceId device;
      {
        MutexLock lock(queue_mutex);
        while (queue.empty() && !stopping) queue_changed.Wait(queue_mutex);
        if (stopping) return;
        device = queue.front();
        queue.pop_front();
      }
      Keep(device, source.LookUp(device, Deadline::After(kAskFor)));
    }
  }

  // Records what the directory said and wakes those who wait for it.
  void Keep(const DeviceId& device, Answer answer) {
    Shard& shard = ShardOf(device);
    MutexLock lock(shard.mutex);
    Entry& entry = shard.entries[device];
    entry.asking = false;
    entry.silent = !IsWord(answer);
    if (!entry.silent) {
      entry.answer = std::move(answer);
      entry.fetched = std::chrono::steady_clock::now();
    }
    shard.answered.NotifyAll();
  }

  void MakeRoom(Shard& shard) AMANA_REQUIRES(shard.mutex) {
    if (shard.entries.size() < options.max_entries / kShards + 1) return;
    auto oldest = shard.entries.end();
    for (auto it = shard.entries.begin(); it != shard.entries.end(); ++it) {
      if (it->second.asking) continue;
      if (oldest == shard.entries.end() || it->second.fetched < oldest->second.fetched) oldest = it;
    }
    if (oldest != shard.entries.end()) shard.entries.erase(oldest);
  }

  // The kept answer if it may be used now; starts a refresh where that is due.
  std::optional<Answer> Kept(const DeviceId& device, Entry& entry) {
    if (!entry.answer) return std::nullopt;
    const absl::Duration age = absl::FromChrono(std::chrono::steady_clock::now() - entry.fetched);
    const absl::Duration fresh = FreshFor(*entry.answer);
    if (age < fresh / 2) return entry.answer;
    // While the directory is silent nobody waits for it: the last word stands.
    if (age < fresh || (entry.silent && age < options.stale)) {
      if (!entry.asking) RefreshLater(device, entry);
      return entry.answer;
    }
    return std::nullopt;
  }

  Answer LookUp(const DeviceId& device, Deadline deadline) {
    Shard& shard = ShardOf(device);
    {
      MutexLock lock(shard.mutex);
      if (!shard.entries.contains(device)) MakeRoom(shard);
      while (true) {
        Entry& entry = shard.entries[device];  // anew: it may have gone while we waited
        if (auto kept = Kept(device, entry)) return *kept;
        if (!entry.asking) {
          entry.asking = true;
          break;
        }
        if (!shard.answered.WaitUntil(shard.mutex, deadline)) {
          return Error(Reason::kServiceUnavailable);
        }
        Entry& now = shard.entries[device];
        if (!now.asking && now.silent) return LastWord(now);
      }
    }
    Keep(device, source.LookUp(device, Deadline::Earlier(deadline, Deadline::After(kAskFor))));
    MutexLock lock(shard.mutex);
    return LastWord(shard.entries[device]);
  }

  // After the directory was asked: what is known, however it came about.
  Answer LastWord(const Entry& entry) const {
    if (!entry.answer) return Error(Reason::kServiceUnavailable);
    const absl::Duration age = absl::FromChrono(std::chrono::steady_clock::now() - entry.fetched);
    if (entry.silent && age >= options.stale) return Error(Reason::kServiceUnavailable);
    return *entry.answer;
  }

  CallerDirectory& source;
  const Options options;
  std::array<Shard, kShards> shards;

  Mutex queue_mutex;
  CondVar queue_changed;
  std::deque<DeviceId> queue AMANA_GUARDED_BY(queue_mutex);
  bool stopping AMANA_GUARDED_BY(queue_mutex) = false;
  std::thread refresher;
};

CachingCallerDirectory::CachingCallerDirectory(CallerDirectory& source, Options options)
    : impl_(std::make_unique<Impl>(source, options)) {}
CachingCallerDirectory::~CachingCallerDirectory() = default;

absl::StatusOr<Caller> CachingCallerDirectory::LookUp(const DeviceId& device, Deadline deadline) {
  return impl_->LookUp(device, deadline);
}

}  // namespace amana::rpc
