#include "common/store/names.h"

#include <cstdio>

#include "common/base/base32.h"
#include "common/base/check.h"

namespace amana::store {
namespace {

std::string Join(std::string_view a, std::string_view b, std::string_view c,
                 std::string_view d = {}, std::string_view e = {}) {
  std::string out;
  out.reserve(a.size() + b.size() + c.size() + d.size() + e.size());
  return out.append(a).append(b).append(c).append(d).append(e);
}

}  // namespace

Names::Names(std::string_view service, uint32_t shards) : service_(service) {
  AMANA_CHECK(shards > 0, "A store has at least one shard.");
  prefixes_.reserve(shards);
  for (uint32_t shard = 0; shard < shards; ++shard) {
    char tag[24];
    std::snprintf(tag, sizeof(tag), ":{s%03u}:", shard);
    prefixes_.push_back(service_ + tag);
  }
}

std::string Names::Row(Shard shard, const Key& key) const {
  return Join(prefixes_[shard], "r:", key.kind, ":", key.id);
}

std::string Names::Index(Shard shard, std::string_view index) const {
  return Join(prefixes_[shard], "i:", index);
}

std::string Names::Timers(Shard shard) const { return prefixes_[shard] + "t"; }

std::string Names::Outbox(Shard shard) const { return prefixes_[shard] + "o"; }

std::string Names::History(Shard shard, std::string_view subject) const {
  return Join(prefixes_[shard], "h:", Base32Encode(subject));
}

std::string Names::Reply(Shard shard, const RequestRecord& request) const {
  return Join(prefixes_[shard], "q:", request.caller, ":", request.request_id.ToString());
}

std::string Names::Marker() const { return service_ + ":store"; }

}  // namespace amana::store
