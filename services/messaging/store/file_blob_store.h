#pragma once

// Blobs as files of one folder, mode 0600: "<id>.part" while open, "<id>" once sealed. One process
// at a time may use the folder: it holds a lock on it.

#include <memory>
#include <string>

#include "services/messaging/store/blob_store.h"

namespace amana::messaging {

class FileBlobStore final : public BlobStore {
 public:
  // Makes the folder (0700) if it is not there. kFileUnreadable, also while another process has it.
  static absl::StatusOr<std::unique_ptr<FileBlobStore>> Open(std::string folder);
  ~FileBlobStore() override;

  absl::StatusOr<uint64_t> Append(const BlobId& id, uint64_t offset,
                                  std::string_view data) override;
  absl::Status Seal(const BlobId& id, uint64_t size, const std::string& digest) override;
  absl::StatusOr<BlobPart> Read(const BlobId& id, uint64_t offset, size_t limit) override;
  absl::Status Remove(const BlobId& id) override;

 private:
  FileBlobStore(std::string folder, int lock) : folder_(std::move(folder)), lock_(lock) {}

  std::string SealedPath(const BlobId& id) const { return folder_ + "/" + id.ToString(); }
  std::string OpenPath(const BlobId& id) const { return SealedPath(id) + ".part"; }
  absl::Status SyncFolder() const;

  const std::string folder_;
  const int lock_;  // the folder, open and locked
};

}  // namespace amana::messaging
