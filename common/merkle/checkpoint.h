// Checkpoints (c2sp.org/tlog-checkpoint): a signed note that says how large the log is and what its
// root is; and the policy by which a reader believes one.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/merkle/hash.h"
#include "common/merkle/note.h"

namespace amana::merkle {

// What the note's text says. Three lines: origin, size, root in base64.
struct Checkpoint {
  std::string origin;  // the log's identity; also its key's name
  uint64_t size = 0;   // leaves
  Hash root;

  std::string ToText() const;

  // Reason::kCheckpointMalformed; field "origin", "size", "root", or "extension": lines after the
  // third are refused, because no outsider could check them. A size of 0 must have the empty root.
  static absl::StatusOr<Checkpoint> Parse(std::string_view text);

  friend bool operator==(const Checkpoint&, const Checkpoint&) = default;
};

// Whom a reader believes: the log's key, and how many of which witnesses. A plain value.
class TrustPolicy {
 public:
  // Reason::kConfigurationInvalid: field "log" unless its key is of type Ed25519; "witnesses"
  // unless all are cosigners with different names and different keys (a name is not covered by a
  // cosignature, so one key under two names would count twice); "quorum" if there are fewer
  // witnesses.
  static absl::StatusOr<TrustPolicy> Create(NoteKey log, std::vector<NoteKey> witnesses,
                                            size_t quorum);

  const NoteKey& log() const { return keys_.front(); }
  std::span<const NoteKey> witnesses() const { return std::span(keys_).subspan(1); }
  size_t quorum() const { return quorum_; }

  // The log's key, then the witnesses'.
  std::span<const NoteKey> keys() const { return keys_; }

 private:
  TrustPolicy(std::vector<NoteKey> keys, size_t quorum);

  std::vector<NoteKey> keys_;
  size_t quorum_;
};

// A checkpoint that the policy accepts. Comes only from OpenCheckpoint, so that a function which
// takes one need not ask whether anybody has looked at the signatures.
class VerifiedCheckpoint {
 public:
  const std::string& origin() const { return checkpoint_.origin; }
  uint64_t size() const { return checkpoint_.size; }
  const Hash& root() const { return checkpoint_.root; }
  const Checkpoint& checkpoint() const { return checkpoint_; }

  // When each witness that cosigned it says it did, in no particular order; quorum or more of them.
  const std::vector<absl::Time>& cosigned_at() const { return cosigned_at_; }

 private:
  friend absl::StatusOr<VerifiedCheckpoint> OpenCheckpoint(std::string_view note,
                                                           const TrustPolicy& policy);
  VerifiedCheckpoint(Checkpoint checkpoint, std::vector<absl::Time> cosigned_at);

  Checkpoint checkpoint_;
  std::vector<absl::Time> cosigned_at_;
};

// Reason::kNoteMalformed, kNoteSignatureInvalid (field "log": the log did not sign; "witnesses":
// too few did) or kCheckpointMalformed (field "origin" also if it is another log's).
absl::StatusOr<VerifiedCheckpoint> OpenCheckpoint(std::string_view note, const TrustPolicy& policy);

}  // namespace amana::merkle
