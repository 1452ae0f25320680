#include "services/messaging/app/handoff_rows.h"

namespace amana::messaging {
namespace {

// A package is written once, with its handoff, and deleted once.
constexpr uint64_t kPackageVersion = 1;
// The command goes on by itself; the timers are for what it could not do.
constexpr absl::Duration kDriveAfter = absl::Seconds(2);

store::IndexEdit UnopenedEdit(const domain::Handoff& handoff, std::optional<double> score) {
  return {.index = UnopenedIndex(handoff.case_id, handoff.recipient),
          .member = handoff.id.ToString(),
          .score = score};
}

}  // namespace

absl::StatusOr<LoadedHandoff> LoadHandoff(const Deps& deps, const HandoffId& id,
                                          Deadline deadline) {
  return Load<domain::Handoff>(deps, id, Reason::kHandoffNotFound, deadline);
}

void PutNewHandoff(const domain::Handoff& handoff, std::string package, store::Commit* commit) {
  commit->Put(KeyOf(handoff.id), 0, Encode(handoff));
  commit->Put(PackageKey(handoff.id), 0, std::move(package));
  const auto sealed = static_cast<double>(absl::ToUnixMicros(handoff.seal_time));
  commit->index_edits.push_back(UnopenedEdit(handoff, sealed));
  commit->index_edits.push_back(
      {.index = SendersIndex(handoff.case_id), .member = handoff.sender.ToString(), .score = 0});
  commit->Arm(TimerOf(kDeliverTimer, handoff.id), handoff.seal_time + kDriveAfter);
  commit->Arm(TimerOf(kRetainTimer, handoff.id), handoff.seal_time + domain::kRetention);
}

void PutHandoff(const LoadedHandoff& before, const domain::Handoff& after, absl::Time now,
                store::Commit* commit) {
  commit->Put(KeyOf(after.id), before.version, Encode(after));
  if (domain::IsUnopened(before.value) && !domain::IsUnopened(after)) {
    commit->index_edits.push_back(UnopenedEdit(after, std::nullopt));
  }
  if (before.value.package_held && !after.package_held) {
    commit->Delete(PackageKey(after.id), kPackageVersion);
    commit->Disarm(TimerOf(kDeliverTimer, after.id));
    if (!after.attachments.empty()) {
      commit->Arm(TimerOf(kSweepTimer, after.id), now + kDriveAfter);
    }
  }
}

}  // namespace amana::messaging
