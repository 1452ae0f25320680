#pragma once

// How a network begins: its offline root key, its CA, its log key, its genesis, and the first
// administrator's vault. Needs no service; done once, on a machine of the network's own.
//
//   <dir>/root.key    seed of the root key, 64 hexadecimal digits: keep it offline
//   <dir>/ca.pem ca.key            the CA of the transport
//   <dir>/log.key     the log's name, then the seed of its key; goes to the audit service alone
//   <dir>/log.vkey    the log's public key (C2SP vkey)
//   <dir>/genesis.pb  amana.identity.v1.Genesis: public, goes to everyone
// Private files have mode 0600.

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "amana/identity/v1/identity.pb.h"
#include "common/crypto/sign.h"

namespace amana::client {

struct FoundingOptions {
  std::string directory;
  std::string network;
  std::string administrator_home;
  std::string passphrase;
  // Copied into the administrator's vault; the files that it names may be those made here.
  std::string client_config_file;
};

// kFileUnreadable if there is a network or a vault already: nothing is written over.
absl::StatusOr<identity::v1::Genesis> FoundNetwork(const FoundingOptions& options);

// Gives the device in `home` a new TLS certificate straight from the CA if less than 8 h of its own
// are left: the way back in for a machine that was off for longer than a certificate lives. Needs
// the CA's key, so it is done where the network's keys are. Whether the device may do anything is
// still identity's to say. True if there was need.
absl::StatusOr<bool> ReissueDeviceCertificate(const std::string& directory, const std::string& home,
                                              std::string_view passphrase);

absl::StatusOr<crypto::SigningKey> ReadRootKey(const std::string& path);

// Writes <out>/<service>/tls/{ca,cert,key}.pem for each service, all three at once: `tls` is a
// symbolic link to a new folder, swapped atomically, so that a running service never reads a key
// that belongs to another certificate.
absl::Status IssueServiceCertificates(const std::string& directory, const std::string& out,
                                      const std::vector<std::string>& services,
                                      absl::Duration lifetime);

}  // namespace amana::client
