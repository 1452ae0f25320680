#pragma once

// An attachment: ciphertext that is too large for a package, uploaded in chunks before the handoff
// that carries it. It travels with one handoff, and goes when that goes.
//
//   begun → finished

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/call_context.h"
#include "common/base/ids.h"

namespace amana::messaging::domain {

inline constexpr uint64_t kMaxAttachmentBytes = uint64_t{32} << 20;
inline constexpr uint64_t kChunkBytes = uint64_t{256} << 10;
// What an organisation may keep here at once.
inline constexpr uint64_t kQuotaBytes = uint64_t{1} << 30;
inline constexpr uint32_t kQuotaAttachments = 4096;
// What was uploaded and not sent, because the upload broke off or the handoff was refused, must not
// use up the quota for a month.
inline constexpr absl::Duration kUnclaimedLifetime = absl::Hours(48);

enum class AttachmentState : int32_t { kUnspecified = 0, kBegun, kFinished };

// "begun": for the audit log.
std::string_view NameOf(AttachmentState state);

struct Attachment {
  BlobId id;
  OrganisationId owner;
  std::string digest;  // SHA-256 of the ciphertext
  uint64_t size = 0;   // bytes
  AttachmentState state = AttachmentState::kUnspecified;
  HandoffId handoff;  // that it travels with; zero: none yet
  absl::Time expire_time;

  friend bool operator==(const Attachment&, const Attachment&) = default;
};

// What an organisation keeps here, counted by declared sizes.
struct Usage {
  uint64_t bytes = 0;
  uint32_t attachments = 0;

  friend bool operator==(const Usage&, const Usage&) = default;
};

struct Begun {
  Attachment attachment;
  Usage usage;
};

// kInvalidField: it is empty. kAttachmentTooLarge; kAttachmentQuotaExceeded.
absl::StatusOr<Begun> Begin(const Caller& caller, const BlobId& id, std::string digest,
                            uint64_t size, const Usage& usage, absl::Time now);

// All bytes are there and are what the digest says (the app's question). Twice is the same as once.
Attachment Finish(const Attachment& before, absl::Time now);

// Takes it along with a handoff that is about to be sealed. kAttachmentNotFound:
// not the caller's organisation's, or expired. kAttachmentIncomplete. kInvalidField: it travels
// with another handoff.
absl::StatusOr<Attachment> Claim(const Attachment& before, const Caller& caller,
                                 const HandoffId& handoff, absl::Time now);

// Its handoff is there: it lives as long as that.
Attachment Keep(const Attachment& before, absl::Time now);

// What is in use once the attachment is gone.
Usage Release(const Usage& before, const Attachment& attachment);

}  // namespace amana::messaging::domain
