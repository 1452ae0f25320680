#pragma once

#include <grpcpp/channel.h>

#include <memory>

#include "amana/messaging/v1/messaging.grpc.pb.h"
#include "amana/referral/v1/referral.grpc.pb.h"
#include "services/intake/app/ports.h"

namespace amana::intake {

// Tells referral and messaging. Tries once: the timer behind it tries again. Thread-safe.
class RemoteRevocations final : public Revocations {
 public:
  RemoteRevocations(const std::shared_ptr<grpc::Channel>& referral,
                    const std::shared_ptr<grpc::Channel>& messaging);

  absl::Status WithdrawOffers(const RequestId& request_id, const CaseId& case_id,
                              const OrganisationId& recipient, Deadline deadline) override;
  absl::Status DestroyPackages(const RequestId& request_id, const CaseId& case_id,
                               const OrganisationId& recipient, Deadline deadline) override;
  absl::Status WithdrawReferrals(const RequestId& request_id, const CaseId& case_id,
                                 Deadline deadline) override;

 private:
  const std::unique_ptr<referral::v1::ReferralService::Stub> referral_;
  const std::unique_ptr<messaging::v1::MessagingService::Stub> messaging_;
};

}  // namespace amana::intake
