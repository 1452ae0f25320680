// Receipts (c2sp.org/tlog-proof@v1): one file with which anyone can check, offline, that an entry
// is in the log and that enough witnesses have seen the log it is in.
//
//   c2sp.org/tlog-proof@v1
//   extra <base64>          optional
//   index <decimal>
//   <base64 hash>           the inclusion proof, the leaf's sibling first
//   <blank line>
//   <checkpoint with its signatures, verbatim>
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/merkle/checkpoint.h"
#include "common/merkle/hash.h"
#include "common/merkle/proof.h"

namespace amana::merkle {

// A receipt as read or to be written. Nothing in it is verified; `extra` never is.
struct TlogProof {
  // What the application wants to keep beside the proof. Anyone may change it unnoticed. An opening
  // put here makes the receipt as secret as the event.
  std::optional<std::string> extra;
  uint64_t index = 0;
  Proof hashes;
  std::string checkpoint;  // the signed note

  std::string Encode() const;

  // Reason::kProofInvalid; field "header", "extra", "index", "proof" or "checkpoint" (missing; its
  // own form is looked at by VerifyTlogProof).
  static absl::StatusOr<TlogProof> Decode(std::string_view text);

  friend bool operator==(const TlogProof&, const TlogProof&) = default;
};

// Checks that `entry`, as the log holds it (the leaf's bytes, not their hash), is at proof.index of
// the log that `policy` trusts. Gives the checkpoint that says so; else OpenCheckpoint's reasons,
// or VerifyInclusion's.
absl::StatusOr<VerifiedCheckpoint> VerifyTlogProof(const TlogProof& proof, std::string_view entry,
                                                   const TrustPolicy& policy);

}  // namespace amana::merkle
