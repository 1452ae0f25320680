#pragma once
// What stands in Redis under a name, sealed, and back. Everything is bound to its name: a value
// moved to another name, or given another version or digest, does not open
// (kStoredValueUnreadable).

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "common/crypto/sealer.h"
#include "common/store/store.h"

namespace amana::store {

// A version as stored: 8 bytes, big-endian; nothing for 0, as of a key that does not exist.
std::string EncodeVersion(uint64_t version);

// Thread-safe.
class Codec {
 public:
  // `sealer` outlives the codec.
  explicit Codec(const crypto::Sealer& sealer) : sealer_(sealer) {}

  // version[8] ‖ sealed value.
  std::string EncodeRow(std::string_view name, uint64_t version, std::string_view value) const;
  absl::StatusOr<Row> DecodeRow(std::string_view name, std::string_view stored) const;

  // digest[32] ‖ sealed reply. Decoding with another digest is kRequestIdReused.
  std::string EncodeReply(std::string_view name, std::string_view digest,
                          std::string_view reply) const;
  absl::StatusOr<std::string> DecodeReply(std::string_view name, std::string_view digest,
                                          std::string_view stored) const;

  // sealed(leaf[34] ‖ traceparent).
  std::string EncodeOutbox(std::string_view name, std::string_view leaf,
                           std::string_view traceparent) const;
  absl::StatusOr<OutboxEntry> DecodeOutbox(std::string_view name, Shard shard, uint64_t sequence,
                                           std::string_view stored) const;

  // sealed(opening[32] ‖ event).
  std::string EncodeHistory(std::string_view name, std::string_view event,
                            std::string_view opening) const;
  absl::StatusOr<HistoryEntry> DecodeHistory(std::string_view name, std::string_view stored) const;

  // sealed(number of shards as text).
  std::string EncodeMarker(std::string_view name, uint32_t shards) const;
  // kConfigurationInvalid if it was made with another number of shards.
  absl::Status CheckMarker(std::string_view name, uint32_t shards, std::string_view stored) const;

 private:
  const crypto::Sealer& sealer_;
};

}  // namespace amana::store
