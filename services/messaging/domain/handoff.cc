#include "services/messaging/domain/handoff.h"

#include <algorithm>
#include <set>

#include "common/base/error.h"
#include "common/base/status_macros.h"

namespace amana::messaging::domain {
namespace {

std::optional<HandoffState> Next(HandoffState from, HandoffCommand command) {
  for (const HandoffTransition& transition : kHandoffTransitions) {
    if (transition.from == from && transition.command == command) return transition.to;
  }
  return std::nullopt;
}

absl::StatusOr<HandoffCommand> CommandOf(HandoffState reported) {
  switch (reported) {
    case HandoffState::kDelivered:
      return HandoffCommand::kReportDelivered;
    case HandoffState::kOpened:
      return HandoffCommand::kReportOpened;
    case HandoffState::kAcknowledged:
      return HandoffCommand::kReportAcknowledged;
    default:
      return Error(Reason::kInvalidField, {.field = "state"});
  }
}

template <class I>
bool HasRepetition(const std::vector<I>& ids) {
  return std::set<I>(ids.begin(), ids.end()).size() != ids.size();
}

bool IsBeside(const HandoffId& handoff, const CaseId& case_id) {
  return handoff.view().substr(0, 2) == case_id.view().substr(0, 2);
}

absl::Status Check(const Caller& caller, const NewHandoff& given) {
  if (!IsBeside(given.id, given.case_id)) {
    return Error(Reason::kInvalidField, {.field = "handoff_id"});
  }
  if (given.package_device != caller.device) {
    return Error(Reason::kInvalidField, {.field = "package.sender_device_id"});
  }
  if (given.package_organisation != caller.organisation) {
    return Error(Reason::kInvalidField, {.field = "package.sender_organisation_id"});
  }
  if (given.devices.empty() || HasRepetition(given.devices)) {
    return Error(Reason::kRecipientInvalid, {.field = "package.recipients"});
  }
  if (HasRepetition(given.attachments)) {
    return Error(Reason::kInvalidField, {.field = "package.attachment_ids"});
  }
  return absl::OkStatus();
}

Handoff Revoked(const Handoff& before, absl::Time now) {
  Handoff after = before;
  after.state = HandoffState::kRevoked;
  after.update_time = now;
  after.package_held = false;
  return after;
}

}  // namespace

std::string_view NameOf(HandoffState state) {
  constexpr std::array<std::string_view, 6> kNames = {"",       "sealed",       "delivered",
                                                      "opened", "acknowledged", "revoked"};
  const auto i = static_cast<size_t>(state);
  return i < kNames.size() ? kNames[i] : std::string_view();
}

absl::StatusOr<Handoff> Seal(const Caller& caller, const NewHandoff& given, absl::Time now) {
  AMANA_RETURN_IF_ERROR(Check(caller, given));
  Handoff handoff;
  handoff.id = given.id;
  handoff.case_id = given.case_id;
  handoff.referral = given.referral;
  handoff.sender = caller.organisation;
  handoff.sender_device = caller.device;
  handoff.recipient = given.recipient;
  handoff.state = HandoffState::kSealed;
  handoff.seal_time = now;
  handoff.update_time = now;
  for (const DeviceId& device : given.devices) handoff.recipients.push_back({.device = device});
  handoff.attachments = given.attachments;
  handoff.package_held = true;
  return handoff;
}

absl::StatusOr<Handoff> Report(const Handoff& before, const Caller& caller, HandoffState reported,
                               absl::Time now) {
  if (!caller.Owns(before.recipient) || FindRecipient(before, caller.device) == nullptr) {
    return Error(Reason::kHandoffNotFound);
  }
  AMANA_ASSIGN_OR_RETURN(const HandoffCommand command, CommandOf(reported));
  const std::optional<HandoffState> next = Next(before.state, command);
  if (!next) return Error(Reason::kHandoffStateInvalid);
  Handoff after = before;
  if (*next != before.state) after.update_time = now;
  after.state = *next;
  bool all_acknowledged = true;
  for (Recipient& recipient : after.recipients) {
    if (recipient.device == caller.device) recipient.state = std::max(recipient.state, reported);
    all_acknowledged = all_acknowledged && recipient.state == HandoffState::kAcknowledged;
  }
  if (all_acknowledged) after.package_held = false;
  return after;
}

absl::StatusOr<Handoff> Revoke(const Handoff& before, const Caller& caller, absl::Time now) {
  if (!caller.Owns(before.sender)) return Error(Reason::kHandoffNotFound);
  if (Next(before.state, HandoffCommand::kRevoke)) return Revoked(before, now);
  return Error(before.state == HandoffState::kRevoked ? Reason::kHandoffStateInvalid
                                                      : Reason::kHandoffAlreadyOpened);
}

std::optional<Handoff> Destroy(const Handoff& before, absl::Time now) {
  if (!Next(before.state, HandoffCommand::kRevoke)) return std::nullopt;
  return Revoked(before, now);
}

Handoff DropPackage(const Handoff& before) {
  Handoff after = before;
  after.package_held = false;
  return after;
}

bool IsUnopened(const Handoff& handoff) {
  return handoff.package_held && Next(handoff.state, HandoffCommand::kRevoke).has_value();
}

bool MayRead(const Handoff& handoff, const Caller& caller) {
  return caller.Owns(handoff.sender) || caller.Owns(handoff.recipient);
}

bool MayReadAttachments(const Handoff& handoff, const Caller& caller) {
  if (!handoff.package_held) return false;
  return caller.Owns(handoff.sender) ||
         (caller.Owns(handoff.recipient) && FindRecipient(handoff, caller.device) != nullptr);
}

const Recipient* FindRecipient(const Handoff& handoff, const DeviceId& device) {
  const auto it = std::find_if(handoff.recipients.begin(), handoff.recipients.end(),
                               [&](const Recipient& r) { return r.device == device; });
  return it == handoff.recipients.end() ? nullptr : &*it;
}

bool IsOver(const Handoff& handoff, const DeviceId& device) {
  const Recipient* recipient = FindRecipient(handoff, device);
  return !handoff.package_held || recipient == nullptr ||
         recipient->state == HandoffState::kAcknowledged;
}

}  // namespace amana::messaging::domain
