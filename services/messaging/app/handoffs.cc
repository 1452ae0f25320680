#include "services/messaging/app/handoffs.h"

#include "services/messaging/app/messages.h"

namespace amana::messaging {
namespace {

// Handoffs that one commit destroys: each is two writes and an audit record.
constexpr uint32_t kDestroyedAtOnce = 24;

obs::Counter& CounterOf(Meters& meters, domain::HandoffState state) {
  switch (state) {
    case domain::HandoffState::kOpened:
      return meters.opened;
    case domain::HandoffState::kAcknowledged:
      return meters.acknowledged;
    default:
      return meters.delivered;
  }
}

}  // namespace

absl::Status Handoffs::CheckConsent(const CallContext& context,
                                    const domain::Handoff& handoff) const {
  AMANA_ASSIGN_OR_RETURN(
      const ConsentAnswer answer,
      deps_.consents.MayShareDocuments(handoff.case_id, handoff.recipient, context.deadline));
  if (!context.caller.Owns(answer.owner)) return Error(Reason::kCaseNotFound);
  return answer.active ? absl::OkStatus() : Error(Reason::kConsentMissing);
}

absl::Status Handoffs::CheckRecipients(const CallContext& context,
                                       const domain::Handoff& handoff) const {
  std::vector<std::pair<store::Shard, store::Key>> keys;
  for (const domain::Recipient& recipient : handoff.recipients) {
    AMANA_ASSIGN_OR_RETURN(const OrganisationId organisation,
                           deps_.devices.OrganisationOf(recipient.device, context.deadline));
    if (organisation != handoff.recipient) {
      return Error(Reason::kRecipientInvalid, {.field = "package.recipients"});
    }
    keys.emplace_back(deps_.ShardOf(recipient.device), PublishedKeyKey(recipient.device));
  }
  AMANA_ASSIGN_OR_RETURN(const std::vector<store::Row> rows,
                         store::ReadEverywhere(deps_.store, keys, context.deadline));
  for (const store::Row& row : rows) {
    if (!row.exists()) return Error(Reason::kRecipientKeyMissing);
  }
  return absl::OkStatus();
}

absl::StatusOr<store::Commit> Handoffs::DecideSend(const CallContext& context,
                                                   const domain::NewHandoff& given,
                                                   const v1::Package& package) {
  AMANA_ASSIGN_OR_RETURN(const domain::Handoff handoff,
                         domain::Seal(context.caller, given, deps_.Now()));
  // The fence is read before the consent is asked for: see Send().
  const store::Key fence = FenceKey(handoff.case_id, handoff.recipient);
  AMANA_ASSIGN_OR_RETURN(const std::vector<store::Row> rows,
                         deps_.store.ReadMany(deps_.ShardOf(handoff.id), {fence, KeyOf(handoff.id)},
                                              context.deadline));
  AMANA_RETURN_IF_ERROR(CheckConsent(context, handoff));
  if (rows[1].exists()) return Error(Reason::kInvalidField, {.field = "handoff_id"});
  AMANA_RETURN_IF_ERROR(CheckRecipients(context, handoff));
  for (const BlobId& attachment : handoff.attachments) {
    AMANA_RETURN_IF_ERROR(attachments_.Claim(context, attachment, handoff.id));
  }
  store::Commit commit;
  commit.checks.push_back({.key = fence, .expected_version = rows[0].version});
  PutNewHandoff(handoff, package.SerializeAsString(), &commit);
  Audit(deps_, context, handoff, domain::NameOf(handoff.state), &commit);
  commit.reply = HandoffReply<v1::SendHandoffResponse>(handoff);
  return commit;
}

absl::StatusOr<std::string> Handoffs::Send(const CallContext& context,
                                           const v1::SendHandoffRequest& request) {
  AMANA_ASSIGN_OR_RETURN(const domain::NewHandoff given, FromMessage(request));
  AMANA_ASSIGN_OR_RETURN(std::string reply,
                         store::Execute(deps_.store, context, deps_.ShardOf(given.id), [&] {
                           return DecideSend(context, given, request.package());
                         }));
  deps_.meters.sealed.Increment();
  // It is sent, whatever becomes of this: the timer goes on where this stops.
  delivery_.Deliver(context, given.id).IgnoreError();
  return reply;
}

absl::StatusOr<v1::GetHandoffResponse> Handoffs::Get(const CallContext& context,
                                                     const v1::GetHandoffRequest& request) {
  AMANA_ASSIGN_OR_RETURN(const HandoffId id, IdFrom<HandoffId>(request.handoff_id(), "handoff_id"));
  AMANA_ASSIGN_OR_RETURN(const LoadedHandoff loaded, LoadHandoff(deps_, id, context.deadline));
  if (!domain::MayRead(loaded.value, context.caller)) return Error(Reason::kHandoffNotFound);
  v1::GetHandoffResponse response;
  *response.mutable_handoff() = ToMessage(loaded.value);
  return response;
}

absl::StatusOr<std::string> Handoffs::Report(const CallContext& context,
                                             const v1::ReportHandoffRequest& request) {
  AMANA_ASSIGN_OR_RETURN(const HandoffId id, IdFrom<HandoffId>(request.handoff_id(), "handoff_id"));
  const auto reported = static_cast<domain::HandoffState>(request.state());
  domain::Handoff after;
  const auto decide = [&]() -> absl::StatusOr<store::Commit> {
    AMANA_ASSIGN_OR_RETURN(const LoadedHandoff before, LoadHandoff(deps_, id, context.deadline));
    AMANA_ASSIGN_OR_RETURN(after,
                           domain::Report(before.value, context.caller, reported, deps_.Now()));
    store::Commit commit;
    PutHandoff(before, after, deps_.Now(), &commit);
    Audit(deps_, context, after, domain::NameOf(reported), &commit);
    commit.reply = HandoffReply<v1::ReportHandoffResponse>(after);
    return commit;
  };
  AMANA_ASSIGN_OR_RETURN(std::string reply,
                         store::Execute(deps_.store, context, deps_.ShardOf(id), decide));
  CounterOf(deps_.meters, reported).Increment();
  // What is left open here is tidied up by the next fetch, and by timers.
  if (reported == domain::HandoffState::kAcknowledged && !after.id.is_zero()) {
    inbox_.Remove(context, context.caller.device, {after}).IgnoreError();
    Sweep(context, id);
  }
  return reply;
}

absl::StatusOr<std::string> Handoffs::Revoke(const CallContext& context,
                                             const v1::RevokeHandoffRequest& request) {
  AMANA_ASSIGN_OR_RETURN(const HandoffId id, IdFrom<HandoffId>(request.handoff_id(), "handoff_id"));
  const auto decide = [&]() -> absl::StatusOr<store::Commit> {
    AMANA_ASSIGN_OR_RETURN(const LoadedHandoff before, LoadHandoff(deps_, id, context.deadline));
    AMANA_ASSIGN_OR_RETURN(const domain::Handoff after,
                           domain::Revoke(before.value, context.caller, deps_.Now()));
    store::Commit commit;
    PutHandoff(before, after, deps_.Now(), &commit);
    Audit(deps_, context, after, domain::NameOf(after.state), &commit);
    commit.reply = HandoffReply<v1::RevokeHandoffResponse>(after);
    return commit;
  };
  AMANA_ASSIGN_OR_RETURN(std::string reply,
                         store::Execute(deps_.store, context, deps_.ShardOf(id), decide));
  deps_.meters.revoked.Increment();
  Sweep(context, id);
  return reply;
}

absl::StatusOr<std::vector<HandoffId>> Handoffs::FindUnopened(const Withdrawal& withdrawal,
                                                              Deadline deadline) const {
  AMANA_ASSIGN_OR_RETURN(
      const std::vector<store::IndexEntry> entries,
      deps_.store.ReadIndex(deps_.ShardOf(withdrawal.case_id),
                            UnopenedIndex(withdrawal.case_id, withdrawal.recipient),
                            {.limit = kDestroyedAtOnce + 1}, deadline));
  std::vector<HandoffId> ids;
  for (const store::IndexEntry& entry : entries) {
    const absl::StatusOr<HandoffId> id = HandoffId::Parse(entry.member);
    if (!id.ok()) return Error(Reason::kStoredValueUnreadable);
    ids.push_back(*id);
  }
  return ids;
}

absl::Status Handoffs::MoveFence(const CallContext& context, const Withdrawal& withdrawal) const {
  const CallContext part = PartOf(context, context.audit_action);
  const store::Shard shard = deps_.ShardOf(withdrawal.case_id);
  const store::Key fence = FenceKey(withdrawal.case_id, withdrawal.recipient);
  return store::Execute(deps_.store, part, shard,
                        [&]() -> absl::StatusOr<store::Commit> {
                          AMANA_ASSIGN_OR_RETURN(const store::Row row,
                                                 deps_.store.Read(shard, fence, part.deadline));
                          store::Commit commit;
                          commit.Put(fence, row.version, "withdrawn");
                          domain::Handoff none;
                          none.case_id = withdrawal.case_id;
                          Audit(deps_, part, none, "fenced", &commit, "consent_withdrawn");
                          return commit;
                        })
      .status();
}

absl::StatusOr<store::Commit> Handoffs::DecideDestroy(const CallContext& context,
                                                      const Withdrawal& withdrawal, uint32_t before,
                                                      std::vector<HandoffId>* destroyed) const {
  destroyed->clear();
  AMANA_ASSIGN_OR_RETURN(std::vector<HandoffId> ids, FindUnopened(withdrawal, context.deadline));
  if (ids.size() > kDestroyedAtOnce) ids.resize(kDestroyedAtOnce);
  store::Commit commit;
  for (const HandoffId& id : ids) {
    AMANA_ASSIGN_OR_RETURN(const LoadedHandoff loaded, LoadHandoff(deps_, id, context.deadline));
    const std::optional<domain::Handoff> after = domain::Destroy(loaded.value, deps_.Now());
    if (!after) continue;
    PutHandoff(loaded, *after, deps_.Now(), &commit);
    Audit(deps_, context, *after, domain::NameOf(after->state), &commit, "consent_withdrawn");
    destroyed->push_back(id);
  }
  if (destroyed->empty()) {
    domain::Handoff none;
    none.case_id = withdrawal.case_id;
    Audit(deps_, context, none, "nothing_unopened", &commit, "consent_withdrawn");
  }
  v1::DestroyUnopenedResponse response;
  response.set_destroyed(before + static_cast<uint32_t>(destroyed->size()));
  commit.reply = response.SerializeAsString();
  return commit;
}

absl::StatusOr<std::string> Handoffs::DestroyUnopened(const CallContext& context,
                                                      const v1::DestroyUnopenedRequest& request) {
  Withdrawal withdrawal;
  AMANA_ASSIGN_OR_RETURN(withdrawal.case_id, IdFrom<CaseId>(request.case_id(), "case_id"));
  AMANA_ASSIGN_OR_RETURN(
      withdrawal.recipient,
      IdFrom<OrganisationId>(request.recipient_organisation_id(), "recipient_organisation_id"));
  const store::Shard shard = deps_.ShardOf(withdrawal.case_id);
  AMANA_RETURN_IF_ERROR(MoveFence(context, withdrawal));
  uint32_t total = 0;
  for (;;) {
    AMANA_ASSIGN_OR_RETURN(const std::vector<HandoffId> left,
                           FindUnopened(withdrawal, context.deadline));
    // Only the last commit answers the request; those before it are there for a repetition.
    const bool last = left.size() <= kDestroyedAtOnce;
    const CallContext part = last ? context : PartOf(context, context.audit_action);
    std::vector<HandoffId> destroyed;
    AMANA_ASSIGN_OR_RETURN(std::string reply, store::Execute(deps_.store, part, shard, [&] {
                             return DecideDestroy(part, withdrawal, total, &destroyed);
                           }));
    total += static_cast<uint32_t>(destroyed.size());
    deps_.meters.revoked.Increment(destroyed.size());
    for (const HandoffId& id : destroyed) Sweep(context, id);
    if (last) return reply;
  }
}

void Handoffs::Sweep(const CallContext& context, const HandoffId& id) {
  delivery_.Sweep(context, id).IgnoreError();
}

absl::StatusOr<bool> Handoffs::MayReadHistory(const CallContext& context,
                                              std::string_view subject) const {
  AMANA_ASSIGN_OR_RETURN(const auto organisation, OrganisationId::FromBytes(subject));
  if (context.caller.Owns(organisation)) return true;
  AMANA_ASSIGN_OR_RETURN(const auto case_id, CaseId::FromBytes(subject));
  // Not whoever once received a handoff: it would tell a centre that she left where she went next.
  AMANA_ASSIGN_OR_RETURN(
      const std::vector<store::IndexEntry> senders,
      deps_.store.ReadIndex(deps_.ShardOf(case_id), SendersIndex(case_id), {}, context.deadline));
  for (const store::IndexEntry& sender : senders) {
    const absl::StatusOr<OrganisationId> id = OrganisationId::Parse(sender.member);
    if (id.ok() && context.caller.Owns(*id)) return true;
  }
  return false;
}

}  // namespace amana::messaging
