#pragma once

#include <grpcpp/channel.h>

#include <memory>

#include "services/referral/app/ports.h"

namespace amana::referral {

// Asks intake over gRPC, once for each question: a caller or a timer tries again.
std::unique_ptr<IntakePort> MakeIntake(std::shared_ptr<grpc::Channel> channel);

}  // namespace amana::referral
