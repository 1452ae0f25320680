#pragma once

// Reads a directory in HSDS 3.1 or 3.0 JSON into the records that the network imports, as
// docs/hsds.md says: tolerant where a guess harms nobody, strict where a wrong record would.
//
// Sealed places: of a location whose place is sealed nothing is taken but its province and a phone
// at the front door; addresses, contacts, url, transportation and exact coordinates never get into
// a record.

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "amana/identity/v1/identity.pb.h"
#include "amana/referral/v1/directory.pb.h"
#include "common/base/error.h"

namespace amana::client {

inline constexpr size_t kMaxHsdsBytes = size_t{256} << 20;

// A record, or a part of one, that was not taken as it stands.
struct HsdsNote {
  std::string record_id;                 // as the file spells it; empty if it has none
  Reason reason = Reason::kUnspecified;  // of a refusal; kUnspecified for a warning
  std::string what;                      // fixed words, nothing out of the file
};

struct HsdsDirectory {
  // Parents before their children. An organisation whose parent is not in the file has none here:
  // it comes below the network's root.
  std::vector<identity::v1::Organisation> organisations;
  std::vector<referral::v1::ServiceAtLocation> records;
  std::vector<HsdsNote> refused;
  std::vector<HsdsNote> warnings;
};

// kInputMalformed if it is no JSON, or JSON of another shape than HSDS organizations have. `now`
// tells which schedules are over.
absl::StatusOr<HsdsDirectory> ReadHsds(std::string_view text, absl::Time now);

}  // namespace amana::client
