#include "services/messaging/app/bell.h"

namespace amana::messaging {

Bell::Stripe& Bell::StripeOf(const DeviceId& device) {
  return stripes_[std::hash<DeviceId>()(device) % stripes_.size()];
}

void Bell::Ring(const DeviceId& device) {
  {
    Stripe& stripe = StripeOf(device);
    MutexLock lock(stripe.mutex);
    ++stripe.count;
    stripe.rung.NotifyAll();
  }
  if (listener_) listener_(device);
}

uint64_t Bell::Count(const DeviceId& device) {
  Stripe& stripe = StripeOf(device);
  MutexLock lock(stripe.mutex);
  return stripe.count;
}

void Bell::WaitBeyond(const DeviceId& device, uint64_t seen, Deadline deadline) {
  Stripe& stripe = StripeOf(device);
  MutexLock lock(stripe.mutex);
  while (stripe.count <= seen && stripe.rung.WaitUntil(stripe.mutex, deadline)) {
  }
}

}  // namespace amana::messaging
