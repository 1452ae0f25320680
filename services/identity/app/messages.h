#pragma once

// Domain values as messages of the contract.

#include "absl/time/time.h"
#include "amana/identity/v1/identity.pb.h"
#include "services/identity/domain/device.h"
#include "services/identity/domain/organisation.h"

namespace amana::identity {

v1::Organisation ToMessage(const domain::Organisation& organisation);
v1::Device ToMessage(const domain::Device& device);
v1::DeviceCertificate ToMessage(const domain::DeviceCertificate& certificate);
google::protobuf::Timestamp ToMessage(absl::Time time);

}  // namespace amana::identity
