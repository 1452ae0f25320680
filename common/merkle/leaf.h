// What an entry of Amana's log says in public.
//
//   event:    0x01 ‖ 0x01 ‖ C     34 bytes, all alike
//             C = HMAC-SHA-256(Kc, opening[32] ‖ u32be(length) ‖ event)
//   control:  0x01 ‖ 0x02 ‖ text  genesis, a stream's fault: public, of no case
//
// C commits to one event and tells nothing about it. The opening is fresh random bytes for each
// event; it is kept sealed with the event beside the log. Once both are destroyed the leaf stays,
// the tree still verifies, and nothing opens it. Kc is public and fixed (CommitmentKey): it keeps
// these commitments apart from other uses of HMAC. How many events there are is public.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace amana::merkle {

// SHA-256("amana audit leaf commitment v1"). Part of the format: it never changes within version 1.
std::string_view CommitmentKey();

inline constexpr size_t kOpeningBytes = 32;
inline constexpr size_t kEventLeafBytes = 34;
inline constexpr size_t kMaxEventBytes = 65'535;
inline constexpr size_t kMaxControlBytes = 4'096;

enum class LeafType : uint8_t {
  kEvent = 0x01,
  kControl = 0x02,
};

// Reason::kInvalidField: field "opening" unless it is 32 bytes, "event" if empty or over
// kMaxEventBytes. The opening must be fresh and random: two leaves with one opening would show
// equal events.
absl::StatusOr<std::string> MakeEventLeaf(std::string_view opening, std::string_view event);

// Reason::kInvalidField (field "text") unless it is valid UTF-8 of 1 to kMaxControlBytes bytes
// without control characters other than newlines. What is written here is public for ever.
absl::StatusOr<std::string> MakeControlLeaf(std::string_view text);

struct Leaf {
  LeafType type;
  std::string body;  // the commitment C, or the control text
};

// Reason::kLeafMismatch if the entry has none of the forms above.
absl::StatusOr<Leaf> ParseLeaf(std::string_view leaf);

// Whether the leaf commits to exactly this event. False also for what is not an event leaf; a
// caller that reports it uses Reason::kLeafMismatch.
bool OpensLeaf(std::string_view leaf, std::string_view opening, std::string_view event);

}  // namespace amana::merkle
