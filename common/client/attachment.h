#pragma once

// Documents that go with a handoff: sealed here, uploaded as ciphertext, each under a key of its
// own that travels inside the handoff.
//
// The plaintext is padded with zeros to whole chunks of 64 KiB before it is sealed
// (common/crypto/stream.h), so that the server sees one of 511 sizes. A document is held in memory
// as a whole: 32 MiB of ciphertext is the most the network takes.

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/client/handoff.pb.h"
#include "common/client/session.h"

namespace amana::client {

struct SealedAttachment {
  v1::Attachment attachment;  // without its id, which the server gives
  std::string ciphertext;
};

inline constexpr size_t kMaxAttachmentCiphertext = size_t{32} << 20;
inline constexpr size_t kMaxNameBytes = 200;

// `name` is the file's own, without folders. kAttachmentTooLarge; kInvalidField (field "name").
absl::StatusOr<SealedAttachment> SealAttachment(std::string_view name, std::string_view plaintext);

// The plaintext. kAttachmentDigestMismatch: not the ciphertext that the sender sealed;
// kDecryptionFailed.
absl::StatusOr<std::string> OpenAttachment(const v1::Attachment& attachment,
                                           std::string_view ciphertext);

// Uploads the ciphertext and fills in the id. A server that was restarted half way says how far it
// is, and the upload goes on from there.
absl::Status Upload(Session& session, SealedAttachment& sealed);

// The ciphertext of an attachment of a handoff to this device.
absl::StatusOr<std::string> Download(Session& session, const HandoffId& handoff,
                                     const v1::Attachment& attachment);

// Whether a name may be written into a folder: not empty, no folder in it, no "..", no control
// character. What a sender says is not believed.
bool IsPlainFileName(std::string_view name);

}  // namespace amana::client
