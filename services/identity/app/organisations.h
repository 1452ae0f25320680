#pragma once

// Commands and reads about organisations.

#include <string>

#include "absl/status/statusor.h"
#include "amana/identity/v1/identity.pb.h"
#include "common/base/call_context.h"
#include "services/identity/app/context.h"
#include "services/identity/store/repository.h"

namespace amana::identity {

// Thread-safe. Requests have passed the validator. Commands answer with the serialised response,
// which a repetition gets again.
class Organisations {
 public:
  explicit Organisations(Tools& tools) : tools_(tools), repository_(tools.store) {}

  // kParentOrganisationInvalid; kInvalidField (organisation_id: there is one of that id already).
  // The parent lives in another shard: one that is closed at this very moment still gets its child.
  absl::StatusOr<std::string> Create(const CallContext& context,
                                     const v1::CreateOrganisationRequest& request);
  // kOrganisationNotFound, kOrganisationClosed.
  absl::StatusOr<std::string> Close(const CallContext& context,
                                    const v1::CloseOrganisationRequest& request);
  // In the order of their making. kPageTokenInvalid.
  absl::StatusOr<v1::ListOrganisationsResponse> List(const CallContext& context,
                                                     const v1::ListOrganisationsRequest& request);

 private:
  absl::StatusOr<amana::store::Commit> DecideCreate(const CallContext& context,
                                                    const domain::NewOrganisation& given,
                                                    const OrganisationId& parent);
  absl::StatusOr<amana::store::Commit> DecideClose(const CallContext& context,
                                                   const OrganisationId& id);

  Tools& tools_;
  const Repository repository_;
};

}  // namespace amana::identity
