#include "common/client/mailbox.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/client/identity.h"

namespace amana::client {
namespace {

using messaging::v1::Handoff;
using messaging::v1::Message;
using messaging::v1::MessagingService;

// Messages lie under the prefix and their handoff's id.
constexpr char kMessagePrefix[] = "message/";
// Read in full on this device.
constexpr char kReadPrefix[] = "read/";
constexpr char kCursorName[] = "mailbox cursor";
constexpr uint32_t kBatch = 16;

std::string NameOf(const std::string& handoff_id) {
  return kMessagePrefix + Base32Encode(handoff_id);
}

std::string ReadNameOf(const HandoffId& handoff) { return kReadPrefix + handoff.ToString(); }

absl::StatusOr<uint64_t> Cursor(const Vault& vault) {
  AMANA_ASSIGN_OR_RETURN(const auto value, vault.Get(kCursorName));
  uint64_t cursor = 0;
  if (value && !absl::SimpleAtoi(std::string(value->Expose()), &cursor)) {
    return Error(Reason::kVaultCorrupt);
  }
  return cursor;
}

absl::StatusOr<Message> Load(const Vault& vault, const std::string& name) {
  AMANA_ASSIGN_OR_RETURN(const auto bytes, vault.Get(name));
  if (!bytes) return Error(Reason::kHandoffNotFound);
  Message message;
  if (!message.ParseFromString(std::string(bytes->Expose()))) return Error(Reason::kVaultCorrupt);
  return message;
}

// A message that only says "revoked" takes the package out of the vault too.
absl::Status Keep(Vault& vault, const messaging::v1::FetchMessagesResponse& fetched) {
  VaultBatch batch;
  uint64_t cursor = 0;
  for (const Message& message : fetched.messages()) {
    batch.Put(NameOf(message.handoff().handoff_id()), message.SerializeAsString());
    cursor = message.sequence();
  }
  batch.Put(kCursorName, absl::StrCat(cursor));
  return vault.Commit(batch);
}

absl::StatusOr<Handoff> ReportHandoff(Session& session, const HandoffId& handoff,
                                      messaging::v1::HandoffState state) {
  messaging::v1::ReportHandoffRequest request;
  request.set_handoff_id(handoff.bytes());
  request.set_state(state);
  AMANA_ASSIGN_OR_RETURN(const auto response,
                         session.Call(&MessagingService::Stub::ReportHandoff, request));
  return response.handoff();
}

// Delivered is a courtesy to the sender: a handoff that was taken back meanwhile, or opened by a
// colleague, refuses it, and that changes nothing here.
absl::Status ReportDelivered(Session& session,
                             const messaging::v1::FetchMessagesResponse& fetched) {
  for (const Message& message : fetched.messages()) {
    AMANA_ASSIGN_OR_RETURN(const auto id, HandoffId::FromBytes(message.handoff().handoff_id()));
    if (!message.has_package()) continue;
    const absl::Status status =
        ReportHandoff(session, id, messaging::v1::HANDOFF_STATE_DELIVERED).status();
    if (!status.ok() && ReasonOf(status) != Reason::kHandoffStateInvalid) return status;
  }
  return absl::OkStatus();
}

absl::Status FetchNew(Session& session) {
  for (;;) {
    messaging::v1::FetchMessagesRequest request;
    AMANA_ASSIGN_OR_RETURN(const uint64_t cursor, Cursor(session.vault()));
    request.set_after_sequence(cursor);
    request.set_max_messages(kBatch);
    AMANA_ASSIGN_OR_RETURN(const auto fetched,
                           session.Call(&MessagingService::Stub::FetchMessages, request));
    if (fetched.messages().empty()) return absl::OkStatus();
    AMANA_RETURN_IF_ERROR(Keep(session.vault(), fetched));
    AMANA_RETURN_IF_ERROR(ReportDelivered(session, fetched));
  }
}

// The package of a handoff that was taken back goes, also where it had arrived before.
absl::Status DropPackage(Vault& vault, Message message, const Handoff& handoff) {
  message.clear_package();
  *message.mutable_handoff() = handoff;
  VaultBatch batch;
  batch.Put(NameOf(handoff.handoff_id()), message.SerializeAsString());
  return vault.Commit(batch);
}

absl::StatusOr<HandoffHeader> HeaderOf(const Session& session, const Message& message) {
  const Handoff& handoff = message.handoff();
  HandoffHeader header;
  header.network = session.profile().network();
  header.referral_id = handoff.referral_id();
  AMANA_ASSIGN_OR_RETURN(header.handoff, HandoffId::FromBytes(handoff.handoff_id()));
  AMANA_ASSIGN_OR_RETURN(header.case_id, CaseId::FromBytes(handoff.case_id()));
  AMANA_ASSIGN_OR_RETURN(header.sender_organisation,
                         OrganisationId::FromBytes(handoff.sender_organisation_id()));
  AMANA_ASSIGN_OR_RETURN(header.sender_device,
                         DeviceId::FromBytes(message.package().sender_device_id()));
  // Opens only if it was meant for us: the signature covers it.
  header.recipient_organisation = session.organisation();
  return header;
}

}  // namespace

absl::StatusOr<std::vector<Message>> ReceiveHandoffs(Session& session) {
  AMANA_RETURN_IF_ERROR(FetchNew(session));
  AMANA_ASSIGN_OR_RETURN(const auto names, session.vault().List(kMessagePrefix));
  std::vector<Message> messages;
  for (const std::string& name : names) {
    AMANA_ASSIGN_OR_RETURN(Message message, Load(session.vault(), name));
    messages.push_back(std::move(message));
  }
  std::ranges::sort(messages, {}, [](const Message& message) { return message.sequence(); });
  return messages;
}

absl::StatusOr<ReadHandoff> ReadOne(Session& session, const HandoffId& handoff) {
  AMANA_RETURN_IF_ERROR(FetchNew(session));
  AMANA_ASSIGN_OR_RETURN(const Message message, Load(session.vault(), NameOf(handoff.bytes())));
  if (!message.has_package()) return Error(Reason::kHandoffNotFound);
  ReadHandoff read;
  AMANA_ASSIGN_OR_RETURN(read.header, HeaderOf(session, message));
  AMANA_ASSIGN_OR_RETURN(const TrustedOrganisation sender,
                         session.Trust(read.header.sender_organisation));
  AMANA_ASSIGN_OR_RETURN(const auto keys, LoadHpkeKeys(session.vault()));
  AMANA_ASSIGN_OR_RETURN(
      read.opened, OpenHandoff(read.header, message.package(), sender, session.device(), keys));
  // The sender is told before anything is shown: after this it can't be taken back.
  const auto reported = ReportHandoff(session, handoff, messaging::v1::HANDOFF_STATE_OPENED);
  if (!reported.ok() && ReasonOf(reported.status()) != Reason::kHandoffStateInvalid) {
    return reported.status();
  }
  AMANA_ASSIGN_OR_RETURN(read.handoff, GetHandoff(session, handoff));
  if (read.handoff.state() == messaging::v1::HANDOFF_STATE_REVOKED) {
    AMANA_RETURN_IF_ERROR(DropPackage(session.vault(), message, read.handoff));
    return Error(Reason::kHandoffStateInvalid);
  }
  return read;
}

absl::Status MarkRead(Session& session, const HandoffId& handoff) {
  VaultBatch batch;
  batch.Put(ReadNameOf(handoff), "");
  return session.vault().Commit(batch);
}

absl::StatusOr<Handoff> Acknowledge(Session& session, const HandoffId& handoff) {
  AMANA_ASSIGN_OR_RETURN(const auto read, session.vault().Get(ReadNameOf(handoff)));
  if (!read) return Error(Reason::kHandoffStateInvalid);
  return ReportHandoff(session, handoff, messaging::v1::HANDOFF_STATE_ACKNOWLEDGED);
}

absl::StatusOr<Handoff> GetHandoff(Session& session, const HandoffId& handoff) {
  messaging::v1::GetHandoffRequest request;
  request.set_handoff_id(handoff.bytes());
  AMANA_ASSIGN_OR_RETURN(const auto response,
                         session.Call(&MessagingService::Stub::GetHandoff, request));
  return response.handoff();
}

}  // namespace amana::client
