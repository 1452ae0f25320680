#pragma once

// What messaging asks of others, as it needs it. rpc/ answers with calls to the services, tests
// with fakes. All are thread-safe.

#include "absl/status/statusor.h"
#include "common/base/deadline.h"
#include "common/base/ids.h"

namespace amana::messaging {

struct ConsentAnswer {
  bool active = false;
  OrganisationId owner;  // the case's organisation
};

// Intake.
class Consents {
 public:
  virtual ~Consents() = default;
  // Whether she agreed, for now, to documents of this case going to this organisation.
  // kCaseNotFound. No answer is not a yes: kServiceUnavailable, kDeadlinePassed.
  virtual absl::StatusOr<ConsentAnswer> MayShareDocuments(const CaseId& case_id,
                                                          const OrganisationId& recipient,
                                                          Deadline deadline) = 0;
};

// Identity.
class Devices {
 public:
  virtual ~Devices() = default;
  // The organisation of an approved device. kRecipientInvalid: no such device, not approved,
  // removed, or its organisation is closed. kServiceUnavailable, kDeadlinePassed: nobody can say.
  virtual absl::StatusOr<OrganisationId> OrganisationOf(const DeviceId& device,
                                                        Deadline deadline) = 0;
};

}  // namespace amana::messaging
