#pragma once

// Domain values as the store keeps them, and where they are. Everything of one organisation (its
// row, devices, enrolment codes) is in one shard: device ids and codes begin with bytes that choose
// the organisation's.
//
//   row    organisation/<id>   row    device/<id>   row    code/<selector>
//   index  organisations       by create time, in every shard
//   index  devices.<org id>    pending and approved devices, by enrol time
//   index  revoked.<org id>    removed devices, by the time of removal
//   timer  code/<selector>     the end of an enrolment code

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/ids.h"
#include "common/store/store.h"
#include "services/identity/domain/device.h"
#include "services/identity/domain/enrolment.h"
#include "services/identity/domain/organisation.h"

namespace amana::identity {

// An invitation with the hash of its code.
struct StoredInvitation {
  domain::Invitation invitation;
  std::string code_hash;

  friend bool operator==(const StoredInvitation&, const StoredInvitation&) = default;
};

std::string Encode(const domain::Organisation& organisation);
std::string Encode(const domain::Device& device);
std::string Encode(const StoredInvitation& invitation);

// kStoredValueUnreadable for bytes that Encode() did not make.
absl::StatusOr<domain::Organisation> DecodeOrganisation(std::string_view bytes);
absl::StatusOr<domain::Device> DecodeDevice(std::string_view bytes);
absl::StatusOr<StoredInvitation> DecodeInvitation(std::string_view bytes);

amana::store::Key KeyOf(const OrganisationId& id);
amana::store::Key KeyOf(const DeviceId& id);
amana::store::Key CodeKey(std::string_view selector);

inline constexpr char kOrganisationsIndex[] = "organisations";
std::string DevicesIndex(const OrganisationId& id);
std::string RevokedIndex(const OrganisationId& id);

std::string CodeTimer(std::string_view selector);
// The selector of such a timer; empty for any other.
std::string_view SelectorOfTimer(std::string_view timer);

// Microseconds, which a double holds exactly until the year 2255.
double ScoreOf(absl::Time time);

}  // namespace amana::identity
