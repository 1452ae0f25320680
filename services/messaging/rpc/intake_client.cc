#include "services/messaging/rpc/intake_client.h"

#include <utility>

#include "amana/intake/v1/intake.grpc.pb.h"
#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "common/rpc/call.h"

namespace amana::messaging {
namespace {

using IntakeService = amana::intake::v1::IntakeService;

// Whatever kept intake from answering, the sender learns that nothing was sent.
absl::Status Refuse(const absl::Status& status) {
  switch (ReasonOf(status)) {
    case Reason::kCaseNotFound:
    case Reason::kDeadlinePassed:
      return status;
    case Reason::kNotEnoughTime:
      return Error(Reason::kDeadlinePassed);
    default:
      return Error(Reason::kServiceUnavailable);
  }
}

class IntakeClient final : public Consents {
 public:
  explicit IntakeClient(std::shared_ptr<grpc::Channel> channel)
      : stub_(IntakeService::NewStub(std::move(channel))) {}

  absl::StatusOr<ConsentAnswer> MayShareDocuments(const CaseId& case_id,
                                                  const OrganisationId& recipient,
                                                  Deadline deadline) override {
    amana::intake::v1::CheckConsentRequest request;
    request.set_case_id(case_id.bytes());
    request.set_purpose(amana::common::v1::CONSENT_PURPOSE_SHARE_DOCUMENTS);
    request.set_recipient_organisation_id(recipient.bytes());
    const auto response = rpc::Call(*stub_, &IntakeService::Stub::CheckConsent, request,
                                    {.deadline = deadline, .retry = false});
    if (!response.ok()) return Refuse(response.status());
    ConsentAnswer answer;
    answer.active = response->active();
    if (!response->organisation_id().empty()) {
      AMANA_ASSIGN_OR_RETURN(answer.owner, OrganisationId::FromBytes(response->organisation_id()));
    }
    return answer;
  }

 private:
  const std::unique_ptr<IntakeService::Stub> stub_;
};

}  // namespace

std::unique_ptr<Consents> MakeIntakeClient(std::shared_ptr<grpc::Channel> channel) {
  return std::make_unique<IntakeClient>(std::move(channel));
}

}  // namespace amana::messaging
