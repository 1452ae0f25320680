#pragma once

#include <memory>

#include "common/rpc/service.h"
#include "services/intake/app/calls.h"
#include "services/intake/app/cases.h"
#include "services/intake/app/consents.h"
#include "services/intake/app/follow_ups.h"

namespace amana::intake {

// amana.intake.v1.IntakeService: parses, calls, renders, and nothing else. All parts outlive it.
std::unique_ptr<rpc::Service> MakeIntakeService(Cases& cases, Consents& consents, Calls& calls,
                                                FollowUps& follow_ups);

}  // namespace amana::intake
