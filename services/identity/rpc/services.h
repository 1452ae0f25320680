#pragma once

// The methods of identity, bound to the commands and reads of app/.

#include <memory>

#include "common/rpc/service.h"
#include "services/identity/app/devices.h"
#include "services/identity/app/enrolment.h"
#include "services/identity/app/organisations.h"

namespace amana::identity {

// What is handed over outlives the services.
std::unique_ptr<rpc::Service> MakeIdentityService(Organisations& organisations,
                                                  Enrolment& enrolment, Devices& devices);

// The door without client certificates.
std::unique_ptr<rpc::Service> MakeEnrolmentService(Enrolment& enrolment);

// LookUpCaller's answer.
absl::StatusOr<v1::LookUpCallerResponse> LookUpCaller(const CallContext& context,
                                                      const v1::LookUpCallerRequest& request,
                                                      const Devices& devices);

// Whether the caller may read the history of `subject`, an organisation.
bool MayReadHistory(const Caller& caller, std::string_view subject);

}  // namespace amana::identity
