#include "tests/service/exercises.h"

#include "amana/audit/v1/audit.pb.h"
#include "amana/common/v1/outbox.grpc.pb.h"
#include "amana/intake/v1/intake.pb.h"
#include "amana/messaging/v1/messaging.pb.h"
#include "amana/referral/v1/directory.pb.h"
#include "amana/referral/v1/referral.grpc.pb.h"
#include "common/crypto/hash.h"
#include "common/crypto/random.h"
#include "common/crypto/x509.h"
#include "common/merkle/leaf.h"
#include "common/rpc/call.h"

namespace amana::testing {
namespace {

using google::protobuf::Message;

constexpr char kAttachment[] = "to be continued";  // as world.cc began it

// An adjustment that knows its request's type.
template <class Request, class Adjust>
Exercise With(bool names_owner, Adjust adjust) {
  return {names_owner, [adjust](const Cell& cell, Message& message) {
            adjust(cell, static_cast<Request&>(message));
          }};
}

const TestDevice& CallerOr(const Cell& cell, const TestDevice& other) {
  return cell.caller == nullptr ? other : *cell.caller;
}

// Bytes of a leaf that the log has or will have: the first event of the owner's case.
std::string ALeaf(const World& world, const Party& owner) {
  static std::map<std::string, std::string> known;
  std::string& leaf = known[owner.name];
  if (!leaf.empty()) return leaf;
  const auto stub =
      common::v1::OutboxService::NewStub(world.network.Channel("intake", owner.member));
  common::v1::ListHistoryRequest request;
  request.set_subject_id(owner.ids.at("case_id"));
  const auto history =
      Must(rpc::Call(*stub, &common::v1::OutboxService::Stub::ListHistory, request));
  leaf = Must(merkle::MakeEventLeaf(history.entries(0).opening(), history.entries(0).event()));
  return leaf;
}

// Whether the request is about what is the caller's own: then it shall succeed, and commands get
// something fresh that nobody has acted on yet.
bool IsOwn(const Cell& cell) {
  return cell.caller != nullptr && cell.caller->organisation == cell.owner.organisation;
}

const Side& SideOf(const Cell& cell) {
  return cell.owner.name.back() == 'A' ? cell.world.a : cell.world.b;
}

std::string FreshConsent(const Cell& cell, intake::v1::ConsentState state) {
  const TestNetwork& network = cell.world.network;
  return Consent(network, cell.owner, OpenCase(network, cell.owner),
                 common::v1::CONSENT_PURPOSE_REFER, cell.world.hub.organisation, state);
}

// Made to the centre that the cell is about, by its side's hotline.
std::string FreshOffer(const Cell& cell, common::v1::Priority priority = common::v1::PRIORITY_P1) {
  const TestNetwork& network = cell.world.network;
  const Party& hotline = SideOf(cell).hotline;
  return SendReferral(network, hotline, ReadyDraft(network, hotline, cell.owner, priority), 1)
      .offers(0)
      .offer_id();
}

std::string FreshAcceptedOffer(const Cell& cell) {
  referral::v1::AcceptOfferRequest request;
  request.set_request_id(NewRequestId());
  request.set_offer_id(FreshOffer(cell));
  const auto stub = referral::v1::ReferralService::NewStub(
      cell.world.network.Channel("referral", cell.owner.member));
  Must(rpc::Call(*stub, &referral::v1::ReferralService::Stub::AcceptOffer, request));
  return request.offer_id();
}

void AddIdentity(std::map<std::string, Exercise>& out) {
  out["IdentityService.CreateOrganisation"] =
      With<identity::v1::CreateOrganisationRequest>(false, [](const Cell&, auto& r) {
        r.clear_organisation_id();
        r.set_kind(identity::v1::ORGANISATION_KIND_ASSOCIATION);
      });
  out["IdentityService.CloseOrganisation"] = With<identity::v1::CloseOrganisationRequest>(
      false,
      [](const Cell& cell, auto& r) { r.set_organisation_id(cell.world.closable_organisation); });
  out["IdentityService.ListOrganisations"] = {false};
  out["IdentityService.CreateEnrolmentCode"] =
      With<identity::v1::CreateEnrolmentCodeRequest>(true, [](const Cell& cell, auto& r) {
        r.set_role(static_cast<options::v1::Role>(cell.owner.member.role));
      });
  out["IdentityService.ApproveDevice"] =
      With<identity::v1::ApproveDeviceRequest>(true, [](const Cell& cell, auto& r) {
        *r.mutable_certificate() =
            cell.world.network.CertificateOf(cell.owner.to_approve, &cell.owner.head);
      });
  out["IdentityService.RevokeDevice"] = With<identity::v1::RevokeDeviceRequest>(
      true, [](const Cell& cell, auto& r) { r.set_device_id(cell.owner.to_revoke.id.bytes()); });
  out["IdentityService.ListDevices"] = {true};
  out["IdentityService.ListDeviceCertificates"] = {true};
  out["IdentityService.RenewCertificate"] = {false};
  out["IdentityService.GetOwnDevice"] = {false};
  out["IdentityService.LookUpCaller"] = {true};
  out["EnrolmentService.Enrol"] = {false};
}

void AddIntake(std::map<std::string, Exercise>& out) {
  const auto card = [](const Cell&, auto& r) { *r.mutable_card() = ACard(); };
  // A call of one's own was claimed by the other device; somebody else's is not there.
  out["IntakeService.OpenCase"] =
      With<intake::v1::OpenCaseRequest>(false, [](const Cell&, auto& r) {
        *r.mutable_card() = ACard();
        r.clear_call_id();
      });
  out["IntakeService.GetCase"] = {true};
  out["IntakeService.ListCases"] = {false};
  out["IntakeService.UpdateCase"] = With<intake::v1::UpdateCaseRequest>(true, card);
  out["IntakeService.ChangeCaseState"] = {true};
  out["IntakeService.AssignCase"] = {true};
  out["IntakeService.RecordConsent"] =
      With<intake::v1::RecordConsentRequest>(true, [](const Cell&, auto& r) {
        r.set_state(intake::v1::CONSENT_STATE_ACTIVE);
        r.add_field_groups(intake::v1::FIELD_GROUP_NEEDS);
      });
  out["IntakeService.AnswerConsent"] =
      With<intake::v1::AnswerConsentRequest>(true, [](const Cell& cell, auto& r) {
        if (IsOwn(cell)) r.set_consent_id(FreshConsent(cell, intake::v1::CONSENT_STATE_PROPOSED));
      });
  out["IntakeService.WithdrawConsent"] =
      With<intake::v1::WithdrawConsentRequest>(true, [](const Cell& cell, auto& r) {
        if (IsOwn(cell)) r.set_consent_id(FreshConsent(cell, intake::v1::CONSENT_STATE_ACTIVE));
      });
  out["IntakeService.ListConsents"] = {true};
  out["IntakeService.EnqueueCall"] = {false};
  out["IntakeService.ListCalls"] = {false};
  out["IntakeService.ClaimCall"] = {false};
  out["IntakeService.RenewCallLease"] = {true};
  out["IntakeService.CompleteCall"] = {true};
  out["IntakeService.ScheduleFollowUp"] = With<intake::v1::ScheduleFollowUpRequest>(
      true, [](const Cell&, auto& r) { r.clear_referral_id(); });
  out["IntakeService.RecordFollowUp"] = {true};
  out["IntakeService.ListFollowUps"] = {false};
  out["IntakeService.CheckConsent"] = {true};
  out["IntakeService.GetRoutingCard"] = {true};
}

void AddReferral(std::map<std::string, Exercise>& out) {
  out["DirectoryService.ImportDirectory"] =
      With<referral::v1::ImportDirectoryRequest>(false, [](const Cell& cell, auto& r) {
        r.clear_records();
        *r.add_records() = DirectoryRecord(cell.world.hub.organisation, 3);
      });
  out["DirectoryService.ListServicesAtLocation"] = {false};
  out["DirectoryService.SetServiceStatus"] =
      With<referral::v1::SetServiceStatusRequest>(false, [](const Cell& cell, auto& r) {
        r.set_service_at_location_id(cell.world.hub.ids.at("service_at_location_id"));
        r.set_status(referral::v1::SERVICE_STATUS_ACTIVE);
      });
  out["DirectoryService.SetCapacity"] = With<referral::v1::SetCapacityRequest>(
      true, [](const Cell&, auto& r) { r.set_maximum(kManyPlaces); });
  out["DirectoryService.GetCapacity"] = {true};
  out["DirectoryService.Match"] = With<referral::v1::MatchRequest>(false, [](const Cell&, auto& r) {
    *r.mutable_card() = ACard();
    r.set_need(common::v1::NEED_CODE_EMERGENCY_SHELTER);
  });
  out["ReferralService.CreateReferral"] =
      With<referral::v1::CreateReferralRequest>(true, [](const Cell& cell, auto& r) {
        r.set_need(common::v1::NEED_CODE_EMERGENCY_SHELTER);
        if (IsOwn(cell)) r.set_case_id(OpenCase(cell.world.network, cell.owner));
      });
  out["ReferralService.SendReferral"] =
      With<referral::v1::SendReferralRequest>(true, [](const Cell& cell, auto& r) {
        if (!IsOwn(cell)) return;
        r.set_referral_id(ReadyDraft(cell.world.network, cell.owner, cell.world.hub));
      });
  out["ReferralService.AcceptOffer"] =
      With<referral::v1::AcceptOfferRequest>(true, [](const Cell& cell, auto& r) {
        if (IsOwn(cell) && cell.owner.ids.contains("offer_id")) r.set_offer_id(FreshOffer(cell));
      });
  out["ReferralService.DeclineOffer"] =
      With<referral::v1::DeclineOfferRequest>(true, [](const Cell& cell, auto& r) {
        if (IsOwn(cell) && cell.owner.ids.contains("offer_id")) r.set_offer_id(FreshOffer(cell));
      });
  out["ReferralService.WaitlistOffer"] =
      With<referral::v1::WaitlistOfferRequest>(true, [](const Cell& cell, auto& r) {
        if (!IsOwn(cell) || !cell.owner.ids.contains("offer_id")) return;
        r.set_offer_id(FreshOffer(cell, common::v1::PRIORITY_P2));
      });
  out["ReferralService.ReportProgress"] =
      With<referral::v1::ReportProgressRequest>(true, [](const Cell& cell, auto& r) {
        if (!IsOwn(cell) || !cell.owner.ids.contains("offer_id")) return;
        r.set_offer_id(FreshAcceptedOffer(cell));
      });
  for (const char* name :
       {"ExtendReferral", "GetReferral", "EndReferral", "RevokeConsent", "CloseCase"}) {
    out[std::string("ReferralService.") + name] = {true};
  }
  out["ReferralService.ListReferrals"] = {false};
  out["ReferralService.ListOffers"] = {false};
}

void AddMessaging(std::map<std::string, Exercise>& out) {
  out["MessagingService.PublishKey"] =
      With<messaging::v1::PublishKeyRequest>(false, [](const Cell& cell, auto& r) {
        *r.mutable_key() = NewPublishedKey(cell.world.network, CallerOr(cell, cell.owner.member));
      });
  out["MessagingService.ListKeys"] = {false};
  out["MessagingService.BeginAttachment"] = {false};
  out["MessagingService.PutChunk"] = With<messaging::v1::PutChunkRequest>(
      true, [](const Cell&, auto& r) { r.set_data(kAttachment); });
  out["MessagingService.FinishAttachment"] = {true};
  out["MessagingService.GetChunk"] =
      With<messaging::v1::GetChunkRequest>(true, [](const Cell& cell, auto& r) {
        r.set_handoff_id(cell.owner.received_handoff);
        r.set_attachment_id(cell.owner.received_attachment);
      });
  out["MessagingService.SendHandoff"] =
      With<messaging::v1::SendHandoffRequest>(true, [](const Cell& cell, auto& r) {
        const Side& side = SideOf(cell);
        const Party& to = &cell.owner == &side.hotline ? side.centre : side.hotline;
        r = HandoffRequest(CallerOr(cell, cell.owner.member), cell.owner.ids.at("case_id"), to, {});
      });
  out["MessagingService.GetHandoff"] = {true};
  out["MessagingService.FetchMessages"] = {false};
  out["MessagingService.SubscribeMessages"] = {false};
  out["MessagingService.ReportHandoff"] =
      With<messaging::v1::ReportHandoffRequest>(true, [](const Cell& cell, auto& r) {
        r.set_handoff_id(cell.owner.received_handoff);
        r.set_state(messaging::v1::HANDOFF_STATE_DELIVERED);
      });
  out["MessagingService.RevokeHandoff"] = With<messaging::v1::RevokeHandoffRequest>(
      true, [](const Cell& cell, auto& r) { r.set_handoff_id(cell.owner.revocable_handoff); });
  out["MessagingService.DestroyUnopened"] = {true};
}

void AddAuditAndOutbox(std::map<std::string, Exercise>& out) {
  out["AuditService.ReadLogFile"] = {false};
  out["AuditService.GetProof"] = With<audit::v1::GetProofRequest>(
      false,
      [](const Cell& cell, auto& r) { r.set_leaf(ALeaf(cell.world, cell.world.a.hotline)); });
  out["OutboxService.ReadOutbox"] = {false};
  out["OutboxService.TrimOutbox"] = {false};
  out["OutboxService.ListHistory"] =
      With<common::v1::ListHistoryRequest>(true, [](const Cell& cell, auto& r) {
        // Identity's events are about organisations, the others' about cases.
        if (cell.server == "identity") r.set_subject_id(cell.owner.organisation.bytes());
      });
}

}  // namespace

const std::map<std::string, Exercise>& Exercises() {
  static const auto& exercises = *[] {
    auto* made = new std::map<std::string, Exercise>;
    AddIdentity(*made);
    AddIntake(*made);
    AddReferral(*made);
    AddMessaging(*made);
    AddAuditAndOutbox(*made);
    return made;
  }();
  return exercises;
}

std::string ShortName(const google::protobuf::MethodDescriptor& method) {
  return method.service()->name() + "." + method.name();
}

std::unique_ptr<Message> ValidRequest(const google::protobuf::MethodDescriptor& method,
                                      const Cell& cell) {
  std::unique_ptr<Message> request = NewRequest(method);
  Fill(*request, cell.owner.ids);
  const Exercise& exercise = Exercises().at(ShortName(method));
  if (exercise.adjust) exercise.adjust(cell, *request);
  return request;
}

}  // namespace amana::testing
