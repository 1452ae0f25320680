#pragma once
// What the log knows of the outboxes it reads, and what it makes of an entry: pure.
//
// A stream is one shard's outbox of one service. Its entries are numbered densely from 1, so every
// entry is the next one, a known one, or a sign that something is wrong:
//   gap    a number was skipped: an event was lost on its way
//   fork   a known number has another leaf, or none: the service's store was rolled back
// A service keeps the last entry that the log took. So what is new must come right after it in the
// same read: a store that came back older and counted up again beyond the cursor can't show it.
// What is no commitment to an event is a fault too (malformed): a service may not write whatever it
// likes into the log.
// A faulted stream takes nothing more until a person has looked; the others go on.

#include <compare>
#include <cstdint>
#include <map>
#include <string>

namespace amana::audit::domain {

struct StreamId {
  std::string service;
  uint32_t shard = 0;

  friend auto operator<=>(const StreamId&, const StreamId&) = default;
};

struct Entry {
  uint64_t sequence = 0;
  std::string leaf;
};

enum class Fault { kNone, kGap, kFork, kMalformed };

struct Stream {
  // The last entry that is in the log; sequence 0 for none.
  Entry last;
  Fault fault = Fault::kNone;
};

enum class Verdict {
  kAppend,     // the next one
  kKnown,      // in the log already
  kGap,        // now faulted
  kFork,       // now faulted
  kMalformed,  // now faulted
  kStopped,    // was faulted before
};

// What to do with `entry`, and the stream after it. `shown` is the sequence of the log's last entry
// if this read has brought it before `entry`, else 0.
Verdict Judge(Stream& stream, uint64_t shown, const Entry& entry);

// The same of a stream from which a read from one before the log's last entry brought nothing.
Verdict JudgeNothing(Stream& stream);

// The same of an entry that is no commitment to an event.
Verdict JudgeMalformed(Stream& stream);

using Streams = std::map<StreamId, Stream>;

}  // namespace amana::audit::domain
