#pragma once

// Commands and reads about handoffs.

#include <string>

#include "absl/status/statusor.h"
#include "amana/messaging/v1/messaging.pb.h"
#include "common/base/call_context.h"
#include "services/messaging/app/attachments.h"
#include "services/messaging/app/context.h"
#include "services/messaging/app/delivery.h"
#include "services/messaging/app/handoff_rows.h"
#include "services/messaging/app/inbox.h"

namespace amana::messaging {

// Thread-safe. Requests have passed the validator. Commands answer with the serialised response,
// which a repetition gets again.
class Handoffs {
 public:
  Handoffs(const Deps& deps, Attachments& attachments, Inbox& inbox, Delivery& delivery)
      : deps_(deps), attachments_(attachments), inbox_(inbox), delivery_(delivery) {}

  // kInvalidField; kCaseNotFound: not the caller's organisation's; kConsentMissing;
  // kServiceUnavailable: intake or identity gave no answer, so nothing leaves; kRecipientInvalid;
  // kRecipientKeyMissing; kAttachmentNotFound, kAttachmentIncomplete.
  //
  // A withdrawal of the consent that comes at the same time is not missed. This reads the fence,
  // then asks for her consent, then commits only if the fence has not moved; DestroyUnopened()
  // moves the fence, then looks for what to destroy. So either that finds this handoff, or this
  // asks again and is refused.
  absl::StatusOr<std::string> Send(const CallContext& context,
                                   const v1::SendHandoffRequest& request);

  // kHandoffNotFound, also where the caller's organisation is neither sender nor receiver.
  absl::StatusOr<v1::GetHandoffResponse> Get(const CallContext& context,
                                             const v1::GetHandoffRequest& request);

  // kHandoffNotFound: it was not sealed for the calling device. kHandoffStateInvalid: revoked.
  absl::StatusOr<std::string> Report(const CallContext& context,
                                     const v1::ReportHandoffRequest& request);

  // kHandoffNotFound, kHandoffAlreadyOpened, kHandoffStateInvalid: revoked before.
  absl::StatusOr<std::string> Revoke(const CallContext& context,
                                     const v1::RevokeHandoffRequest& request);

  // Destroys what the recipient has not opened of a case. Nothing to destroy is no error.
  absl::StatusOr<std::string> DestroyUnopened(const CallContext& context,
                                              const v1::DestroyUnopenedRequest& request);

  // Whether the caller may read the history of a subject (16 bytes): of a case that his
  // organisation sent or received a handoff of, and of his organisation itself.
  absl::StatusOr<bool> MayReadHistory(const CallContext& context, std::string_view subject) const;

 private:
  struct Withdrawal {
    CaseId case_id;
    OrganisationId recipient;
  };
  absl::Status CheckConsent(const CallContext& context, const domain::Handoff& handoff) const;
  absl::Status CheckRecipients(const CallContext& context, const domain::Handoff& handoff) const;
  absl::StatusOr<store::Commit> DecideSend(const CallContext& context,
                                           const domain::NewHandoff& given,
                                           const v1::Package& package);
  absl::StatusOr<std::vector<HandoffId>> FindUnopened(const Withdrawal& withdrawal,
                                                      Deadline deadline) const;
  absl::Status MoveFence(const CallContext& context, const Withdrawal& withdrawal) const;
  // Destroys some; `destroyed` is counted up to the total so far, which the reply says.
  absl::StatusOr<store::Commit> DecideDestroy(const CallContext& context,
                                              const Withdrawal& withdrawal, uint32_t before,
                                              std::vector<HandoffId>* destroyed) const;
  void Sweep(const CallContext& context, const HandoffId& id);

  const Deps& deps_;
  Attachments& attachments_;
  Inbox& inbox_;
  Delivery& delivery_;
};

}  // namespace amana::messaging
