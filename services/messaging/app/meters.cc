#include "services/messaging/app/meters.h"

namespace amana::messaging {
namespace {

obs::Counter& Handoffs(obs::Metrics& metrics, obs::Name state) {
  return metrics.AddCounter("amana_messaging_handoffs_total",
                            "Commands on handoffs that succeeded, by what they asked for.",
                            {{"state", state}});
}

}  // namespace

Meters::Meters(obs::Metrics& metrics)
    : sealed(Handoffs(metrics, "sealed")),
      delivered(Handoffs(metrics, "delivered")),
      opened(Handoffs(metrics, "opened")),
      acknowledged(Handoffs(metrics, "acknowledged")),
      revoked(Handoffs(metrics, "revoked")),
      queued(metrics.AddCounter("amana_messaging_queued_total",
                                "Entries put into the mailboxes of devices.")),
      mailbox_full(metrics.AddCounter("amana_messaging_mailbox_full_total",
                                      "Tries to put an entry into a full mailbox.")) {}

}  // namespace amana::messaging
