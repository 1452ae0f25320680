#pragma once

// What happens to a handoff after the command that was answered: into the mailboxes, and away at
// the end. Every step is idempotent and is run again by its timer until it is done, so that a crash
// at any point only repeats what was done already.

#include "absl/status/status.h"
#include "common/base/call_context.h"
#include "services/messaging/app/attachments.h"
#include "services/messaging/app/context.h"
#include "services/messaging/app/inbox.h"

namespace amana::messaging {

// Thread-safe.
class Delivery {
 public:
  Delivery(const Deps& deps, Inbox& inbox, Attachments& attachments)
      : deps_(deps), inbox_(inbox), attachments_(attachments) {}

  // Puts it into the mailbox of every device it was sealed for. kMailboxFull: into all but some;
  // the timer tries again.
  absl::Status Deliver(const CallContext& context, const HandoffId& id);

  // Deletes the attachments of a handoff whose package was let go.
  absl::Status Sweep(const CallContext& context, const HandoffId& id);

  // The retention is over: package, attachments and mailbox entries go, the status stays.
  absl::Status EndRetention(const CallContext& context, const HandoffId& id);

  // Whichever of these (or of the attachments' expiry) the timer is for. An error for a timer
  // that nobody knows.
  absl::Status RunTimer(const store::DueTimer& timer, Deadline deadline);

 private:
  absl::Status MarkQueued(const CallContext& context, const HandoffId& id,
                          const std::vector<DeviceId>& devices);

  const Deps& deps_;
  Inbox& inbox_;
  Attachments& attachments_;
};

}  // namespace amana::messaging
