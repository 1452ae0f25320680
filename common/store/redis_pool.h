#pragma once
// A few connections to one Redis, and what each begins with: who we are, the functions, and whether
// the data is ours.

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "common/base/secret.h"
#include "common/store/codec.h"
#include "common/store/names.h"
#include "common/store/redis_connection.h"

namespace amana::store {

struct RedisPoolOptions {
  std::string socket_path;
  std::string user;
  SecretBytes password;
  uint32_t connections = 3;
  absl::Duration command_timeout;
};

// Thread-safe. `names` and `codec` outlive the pool.
class RedisPool {
 public:
  RedisPool(RedisPoolOptions options, const Names& names, const Codec& codec);

  // On the next connection that is up. `replies` are set with kAnswered only.
  CallOutcome Call(const Batch& batch, Deadline deadline, std::vector<Reply>& replies);

  // The error for an outcome other than kAnswered.
  absl::Status ErrorOf(CallOutcome outcome, Deadline deadline) const;

  bool connected() const;
  // Not a failure that passes by itself: other storage key, other shards, wrong password.
  bool refused() const;

 private:
  absl::Status Greet(const RedisConnection::RoundTrip& round_trip) const;
  absl::Status CheckMarker(const RedisConnection::RoundTrip& round_trip,
                           const std::string& stored) const;
  absl::Status Refusal() const;

  const RedisPoolOptions options_;
  const Names& names_;
  const Codec& codec_;
  std::atomic<uint32_t> next_ = 0;
  std::vector<std::unique_ptr<RedisConnection>> connections_;
};

}  // namespace amana::store
