#pragma once

// How a group is kept between runs: as rows of a table, each with a key of some bytes and a value.
// Most changes touch few rows, so a commit in a group of thousands writes some kilobytes.
//
//   key                       value
//   h                         version of this format, sequence, the epoch but for its tree, …
//   t + node (4)              one node of the tree that is not blank
//   s + epoch (8)             the secret tree's inner nodes, of this epoch or a past one
//   r + epoch (8) + leaf (4)  the ratchets of one member
//   e + epoch (8)             what else is kept of a past epoch
//   p                         proposals that wait, and the keys of our own updates
//
// Numbers are big-endian. Values hold secrets: whoever saves them seals them. Rows of different
// sequences do not fit together, so a delta is saved whole or not at all. One that was torn is
// refused when the rows are restored, so long as no later one was saved over it: where saving
// failed, the group in memory is given up and restored.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/base/secret.h"

namespace amana::mls {

using StateRows = std::map<std::string, SecretBytes>;

struct StateDelta {
  uint64_t sequence = 0;
  // A row without a value is deleted.
  std::map<std::string, std::optional<SecretBytes>> rows;
};

class SecretTree;

// What a group still has to tell its next delta. Part of Group.
struct StateChanges {
  bool past = true;
  bool waiting = true;
  std::vector<std::string> forgotten;  // rows

  // All rows of a past epoch.
  void Forget(uint64_t epoch, const SecretTree& secret_tree);
};

// What a client's database does with a delta; for tests, and for whoever keeps rows in memory.
void ApplyDelta(StateRows& rows, StateDelta delta);

}  // namespace amana::mls
