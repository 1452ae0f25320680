#pragma once

// Who may be in a group: rules for single leaf nodes and key packages (RFC 9420, sections 7.3 and
// 10.1), and the application's say in them. What needs the whole tree is in proposals.h.

#include <cstddef>
#include <cstdint>
#include <set>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "common/mls/messages.h"
#include "common/mls/ratchet_tree.h"
#include "common/mls/suite.h"
#include "common/mls/types.h"

namespace amana::mls {

// The application's authentication service (section 5.3.1). There is no default that accepts: who
// uses the library must say who is who. Called for every credential that comes into a group, in a
// tree that is joined, and of external senders. Must be pure enough to give every member the same
// answer, or the group falls apart.
class CredentialValidator {
 public:
  virtual ~CredentialValidator() = default;

  // Whether the credential is authentic and names the holder of this signature key.
  virtual bool Accepts(const Credential& credential, std::string_view signature_key) const = 0;

  // Whether `after` may take the place of `before` at the same leaf.
  virtual bool AcceptsSuccessor(const LeafNode& before, const LeafNode& after) const = 0;

  // Which client a leaf is of: bytes out of the leaf that are the same for the same client. One
  // that is in the group is not added again, and the members of a branch are members of its group.
  virtual std::string_view ClientOf(const LeafNode& leaf) const = 0;

  // What those who are no members may do. Nobody may do anything unless the application says so.

  // Whether this may be proposed from outside (section 12.1.8): by one of the group's external
  // senders, or by a client that wants to be added. It is valid, and waits for a commit if it may.
  virtual bool AllowsProposal(const Sender& /*outsider*/, const Proposal& /*proposal*/) const {
    return false;
  }
  // Whether a client may come in by a commit of its own (section 12.4.3.2). `before` is the leaf
  // that it removes, its own of earlier; null if there is none.
  virtual bool AllowsJoin(const LeafNode& /*newcomer*/, const LeafNode* /*before*/) const {
    return false;
  }
};

// What an operation goes by that is not part of the group. The pointed-to must outlive the call.
struct Policy {
  const CredentialValidator* credentials = nullptr;
  uint64_t now = 0;  // seconds since 1970, UTC
  // The longest a key package may be valid, in seconds, with an hour for clocks that differ. To be
  // the same for all: whoever joins holds the leaves of the tree against it.
  uint64_t max_lifetime = uint64_t{30} * 24 * 3600 + 3600;
};

enum class LeafPlace { kKeyPackage, kUpdate, kCommit, kTree };

// What can be said of a leaf by itself: its source, its signature (made for `index` of `group_id`
// unless it is from a key package), what it lists, its lifetime's length, its credential. Says
// nothing about whether the lifetime is running: a message may be read long after it was sent, and
// a member that refused what the others took would be lost to the group. kLeafSourceIn…,
// kLeafTooLarge, kKeyMalformed, kLeafSignature, kOwnCredentialTypeNotListed,
// kLeafExtensionNotSupported, kExtensionRepeated, kLifetimeTooLong, kCredentialRefused.
absl::Status ValidateLeaf(const LeafNode& leaf, LeafPlace place, std::string_view group_id,
                          LeafIndex index, const Policy& policy);

// Whether a leaf can be in a group with this context: kSuiteNotListed, kRequiredCapabilityMissing,
// kGroupExtensionNotSupported, kExtensionDataMalformed.
absl::Status CheckFits(const LeafNode& leaf, const GroupContext& context);

// Section 10.1, with its leaf: kKeyPackageSuite, kKeyPackageSignature, kInitKeyIsEncryptionKey,
// kExtensionRepeated, and those of ValidateLeaf. Extensions of the key package that are not known
// are passed over, listed or not: others put random ones there (section 13.5).
absl::Status ValidateKeyPackage(const Suite& suite, const KeyPackage& key_package,
                                const Policy& policy);

// Before a key package is used by ourselves: kLifetimeNotYet, kLifetimeOver.
absl::Status CheckLifetime(const Lifetime& lifetime, const Policy& policy);

// All clients of a group. The bytes belong to the tree.
std::set<std::string_view> ClientsOf(const RatchetTree& tree, const Policy& policy);

// kExtensionRepeated.
absl::Status CheckExtensions(const Extensions& extensions);

// What a group may have as its extensions, whoever is in it: kExtensionRepeated,
// kExtensionDataMalformed, and kCredentialRefused of an external sender.
absl::Status ValidateGroupExtensions(const Extensions& extensions, const Policy& policy);

}  // namespace amana::mls
