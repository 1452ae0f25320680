#pragma once

// A device's mailbox: numbers that only grow, and how much waits in it.

#include <cstdint>
#include <optional>

namespace amana::messaging::domain {

// Entries that a device has not acknowledged.
inline constexpr uint32_t kMaxWaiting = 1000;

struct Mailbox {
  uint64_t last_sequence = 0;
  uint32_t waiting = 0;

  friend bool operator==(const Mailbox&, const Mailbox&) = default;
};

// Takes in one entry and gives its number: dense from 1. Nothing if it is full.
inline std::optional<uint64_t> Add(Mailbox& mailbox) {
  if (mailbox.waiting >= kMaxWaiting) return std::nullopt;
  ++mailbox.waiting;
  return ++mailbox.last_sequence;
}

// An entry goes. Its number is never given again.
inline void Remove(Mailbox& mailbox) {
  if (mailbox.waiting > 0) --mailbox.waiting;
}

}  // namespace amana::messaging::domain
