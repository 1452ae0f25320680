#include "common/store/codec.h"

#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "common/crypto/hash.h"
#include "common/merkle/leaf.h"

namespace amana::store {
namespace {

constexpr size_t kVersionBytes = 8;

absl::Status Unreadable() { return Error(Reason::kStoredValueUnreadable); }

// Associated data: the name, then what else the value is bound to. The second part is of a fixed
// length wherever it is used, so that two different pairs are never the same bytes.
std::string Bind(std::string_view name, std::string_view more) {
  std::string out;
  out.reserve(name.size() + more.size());
  return out.append(name).append(more);
}

std::string Concat(std::string_view a, std::string_view b) { return Bind(a, b); }

uint64_t DecodeVersion(std::string_view bytes) {
  uint64_t version = 0;
  for (const char c : bytes) version = version << 8 | static_cast<unsigned char>(c);
  return version;
}

}  // namespace

std::string EncodeVersion(uint64_t version) {
  if (version == 0) return {};
  std::string bytes(kVersionBytes, '\0');
  for (size_t i = kVersionBytes; i-- > 0; version >>= 8)
    bytes[i] = static_cast<char>(version & 0xff);
  return bytes;
}

std::string Codec::EncodeRow(std::string_view name, uint64_t version,
                             std::string_view value) const {
  const std::string prefix = EncodeVersion(version);
  return Concat(prefix, sealer_.Seal(Bind(name, prefix), value));
}

absl::StatusOr<Row> Codec::DecodeRow(std::string_view name, std::string_view stored) const {
  if (stored.size() < kVersionBytes) return Unreadable();
  const std::string_view version = stored.substr(0, kVersionBytes);
  AMANA_ASSIGN_OR_RETURN(std::string value,
                         sealer_.Open(Bind(name, version), stored.substr(kVersionBytes)));
  return Row{std::move(value), DecodeVersion(version)};
}

std::string Codec::EncodeReply(std::string_view name, std::string_view digest,
                               std::string_view reply) const {
  return Concat(digest, sealer_.Seal(Bind(name, digest), reply));
}

absl::StatusOr<std::string> Codec::DecodeReply(std::string_view name, std::string_view digest,
                                               std::string_view stored) const {
  if (stored.size() < crypto::kDigestSize) return Unreadable();
  if (stored.substr(0, crypto::kDigestSize) != digest) return Error(Reason::kRequestIdReused);
  return sealer_.Open(Bind(name, digest), stored.substr(crypto::kDigestSize));
}

std::string Codec::EncodeOutbox(std::string_view name, std::string_view leaf,
                                std::string_view traceparent) const {
  return sealer_.Seal(name, Concat(leaf, traceparent));
}

absl::StatusOr<OutboxEntry> Codec::DecodeOutbox(std::string_view name, Shard shard,
                                                uint64_t sequence, std::string_view stored) const {
  AMANA_ASSIGN_OR_RETURN(const std::string body, sealer_.Open(name, stored));
  if (body.size() < merkle::kEventLeafBytes) return Unreadable();
  return OutboxEntry{shard, sequence, body.substr(0, merkle::kEventLeafBytes),
                     body.substr(merkle::kEventLeafBytes)};
}

std::string Codec::EncodeHistory(std::string_view name, std::string_view event,
                                 std::string_view opening) const {
  return sealer_.Seal(name, Concat(opening, event));
}

absl::StatusOr<HistoryEntry> Codec::DecodeHistory(std::string_view name,
                                                  std::string_view stored) const {
  AMANA_ASSIGN_OR_RETURN(const std::string body, sealer_.Open(name, stored));
  if (body.size() < merkle::kOpeningBytes) return Unreadable();
  return HistoryEntry{body.substr(merkle::kOpeningBytes), body.substr(0, merkle::kOpeningBytes)};
}

std::string Codec::EncodeMarker(std::string_view name, uint32_t shards) const {
  return sealer_.Seal(name, std::to_string(shards));
}

absl::Status Codec::CheckMarker(std::string_view name, uint32_t shards,
                                std::string_view stored) const {
  AMANA_ASSIGN_OR_RETURN(const std::string text, sealer_.Open(name, stored));
  if (text != std::to_string(shards)) return Error(Reason::kConfigurationInvalid);
  return absl::OkStatus();
}

}  // namespace amana::store
