#pragma once

// The groups that are measured. WARM: every member has committed once, so that no parent is blank.
// COLD: the creator added all others in one commit, so that nearly all are.

#include <cstdint>
#include <string>
#include <vector>

#include "common/crypto/sign.h"
#include "common/mls/group.h"
#include "common/mls/test_group.h"

namespace amana::mls {

// A client, with a credential of 24 bytes.
struct Client {
  explicit Client(uint32_t number);
  OwnKeyPackage NewKeyPackage() const;

  Identity identity;
  crypto::SigningKey signer;
};
std::vector<Client> MakeClients(uint32_t count);

const Policy& ThePolicy();
const PskSource& NoPsks();

// A group as it was saved, to begin from as often as needed.
class Saved {
 public:
  explicit Saved(Group group);
  Group Fresh() const;
  // Of all rows, with their keys.
  size_t bytes() const;

 private:
  StateRows rows_;
  uint64_t sequence_;
};

// Alice is at leaf 0. Bob is at leaf 1, where all of Alice's path is his, too: nobody has more to
// do with what she commits. Both have just begun an epoch.
struct Couple {
  Group alice;
  Group bob;
};

// At least two clients.
Couple WarmGroup(const std::vector<Client>& clients);

Couple ColdGroup(const std::vector<Client>& clients);

// A group of one, and a commit's proposals to add all others.
Group Alone(const Client& client);
std::vector<Proposal> AddAll(const std::vector<OwnKeyPackage>& key_packages);

// The second of a key package, which can't be copied.
OwnKeyPackage CopyOf(const OwnKeyPackage& key_package);

}  // namespace amana::mls
