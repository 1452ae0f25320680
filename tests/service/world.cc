#include "tests/service/world.h"

#include "amana/intake/v1/intake.grpc.pb.h"
#include "amana/messaging/v1/messaging.grpc.pb.h"
#include "amana/referral/v1/directory.grpc.pb.h"
#include "amana/referral/v1/referral.grpc.pb.h"
#include "common/crypto/hash.h"
#include "common/crypto/hpke.h"
#include "common/crypto/random.h"
#include "common/rpc/call.h"

namespace amana::testing {
namespace {

namespace common_pb = common::v1;
namespace identity_pb = identity::v1;
namespace intake_pb = intake::v1;
namespace messaging_pb = messaging::v1;
namespace referral_pb = referral::v1;

using Intake = intake_pb::IntakeService;
using Referral = referral_pb::ReferralService;
using Messaging = messaging_pb::MessagingService;

constexpr absl::Duration kDay = absl::Hours(24);

void SetAhead(google::protobuf::Timestamp* out, absl::Duration ahead) {
  out->set_seconds(absl::ToUnixSeconds(absl::Now() + ahead));
}

std::string RandomId() { return crypto::RandomBytes(kIdSize); }

void AddDevices(TestNetwork& network, Party& party, Role head_role, Role member_role) {
  party.head = network.Enrol(party.organisation, head_role, nullptr);
  party.member = network.Enrol(party.organisation, member_role, &party.head);
}

void Import(const TestNetwork& network, const referral_pb::ServiceAtLocation& record) {
  const auto stub =
      referral_pb::DirectoryService::NewStub(network.Channel("referral", network.administrator()));
  referral_pb::ImportDirectoryRequest request;
  request.set_request_id(NewRequestId());
  *request.add_records() = record;
  const auto imported =
      Must(rpc::Call(*stub, &referral_pb::DirectoryService::Stub::ImportDirectory, request));
  if (imported.results(0).outcome() != referral_pb::ImportResult::OUTCOME_CREATED) {
    std::cerr << "The directory refused a record: " << imported.results(0).reason() << std::endl;
    std::exit(3);
  }
}

// Calls that wait, so that one can be claimed, and one that is.
void MakeCalls(const TestNetwork& network, Party& hotline) {
  const auto stub = Intake::NewStub(network.Channel("intake", hotline.member));
  for (int i = 0; i < 12; ++i) {
    intake_pb::EnqueueCallRequest request;
    request.set_request_id(NewRequestId());
    request.set_priority(common_pb::PRIORITY_P2);
    Must(rpc::Call(*stub, &Intake::Stub::EnqueueCall, request));
  }
  intake_pb::ClaimCallRequest claim;
  claim.set_request_id(NewRequestId());
  hotline.ids["call_id"] = Must(rpc::Call(*stub, &Intake::Stub::ClaimCall, claim)).call().call_id();
}

void MakeFollowUp(const TestNetwork& network, Party& party) {
  const auto stub = Intake::NewStub(network.Channel("intake", party.member));
  intake_pb::ScheduleFollowUpRequest request;
  request.set_request_id(NewRequestId());
  request.set_case_id(party.ids["case_id"]);
  SetAhead(request.mutable_due_time(), kDay);
  party.ids["follow_up_id"] =
      Must(rpc::Call(*stub, &Intake::Stub::ScheduleFollowUp, request)).follow_up().follow_up_id();
}

messaging_pb::BeginAttachmentRequest Begin(const std::string& bytes) {
  messaging_pb::BeginAttachmentRequest begin;
  begin.set_request_id(NewRequestId());
  begin.set_ciphertext_digest(crypto::Sha256(bytes));
  begin.set_size(bytes.size());
  return begin;
}

}  // namespace

std::vector<std::string> Party::Private() const {
  std::vector<std::string> out = {received_handoff, received_attachment, revocable_handoff};
  for (const char* field : {"case_id", "consent_id", "call_id", "follow_up_id", "referral_id",
                            "offer_id", "handoff_id", "attachment_id"}) {
    const auto it = ids.find(field);
    if (it != ids.end()) out.push_back(it->second);
  }
  return out;
}

common_pb::RoutingCard ACard(common_pb::Priority priority) {
  common_pb::RoutingCard card;
  card.add_needs(common_pb::NEED_CODE_EMERGENCY_SHELTER);
  card.set_priority(priority);
  card.set_province_code("04.421");
  card.set_age_band(common_pb::AGE_BAND_25_59);
  card.add_languages("ar");
  return card;
}

referral_pb::ServiceAtLocation DirectoryRecord(const OrganisationId& organisation,
                                               uint32_t places) {
  referral_pb::ServiceAtLocation record;
  record.set_service_at_location_id(RandomId());
  record.set_organisation_id(organisation.bytes());
  record.set_organisation_name("Centre (fictional)");
  record.set_service_name("Shelter (fictional)");
  record.set_status(referral_pb::SERVICE_STATUS_ACTIVE);
  record.add_needs(common_pb::NEED_CODE_EMERGENCY_SHELTER);
  record.set_visibility(referral_pb::LOCATION_VISIBILITY_NETWORK);
  record.set_province_code("04.421");
  record.add_languages("ar");
  referral_pb::Pool& pool = *record.add_pools();
  pool.set_pool_id(RandomId());
  pool.set_unit(referral_pb::CAPACITY_UNIT_BED);
  pool.add_needs(common_pb::NEED_CODE_EMERGENCY_SHELTER);
  pool.set_maximum(places);
  SetAhead(pool.mutable_update_time(), absl::ZeroDuration());
  return record;
}

Party MakeCentre(TestNetwork& network, const std::string& name, uint32_t places) {
  Party party;
  party.name = name;
  party.organisation =
      network.AddOrganisation(name + " (fictional)", identity_pb::ORGANISATION_KIND_CENTRE);
  AddDevices(network, party, Role::kCentreManager, Role::kCaseWorker);
  const referral_pb::ServiceAtLocation record = DirectoryRecord(party.organisation, places);
  Import(network, record);
  party.ids["organisation_id"] = party.organisation.bytes();
  party.ids["service_at_location_id"] = record.service_at_location_id();
  party.ids["pool_id"] = record.pools(0).pool_id();
  return party;
}

Party MakeHotline(TestNetwork& network, const std::string& name) {
  Party party;
  party.name = name;
  party.organisation =
      network.AddOrganisation(name + " (fictional)", identity_pb::ORGANISATION_KIND_HOTLINE);
  AddDevices(network, party, Role::kSupervisor, Role::kOperator);
  party.ids["organisation_id"] = party.organisation.bytes();
  return party;
}

std::string OpenCase(const TestNetwork& network, const Party& from, common_pb::Priority priority) {
  const auto stub = Intake::NewStub(network.Channel("intake", from.member));
  intake_pb::OpenCaseRequest request;
  request.set_request_id(NewRequestId());
  request.set_channel(from.member.role == Role::kOperator ? intake_pb::INTAKE_CHANNEL_HOTLINE
                                                          : intake_pb::INTAKE_CHANNEL_CENTRE);
  *request.mutable_card() = ACard(priority);
  return Must(rpc::Call(*stub, &Intake::Stub::OpenCase, request)).case_().case_id();
}

std::string Consent(const TestNetwork& network, const Party& from, const std::string& case_id,
                    common_pb::ConsentPurpose purpose, const OrganisationId& recipient,
                    intake_pb::ConsentState state) {
  const auto stub = Intake::NewStub(network.Channel("intake", from.member));
  intake_pb::RecordConsentRequest request;
  request.set_request_id(NewRequestId());
  request.set_case_id(case_id);
  request.set_purpose(purpose);
  request.set_recipient_organisation_id(recipient.bytes());
  request.set_manner(intake_pb::CONSENT_MANNER_ORAL_BY_PHONE);
  request.set_giver(intake_pb::CONSENT_GIVER_SURVIVOR);
  request.set_language("ar");
  request.set_state(state);
  request.add_field_groups(intake_pb::FIELD_GROUP_NEEDS);
  SetAhead(request.mutable_expire_time(), 30 * kDay);
  return Must(rpc::Call(*stub, &Intake::Stub::RecordConsent, request)).consent().consent_id();
}

std::string DraftReferral(const TestNetwork& network, const Party& from, const std::string& case_id,
                          const std::vector<std::string>& candidates) {
  const auto stub = Referral::NewStub(network.Channel("referral", from.member));
  referral_pb::CreateReferralRequest request;
  request.set_request_id(NewRequestId());
  request.set_case_id(case_id);
  request.set_need(common_pb::NEED_CODE_EMERGENCY_SHELTER);
  for (const std::string& candidate : candidates) {
    request.add_candidate_service_at_location_ids(candidate);
  }
  return Must(rpc::Call(*stub, &Referral::Stub::CreateReferral, request)).referral().referral_id();
}

referral_pb::Referral SendReferral(const TestNetwork& network, const Party& from,
                                   const std::string& referral_id, int offers) {
  const auto stub = Referral::NewStub(network.Channel("referral", from.member));
  referral_pb::SendReferralRequest send;
  send.set_request_id(NewRequestId());
  send.set_referral_id(referral_id);
  Must(rpc::Call(*stub, &Referral::Stub::SendReferral, send));
  referral_pb::GetReferralRequest get;
  get.set_referral_id(referral_id);
  auto sent = Must(rpc::Call(*stub, &Referral::Stub::GetReferral, get)).referral();
  if (sent.offers_size() != offers) {
    std::cerr << "A referral made other offers than expected: " << sent.ShortDebugString()
              << std::endl;
    std::exit(3);
  }
  return sent;
}

std::string ReadyDraft(const TestNetwork& network, const Party& from, const Party& to,
                       common_pb::Priority priority) {
  const std::string id = OpenCase(network, from, priority);
  Consent(network, from, id, common_pb::CONSENT_PURPOSE_REFER, to.organisation);
  return DraftReferral(network, from, id, {to.ids.at("service_at_location_id")});
}

messaging_pb::PublishedKey NewPublishedKey(const TestNetwork& network, const TestDevice& device) {
  messaging_pb::KeyStatement statement;
  statement.set_network(network.name());
  statement.set_device_id(device.id.bytes());
  statement.set_hpke_key(
      crypto::HpkePrivateKey::Generate(crypto::SystemRandom::Instance()).public_key().bytes());
  SetAhead(statement.mutable_issue_time(), absl::ZeroDuration());
  messaging_pb::PublishedKey key;
  key.set_statement(statement.SerializeAsString());
  key.set_signature(device.signing_key == nullptr
                        ? crypto::RandomBytes(crypto::kSignatureSize)
                        : device.signing_key->Sign("amana published key v1\n" + key.statement()));
  return key;
}

void PublishKey(const TestNetwork& network, const TestDevice& device) {
  const auto stub = Messaging::NewStub(network.Channel("messaging", device));
  messaging_pb::PublishKeyRequest request;
  request.set_request_id(NewRequestId());
  *request.mutable_key() = NewPublishedKey(network, device);
  Must(rpc::Call(*stub, &Messaging::Stub::PublishKey, request));
}

std::string Attach(const TestNetwork& network, const TestDevice& device, const std::string& bytes) {
  const auto stub = Messaging::NewStub(network.Channel("messaging", device));
  const std::string id =
      Must(rpc::Call(*stub, &Messaging::Stub::BeginAttachment, Begin(bytes))).attachment_id();
  messaging_pb::PutChunkRequest put;
  put.set_attachment_id(id);
  put.set_data(bytes);
  Must(rpc::Call(*stub, &Messaging::Stub::PutChunk, put));
  messaging_pb::FinishAttachmentRequest finish;
  finish.set_request_id(NewRequestId());
  finish.set_attachment_id(id);
  Must(rpc::Call(*stub, &Messaging::Stub::FinishAttachment, finish));
  return id;
}

messaging_pb::SendHandoffRequest HandoffRequest(const TestDevice& sender,
                                                const std::string& case_id, const Party& recipient,
                                                const std::vector<std::string>& attachments) {
  messaging_pb::SendHandoffRequest request;
  request.set_request_id(NewRequestId());
  request.set_handoff_id(case_id.substr(0, 2) + crypto::RandomBytes(14));
  request.set_case_id(case_id);
  request.set_recipient_organisation_id(recipient.organisation.bytes());
  messaging_pb::Package& package = *request.mutable_package();
  package.set_ciphertext(crypto::RandomBytes(512));
  for (const TestDevice* device : {&recipient.head, &recipient.member}) {
    messaging_pb::Recipient& entry = *package.add_recipients();
    entry.set_device_id(device->id.bytes());
    entry.set_encapsulated_key(crypto::RandomBytes(32));
    entry.set_sealed_key(crypto::RandomBytes(48));
  }
  for (const std::string& attachment : attachments) package.add_attachment_ids(attachment);
  package.set_sender_device_id(sender.id.bytes());
  package.set_sender_organisation_id(sender.organisation.bytes());
  package.set_signature(crypto::RandomBytes(crypto::kSignatureSize));
  return request;
}

void World::MakeCase(Party& from, const Party& to) {
  const std::string id = OpenCase(network, from);
  from.ids["case_id"] = id;
  from.ids["subject_id"] = id;
  from.ids["recipient_organisation_id"] = to.organisation.bytes();
  from.ids["parent_organisation_id"] = network.organisation().bytes();
  from.ids["consent_id"] =
      Consent(network, from, id, common_pb::CONSENT_PURPOSE_REFER, to.organisation);
  Consent(network, from, id, common_pb::CONSENT_PURPOSE_SHARE_DOCUMENTS, to.organisation);
  from.ids["device_id"] = from.member.id.bytes();
  MakeFollowUp(network, from);
}

void World::MakeReferral(Party& from, Party& to) {
  const std::string candidate = to.ids["service_at_location_id"];
  from.ids["candidate_service_at_location_ids"] = candidate;
  from.ids["referral_id"] = DraftReferral(network, from, from.ids["case_id"], {candidate});
  to.ids["offer_id"] = SendReferral(network, from, from.ids["referral_id"], 1).offers(0).offer_id();
}

void World::ExchangeHandoffs(Party& from, Party& to) {
  const auto stub = Messaging::NewStub(network.Channel("messaging", from.member));
  const std::string attachment = Attach(network, from.member, "sealed bytes");
  const auto sent = HandoffRequest(from.member, from.ids["case_id"], to, {attachment});
  Must(rpc::Call(*stub, &Messaging::Stub::SendHandoff, sent));
  from.ids["handoff_id"] = sent.handoff_id();
  to.received_handoff = sent.handoff_id();
  to.received_attachment = attachment;
  const auto second = HandoffRequest(from.member, from.ids["case_id"], to, {});
  Must(rpc::Call(*stub, &Messaging::Stub::SendHandoff, second));
  from.revocable_handoff = second.handoff_id();
  from.ids["attachment_id"] =
      Must(rpc::Call(*stub, &Messaging::Stub::BeginAttachment, Begin("to be continued")))
          .attachment_id();
}

Side World::MakeSide(const std::string& name) {
  Side side;
  side.hotline = MakeHotline(network, "hotline of " + name);
  side.centre = MakeCentre(network, "centre of " + name, kManyPlaces);
  for (Party* party : {&side.hotline, &side.centre}) {
    party->to_approve = network.EnrolPending(party->organisation, party->member.role);
    party->to_revoke = network.EnrolPending(party->organisation, party->member.role);
    PublishKey(network, party->head);
    PublishKey(network, party->member);
  }
  MakeCalls(network, side.hotline);
  MakeCase(side.hotline, side.centre);
  MakeCase(side.centre, side.hotline);
  Consent(network, side.centre, side.centre.ids["case_id"], common_pb::CONSENT_PURPOSE_REFER,
          hub.organisation);
  MakeReferral(side.hotline, side.centre);
  MakeReferral(side.centre, hub);
  ExchangeHandoffs(side.hotline, side.centre);
  ExchangeHandoffs(side.centre, side.hotline);
  return side;
}

World::World() : network(TestNetwork::Get()) {
  hub = MakeCentre(network, "hub", kManyPlaces);
  a = MakeSide("A");
  b = MakeSide("B");
  analyst = network.Enrol(network.organisation(), Role::kAnalyst, nullptr);
  auditor = network.Enrol(network.organisation(), Role::kAuditor, nullptr);
  ops = network.Enrol(network.organisation(), Role::kOps, nullptr);
  closable_organisation =
      network.AddOrganisation("Closable (fictional)", identity_pb::ORGANISATION_KIND_ASSOCIATION)
          .bytes();
}

}  // namespace amana::testing
