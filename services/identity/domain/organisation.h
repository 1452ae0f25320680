#pragma once

// An organisation: a node of the network's tree, and the head count of its devices.
//
//   open → closed

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/call_context.h"
#include "common/base/ids.h"
#include "services/identity/domain/words.h"

namespace amana::identity::domain {

struct Organisation {
  OrganisationId id;
  std::string name;
  OrganisationKind kind = OrganisationKind::kUnspecified;
  OrganisationId parent;  // zero for the network's own
  std::string region_code;
  std::string province_code;
  OrganisationState state = OrganisationState::kUnspecified;
  absl::Time create_time;
  // Every change of a device changes one of these, so that changes of one organisation's devices
  // come one after the other, however many servers there are.
  uint32_t live_devices = 0;    // pending and approved
  uint32_t approved_heads = 0;  // approved devices whose role IsHead()

  friend bool operator==(const Organisation&, const Organisation&) = default;
};

// Whether the caller may see to this organisation's devices: a head to its own's, a network
// administrator to everyone's.
bool MaySeeTo(const Caller& caller, const OrganisationId& organisation);

// What is given to create one.
struct NewOrganisation {
  OrganisationId id;
  std::string name;
  OrganisationKind kind = OrganisationKind::kUnspecified;
  std::string region_code;
  std::string province_code;
};

// `parent` is null where there is none of that id.
// kParentOrganisationInvalid: no such parent, closed, or the organisation itself. kInvalidField:
// a second network, or no known kind.
absl::StatusOr<Organisation> Create(const NewOrganisation& given, const Organisation* parent,
                                    absl::Time now);

// kOrganisationClosed if it is already; kInvalidField for the network's own, which nobody could
// open again.
absl::StatusOr<Organisation> Close(const Organisation& before);

}  // namespace amana::identity::domain
