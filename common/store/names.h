#pragma once
// How every key in Redis is called: <service>:{sNNN}:<what>. The part in braces is what Redis
// Cluster places a key by, so that a shard's keys stay together. commit.lua tells what each holds.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/store/store.h"

namespace amana::store {

// Thread-safe: nothing changes after it is made.
class Names {
 public:
  Names(std::string_view service, uint32_t shards);

  uint32_t shards() const { return static_cast<uint32_t>(prefixes_.size()); }

  std::string Row(Shard shard, const Key& key) const;
  std::string Index(Shard shard, std::string_view index) const;
  std::string Timers(Shard shard) const;
  std::string Outbox(Shard shard) const;
  std::string History(Shard shard, std::string_view subject) const;  // 16 bytes
  std::string Reply(Shard shard, const RequestRecord& request) const;
  // The one key outside the shards: says how many there are.
  std::string Marker() const;

 private:
  const std::string service_;
  std::vector<std::string> prefixes_;  // "referral:{s007}:"
};

}  // namespace amana::store
