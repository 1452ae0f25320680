#include "services/identity/app/certificate_chain.h"

#include <map>
#include <set>

#include "common/base/status_macros.h"

namespace amana::identity {
namespace {

using ById = std::map<DeviceId, domain::Device>;

// The issuers that `devices` names and does not hold.
std::vector<DeviceId> Missing(const ById& devices) {
  std::set<DeviceId> missing;
  for (const auto& [id, device] : devices) {
    const DeviceId& issuer = device.certificate.issuer;
    if (!issuer.is_zero() && !devices.contains(issuer)) missing.insert(issuer);
  }
  return {missing.begin(), missing.end()};
}

}  // namespace

absl::StatusOr<std::vector<domain::Device>> OrderByIssuer(std::vector<domain::Device> devices,
                                                          const DeviceReader& read) {
  ById known;
  for (domain::Device& device : devices) {
    if (!device.certificate.statement.empty()) known.emplace(device.id, std::move(device));
  }
  for (std::vector<DeviceId> missing = Missing(known); !missing.empty(); missing = Missing(known)) {
    AMANA_ASSIGN_OR_RETURN(std::vector<domain::Device> links, read(missing));
    if (links.empty()) break;
    for (domain::Device& link : links) known.emplace(link.id, std::move(link));
  }
  // Each generation follows the one that issued it; an issuer is older than what it issued, so
  // there are no circles.
  std::vector<domain::Device> ordered;
  std::set<DeviceId> issuers = {DeviceId()};
  while (!issuers.empty()) {
    std::set<DeviceId> next;
    for (const auto& [id, device] : known) {
      if (!issuers.contains(device.certificate.issuer)) continue;
      ordered.push_back(device);
      next.insert(id);
    }
    issuers = std::move(next);
  }
  return ordered;
}

}  // namespace amana::identity
