#pragma once

// Ids: 128 random bits with a type, so that a case's id can't be given where a referral's is meant.
// They say nothing about when or where they were made. Values: cheap to copy, safe to share.

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "common/base/base32.h"
#include "common/base/error.h"
#include "common/base/status_macros.h"

namespace amana {

inline constexpr size_t kIdSize = 16;      // bytes
inline constexpr size_t kIdTextSize = 26;  // characters of ToString()

template <class Tag>
class Id {
 public:
  // All zero: "none". Never given to anything.
  constexpr Id() = default;

  // kInputMalformed unless there are exactly 16 bytes.
  static absl::StatusOr<Id> FromBytes(std::string_view bytes) {
    if (bytes.size() != kIdSize) return Error(Reason::kInputMalformed);
    Id id;
    std::memcpy(id.bytes_.data(), bytes.data(), kIdSize);
    return id;
  }

  // Reads what ToString() wrote; kInputMalformed for anything else.
  static absl::StatusOr<Id> Parse(std::string_view text) {
    if (text.size() != kIdTextSize) return Error(Reason::kInputMalformed);
    AMANA_ASSIGN_OR_RETURN(const std::string bytes, Base32Decode(text));
    return FromBytes(bytes);
  }

  std::string bytes() const { return std::string(view()); }

  // Valid as long as this id.
  std::string_view view() const {
    return {reinterpret_cast<const char*>(bytes_.data()), bytes_.size()};
  }

  // 26 characters of lower-case base32.
  std::string ToString() const { return Base32Encode(view()); }

  bool is_zero() const { return *this == Id(); }

  friend bool operator==(const Id&, const Id&) = default;
  friend std::strong_ordering operator<=>(const Id&, const Id&) = default;

  template <typename H>
  friend H AbslHashValue(H h, const Id& id) {
    return H::combine(std::move(h), id.bytes_);
  }

 private:
  std::array<uint8_t, kIdSize> bytes_{};
};

using OrganisationId = Id<struct OrganisationTag>;
using DeviceId = Id<struct DeviceTag>;
using CaseId = Id<struct CaseTag>;
using ReferralId = Id<struct ReferralTag>;
using OfferId = Id<struct OfferTag>;
using ServiceAtLocationId = Id<struct ServiceAtLocationTag>;
using PoolId = Id<struct PoolTag>;
using ConsentId = Id<struct ConsentTag>;
using CallId = Id<struct CallTag>;
using FollowUpId = Id<struct FollowUpTag>;
using HandoffId = Id<struct HandoffTag>;
using BlobId = Id<struct BlobTag>;
using EventId = Id<struct EventTag>;
using RequestId = Id<struct RequestTag>;

}  // namespace amana

// std::hash for unordered containers: the bytes are random already, so the first eight are the
// hash. Ids that come from outside (a request_id) can be chosen to collide: keep those in ordered
// or absl containers.
template <class Tag>
struct std::hash<amana::Id<Tag>> {
  size_t operator()(const amana::Id<Tag>& id) const noexcept {
    size_t h;
    std::memcpy(&h, id.view().data(), sizeof(h));
    return h;
  }
};
