#pragma once

#include <string_view>

#include "absl/status/status.h"
#include "common/base/deadline.h"
#include "services/intake/app/calls.h"
#include "services/intake/app/cases.h"
#include "services/intake/app/consents.h"

namespace amana::intake {

// Runs a due timer of intake by its name ("call/<id>"). kUnexpected for a name that none of ours
// has.
absl::Status RunTimer(std::string_view timer, Calls& calls, Cases& cases, Consents& consents,
                      Deadline deadline);

}  // namespace amana::intake
