#pragma once

// The log on an outsider's disk: fetched file by file, checked without anyone's help.

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/client/session.h"
#include "common/merkle/checkpoint.h"
#include "common/merkle/tile_verifier.h"

namespace amana::client {

// Whom a reader of the log believes: its key, as a C2SP vkey on one line. kNoteMalformed.
absl::StatusOr<merkle::TrustPolicy> LogPolicy(std::string_view vkey);
absl::StatusOr<merkle::TrustPolicy> ReadLogPolicy(const std::string& vkey_file);

// Brings the mirror in `folder` up to the log's latest checkpoint. Its files are named as the log
// names them; "checkpoint" is written last. What is there already is not fetched again.
// kLogForked: the log is no continuation of what the mirror has seen; the mirror is then left as it
// was, as evidence.
absl::StatusOr<merkle::Checkpoint> MirrorLog(Session& session, const std::string& folder);

// The whole check, offline: the checkpoint's signature, every tile and every entry. `visit` is
// shown each entry.
absl::StatusOr<merkle::VerifiedCheckpoint> VerifyMirror(const std::string& folder,
                                                        const merkle::TrustPolicy& policy,
                                                        const merkle::EntryVisitor& visit = {});

}  // namespace amana::client
