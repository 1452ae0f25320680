#pragma once

// What messaging counts. Kept by reference; lives as long as the metrics.

#include "common/obs/metrics.h"

namespace amana::messaging {

struct Meters {
  explicit Meters(obs::Metrics& metrics);

  obs::Counter& sealed;
  obs::Counter& delivered;
  obs::Counter& opened;
  obs::Counter& acknowledged;
  obs::Counter& revoked;
  obs::Counter& queued;        // entries that came into mailboxes
  obs::Counter& mailbox_full;  // tries to put one into a full mailbox
};

}  // namespace amana::messaging
