#pragma once

// What every command of identity works with.

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "common/base/call_context.h"
#include "common/base/clock.h"
#include "common/base/error.h"
#include "common/base/ids.h"
#include "common/base/random.h"
#include "common/crypto/sign.h"
#include "common/store/store.h"
#include "services/identity/domain/device.h"
#include "services/identity/domain/enrolment.h"
#include "services/identity/domain/organisation.h"

namespace amana::identity {

// All referred to outlive whoever is given this.
struct Tools {
  amana::store::Store& store;
  const Clock& clock;
  Random& random;
  std::string network;            // its name, as statements and SPIFFE ids have it
  crypto::VerifyingKey root_key;  // of the genesis
  uint32_t max_devices = domain::kMaxDevices;
};

// An id out of a request; kInvalidField with the field's name unless it is 16 bytes, not all zero.
template <class I>
absl::StatusOr<I> IdFrom(std::string_view bytes, const char* field) {
  absl::StatusOr<I> id = I::FromBytes(bytes);
  if (!id.ok() || id->is_zero()) return Error(Reason::kInvalidField, {.field = field});
  return id;
}

// The audit event of a change: its subject is the organisation, its object the device, if any.
amana::store::AuditRecord OrganisationEvent(const Tools& tools, const CallContext& context,
                                            const domain::Organisation& organisation,
                                            std::string_view action = "");
amana::store::AuditRecord DeviceEvent(const Tools& tools, const CallContext& context,
                                      const domain::Device& device, std::string_view state,
                                      std::string_view action = "");
// An enrolment code, of which the log learns organisation and role alone.
amana::store::AuditRecord InvitationEvent(const Tools& tools, const CallContext& context,
                                          const domain::Invitation& invitation,
                                          std::string_view state);

}  // namespace amana::identity
