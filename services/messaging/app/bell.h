#pragma once

// Rings when something came into a mailbox, so that those who wait need not ask again and again.
// Devices share a fixed number of bells: waking without a reason is harmless, missing a ring is not
// possible.

#include <array>
#include <cstdint>
#include <functional>

#include "common/base/deadline.h"
#include "common/base/ids.h"
#include "common/base/mutex.h"

namespace amana::messaging {

// Thread-safe.
class Bell {
 public:
  // Called after each ring, on the ringing thread; it must not block. At most one, set before the
  // first ring.
  using Listener = std::function<void(const DeviceId&)>;
  void Listen(Listener listener) { listener_ = std::move(listener); }

  void Ring(const DeviceId& device);

  // How often it rang: read it before looking into the mailbox.
  uint64_t Count(const DeviceId& device);

  // Until it rang more than `seen` times, or the deadline passes.
  void WaitBeyond(const DeviceId& device, uint64_t seen, Deadline deadline);

 private:
  struct Stripe {
    Mutex mutex;
    CondVar rung;
    uint64_t count AMANA_GUARDED_BY(mutex) = 0;
  };
  Stripe& StripeOf(const DeviceId& device);

  std::array<Stripe, 64> stripes_;
  Listener listener_;
};

}  // namespace amana::messaging
