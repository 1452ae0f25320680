#include "services/intake/app/call_watch.h"

#include <algorithm>
#include <vector>

namespace amana::intake {
namespace {

using domain::Priority;

obs::Gauge& OldestWait(obs::Metrics& metrics, obs::Name priority) {
  return metrics.AddGauge("amana_intake_call_oldest_wait_seconds",
                          "How long the call has waited that waits longest; 0 if none does.",
                          {{"priority", priority}});
}

}  // namespace

std::string WaitingIndex(Priority priority) {
  return "waiting/" + std::to_string(static_cast<int>(priority));
}

CallWatch::CallWatch(Deps deps, obs::Metrics& metrics)
    : deps_(deps),
      oldest_{{{Priority::kP0, OldestWait(metrics, "p0")},
               {Priority::kP1, OldestWait(metrics, "p1")},
               {Priority::kP2, OldestWait(metrics, "p2")},
               {Priority::kP3, OldestWait(metrics, "p3")}}} {}

void CallWatch::Look(Deadline deadline) {
  const auto now = static_cast<double>(absl::ToUnixMicros(deps_.Now()));
  for (const Oldest& oldest : oldest_) {
    const auto first =
        deps_.store.ReadIndexEverywhere(WaitingIndex(oldest.priority), {.limit = 1}, deadline);
    if (!first.ok()) return;
    const double micros = first->empty() ? 0 : std::max(0.0, now - first->front().score);
    oldest.wait_seconds.Set(micros / 1e6);
  }
}

}  // namespace amana::intake
