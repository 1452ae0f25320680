#include "services/referral/rpc/intake_client.h"

#include "amana/intake/v1/intake.grpc.pb.h"
#include "common/base/status_macros.h"
#include "common/rpc/call.h"
#include "services/referral/store/convert.h"

namespace amana::referral {
namespace {

using intake::v1::IntakeService;

rpc::CallOptions OptionsOf(const CallContext& context) {
  return {.deadline = context.deadline, .retry = false, .traceparent = context.traceparent};
}

class GrpcIntake final : public IntakePort {
 public:
  explicit GrpcIntake(std::shared_ptr<grpc::Channel> channel)
      : stub_(IntakeService::NewStub(std::move(channel))) {}

  absl::StatusOr<RoutedCase> GetCase(const CallContext& context, const CaseId& case_id) override {
    intake::v1::GetRoutingCardRequest request;
    request.set_case_id(case_id.bytes());
    AMANA_ASSIGN_OR_RETURN(
        const intake::v1::GetRoutingCardResponse response,
        rpc::Call(*stub_, &IntakeService::Stub::GetRoutingCard, request, OptionsOf(context)));
    return RoutedCase{.organisation_id = IdFrom<OrganisationId>(response.organisation_id()),
                      .closed = response.state() == intake::v1::CASE_STATE_CLOSED,
                      .card = FromProto(response.card())};
  }

  absl::StatusOr<bool> MayRefer(const CallContext& context, const CaseId& case_id,
                                const OrganisationId& recipient) override {
    intake::v1::CheckConsentRequest request;
    request.set_case_id(case_id.bytes());
    request.set_purpose(common::v1::CONSENT_PURPOSE_REFER);
    request.set_recipient_organisation_id(recipient.bytes());
    AMANA_ASSIGN_OR_RETURN(
        const intake::v1::CheckConsentResponse response,
        rpc::Call(*stub_, &IntakeService::Stub::CheckConsent, request, OptionsOf(context)));
    return response.active();
  }

 private:
  std::unique_ptr<IntakeService::Stub> stub_;
};

}  // namespace

std::unique_ptr<IntakePort> MakeIntake(std::shared_ptr<grpc::Channel> channel) {
  return std::make_unique<GrpcIntake>(std::move(channel));
}

}  // namespace amana::referral
