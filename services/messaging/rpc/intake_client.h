#pragma once

// Consents, by asking intake.

#include <memory>

#include "common/rpc/channel.h"
#include "services/messaging/app/ports.h"

namespace amana::messaging {

std::unique_ptr<Consents> MakeIntakeClient(std::shared_ptr<grpc::Channel> channel);

}  // namespace amana::messaging
