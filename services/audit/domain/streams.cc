#include "services/audit/domain/streams.h"

namespace amana::audit::domain {
namespace {

Verdict Fork(Stream& stream) {
  stream.fault = Fault::kFork;
  return Verdict::kFork;
}

}  // namespace

Verdict Judge(Stream& stream, uint64_t shown, const Entry& entry) {
  if (stream.fault != Fault::kNone) return Verdict::kStopped;
  if (entry.sequence > stream.last.sequence) {
    if (shown != stream.last.sequence) return Fork(stream);
    if (entry.sequence > stream.last.sequence + 1) {
      stream.fault = Fault::kGap;
      return Verdict::kGap;
    }
    stream.last = entry;
    return Verdict::kAppend;
  }
  // Of what lies further back only the log itself knows the leaves; the last one is enough to
  // notice a store that began to count again.
  if (entry.sequence == stream.last.sequence && entry.leaf != stream.last.leaf) {
    return Fork(stream);
  }
  return Verdict::kKnown;
}

Verdict JudgeNothing(Stream& stream) {
  if (stream.fault != Fault::kNone) return Verdict::kStopped;
  return stream.last.sequence > 0 ? Fork(stream) : Verdict::kKnown;
}

Verdict JudgeMalformed(Stream& stream) {
  if (stream.fault != Fault::kNone) return Verdict::kStopped;
  stream.fault = Fault::kMalformed;
  return Verdict::kMalformed;
}

}  // namespace amana::audit::domain
