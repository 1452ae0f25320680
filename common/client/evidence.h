#pragma once

// What happened in one case, in a folder that proves itself against the log: for each event
//   NNNN.event       the exact bytes of an amana.audit.v1.Event
//   NNNN.opening     32 bytes that open its leaf
//   NNNN.tlog-proof  a receipt (c2sp.org/tlog-proof@v1): the leaf is in the log
// numbered in the order of time. Whoever has the folder can read the case's coded history: keep it
// like the case.

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "amana/audit/v1/event.pb.h"
#include "common/base/ids.h"
#include "common/client/session.h"
#include "common/merkle/checkpoint.h"
#include "common/merkle/tile_verifier.h"

namespace amana::client {

struct CollectOptions {
  // How long to wait for the youngest event to get into the log.
  absl::Duration patience = absl::Seconds(20);
};

// Asks intake, referral and messaging for the case's history, and the log for a receipt of each
// event. Returns how many events there are. kLeafNotInLog if one is still missing at the end:
// raise an alarm.
absl::StatusOr<int> CollectEvidence(Session& session, const CaseId& case_id,
                                    const std::string& folder, const CollectOptions& options = {});

struct VerifiedEvent {
  audit::v1::Event event;
  uint64_t index;  // in the log
};

struct VerifiedEvidence {
  merkle::VerifiedCheckpoint checkpoint;  // of the mirror
  std::vector<VerifiedEvent> events;
};

// Offline: every event opens its leaf, every leaf is in the mirrored log, every receipt holds. The
// mirror itself is verified on the way. kLeafMismatch: a file is missing or is no event or opening,
// or there is none; kLeafNotInLog; what VerifyMirror and VerifyTlogProof say.
absl::StatusOr<VerifiedEvidence> VerifyEvidence(const std::string& folder,
                                                const std::string& mirror,
                                                const merkle::TrustPolicy& policy);

}  // namespace amana::client
