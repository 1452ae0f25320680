#include "common/client/attachment.h"

#include <algorithm>

#include "common/base/error.h"
#include "common/crypto/hash.h"
#include "common/crypto/stream.h"

namespace amana::client {
namespace {

using messaging::v1::MessagingService;

constexpr size_t kUploadChunk = size_t{256} * 1024;
// How often an upload may be set back by a server that lost what it had not yet written.
constexpr int kMaxSetbacks = 16;

size_t PaddedSize(size_t size) {
  const size_t chunks = (size + crypto::kStreamChunkSize - 1) / crypto::kStreamChunkSize;
  return std::max<size_t>(chunks, 1) * crypto::kStreamChunkSize;
}

absl::StatusOr<uint64_t> PutChunk(Session& session, const SealedAttachment& sealed,
                                  uint64_t offset) {
  messaging::v1::PutChunkRequest request;
  request.set_attachment_id(sealed.attachment.attachment_id());
  request.set_offset(offset);
  request.set_data(sealed.ciphertext.substr(offset, kUploadChunk));
  AMANA_ASSIGN_OR_RETURN(const auto response,
                         session.Call(&MessagingService::Stub::PutChunk, request));
  return response.size();
}

absl::Status PutAll(Session& session, const SealedAttachment& sealed) {
  uint64_t offset = 0;
  for (int setbacks = 0; offset < sealed.ciphertext.size();) {
    const auto size = PutChunk(session, sealed, offset);
    // A chunk that is sent again from the start is harmless, and its answer says how far it is.
    const bool lost = ReasonOf(size.status()) == Reason::kChunkOutOfOrder && offset > 0;
    if (!size.ok() && !lost) return size.status();
    const uint64_t next = lost ? 0 : std::min<uint64_t>(*size, sealed.ciphertext.size());
    if (next <= offset && ++setbacks > kMaxSetbacks) return Error(Reason::kAttachmentIncomplete);
    offset = next;
  }
  return absl::OkStatus();
}

}  // namespace

bool IsPlainFileName(std::string_view name) {
  return !name.empty() && name.size() <= kMaxNameBytes && name != "." && name != ".." &&
         std::ranges::none_of(name, [](char c) {
           return c == '/' || c == '\\' || static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
         });
}

absl::StatusOr<SealedAttachment> SealAttachment(std::string_view name, std::string_view plaintext) {
  if (!IsPlainFileName(name)) return Error(Reason::kInvalidField, {.field = "name"});
  const size_t padded_size = PaddedSize(plaintext.size());
  if (crypto::StreamCiphertextSize(padded_size) > kMaxAttachmentCiphertext) {
    return Error(Reason::kAttachmentTooLarge);
  }
  std::string padded(plaintext);
  padded.resize(padded_size, '\0');
  const SecretBytes key = crypto::NewStreamKey(crypto::SystemRandom::Instance());
  SealedAttachment sealed;
  sealed.ciphertext = crypto::SealStream(key.Expose(), padded);
  WipeString(padded);
  v1::Attachment& attachment = sealed.attachment;
  attachment.set_name(std::string(name));
  attachment.set_key(std::string(key.Expose()));
  attachment.set_ciphertext_digest(crypto::Sha256(sealed.ciphertext));
  attachment.set_ciphertext_size(sealed.ciphertext.size());
  attachment.set_size(plaintext.size());
  return sealed;
}

absl::StatusOr<std::string> OpenAttachment(const v1::Attachment& attachment,
                                           std::string_view ciphertext) {
  if (crypto::Sha256(ciphertext) != attachment.ciphertext_digest()) {
    return Error(Reason::kAttachmentDigestMismatch);
  }
  if (attachment.key().size() != crypto::kStreamKeySize) return Error(Reason::kDecryptionFailed);
  AMANA_ASSIGN_OR_RETURN(std::string plaintext, crypto::OpenStream(attachment.key(), ciphertext));
  if (attachment.size() > plaintext.size()) return Error(Reason::kDecryptionFailed);
  plaintext.resize(attachment.size());
  return plaintext;
}

absl::Status Upload(Session& session, SealedAttachment& sealed) {
  messaging::v1::BeginAttachmentRequest begin;
  begin.set_ciphertext_digest(sealed.attachment.ciphertext_digest());
  begin.set_size(sealed.ciphertext.size());
  AMANA_ASSIGN_OR_RETURN(const auto begun,
                         session.Call(&MessagingService::Stub::BeginAttachment, begin));
  sealed.attachment.set_attachment_id(begun.attachment_id());
  AMANA_RETURN_IF_ERROR(PutAll(session, sealed));
  messaging::v1::FinishAttachmentRequest finish;
  finish.set_attachment_id(begun.attachment_id());
  return session.Call(&MessagingService::Stub::FinishAttachment, finish).status();
}

absl::StatusOr<std::string> Download(Session& session, const HandoffId& handoff,
                                     const v1::Attachment& attachment) {
  if (attachment.ciphertext_size() > kMaxAttachmentCiphertext) {
    return Error(Reason::kAttachmentTooLarge);
  }
  std::string ciphertext;
  while (ciphertext.size() < attachment.ciphertext_size()) {
    messaging::v1::GetChunkRequest request;
    request.set_handoff_id(handoff.bytes());
    request.set_attachment_id(attachment.attachment_id());
    request.set_offset(ciphertext.size());
    AMANA_ASSIGN_OR_RETURN(const auto response,
                           session.Call(&MessagingService::Stub::GetChunk, request));
    if (response.data().empty()) return Error(Reason::kAttachmentIncomplete);
    ciphertext += response.data();
  }
  return ciphertext;
}

}  // namespace amana::client
