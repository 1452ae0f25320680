#pragma once

// Where things stand in the store.
//
//   in the shard of the handoff, which is its case's:
//     row    handoff/<id>                    row    package/<id>, until it is destroyed
//     row    fence/<case>.<org>              counts withdrawals of consent
//     index  unopened.<case>.<org>           what a withdrawal destroys
//     index  senders.<case>                  organisations that sent something
//     timer  deliver/<id>, sweep/<id>, retain/<id>
//   in the shard of the device:
//     row    key/<device>                    row    mailbox/<device>
//     row    entry/<device>.<handoff>        index  inbox.<device>: handoffs by sequence
//     index  keys.<org>                      its devices with a published key, in every shard
//   in the shard of the organisation, whose first bytes an attachment's id has:
//     row    attachment/<id>                 row    usage/<org>
//     timer  expire/<attachment>

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "common/base/ids.h"
#include "common/store/store.h"

namespace amana::messaging {

inline amana::store::Key KeyOf(const HandoffId& id) { return {"handoff", id.ToString()}; }
inline amana::store::Key KeyOf(const BlobId& id) { return {"attachment", id.ToString()}; }
inline amana::store::Key PackageKey(const HandoffId& id) { return {"package", id.ToString()}; }
inline amana::store::Key FenceKey(const CaseId& id, const OrganisationId& recipient) {
  return {"fence", id.ToString() + "." + recipient.ToString()};
}
inline amana::store::Key UsageKey(const OrganisationId& id) { return {"usage", id.ToString()}; }
inline amana::store::Key PublishedKeyKey(const DeviceId& id) { return {"key", id.ToString()}; }
inline amana::store::Key MailboxKey(const DeviceId& id) { return {"mailbox", id.ToString()}; }
inline amana::store::Key EntryKey(const DeviceId& device, const HandoffId& handoff) {
  return {"entry", device.ToString() + "." + handoff.ToString()};
}

inline std::string UnopenedIndex(const CaseId& id, const OrganisationId& recipient) {
  return "unopened." + id.ToString() + "." + recipient.ToString();
}
inline std::string SendersIndex(const CaseId& id) { return "senders." + id.ToString(); }
inline std::string InboxIndex(const DeviceId& id) { return "inbox." + id.ToString(); }
inline std::string KeysIndex(const OrganisationId& id) { return "keys." + id.ToString(); }

inline constexpr std::string_view kDeliverTimer = "deliver/";
inline constexpr std::string_view kSweepTimer = "sweep/";
inline constexpr std::string_view kRetainTimer = "retain/";
inline constexpr std::string_view kExpireTimer = "expire/";

template <class I>
std::string TimerOf(std::string_view kind, const I& id) {
  return std::string(kind) + id.ToString();
}

}  // namespace amana::messaging
