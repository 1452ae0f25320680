#pragma once

// Where the ciphertext of attachments is. A blob is open (it grows) or sealed (whole, durable,
// never changed).

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/ids.h"

namespace amana::messaging {

struct BlobPart {
  std::string data;  // empty at the end
  uint64_t total_size = 0;
};

// Thread-safe for different blobs; calls for one blob that change it come one after the other (the
// caller's duty). kStoreUnavailable: the medium fails, or is full.
class BlobStore {
 public:
  virtual ~BlobStore() = default;

  // Appends what is new of `data` to the open blob, and answers its size. Bytes before that size
  // are taken as sent before. kChunkOutOfOrder: there would be a gap. A sealed blob stays as it is.
  virtual absl::StatusOr<uint64_t> Append(const BlobId& id, uint64_t offset,
                                          std::string_view data) = 0;

  // Makes the open blob durable and final. kAttachmentIncomplete: bytes are missing.
  // kAttachmentDigestMismatch: they are not what the digest (SHA-256) says; the blob is dropped.
  // A blob sealed before is good.
  virtual absl::Status Seal(const BlobId& id, uint64_t size, const std::string& digest) = 0;

  // At most `limit` bytes of a sealed blob. kAttachmentNotFound.
  virtual absl::StatusOr<BlobPart> Read(const BlobId& id, uint64_t offset, size_t limit) = 0;

  // Open or sealed; fine if there is none.
  virtual absl::Status Remove(const BlobId& id) = 0;
};

}  // namespace amana::messaging
