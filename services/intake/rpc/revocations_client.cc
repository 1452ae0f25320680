#include "services/intake/rpc/revocations_client.h"

#include "common/rpc/call.h"

namespace amana::intake {
namespace {

template <class Request>
Request About(const RequestId& request_id, const CaseId& case_id, const OrganisationId& recipient) {
  Request request;
  request.set_request_id(request_id.bytes());
  request.set_case_id(case_id.bytes());
  request.set_recipient_organisation_id(recipient.bytes());
  return request;
}

}  // namespace

RemoteRevocations::RemoteRevocations(const std::shared_ptr<grpc::Channel>& referral,
                                     const std::shared_ptr<grpc::Channel>& messaging)
    : referral_(referral::v1::ReferralService::NewStub(referral)),
      messaging_(messaging::v1::MessagingService::NewStub(messaging)) {}

absl::Status RemoteRevocations::WithdrawOffers(const RequestId& request_id, const CaseId& case_id,
                                               const OrganisationId& recipient, Deadline deadline) {
  using Stub = referral::v1::ReferralService::Stub;
  return rpc::Call(*referral_, &Stub::RevokeConsent,
                   About<referral::v1::RevokeConsentRequest>(request_id, case_id, recipient),
                   {.deadline = deadline, .retry = false})
      .status();
}

absl::Status RemoteRevocations::DestroyPackages(const RequestId& request_id, const CaseId& case_id,
                                                const OrganisationId& recipient,
                                                Deadline deadline) {
  using Stub = messaging::v1::MessagingService::Stub;
  return rpc::Call(*messaging_, &Stub::DestroyUnopened,
                   About<messaging::v1::DestroyUnopenedRequest>(request_id, case_id, recipient),
                   {.deadline = deadline, .retry = false})
      .status();
}

absl::Status RemoteRevocations::WithdrawReferrals(const RequestId& request_id,
                                                  const CaseId& case_id, Deadline deadline) {
  using Stub = referral::v1::ReferralService::Stub;
  referral::v1::CloseCaseRequest request;
  request.set_request_id(request_id.bytes());
  request.set_case_id(case_id.bytes());
  return rpc::Call(*referral_, &Stub::CloseCase, request, {.deadline = deadline, .retry = false})
      .status();
}

}  // namespace amana::intake
