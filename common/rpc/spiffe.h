#pragma once

// The names in certificates: spiffe://<network>/org/<id>/device/<id> and
// spiffe://<network>/service/<name>.

#include <string>
#include <string_view>
#include <variant>

#include "absl/status/statusor.h"
#include "common/base/ids.h"

namespace amana::rpc {

struct DevicePeer {
  OrganisationId organisation;
  DeviceId device;
  friend bool operator==(const DevicePeer&, const DevicePeer&) = default;
};

struct ServicePeer {
  std::string name;
  friend bool operator==(const ServicePeer&, const ServicePeer&) = default;
};

using Peer = std::variant<DevicePeer, ServicePeer>;

// kCallerUnknown for another network's name and for anything that is not exactly one of the two.
absl::StatusOr<Peer> ParseSpiffeId(std::string_view spiffe_id, std::string_view network);

std::string DeviceSpiffeId(std::string_view network, const OrganisationId& organisation,
                           const DeviceId& device);
std::string ServiceSpiffeId(std::string_view network, std::string_view service);

}  // namespace amana::rpc
