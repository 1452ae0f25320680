#pragma once

// A small network for tests: a hotline, a centre and a stranger, with devices, over a memory store
// whose commits can be made to fail, a folder of blobs, and answers that a test can change.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "amana/messaging/v1/messaging.pb.h"
#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/crypto/random.h"
#include "common/obs/metrics.h"
#include "common/store/memory_store.h"
#include "services/messaging/app/attachments.h"
#include "services/messaging/app/delivery.h"
#include "services/messaging/app/handoffs.h"
#include "services/messaging/app/inbox.h"
#include "services/messaging/app/keys.h"
#include "services/messaging/store/file_blob_store.h"

namespace amana::messaging {

// Passes everything on; from the n-th commit on it fails, as if the process had died there: before
// the commit happened, or after it.
class FaultyStore final : public store::Store {
 public:
  explicit FaultyStore(store::Store& inner) : inner_(inner) {}

  void FailFrom(int commit, bool after);
  void Heal();
  int commits() const;

  uint32_t shards() const override { return inner_.shards(); }
  absl::StatusOr<store::Outcome> Apply(const store::Commit& commit, Deadline deadline) override;
  absl::StatusOr<store::Row> Read(store::Shard s, const store::Key& k, Deadline d) override {
    return inner_.Read(s, k, d);
  }
  absl::StatusOr<std::vector<store::Row>> ReadMany(store::Shard s, const std::vector<store::Key>& k,
                                                   Deadline d) override {
    return inner_.ReadMany(s, k, d);
  }
  absl::StatusOr<std::vector<store::IndexEntry>> ReadIndex(store::Shard s, const std::string& i,
                                                           const store::IndexRange& r,
                                                           Deadline d) override {
    return inner_.ReadIndex(s, i, r, d);
  }
  absl::StatusOr<std::vector<store::IndexEntry>> ReadIndexEverywhere(const std::string& i,
                                                                     const store::IndexRange& r,
                                                                     Deadline d) override {
    return inner_.ReadIndexEverywhere(i, r, d);
  }
  absl::StatusOr<std::optional<std::string>> FindReply(store::Shard s,
                                                       const store::RequestRecord& r,
                                                       Deadline d) override {
    return inner_.FindReply(s, r, d);
  }
  absl::StatusOr<std::vector<store::DueTimer>> DueTimers(absl::Time t, uint32_t l,
                                                         Deadline d) override {
    return inner_.DueTimers(t, l, d);
  }
  absl::StatusOr<std::vector<store::OutboxEntry>> ReadOutbox(const std::vector<uint64_t>& c,
                                                             uint32_t l, Deadline d) override {
    return inner_.ReadOutbox(c, l, d);
  }
  absl::Status TrimOutbox(const std::vector<uint64_t>& c, Deadline d) override {
    return inner_.TrimOutbox(c, d);
  }
  absl::StatusOr<store::OutboxBacklog> ReadOutboxBacklog(Deadline d) override {
    return inner_.ReadOutboxBacklog(d);
  }
  absl::StatusOr<store::HistoryPage> ReadHistory(const std::string& s, store::HistoryPosition from,
                                                 uint32_t limit, Deadline d) override {
    return inner_.ReadHistory(s, from, limit, d);
  }
  absl::Status Ping(Deadline d) override { return inner_.Ping(d); }

 private:
  store::Store& inner_;
  mutable Mutex mutex_;
  int commits_ AMANA_GUARDED_BY(mutex_) = 0;
  int fail_from_ AMANA_GUARDED_BY(mutex_) = 0;  // 0: never
  bool after_ AMANA_GUARDED_BY(mutex_) = false;
};

class FakeConsents final : public Consents {
 public:
  absl::StatusOr<ConsentAnswer> MayShareDocuments(const CaseId& case_id,
                                                  const OrganisationId& recipient,
                                                  Deadline) override;

  void Set(const CaseId& case_id, const OrganisationId& recipient, ConsentAnswer answer);
  void Fail(const absl::Status& status);
  // Runs after the answer was found, before it is given.
  std::function<void()> meanwhile;

 private:
  Mutex mutex_;
  std::map<std::pair<CaseId, OrganisationId>, ConsentAnswer> answers_ AMANA_GUARDED_BY(mutex_);
  // Not the status: threads would share its text, in a library that TSan does not see into.
  Reason failure_ AMANA_GUARDED_BY(mutex_) = Reason::kUnspecified;
};

class FakeDevices final : public Devices {
 public:
  absl::StatusOr<OrganisationId> OrganisationOf(const DeviceId& device, Deadline) override;

  void Set(const DeviceId& device, const OrganisationId& organisation);
  void Remove(const DeviceId& device);
  void Fail(const absl::Status& status);

 private:
  Mutex mutex_;
  std::map<DeviceId, OrganisationId> devices_ AMANA_GUARDED_BY(mutex_);
  // Not the status: threads would share its text, in a library that TSan does not see into.
  Reason failure_ AMANA_GUARDED_BY(mutex_) = Reason::kUnspecified;
};

class World {
 public:
  World();
  ~World();

  // A read, and a command with a fresh request_id.
  CallContext Read(const DeviceId& device) const;
  CallContext Command(const DeviceId& device, const char* action = "test.command");
  CallContext FromIntake();

  // A device of the organisation with a published key.
  DeviceId AddDevice(const OrganisationId& organisation);

  // From op to both devices of the centre.
  v1::SendHandoffRequest SendRequest(const std::vector<BlobId>& attachments = {});
  // Sends such a request; its id.
  HandoffId Send(const std::vector<BlobId>& attachments = {});
  // Uploads and finishes an attachment of the hotline's.
  BlobId Upload(const std::string& data);

  absl::StatusOr<v1::Handoff> Report(const DeviceId& device, const HandoffId& id,
                                     v1::HandoffState state);
  absl::StatusOr<v1::Handoff> Revoke(const DeviceId& device, const HandoffId& id);
  absl::StatusOr<uint32_t> Destroy(const CaseId& case_id, const OrganisationId& recipient);
  std::vector<v1::Message> Fetch(const DeviceId& device, uint64_t after = 0);
  absl::StatusOr<v1::GetChunkResponse> GetChunk(const DeviceId& device, const HandoffId& handoff,
                                                const BlobId& blob, uint64_t offset = 0);
  // Every action recorded about a subject, in order.
  std::vector<std::string> Actions(const std::string& subject);
  // Runs what is due until nothing is; false if something stays.
  bool RunTimers();
  // How many files the blob store has.
  size_t Files() const;

  const OrganisationId hotline, centre, other;
  const CaseId case_id;
  DeviceId op, supervisor, worker, colleague, stranger;

  FakeClock clock;
  store::MemoryStore memory;
  FaultyStore faulty{memory};
  std::string folder;
  std::unique_ptr<BlobStore> blobs;
  FakeConsents consents;
  FakeDevices directory;
  Bell bell;
  obs::Metrics metrics;
  Meters meters{metrics};
  std::unique_ptr<Deps> deps;
  std::unique_ptr<Keys> keys;
  std::unique_ptr<Attachments> attachments;
  std::unique_ptr<Inbox> inbox;
  std::unique_ptr<Delivery> delivery;
  std::unique_ptr<Handoffs> handoffs;

 private:
  std::map<DeviceId, OrganisationId> organisations_;
};

// What a test's package says to one device.
inline constexpr char kCiphertext[] = "ciphertext";

}  // namespace amana::messaging
