#pragma once

// Sending a handoff, once. A device that ends before it has the answer can't know whether it left:
// so its id is in the vault before anything is sent. Whoever sends the same again, for the same
// case, referral and recipient, is told of the one that had arrived; something else is another.

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "amana/messaging/v1/messaging.pb.h"
#include "common/base/ids.h"
#include "common/client/session.h"

namespace amana::client {

struct Document {
  std::string name;  // the file's own, without folders
  std::string content;
};

struct OutgoingHandoff {
  CaseId case_id;
  std::string referral_id;  // 16 bytes or empty
  OrganisationId recipient;
  std::string story;
  std::string contact;
  std::vector<Document> documents;
};

// Verifies the recipient's devices from the root down, seals and uploads the documents, seals and
// sends. Whatever fails: send it again.
// kRecipientKeyMissing if none of its devices has published a key; kConsentMissing (field "story",
// "contact" or "documents") if she did not agree that the recipient gets it: no server can see what
// is sealed, so it is looked at here; what SealAttachment says of a document.
absl::StatusOr<messaging::v1::Handoff> SendHandoff(Session& session,
                                                   const OutgoingHandoff& outgoing);

}  // namespace amana::client
