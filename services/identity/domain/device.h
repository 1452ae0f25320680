#pragma once

// A device and the moves it may make. kDeviceTransitions is all there is to know about its states.
//
//   pending → approved → revoked,  pending → revoked

#include <array>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/call_context.h"
#include "common/base/ids.h"
#include "services/identity/domain/organisation.h"
#include "services/identity/domain/words.h"

namespace amana::identity::domain {

// Pending and approved devices of one organisation: a group that a person can look over, and that
// its clients can seal a handoff for. Removed ones do not count.
inline constexpr uint32_t kMaxDevices = 512;

// The link of the chain of trust that a device was approved by, as exact bytes.
struct DeviceCertificate {
  std::string statement;
  DeviceId issuer;  // zero: the network's root
  std::string signature;

  friend bool operator==(const DeviceCertificate&, const DeviceCertificate&) = default;
};

struct Device {
  DeviceId id;
  OrganisationId organisation;
  Role role = Role::kUnspecified;
  DeviceState state = DeviceState::kUnspecified;
  std::string signing_key;  // Ed25519, 32 bytes
  DeviceId inviter;         // who made its enrolment code; zero for the first of all
  absl::Time enrol_time;
  DeviceCertificate certificate;  // from its approval on

  friend bool operator==(const Device&, const Device&) = default;
};

enum class DeviceCommand : int32_t { kApprove, kRevoke };

struct DeviceTransition {
  DeviceState from;
  DeviceCommand command;
  DeviceState to;
};

inline constexpr std::array<DeviceTransition, 3> kDeviceTransitions = {{
    {DeviceState::kPending, DeviceCommand::kApprove, DeviceState::kApproved},
    {DeviceState::kPending, DeviceCommand::kRevoke, DeviceState::kRevoked},
    {DeviceState::kApproved, DeviceCommand::kRevoke, DeviceState::kRevoked},
}};

// A device together with its organisation: what a command changes at once.
struct Membership {
  Organisation organisation;
  Device device;

  friend bool operator==(const Membership&, const Membership&) = default;
};

// Whether the device may do anything: kDeviceRevoked, kDeviceNotApproved, kOrganisationClosed.
absl::Status CheckMayWork(const Membership& membership);

// What a statement says about a device (amana.identity.v1.DeviceStatement), parsed.
struct Statement {
  std::string network;
  OrganisationId organisation;
  DeviceId device;
  Role role = Role::kUnspecified;
  std::string signing_key;
};

// A certificate as it was handed in.
struct Presented {
  Statement statement;
  DeviceCertificate certificate;
  // The device that certificate.issuer names; null if it names none or there is none.
  const Device* issuer = nullptr;
  // Whether the signature is by the issuer's key, or by the root's where certificate.issuer is
  // zero.
  bool signature_valid = false;
};

// Approves a device of `network`. The caller may see to the organisation (the app's question).
// kOrganisationClosed; kDeviceStateInvalid; kDeviceCertificateInvalid: it says something else than
// the pending device, its signature is wrong, or its issuer may not vouch: that is an approved head
// of the same organisation, or the root for as long as there is no such head.
absl::StatusOr<Membership> Approve(const Membership& before, const std::string& network,
                                   const Presented& presented);

// Removes a device for ever. The caller may see to the organisation. kDeviceStateInvalid;
// kLastDevice: it is the organisation's last approved head, and the caller is no network
// administrator, or the organisation is the network itself, which no one could enter any more.
absl::StatusOr<Membership> Revoke(const Membership& before, const Caller& caller);

}  // namespace amana::identity::domain
