#pragma once
// One blocked caller: where its replies are put, and what it sleeps on. Cheaper than a condition
// variable, for every command of every worker passes here: one futex call each to sleep and to
// wake.

#include <atomic>
#include <cstdint>
#include <vector>

#include "common/base/deadline.h"
#include "common/store/redis_protocol.h"

namespace amana::store {

// Shared by the caller and the connection, since either may leave first. The connection writes
// `replies` before Finish(); the caller reads them only after Wait() said kAnswered.
class PendingCall {
 public:
  enum Outcome : uint32_t { kUnfinished, kAnswered, kBroken };

  explicit PendingCall(size_t expected) : expected_(expected) { replies.reserve(expected); }

  // kUnfinished if the deadline passed.
  Outcome Wait(Deadline deadline);
  void Finish(Outcome outcome);

  bool complete() const { return replies.size() == expected_; }

  std::vector<Reply> replies;

 private:
  static constexpr uint32_t kAsleep = 3;

  const size_t expected_;
  std::atomic<uint32_t> state_ = kUnfinished;
};

}  // namespace amana::store
