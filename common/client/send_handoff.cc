#include "common/client/send_handoff.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/base32.h"
#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "common/client/attachment.h"
#include "common/client/handoff.h"
#include "common/client/mailbox.h"
#include "common/crypto/hash.h"

namespace amana::client {
namespace {

using intake::v1::IntakeService;
using messaging::v1::Handoff;
using messaging::v1::MessagingService;

// --- What she agreed to

absl::Status CheckFields(Session& session, const OutgoingHandoff& outgoing) {
  intake::v1::ListConsentsRequest list;
  list.set_case_id(outgoing.case_id.bytes());
  AMANA_ASSIGN_OR_RETURN(const auto listed, session.Call(&IntakeService::Stub::ListConsents, list));
  const auto may_have = [&](intake::v1::FieldGroup group) {
    return std::ranges::any_of(listed.consents(), [&](const intake::v1::Consent& consent) {
      return consent.state() == intake::v1::CONSENT_STATE_ACTIVE &&
             consent.purpose() == common::v1::CONSENT_PURPOSE_SHARE_DOCUMENTS &&
             consent.recipient_organisation_id() == outgoing.recipient.bytes() &&
             std::ranges::find(consent.field_groups(), group) != consent.field_groups().end();
    });
  };
  const auto check = [&](bool filled, intake::v1::FieldGroup group, const char* field) {
    return filled && !may_have(group) ? Error(Reason::kConsentMissing, {.field = field})
                                      : absl::OkStatus();
  };
  AMANA_RETURN_IF_ERROR(check(!outgoing.story.empty(), intake::v1::FIELD_GROUP_STORY, "story"));
  AMANA_RETURN_IF_ERROR(
      check(!outgoing.contact.empty(), intake::v1::FIELD_GROUP_CONTACT, "contact"));
  return check(!outgoing.documents.empty(), intake::v1::FIELD_GROUP_DOCUMENTS, "documents");
}

// --- What is on its way

// Under this prefix: the id of a handoff whose answer has not come yet, and a digest of what is in
// it. Which case goes where is in the name as a digest alone: names lie in clear, and a centre's id
// is known to all. The case's id, which is random, keeps it from being guessed.
constexpr char kSendingPrefix[] = "sending/";

struct Sending {
  HandoffId id;
  std::string digest;
};

std::string SendingName(const OutgoingHandoff& outgoing) {
  const std::string where = outgoing.case_id.bytes() + outgoing.recipient.bytes();
  return kSendingPrefix + Base32Encode(crypto::Sha256(where + outgoing.referral_id));
}

std::string DigestOf(const OutgoingHandoff& outgoing) {
  std::string parts = crypto::Sha256(outgoing.story) + crypto::Sha256(outgoing.contact);
  for (const Document& document : outgoing.documents) {
    parts += crypto::Sha256(document.name) + crypto::Sha256(document.content);
  }
  return crypto::Sha256(parts);
}

absl::StatusOr<std::optional<Sending>> FindSending(const Vault& vault, const std::string& name) {
  AMANA_ASSIGN_OR_RETURN(const auto kept, vault.Get(name));
  if (!kept) return std::nullopt;
  const std::string_view bytes = kept->Expose();
  const auto id = HandoffId::FromBytes(bytes.substr(0, kIdSize));
  if (!id.ok()) return Error(Reason::kVaultCorrupt);
  return Sending{*id, std::string(bytes.substr(kIdSize))};
}

absl::Status Keep(Vault& vault, const std::string& name, const Sending& sending) {
  VaultBatch batch;
  batch.Put(name, absl::StrCat(sending.id.bytes(), sending.digest));
  return vault.Commit(batch);
}

absl::Status Forget(Vault& vault, const std::string& name) {
  VaultBatch batch;
  batch.Erase(name);
  return vault.Commit(batch);
}

// Nothing if it is not there.
absl::StatusOr<std::optional<Handoff>> Arrived(Session& session, const HandoffId& id) {
  auto handoff = GetHandoff(session, id);
  if (ReasonOf(handoff.status()) == Reason::kHandoffNotFound) return std::nullopt;
  AMANA_RETURN_IF_ERROR(handoff.status());
  return *std::move(handoff);
}

// --- Sealing and sending

absl::StatusOr<std::vector<TrustedRecipient>> RecipientsAt(Session& session,
                                                           const OrganisationId& organisation) {
  AMANA_ASSIGN_OR_RETURN(const TrustedOrganisation trusted, session.Trust(organisation));
  messaging::v1::ListKeysRequest list;
  list.set_organisation_id(organisation.bytes());
  AMANA_ASSIGN_OR_RETURN(const auto listed, session.Call(&MessagingService::Stub::ListKeys, list));
  std::vector<TrustedRecipient> recipients = VerifyPublishedKeys(trusted, listed);
  if (recipients.empty()) return Error(Reason::kRecipientKeyMissing);
  return recipients;
}

absl::StatusOr<v1::HandoffContent> UploadContent(Session& session,
                                                 const OutgoingHandoff& outgoing) {
  v1::HandoffContent content;
  content.set_story(outgoing.story);
  content.set_contact(outgoing.contact);
  for (const Document& document : outgoing.documents) {
    AMANA_ASSIGN_OR_RETURN(SealedAttachment sealed,
                           SealAttachment(document.name, document.content));
    AMANA_RETURN_IF_ERROR(Upload(session, sealed));
    *content.add_attachments() = std::move(sealed.attachment);
  }
  return content;
}

absl::StatusOr<Handoff> SealAndSend(Session& session, const HandoffId& id,
                                    const OutgoingHandoff& outgoing) {
  AMANA_ASSIGN_OR_RETURN(const auto recipients, RecipientsAt(session, outgoing.recipient));
  AMANA_ASSIGN_OR_RETURN(v1::HandoffContent content, UploadContent(session, outgoing));
  const HandoffHeader header{.network = session.profile().network(),
                             .handoff = id,
                             .case_id = outgoing.case_id,
                             .referral_id = outgoing.referral_id,
                             .sender_organisation = session.organisation(),
                             .sender_device = session.device(),
                             .recipient_organisation = outgoing.recipient};
  messaging::v1::SendHandoffRequest request;
  request.set_handoff_id(header.handoff.bytes());
  request.set_case_id(header.case_id.bytes());
  request.set_referral_id(header.referral_id);
  request.set_recipient_organisation_id(outgoing.recipient.bytes());
  AMANA_ASSIGN_OR_RETURN(
      *request.mutable_package(),
      SealHandoff(header, std::move(content), recipients, session.signing_key()));
  AMANA_ASSIGN_OR_RETURN(const auto response,
                         session.Call(&MessagingService::Stub::SendHandoff, request));
  return response.handoff();
}

}  // namespace

absl::StatusOr<Handoff> SendHandoff(Session& session, const OutgoingHandoff& outgoing) {
  Vault& vault = session.vault();
  const std::string name = SendingName(outgoing);
  const std::string digest = DigestOf(outgoing);
  AMANA_ASSIGN_OR_RETURN(const std::optional<Sending> earlier, FindSending(vault, name));
  Sending sending{NewHandoffId(outgoing.case_id), digest};
  if (earlier && earlier->digest == digest) {
    AMANA_ASSIGN_OR_RETURN(std::optional<Handoff> arrived, Arrived(session, earlier->id));
    if (!arrived) {
      sending.id = earlier->id;  // it may still be on its way: of one id only one is taken
    } else if (arrived->state() != messaging::v1::HANDOFF_STATE_REVOKED) {
      AMANA_RETURN_IF_ERROR(Forget(vault, name));
      return *std::move(arrived);
    }
  }
  AMANA_RETURN_IF_ERROR(CheckFields(session, outgoing));
  AMANA_RETURN_IF_ERROR(Keep(vault, name, sending));
  AMANA_ASSIGN_OR_RETURN(Handoff sent, SealAndSend(session, sending.id, outgoing));
  AMANA_RETURN_IF_ERROR(Forget(vault, name));
  return sent;
}

}  // namespace amana::client
