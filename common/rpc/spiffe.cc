#include "common/rpc/spiffe.h"

#include <algorithm>

#include "common/base/error.h"
#include "common/base/status_macros.h"

namespace amana::rpc {
namespace {

constexpr std::string_view kScheme = "spiffe://";
constexpr size_t kMaxServiceName = 32;

bool IsServiceName(std::string_view name) {
  return !name.empty() && name.size() <= kMaxServiceName &&
         std::all_of(name.begin(), name.end(), [](char c) { return c >= 'a' && c <= 'z'; });
}

// Takes `prefix` off the front of `text`.
bool Consume(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

template <class I>
bool ConsumeId(std::string_view& text, I& id) {
  const auto parsed = I::Parse(text.substr(0, kIdTextSize));
  if (!parsed.ok() || parsed->is_zero()) return false;
  id = *parsed;
  text.remove_prefix(kIdTextSize);
  return true;
}

}  // namespace

absl::StatusOr<Peer> ParseSpiffeId(std::string_view spiffe_id, std::string_view network) {
  std::string_view rest = spiffe_id;
  if (network.empty() || !Consume(rest, kScheme) || !Consume(rest, network)) {
    return Error(Reason::kCallerUnknown);
  }
  if (Consume(rest, "/service/")) {
    if (!IsServiceName(rest)) return Error(Reason::kCallerUnknown);
    return ServicePeer{std::string(rest)};
  }
  DevicePeer peer;
  if (!Consume(rest, "/org/") || !ConsumeId(rest, peer.organisation) ||
      !Consume(rest, "/device/") || !ConsumeId(rest, peer.device) || !rest.empty()) {
    return Error(Reason::kCallerUnknown);
  }
  return peer;
}

std::string DeviceSpiffeId(std::string_view network, const OrganisationId& organisation,
                           const DeviceId& device) {
  return std::string(kScheme) + std::string(network) + "/org/" + organisation.ToString() +
         "/device/" + device.ToString();
}

std::string ServiceSpiffeId(std::string_view network, std::string_view service) {
  return std::string(kScheme) + std::string(network) + "/service/" + std::string(service);
}

}  // namespace amana::rpc
