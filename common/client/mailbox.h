#pragma once

// The mailbox of this device, as it is kept in the vault. What has arrived is there, with the place
// up to which it has, before the server is told that it was delivered; so nothing is lost or shown
// twice, wherever a crash happens.

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "amana/messaging/v1/messaging.pb.h"
#include "common/base/ids.h"
#include "common/client/handoff.h"
#include "common/client/session.h"

namespace amana::client {

// Fetches what is new, keeps it, reports it delivered. All kept messages, oldest first.
absl::StatusOr<std::vector<messaging::v1::Message>> ReceiveHandoffs(Session& session);

struct ReadHandoff {
  HandoffHeader header;            // as the sender signed it
  messaging::v1::Handoff handoff;  // as the server tells it: good for the state only
  OpenedHandoff opened;
};

// Opens a kept handoff (fetching what is new if it is not kept yet) and reports it opened.
// kHandoffNotFound; kHandoffStateInvalid if it was taken back, and then it is kept no longer.
absl::StatusOr<ReadHandoff> ReadOne(Session& session, const HandoffId& handoff);

// What was opened is where it shall be, documents too: only then may it be acknowledged.
absl::Status MarkRead(Session& session, const HandoffId& handoff);

// Says that a person takes it on; once every device has, package and documents are destroyed.
// kHandoffStateInvalid unless this device has it all (MarkRead).
absl::StatusOr<messaging::v1::Handoff> Acknowledge(Session& session, const HandoffId& handoff);

// How far a handoff has come, for its sender and its receiver.
absl::StatusOr<messaging::v1::Handoff> GetHandoff(Session& session, const HandoffId& handoff);

}  // namespace amana::client
