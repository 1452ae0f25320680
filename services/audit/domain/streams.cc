#include "services/audit/domain/streams.h"

namespace amana::audit::domain {

Verdict Judge(Stream& stream, const Entry& entry) {
  if (stream.fault != Fault::kNone) return Verdict::kStopped;
  if (entry.sequence == stream.last.sequence + 1) {
    stream.last = entry;
    return Verdict::kAppend;
  }
  if (entry.sequence > stream.last.sequence) {
    stream.fault = Fault::kGap;
    return Verdict::kGap;
  }
  // Of what lies further back only the log itself knows the leaves; the last one is enough to
  // notice a store that began to count again.
  if (entry.sequence == stream.last.sequence && entry.leaf != stream.last.leaf) {
    stream.fault = Fault::kFork;
    return Verdict::kFork;
  }
  return Verdict::kKnown;
}

}  // namespace amana::audit::domain
