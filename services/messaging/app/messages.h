#pragma once

// Domain values as messages of the contract. Here and not in rpc/, because a command's reply is
// part of its commit.

#include <string>

#include "absl/status/statusor.h"
#include "amana/messaging/v1/messaging.pb.h"
#include "services/messaging/domain/handoff.h"

namespace amana::messaging {

v1::Handoff ToMessage(const domain::Handoff& handoff);

// A serialised response whose only field is the handoff.
template <class Response>
std::string HandoffReply(const domain::Handoff& handoff) {
  Response response;
  *response.mutable_handoff() = ToMessage(handoff);
  return response.SerializeAsString();
}

// What a sender asks for. kInvalidField.
absl::StatusOr<domain::NewHandoff> FromMessage(const v1::SendHandoffRequest& request);

// The package as one device gets it: with its own recipient entry alone.
v1::Package PackageFor(v1::Package package, const DeviceId& device);

}  // namespace amana::messaging
