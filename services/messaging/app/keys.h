#pragma once

// The directory of published HPKE keys.
//
// It can't tell a true key from a forged one, since it does not know the devices' signing keys:
// clients check each statement's signature against the device's certificate, up to the network's
// root, before they seal anything for it.

#include <string>

#include "absl/status/statusor.h"
#include "amana/messaging/v1/messaging.pb.h"
#include "common/base/call_context.h"
#include "services/messaging/app/context.h"

namespace amana::messaging {

// Thread-safe. Requests have passed the validator.
class Keys {
 public:
  explicit Keys(const Deps& deps) : deps_(deps) {}

  // Replaces the calling device's key. kPublishedKeyInvalid: the statement can't be read, or is of
  // another network or device.
  absl::StatusOr<std::string> Publish(const CallContext& context,
                                      const v1::PublishKeyRequest& request);

  // Of all devices of an organisation that ever published one; empty for an organisation that
  // nobody knows. Whether a device still works is identity's to say.
  absl::StatusOr<v1::ListKeysResponse> List(const CallContext& context,
                                            const v1::ListKeysRequest& request);

 private:
  const Deps& deps_;
};

}  // namespace amana::messaging
