#include "services/intake/rpc/service.h"

#include <string>
#include <string_view>

#include "amana/intake/v1/intake.pb.h"
#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "services/intake/app/messages.h"
#include "services/intake/store/card.h"

namespace amana::intake {
namespace {

using Serialised = absl::StatusOr<std::string>;

// The validator has seen to required fields and lengths; an optional id that is empty is zero.
template <class I>
absl::StatusOr<I> ParseId(std::string_view bytes, std::string_view field) {
  if (bytes.empty()) return I();
  absl::StatusOr<I> id = I::FromBytes(bytes);
  if (!id.ok()) return Error(Reason::kInvalidField, {.field = std::string(field)});
  return id;
}

// In the microseconds that the store keeps. Timestamps reach from year 1 to 9999.
absl::StatusOr<absl::Time> ParseTime(const google::protobuf::Timestamp& time,
                                     std::string_view field) {
  constexpr int64_t kFirst = -62135596800;
  constexpr int64_t kLast = 253402300799;
  if (time.seconds() < kFirst || time.seconds() > kLast || time.nanos() < 0 ||
      time.nanos() > 999'999'999) {
    return Error(Reason::kInvalidField, {.field = std::string(field)});
  }
  return absl::FromUnixMicros(time.seconds() * 1'000'000 + time.nanos() / 1000);
}

void BindCases(Cases& cases, rpc::Service& service) {
  service.Unary<v1::OpenCaseRequest, v1::OpenCaseResponse>(
      "OpenCase",
      [&cases](const CallContext& context, const v1::OpenCaseRequest& request) -> Serialised {
        AMANA_ASSIGN_OR_RETURN(const CallId call_id, ParseId<CallId>(request.call_id(), "call_id"));
        return cases.Open(context,
                          {.channel = static_cast<domain::IntakeChannel>(request.channel()),
                           .card = FromProto(request.card()),
                           .call_id = call_id});
      });
  service.Unary<v1::GetCaseRequest, v1::GetCaseResponse>(
      "GetCase",
      [&cases](const CallContext& context, const v1::GetCaseRequest& request) -> Serialised {
        AMANA_ASSIGN_OR_RETURN(const CaseId id, ParseId<CaseId>(request.case_id(), "case_id"));
        AMANA_ASSIGN_OR_RETURN(const domain::Case found, cases.Get(context, id));
        return CaseReply<v1::GetCaseResponse>(found);
      });
  service.Unary<v1::ListCasesRequest, v1::ListCasesResponse>(
      "ListCases",
      [&cases](const CallContext& context, const v1::ListCasesRequest& request) -> Serialised {
        AMANA_ASSIGN_OR_RETURN(const Page<domain::Case> page,
                               cases.List(context, request.page_size(), request.page_token()));
        v1::ListCasesResponse response;
        for (const domain::Case& one : page.values) ToProto(one, response.add_cases());
        response.set_next_page_token(page.next_page_token);
        return rpc::Reply(response);
      });
  service.Unary<v1::UpdateCaseRequest, v1::UpdateCaseResponse>(
      "UpdateCase",
      [&cases](const CallContext& context, const v1::UpdateCaseRequest& request) -> Serialised {
        AMANA_ASSIGN_OR_RETURN(const CaseId id, ParseId<CaseId>(request.case_id(), "case_id"));
        return cases.Update(context, id, FromProto(request.card()));
      });
  service.Unary<v1::ChangeCaseStateRequest, v1::ChangeCaseStateResponse>(
      "ChangeCaseState",
      [&cases](const CallContext& context,
               const v1::ChangeCaseStateRequest& request) -> Serialised {
        AMANA_ASSIGN_OR_RETURN(const CaseId id, ParseId<CaseId>(request.case_id(), "case_id"));
        return cases.ChangeState(context, id, static_cast<domain::CaseCommand>(request.command()),
                                 static_cast<domain::ClosureReason>(request.closure_reason()));
      });
  service.Unary<v1::AssignCaseRequest, v1::AssignCaseResponse>(
      "AssignCase",
      [&cases](const CallContext& context, const v1::AssignCaseRequest& request) -> Serialised {
        AMANA_ASSIGN_OR_RETURN(const CaseId id, ParseId<CaseId>(request.case_id(), "case_id"));
        AMANA_ASSIGN_OR_RETURN(const DeviceId device,
                               ParseId<DeviceId>(request.device_id(), "device_id"));
        return cases.Assign(context, id, device);
      });
  service.Unary<v1::GetRoutingCardRequest, v1::GetRoutingCardResponse>(
      "GetRoutingCard",
      [&cases](const CallContext& context, const v1::GetRoutingCardRequest& request) -> Serialised {
        AMANA_ASSIGN_OR_RETURN(const CaseId id, ParseId<CaseId>(request.case_id(), "case_id"));
        AMANA_ASSIGN_OR_RETURN(const domain::Case found, cases.GetForService(context, id));
        v1::GetRoutingCardResponse response;
        response.set_organisation_id(found.organisation.bytes());
        response.set_state(static_cast<v1::CaseState>(found.state));
        ToProto(found.card, response.mutable_card());
        return rpc::Reply(response);
      });
}

absl::StatusOr<RecordConsent> ParseRecordConsent(const v1::RecordConsentRequest& request) {
  RecordConsent command;
  AMANA_ASSIGN_OR_RETURN(command.case_id, ParseId<CaseId>(request.case_id(), "case_id"));
  command.state = static_cast<domain::ConsentState>(request.state());
  domain::ConsentTerms& terms = command.terms;
  terms.purpose = static_cast<domain::ConsentPurpose>(request.purpose());
  AMANA_ASSIGN_OR_RETURN(
      terms.recipient,
      ParseId<OrganisationId>(request.recipient_organisation_id(), "recipient_organisation_id"));
  for (const int group : request.field_groups()) {
    terms.field_groups.push_back(static_cast<domain::FieldGroup>(group));
  }
  terms.manner = static_cast<domain::ConsentManner>(request.manner());
  terms.giver = static_cast<domain::ConsentGiver>(request.giver());
  terms.language = request.language();
  AMANA_ASSIGN_OR_RETURN(terms.expire_time, ParseTime(request.expire_time(), "expire_time"));
  return command;
}

void BindConsents(Consents& consents, rpc::Service& service) {
  service.Unary<v1::RecordConsentRequest, v1::RecordConsentResponse>(
      "RecordConsent",
      [&consents](const CallContext& context,
                  const v1::RecordConsentRequest& request) -> Serialised {
        AMANA_ASSIGN_OR_RETURN(const RecordConsent command, ParseRecordConsent(request));
        return consents.Record(context, command);
      });
  service.Unary<v1::AnswerConsentRequest, v1::AnswerConsentResponse>(
      "AnswerConsent",
      [&consents](const CallContext& context,
                  const v1::AnswerConsentRequest& request) -> Serialised {
        AMANA_ASSIGN_OR_RETURN(const ConsentId id,
                               ParseId<ConsentId>(request.consent_id(), "consent_id"));
        return consents.Answer(context, id, request.given());
      });
  service.Unary<v1::WithdrawConsentRequest, v1::WithdrawConsentResponse>(
      "WithdrawConsent",
      [&consents](const CallContext& context,
                  const v1::WithdrawConsentRequest& request) -> Serialised {
        AMANA_ASSIGN_OR_RETURN(const ConsentId id,
                               ParseId<ConsentId>(request.consent_id(), "consent_id"));
        return consents.Withdraw(context, id);
      });
  service.Unary<v1::ListConsentsRequest, v1::ListConsentsResponse>(
      "ListConsents",
      [&consents](const CallContext& context,
                  const v1::ListConsentsRequest& request) -> Serialised {
        AMANA_ASSIGN_OR_RETURN(const CaseId id, ParseId<CaseId>(request.case_id(), "case_id"));
        AMANA_ASSIGN_OR_RETURN(const ConsentsAt list, consents.List(context, id));
        v1::ListConsentsResponse response;
        for (const domain::Consent& one : list.consents) {
          ToProto(one, list.now, response.add_consents());
        }
        return rpc::Reply(response);
      });
  service.Unary<v1::CheckConsentRequest, v1::CheckConsentResponse>(
      "CheckConsent",
      [&consents](const CallContext& context,
                  const v1::CheckConsentRequest& request) -> Serialised {
        AMANA_ASSIGN_OR_RETURN(const CaseId id, ParseId<CaseId>(request.case_id(), "case_id"));
        AMANA_ASSIGN_OR_RETURN(const OrganisationId recipient,
                               ParseId<OrganisationId>(request.recipient_organisation_id(),
                                                       "recipient_organisation_id"));
        AMANA_ASSIGN_OR_RETURN(
            const ConsentAnswer answer,
            consents.Check(context, id, static_cast<domain::ConsentPurpose>(request.purpose()),
                           recipient));
        v1::CheckConsentResponse response;
        response.set_active(answer.active.has_value());
        if (answer.active) response.set_consent_id(answer.active->bytes());
        response.set_organisation_id(answer.organisation.bytes());
        return rpc::Reply(response);
      });
}

void BindCalls(Calls& calls, rpc::Service& service) {
  service.Unary<v1::EnqueueCallRequest, v1::EnqueueCallResponse>(
      "EnqueueCall",
      [&calls](const CallContext& context, const v1::EnqueueCallRequest& request) -> Serialised {
        return calls.Enqueue(context, static_cast<domain::Priority>(request.priority()));
      });
  service.Unary<v1::ListCallsRequest, v1::ListCallsResponse>(
      "ListCalls",
      [&calls](const CallContext& context, const v1::ListCallsRequest& request) -> Serialised {
        AMANA_ASSIGN_OR_RETURN(const Page<domain::Call> page,
                               calls.List(context, request.page_size(), request.page_token()));
        v1::ListCallsResponse response;
        for (const domain::Call& one : page.values) ToProto(one, response.add_calls());
        response.set_next_page_token(page.next_page_token);
        return rpc::Reply(response);
      });
  service.Unary<v1::ClaimCallRequest, v1::ClaimCallResponse>(
      "ClaimCall", [&calls](const CallContext& context, const v1::ClaimCallRequest&) -> Serialised {
        return calls.Claim(context);
      });
  service.Unary<v1::RenewCallLeaseRequest, v1::RenewCallLeaseResponse>(
      "RenewCallLease",
      [&calls](const CallContext& context, const v1::RenewCallLeaseRequest& request) -> Serialised {
        AMANA_ASSIGN_OR_RETURN(const CallId id, ParseId<CallId>(request.call_id(), "call_id"));
        return calls.RenewLease(context, id);
      });
  service.Unary<v1::CompleteCallRequest, v1::CompleteCallResponse>(
      "CompleteCall",
      [&calls](const CallContext& context, const v1::CompleteCallRequest& request) -> Serialised {
        AMANA_ASSIGN_OR_RETURN(const CallId id, ParseId<CallId>(request.call_id(), "call_id"));
        return calls.Complete(context, id);
      });
}

void BindFollowUps(FollowUps& follow_ups, rpc::Service& service) {
  service.Unary<v1::ScheduleFollowUpRequest, v1::ScheduleFollowUpResponse>(
      "ScheduleFollowUp",
      [&follow_ups](const CallContext& context,
                    const v1::ScheduleFollowUpRequest& request) -> Serialised {
        AMANA_ASSIGN_OR_RETURN(const CaseId id, ParseId<CaseId>(request.case_id(), "case_id"));
        AMANA_ASSIGN_OR_RETURN(const ReferralId referral,
                               ParseId<ReferralId>(request.referral_id(), "referral_id"));
        AMANA_ASSIGN_OR_RETURN(const absl::Time due, ParseTime(request.due_time(), "due_time"));
        return follow_ups.Schedule(context, id, referral, due);
      });
  service.Unary<v1::RecordFollowUpRequest, v1::RecordFollowUpResponse>(
      "RecordFollowUp",
      [&follow_ups](const CallContext& context,
                    const v1::RecordFollowUpRequest& request) -> Serialised {
        AMANA_ASSIGN_OR_RETURN(const FollowUpId id,
                               ParseId<FollowUpId>(request.follow_up_id(), "follow_up_id"));
        return follow_ups.Record(context, id,
                                 static_cast<domain::FollowUpOutcome>(request.outcome()),
                                 static_cast<domain::FollowUpReason>(request.reason()));
      });
  service.Unary<v1::ListFollowUpsRequest, v1::ListFollowUpsResponse>(
      "ListFollowUps",
      [&follow_ups](const CallContext& context,
                    const v1::ListFollowUpsRequest& request) -> Serialised {
        AMANA_ASSIGN_OR_RETURN(const absl::Time until, ParseTime(request.due_until(), "due_until"));
        AMANA_ASSIGN_OR_RETURN(
            const Page<domain::FollowUp> page,
            follow_ups.List(context, until, request.page_size(), request.page_token()));
        v1::ListFollowUpsResponse response;
        for (const domain::FollowUp& one : page.values) ToProto(one, response.add_follow_ups());
        response.set_next_page_token(page.next_page_token);
        return rpc::Reply(response);
      });
}

}  // namespace

std::unique_ptr<rpc::Service> MakeIntakeService(Cases& cases, Consents& consents, Calls& calls,
                                                FollowUps& follow_ups) {
  auto service = std::make_unique<rpc::Service>("amana.intake.v1.IntakeService");
  BindCases(cases, *service);
  BindConsents(consents, *service);
  BindCalls(calls, *service);
  BindFollowUps(follow_ups, *service);
  return service;
}

}  // namespace amana::intake
