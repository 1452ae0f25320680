#pragma once

// TreeKEM (RFC 9420, sections 7.4 to 7.6): new keys for one member's path, told to everybody else
// and to nobody else. Works on a tree to which the commit's proposals were already applied, and
// leaves it with the path in place. Pure but for randomness.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/random.h"
#include "common/base/secret.h"
#include "common/crypto/hpke.h"
#include "common/crypto/sign.h"
#include "common/mls/messages.h"
#include "common/mls/ratchet_tree.h"
#include "common/mls/suite.h"

namespace amana::mls {

// The private keys that one member has: of its leaf, and of parents above it. Never changed, so
// that states of a group can share them; wiped with the last one.
using PrivateKeys = std::map<NodeIndex, std::shared_ptr<const crypto::HpkePrivateKey>>;

// Keys whose node is blank or has another key by now must go (section 9.2).
void DropOutdated(PrivateKeys& keys, const RatchetTree& tree);

struct CreatedPath {
  UpdatePath path;
  PrivateKeys keys;
  SecretBytes commit_secret;
  // By node of the filtered direct path: what newcomers below it are told.
  std::map<NodeIndex, SecretBytes> path_secrets;
};

// `leaf` is the committer's new leaf without its encryption key, parent hash and signature.
// `context` is that of the next epoch without its tree hash, which is set here. `newcomers`
// (ascending) get no part of the path but by their welcome. kKeyMalformed if a key of the tree is
// no usable point.
absl::StatusOr<CreatedPath> CreatePath(const Suite& suite, RatchetTree& tree, LeafIndex committer,
                                       LeafNode leaf, const crypto::SigningKey& signer,
                                       GroupContext& context,
                                       const std::vector<LeafIndex>& newcomers, Random& random);

struct AppliedPath {
  PrivateKeys keys;
  SecretBytes commit_secret;
};

// Puts the public part of a path that was received in place and sets the tree hash of `context`.
// Whether its leaf is valid is the caller's business. kPathLength, kPathSecretCount,
// kPathLeafParentHash, kKeyMalformed, kPathKeyInTree.
absl::Status MergePath(RatchetTree& tree, LeafIndex committer, const UpdatePath& path,
                       const std::vector<LeafIndex>& newcomers, GroupContext& context);

// Opens the secret that is meant for `own` after MergePath. kPathSecretNotOurs, kDecryptionFailed,
// kPathSecretKey; kKeyMalformed if nothing can be sealed to a key that `own` can't derive.
absl::StatusOr<AppliedPath> OpenPath(const Suite& suite, const RatchetTree& tree,
                                     LeafIndex committer, const UpdatePath& path,
                                     const std::vector<LeafIndex>& newcomers,
                                     const GroupContext& context, LeafIndex own,
                                     const PrivateKeys& own_keys);

// The keys of the committer's path from the node at which `own` meets it upwards, from that node's
// path secret: what a welcome gives. kPathSecretKey.
absl::StatusOr<AppliedPath> FollowPath(const RatchetTree& tree, LeafIndex committer, LeafIndex own,
                                       SecretBytes path_secret);

}  // namespace amana::mls
