#pragma once

// How a device comes in: a code that a head makes, and the door where it is handed in.

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "amana/identity/v1/identity.pb.h"
#include "common/base/call_context.h"
#include "services/identity/app/certificates.h"
#include "services/identity/app/context.h"
#include "services/identity/app/enrolment_code.h"
#include "services/identity/app/enrolment_limiter.h"
#include "services/identity/domain/enrolment.h"
#include "services/identity/store/repository.h"

namespace amana::identity {

// What the device's new signing key signs, before the request_id (EnrolRequest.signature).
inline constexpr std::string_view kEnrolmentPrefix = "amana enrolment v1\n";

// Thread-safe. Requests have passed the validator. Commands answer with the serialised response,
// which a repetition gets again.
class Enrolment {
 public:
  // kOverloaded if there is no memory for Argon2id.
  static absl::StatusOr<std::unique_ptr<Enrolment>> Make(Tools& tools,
                                                         const CertificateIssuer& issuer,
                                                         const EnrolmentLimits& limits = {});

  // kOrganisationNotFound: none, or one that the caller may not see to; kOrganisationClosed,
  // kInvalidField (role), kTooManyDevices. The code is in the recorded reply, sealed, for as long
  // as replies are kept; by then it has long expired.
  absl::StatusOr<std::string> CreateCode(const CallContext& context,
                                         const v1::CreateEnrolmentCodeRequest& request);

  // Uses the code up and makes a pending device, in one commit. kRateLimited, kInvalidField
  // (signature), kCertificateRequestInvalid, kTooManyDevices. A code that is wrong, used or expired
  // is kEnrolmentCodeInvalid after the same work: one read and one Argon2id.
  absl::StatusOr<std::string> Enrol(const CallContext& context, const v1::EnrolRequest& request);

  // Forgets a code that has expired. The timer of codec.h.
  absl::Status ExpireCode(const amana::store::DueTimer& timer, Deadline deadline);

 private:
  struct Applicant;

  Enrolment(Tools& tools, const CertificateIssuer& issuer, const EnrolmentLimits& limits,
            std::string decoy_hash);

  absl::StatusOr<amana::store::Commit> DecideCode(const CallContext& context,
                                                  const OrganisationId& organisation, Role role,
                                                  const EnrolmentCode& code,
                                                  const std::string& hash);
  absl::StatusOr<Versioned<StoredInvitation>> OpenInvitation(const CallContext& context,
                                                             Applicant& applicant);
  absl::StatusOr<amana::store::Commit> DecideEnrol(const CallContext& context,
                                                   Applicant& applicant);

  Tools& tools_;
  const Repository repository_;
  const CertificateIssuer& issuer_;
  EnrolmentLimiter limiter_;
  // What a code that does not exist is compared with.
  const std::string decoy_hash_;
};

}  // namespace amana::identity
