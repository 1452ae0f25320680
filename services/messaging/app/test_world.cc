#include "services/messaging/app/test_world.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "amana/audit/v1/event.pb.h"
#include "common/crypto/hash.h"

namespace amana::messaging {
namespace {

Random& Rng() { return crypto::SystemRandom::Instance(); }

constexpr absl::Duration kPatience = absl::Seconds(30);

}  // namespace

void FaultyStore::FailFrom(int commit, bool after) {
  MutexLock lock(mutex_);
  commits_ = 0;
  fail_from_ = commit;
  after_ = after;
}

void FaultyStore::Heal() { FailFrom(0, false); }

int FaultyStore::commits() const {
  MutexLock lock(mutex_);
  return commits_;
}

absl::StatusOr<store::Outcome> FaultyStore::Apply(const store::Commit& commit, Deadline deadline) {
  bool fails = false;
  bool happens = true;
  {
    MutexLock lock(mutex_);
    ++commits_;
    fails = fail_from_ != 0 && commits_ >= fail_from_;
    happens = !fails || (after_ && commits_ == fail_from_);
  }
  absl::StatusOr<store::Outcome> outcome = Error(Reason::kStoreUnavailable);
  if (happens) outcome = inner_.Apply(commit, deadline);
  if (fails) return Error(Reason::kStoreUnavailable);
  return outcome;
}

absl::StatusOr<ConsentAnswer> FakeConsents::MayShareDocuments(const CaseId& case_id,
                                                              const OrganisationId& recipient,
                                                              Deadline) {
  ConsentAnswer answer;
  {
    MutexLock lock(mutex_);
    if (failure_ != Reason::kUnspecified) return Error(failure_);
    answer = answers_[{case_id, recipient}];
  }
  if (meanwhile) meanwhile();
  return answer;
}

void FakeConsents::Set(const CaseId& case_id, const OrganisationId& recipient,
                       ConsentAnswer answer) {
  MutexLock lock(mutex_);
  answers_[{case_id, recipient}] = answer;
}

void FakeConsents::Fail(const absl::Status& status) {
  MutexLock lock(mutex_);
  failure_ = ReasonOf(status);
}

absl::StatusOr<OrganisationId> FakeDevices::OrganisationOf(const DeviceId& device, Deadline) {
  MutexLock lock(mutex_);
  if (failure_ != Reason::kUnspecified) return Error(failure_);
  const auto it = devices_.find(device);
  if (it == devices_.end()) return Error(Reason::kRecipientInvalid);
  return it->second;
}

void FakeDevices::Set(const DeviceId& device, const OrganisationId& organisation) {
  MutexLock lock(mutex_);
  devices_[device] = organisation;
}

void FakeDevices::Remove(const DeviceId& device) {
  MutexLock lock(mutex_);
  devices_.erase(device);
}

void FakeDevices::Fail(const absl::Status& status) {
  MutexLock lock(mutex_);
  failure_ = ReasonOf(status);
}

World::World()
    : hotline(NewId<OrganisationId>(Rng())),
      centre(NewId<OrganisationId>(Rng())),
      other(NewId<OrganisationId>(Rng())),
      case_id(NewId<CaseId>(Rng())) {
  folder = testing::TempDir() + "/messaging.XXXXXX";
  folder = ::mkdtemp(folder.data());
  blobs = *FileBlobStore::Open(folder + "/blobs");
  deps = std::unique_ptr<Deps>(new Deps{.store = faulty,
                                        .clock = clock,
                                        .random = Rng(),
                                        .blobs = *blobs,
                                        .consents = consents,
                                        .devices = directory,
                                        .bell = bell,
                                        .meters = meters,
                                        .network = "test"});
  keys = std::make_unique<Keys>(*deps);
  attachments = std::make_unique<Attachments>(*deps);
  inbox = std::make_unique<Inbox>(*deps);
  delivery = std::make_unique<Delivery>(*deps, *inbox, *attachments);
  handoffs = std::make_unique<Handoffs>(*deps, *attachments, *inbox, *delivery);
  op = AddDevice(hotline);
  supervisor = AddDevice(hotline);
  worker = AddDevice(centre);
  colleague = AddDevice(centre);
  stranger = AddDevice(other);
  consents.Set(case_id, centre, {.active = true, .owner = hotline});
}

World::~World() { std::filesystem::remove_all(folder); }

CallContext World::Read(const DeviceId& device) const {
  CallContext context;
  context.caller = {.role = Role::kCaseWorker,
                    .device = device,
                    .organisation = organisations_.at(device),
                    .service = {}};
  context.deadline = Deadline::After(kPatience);
  return context;
}

CallContext World::Command(const DeviceId& device, const char* action) {
  CallContext context = Read(device);
  context.audit_action = action;
  context.request_id = NewId<RequestId>(Rng());
  context.request_digest = crypto::Sha256(context.request_id.view());
  return context;
}

CallContext World::FromIntake() {
  CallContext context;
  context.caller = {.role = Role::kService, .device = {}, .organisation = {}, .service = "intake"};
  context.deadline = Deadline::After(kPatience);
  context.audit_action = "handoff.consent_revoked";
  context.request_id = NewId<RequestId>(Rng());
  context.request_digest = crypto::Sha256(context.request_id.view());
  return context;
}

DeviceId World::AddDevice(const OrganisationId& organisation) {
  const auto device = store::NewIdBeside<DeviceId>(Rng(), organisation);
  organisations_[device] = organisation;
  directory.Set(device, organisation);
  v1::KeyStatement statement;
  statement.set_network("test");
  statement.set_device_id(device.bytes());
  statement.set_hpke_key(std::string(32, 'k'));
  statement.mutable_issue_time()->set_seconds(1);
  v1::PublishKeyRequest request;
  request.mutable_key()->set_statement(statement.SerializeAsString());
  request.mutable_key()->set_signature(std::string(64, 's'));
  EXPECT_TRUE(keys->Publish(Command(device), request).ok());
  return device;
}

v1::SendHandoffRequest World::SendRequest(const std::vector<BlobId>& blob_ids) {
  v1::SendHandoffRequest request;
  request.set_handoff_id(store::NewIdBeside<HandoffId>(Rng(), case_id).bytes());
  request.set_case_id(case_id.bytes());
  request.set_recipient_organisation_id(centre.bytes());
  v1::Package& package = *request.mutable_package();
  package.set_ciphertext(kCiphertext);
  package.set_sender_device_id(op.bytes());
  package.set_sender_organisation_id(hotline.bytes());
  package.set_signature(std::string(64, 's'));
  for (const DeviceId& device : {worker, colleague}) {
    v1::Recipient& recipient = *package.add_recipients();
    recipient.set_device_id(device.bytes());
    recipient.set_encapsulated_key(std::string(32, 'e'));
    recipient.set_sealed_key("for " + device.ToString());
  }
  for (const BlobId& blob : blob_ids) package.add_attachment_ids(blob.bytes());
  return request;
}

HandoffId World::Send(const std::vector<BlobId>& blob_ids) {
  const v1::SendHandoffRequest request = SendRequest(blob_ids);
  const auto reply = handoffs->Send(Command(op, "handoff.sealed"), request);
  EXPECT_TRUE(reply.ok()) << reply.status();
  return *HandoffId::FromBytes(request.handoff_id());
}

BlobId World::Upload(const std::string& data) {
  v1::BeginAttachmentRequest begin;
  begin.set_ciphertext_digest(crypto::Sha256(data));
  begin.set_size(data.size());
  v1::BeginAttachmentResponse begun;
  EXPECT_TRUE(begun.ParseFromString(*attachments->Begin(Command(op), begin)));
  for (uint64_t offset = 0; offset < data.size(); offset += domain::kChunkBytes) {
    v1::PutChunkRequest put;
    put.set_attachment_id(begun.attachment_id());
    put.set_offset(offset);
    put.set_data(data.substr(offset, domain::kChunkBytes));
    EXPECT_TRUE(attachments->PutChunk(Read(op), put).ok());
  }
  v1::FinishAttachmentRequest finish;
  finish.set_attachment_id(begun.attachment_id());
  EXPECT_TRUE(attachments->Finish(Command(op), finish).ok());
  return *BlobId::FromBytes(begun.attachment_id());
}

absl::StatusOr<v1::Handoff> World::Report(const DeviceId& device, const HandoffId& id,
                                          v1::HandoffState state) {
  v1::ReportHandoffRequest request;
  request.set_handoff_id(id.bytes());
  request.set_state(state);
  AMANA_ASSIGN_OR_RETURN(const std::string reply,
                         handoffs->Report(Command(device, "handoff.reported"), request));
  v1::ReportHandoffResponse response;
  EXPECT_TRUE(response.ParseFromString(reply));
  return response.handoff();
}

absl::StatusOr<v1::Handoff> World::Revoke(const DeviceId& device, const HandoffId& id) {
  v1::RevokeHandoffRequest request;
  request.set_handoff_id(id.bytes());
  AMANA_ASSIGN_OR_RETURN(const std::string reply,
                         handoffs->Revoke(Command(device, "handoff.revoked"), request));
  v1::RevokeHandoffResponse response;
  EXPECT_TRUE(response.ParseFromString(reply));
  return response.handoff();
}

absl::StatusOr<uint32_t> World::Destroy(const CaseId& of, const OrganisationId& recipient) {
  v1::DestroyUnopenedRequest request;
  request.set_case_id(of.bytes());
  request.set_recipient_organisation_id(recipient.bytes());
  AMANA_ASSIGN_OR_RETURN(const std::string reply, handoffs->DestroyUnopened(FromIntake(), request));
  v1::DestroyUnopenedResponse response;
  EXPECT_TRUE(response.ParseFromString(reply));
  return response.destroyed();
}

std::vector<v1::Message> World::Fetch(const DeviceId& device, uint64_t after) {
  v1::FetchMessagesRequest request;
  request.set_after_sequence(after);
  const auto response = inbox->Fetch(Read(device), request);
  EXPECT_TRUE(response.ok()) << response.status();
  if (!response.ok()) return {};
  return {response->messages().begin(), response->messages().end()};
}

absl::StatusOr<v1::GetChunkResponse> World::GetChunk(const DeviceId& device,
                                                     const HandoffId& handoff, const BlobId& blob,
                                                     uint64_t offset) {
  v1::GetChunkRequest request;
  request.set_handoff_id(handoff.bytes());
  request.set_attachment_id(blob.bytes());
  request.set_offset(offset);
  return attachments->GetChunk(Read(device), request);
}

std::vector<std::string> World::Actions(const std::string& subject) {
  std::vector<std::string> actions;
  const auto history = memory.ReadHistory(subject, {}, 1000, Deadline::After(kPatience));
  EXPECT_TRUE(history.ok());
  for (const store::HistoryEntry& entry : history->entries) {
    amana::audit::v1::Event event;
    EXPECT_TRUE(event.ParseFromString(entry.event));
    actions.push_back(event.action());
  }
  return actions;
}

bool World::RunTimers() {
  for (int round = 0; round < 10; ++round) {
    const auto due = memory.DueTimers(clock.Now(), 100, Deadline::After(kPatience));
    EXPECT_TRUE(due.ok());
    if (due->empty()) return true;
    for (const store::DueTimer& timer : *due) {
      delivery->RunTimer(timer, Deadline::After(kPatience)).IgnoreError();
    }
  }
  return false;
}

size_t World::Files() const {
  size_t files = 0;
  for ([[maybe_unused]] const auto& entry :
       std::filesystem::directory_iterator(folder + "/blobs")) {
    ++files;
  }
  return files;
}

}  // namespace amana::messaging
