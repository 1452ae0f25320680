#pragma once

// A handoff and the moves it may make. kHandoffTransitions is all there is to know about its
// states; whatever it does not list is refused.
//
//   sealed → delivered → opened → acknowledged
//   sealed, delivered → revoked
//
// A report says how far one device has come, and the handoff is as far as its furthest device. What
// was opened can't be taken back. What nobody has opened can't be acknowledged: once all devices
// have, package and documents are destroyed.

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/call_context.h"
#include "common/base/ids.h"

namespace amana::messaging::domain {

// How long a package waits for those it was sent to. Its status stays after that.
inline constexpr absl::Duration kRetention = absl::Hours(24 * 30);

// Numbers are those of amana.messaging.v1.HandoffState.
enum class HandoffState : int32_t {
  kUnspecified = 0,
  kSealed,
  kDelivered,
  kOpened,
  kAcknowledged,
  kRevoked,
};

// "sealed": for the audit log.
std::string_view NameOf(HandoffState state);

enum class HandoffCommand : int32_t {
  kReportDelivered,
  kReportOpened,
  kReportAcknowledged,
  kRevoke,
};

struct HandoffTransition {
  HandoffState from;
  HandoffCommand command;
  HandoffState to;
};

inline constexpr std::array<HandoffTransition, 12> kHandoffTransitions = {{
    {HandoffState::kSealed, HandoffCommand::kReportDelivered, HandoffState::kDelivered},
    {HandoffState::kSealed, HandoffCommand::kReportOpened, HandoffState::kOpened},
    {HandoffState::kSealed, HandoffCommand::kRevoke, HandoffState::kRevoked},
    {HandoffState::kDelivered, HandoffCommand::kReportDelivered, HandoffState::kDelivered},
    {HandoffState::kDelivered, HandoffCommand::kReportOpened, HandoffState::kOpened},
    {HandoffState::kDelivered, HandoffCommand::kRevoke, HandoffState::kRevoked},
    // Other devices come later, and say so: the handoff does not go back.
    {HandoffState::kOpened, HandoffCommand::kReportDelivered, HandoffState::kOpened},
    {HandoffState::kOpened, HandoffCommand::kReportOpened, HandoffState::kOpened},
    {HandoffState::kOpened, HandoffCommand::kReportAcknowledged, HandoffState::kAcknowledged},
    {HandoffState::kAcknowledged, HandoffCommand::kReportDelivered, HandoffState::kAcknowledged},
    {HandoffState::kAcknowledged, HandoffCommand::kReportOpened, HandoffState::kAcknowledged},
    {HandoffState::kAcknowledged, HandoffCommand::kReportAcknowledged, HandoffState::kAcknowledged},
}};

// One device it was sealed for.
struct Recipient {
  DeviceId device;
  HandoffState state = HandoffState::kSealed;  // what this device reported last
  bool queued = false;                         // it is in the device's mailbox

  friend bool operator==(const Recipient&, const Recipient&) = default;
};

struct Handoff {
  HandoffId id;
  CaseId case_id;
  ReferralId referral;  // zero: it belongs to none
  OrganisationId sender;
  DeviceId sender_device;
  OrganisationId recipient;
  HandoffState state = HandoffState::kUnspecified;
  absl::Time seal_time;
  absl::Time update_time;
  std::vector<Recipient> recipients;
  std::vector<BlobId> attachments;
  // False once ciphertext and keys were destroyed. It never becomes true again.
  bool package_held = false;

  friend bool operator==(const Handoff&, const Handoff&) = default;
};

// What a sender asks for. The package itself is none of the domain's business.
struct NewHandoff {
  HandoffId id;
  CaseId case_id;
  ReferralId referral;
  OrganisationId recipient;
  DeviceId package_device;              // who the package says it is from
  OrganisationId package_organisation;  // as package_device
  std::vector<DeviceId> devices;
  std::vector<BlobId> attachments;
};

// kInvalidField: the handoff's id is not beside the case's, the package says it is from someone
// else, an attachment is named twice. kRecipientInvalid: no recipient, or one named twice.
absl::StatusOr<Handoff> Seal(const Caller& caller, const NewHandoff& given, absl::Time now);

// kHandoffNotFound: the caller's device is not among its recipients. kInvalidField: not a state one
// reports. kHandoffStateInvalid: it was revoked. Once every device has acknowledged it the package
// is let go.
absl::StatusOr<Handoff> Report(const Handoff& before, const Caller& caller, HandoffState reported,
                               absl::Time now);

// kHandoffNotFound: it is not the caller's organisation's. kHandoffAlreadyOpened;
// kHandoffStateInvalid: it was revoked before.
absl::StatusOr<Handoff> Revoke(const Handoff& before, const Caller& caller, absl::Time now);

// The same because the consent was withdrawn; nothing where it is too late or done already.
std::optional<Handoff> Destroy(const Handoff& before, absl::Time now);

// Its retention is over: the package goes, the status stays.
Handoff DropPackage(const Handoff& before);

// Nobody has reported to have opened it, and somebody still could.
bool IsUnopened(const Handoff& handoff);

// Sender and receiver may know how far it has come.
bool MayRead(const Handoff& handoff, const Caller& caller);

// The sender's organisation and the devices it was sealed for may read its attachments, as long as
// it has its package.
bool MayReadAttachments(const Handoff& handoff, const Caller& caller);

// Null if the device is not among the recipients.
const Recipient* FindRecipient(const Handoff& handoff, const DeviceId& device);

// Whether the mailbox of this device need not mention it any more: the device has acknowledged it,
// or the package is gone.
bool IsOver(const Handoff& handoff, const DeviceId& device);

}  // namespace amana::messaging::domain
