// The auditor's full check of a log: everything from the entries up, nothing taken on trust.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "absl/status/status.h"
#include "common/merkle/hash.h"
#include "common/merkle/tile.h"

namespace amana::merkle {

// Shown each entry in order. Until VerifyTiles returns ok nothing says that the entry is the log's;
// an error stops the check and is handed through.
using EntryVisitor = std::function<absl::Status(uint64_t index, std::string_view entry)>;

// Reads every entry bundle of the tree of `size` leaves, rebuilds the tree from the entries alone,
// compares every tile of every level byte by byte with what it should be, and the root with `root`.
// `size` and `root` must come from a verified checkpoint.
//
// No tile is skipped because others seem to vouch for it: a verifier that did has passed forged
// tiles (CVE-2026-56865). One pass; memory does not grow with the log.
//
// Reason::kTileCorrupt, the path in the detail's field: that tile, or the bundle under it, was
// changed, is cut short or too long. kTileCorrupt without a field: all tiles agree with the
// entries, but they are not the tree of this root. The reader's own errors are handed through: a
// file that could not be had is not a forged one.
absl::Status VerifyTiles(uint64_t size, const Hash& root, const ReadFile& read,
                         const EntryVisitor& visit = nullptr);

}  // namespace amana::merkle
