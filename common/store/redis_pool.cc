#include "common/store/redis_pool.h"

#include <algorithm>

#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "common/store/functions.h"

namespace amana::store {
namespace {

// Of a sealed value: format and key id. Differs once a newer key seals.
constexpr size_t kSealHeaderBytes = 5;

absl::Status Unavailable() { return Error(Reason::kStoreUnavailable); }

bool HasPrefix(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix;
}

// The answer to FUNCTION LIST … WITHCODE: names and values in turn, for each library.
bool HoldsOurFunctions(const Reply& list) {
  for (const Reply& library : list.elements) {
    for (size_t i = 0; i + 1 < library.elements.size(); i += 2) {
      if (library.elements[i].text == "library_code") {
        return library.elements[i + 1].text == FunctionCode();
      }
    }
  }
  return false;
}

}  // namespace

RedisPool::RedisPool(RedisPoolOptions options, const Names& names, const Codec& codec)
    : options_(std::move(options)), names_(names), codec_(codec) {
  for (uint32_t i = 0; i < std::max(options_.connections, 1u); ++i) {
    connections_.push_back(std::make_unique<RedisConnection>(
        options_.socket_path, options_.command_timeout,
        [this](const RedisConnection::RoundTrip& round_trip) { return Greet(round_trip); }));
  }
}

absl::Status RedisPool::Greet(const RedisConnection::RoundTrip& round_trip) const {
  Batch hello;
  hello.Command({"AUTH", options_.user, options_.password.Expose()});
  hello.Command({"FUNCTION", "LIST", "LIBRARYNAME", kFunctionLibrary, "WITHCODE"});
  hello.Command(
      {"SET", names_.Marker(), codec_.EncodeMarker(names_.Marker(), names_.shards()), "NX"});
  hello.Command({"GET", names_.Marker()});
  AMANA_ASSIGN_OR_RETURN(const std::vector<Reply> replies, round_trip(hello));
  if (replies[0].is_error() && HasPrefix(replies[0].text, "WRONGPASS")) {
    return Error(Reason::kConfigurationInvalid);
  }
  // Loading its data, out of disk, not permitted: not usable now, perhaps later.
  if (std::any_of(replies.begin(), replies.end(), [](const Reply& r) { return r.is_error(); })) {
    return Unavailable();
  }
  if (!HoldsOurFunctions(replies[1])) {
    Batch load;
    load.Command({"FUNCTION", "LOAD", "REPLACE", FunctionCode()});
    AMANA_ASSIGN_OR_RETURN(const std::vector<Reply> loaded, round_trip(load));
    if (loaded[0].is_error()) return Unavailable();
  }
  return CheckMarker(round_trip, replies[3].text);
}

// A wrong storage key is found here, before anything is written with it.
absl::Status RedisPool::CheckMarker(const RedisConnection::RoundTrip& round_trip,
                                    const std::string& stored) const {
  const std::string name = names_.Marker();
  AMANA_RETURN_IF_ERROR(codec_.CheckMarker(name, names_.shards(), stored));
  const std::string fresh = codec_.EncodeMarker(name, names_.shards());
  if (HasPrefix(stored, fresh.substr(0, kSealHeaderBytes))) return absl::OkStatus();
  Batch seal_anew;
  seal_anew.Command({"SET", name, fresh});
  return round_trip(seal_anew).status();
}

CallOutcome RedisPool::Call(const Batch& batch, Deadline deadline, std::vector<Reply>& replies) {
  const Deadline until = Deadline::Earlier(deadline, Deadline::After(options_.command_timeout));
  const size_t first = next_.fetch_add(1, std::memory_order_relaxed);
  for (size_t i = 0; i < connections_.size(); ++i) {
    RedisConnection& connection = *connections_[(first + i) % connections_.size()];
    if (!connection.connected()) continue;
    const CallOutcome outcome = connection.Call(batch, until, replies);
    if (outcome != CallOutcome::kNotSent) return outcome;
  }
  return CallOutcome::kNotSent;
}

absl::Status RedisPool::ErrorOf(CallOutcome outcome, Deadline deadline) const {
  if (outcome == CallOutcome::kTimedOut && deadline.expired()) {
    return Error(Reason::kDeadlinePassed);
  }
  return outcome == CallOutcome::kNotSent ? Refusal() : Unavailable();
}

bool RedisPool::connected() const {
  return std::any_of(connections_.begin(), connections_.end(),
                     [](const auto& connection) { return connection->connected(); });
}

bool RedisPool::refused() const { return ReasonOf(Refusal()) != Reason::kStoreUnavailable; }

absl::Status RedisPool::Refusal() const {
  for (const auto& connection : connections_) {
    const Reason refusal = connection->refusal();
    if (refusal != Reason::kUnspecified && refusal != Reason::kStoreUnavailable) {
      return Error(refusal);
    }
  }
  return Unavailable();
}

}  // namespace amana::store
