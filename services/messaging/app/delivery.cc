#include "services/messaging/app/delivery.h"

#include <algorithm>
#include <map>

#include "services/messaging/app/handoff_rows.h"

namespace amana::messaging {
namespace {

// Devices that still wait for it, by shard, in groups that fit one commit.
std::vector<std::vector<DeviceId>> Groups(const Deps& deps, const domain::Handoff& handoff) {
  std::map<store::Shard, std::vector<DeviceId>> by_shard;
  for (const domain::Recipient& recipient : handoff.recipients) {
    if (!recipient.queued) by_shard[deps.ShardOf(recipient.device)].push_back(recipient.device);
  }
  std::vector<std::vector<DeviceId>> groups;
  for (const auto& [shard, devices] : by_shard) {
    for (size_t i = 0; i < devices.size(); ++i) {
      if (i % Inbox::kMaxAdded == 0) groups.emplace_back();
      groups.back().push_back(devices[i]);
    }
  }
  return groups;
}

bool AllQueued(const domain::Handoff& handoff) {
  return std::all_of(handoff.recipients.begin(), handoff.recipients.end(),
                     [](const domain::Recipient& recipient) { return recipient.queued; });
}

}  // namespace

absl::Status Delivery::MarkQueued(const CallContext& context, const HandoffId& id,
                                  const std::vector<DeviceId>& devices) {
  return ExecuteStep(
      deps_, context, deps_.ShardOf(id), [&]() -> absl::StatusOr<std::optional<store::Commit>> {
        AMANA_ASSIGN_OR_RETURN(const LoadedHandoff before,
                               LoadHandoff(deps_, id, context.deadline));
        domain::Handoff after = before.value;
        for (domain::Recipient& recipient : after.recipients) {
          recipient.queued = recipient.queued || std::find(devices.begin(), devices.end(),
                                                           recipient.device) != devices.end();
        }
        if (after == before.value) return std::nullopt;
        store::Commit commit;
        PutHandoff(before, after, deps_.Now(), &commit);
        if (AllQueued(after)) commit.Disarm(TimerOf(kDeliverTimer, id));
        Audit(deps_, context, after, domain::NameOf(after.state), &commit);
        return commit;
      });
}

absl::Status Delivery::Deliver(const CallContext& context, const HandoffId& id) {
  const CallContext part = PartOf(context, "handoff.queued");
  AMANA_ASSIGN_OR_RETURN(const LoadedHandoff loaded, LoadHandoff(deps_, id, part.deadline));
  const domain::Handoff& handoff = loaded.value;
  // What was taken back before it arrived arrives nowhere.
  if (!handoff.package_held || AllQueued(handoff)) return absl::OkStatus();
  std::vector<DeviceId> done;
  for (const std::vector<DeviceId>& group : Groups(deps_, handoff)) {
    AMANA_ASSIGN_OR_RETURN(const std::vector<DeviceId> added, inbox_.Add(part, handoff, group));
    done.insert(done.end(), added.begin(), added.end());
  }
  AMANA_RETURN_IF_ERROR(MarkQueued(part, id, done));
  const auto missing = std::count_if(handoff.recipients.begin(), handoff.recipients.end(),
                                     [](const domain::Recipient& r) { return !r.queued; });
  return static_cast<size_t>(missing) > done.size() ? Error(Reason::kMailboxFull)
                                                    : absl::OkStatus();
}

absl::Status Delivery::Sweep(const CallContext& context, const HandoffId& id) {
  const CallContext part = PartOf(context, "handoff.swept");
  AMANA_ASSIGN_OR_RETURN(const LoadedHandoff loaded, LoadHandoff(deps_, id, part.deadline));
  if (loaded.value.package_held || loaded.value.attachments.empty()) return absl::OkStatus();
  for (const BlobId& attachment : loaded.value.attachments) {
    AMANA_RETURN_IF_ERROR(attachments_.Remove(part, attachment));
  }
  return store::Execute(deps_.store, part, deps_.ShardOf(id),
                        [&] {
                          store::Commit commit;
                          commit.Disarm(TimerOf(kSweepTimer, id));
                          Audit(deps_, part, loaded.value, domain::NameOf(loaded.value.state),
                                &commit);
                          return commit;
                        })
      .status();
}

absl::Status Delivery::EndRetention(const CallContext& context, const HandoffId& id) {
  const CallContext part = PartOf(context, "handoff.retention_ended");
  domain::Handoff handoff;
  const auto drop = [&]() -> absl::StatusOr<std::optional<store::Commit>> {
    AMANA_ASSIGN_OR_RETURN(const LoadedHandoff before, LoadHandoff(deps_, id, part.deadline));
    handoff = before.value;
    if (!handoff.package_held) return std::nullopt;
    handoff = domain::DropPackage(handoff);
    store::Commit commit;
    PutHandoff(before, handoff, deps_.Now(), &commit);
    Audit(deps_, part, handoff, domain::NameOf(handoff.state), &commit, "package_dropped");
    return commit;
  };
  AMANA_RETURN_IF_ERROR(ExecuteStep(deps_, part, deps_.ShardOf(id), drop));
  for (const domain::Recipient& recipient : handoff.recipients) {
    AMANA_RETURN_IF_ERROR(inbox_.Remove(part, recipient.device, {handoff}));
  }
  return store::Execute(deps_.store, part, deps_.ShardOf(id),
                        [&] {
                          store::Commit commit;
                          commit.Disarm(TimerOf(kRetainTimer, id));
                          Audit(deps_, part, handoff, domain::NameOf(handoff.state), &commit);
                          return commit;
                        })
      .status();
}

absl::Status Delivery::RunTimer(const store::DueTimer& timer, Deadline deadline) {
  const std::string_view name = timer.timer;
  const size_t slash = name.find('/');
  const std::string_view kind = name.substr(0, slash == name.npos ? 0 : slash + 1);
  const CallContext context = CallContext::ForTimer("timer", deadline);
  if (kind == kExpireTimer) {
    AMANA_ASSIGN_OR_RETURN(const BlobId blob, BlobId::Parse(name.substr(kind.size())));
    return attachments_.Expire(context, blob);
  }
  AMANA_ASSIGN_OR_RETURN(const HandoffId id, HandoffId::Parse(name.substr(kind.size())));
  if (kind == kDeliverTimer) return Deliver(context, id);
  if (kind == kSweepTimer) return Sweep(context, id);
  if (kind == kRetainTimer) return EndRetention(context, id);
  return Error(Reason::kUnexpected);
}

}  // namespace amana::messaging
