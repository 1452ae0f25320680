#pragma once

// What intake asks of others. rpc/ answers with calls to the services, tests with fakes.

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/deadline.h"
#include "common/base/ids.h"

namespace amana::intake {

// Thread-safe.
class Colleagues {
 public:
  virtual ~Colleagues() = default;
  // Whether this is an approved device of the organisation whose role takes cases.
  virtual absl::StatusOr<bool> TakesCases(const OrganisationId& organisation,
                                          const DeviceId& device, Deadline deadline) = 0;
};

// Those who act on what was taken back: a consent withdrawn, a case closed. They are asked again,
// with the same request_id, until they succeed: each must do it once. Thread-safe.
class Revocations {
 public:
  virtual ~Revocations() = default;
  // Withdraws the case's open offers to the recipient.
  virtual absl::Status WithdrawOffers(const RequestId& request_id, const CaseId& case_id,
                                      const OrganisationId& recipient, Deadline deadline) = 0;
  // Destroys the case's packages that the recipient has not opened.
  virtual absl::Status DestroyPackages(const RequestId& request_id, const CaseId& case_id,
                                       const OrganisationId& recipient, Deadline deadline) = 0;
  // Withdraws the case's referrals, but for those that she has arrived by. kCaseStateInvalid where
  // the case was reopened.
  virtual absl::Status WithdrawReferrals(const RequestId& request_id, const CaseId& case_id,
                                         Deadline deadline) = 0;
};

}  // namespace amana::intake
