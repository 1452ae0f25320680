#pragma once

// What a malicious member or newcomer can do: messages with the right keys, tags and signatures
// around content that breaks a rule. Forge() goes the way of Group::Commit without any of its
// checks, and lets a hook change each thing just before it is signed, hashed or sealed, so that
// everything after it fits again and exactly one rule is broken.
//
//   Forged bad = Forge(alice.group, alice.signer,
//                      {.path = [](UpdatePath& path) { path.nodes.pop_back(); }}, random);
//   EXPECT_EQ(FaultIn(bob.group.Handle(bad.message, policy, psks)), Fault::kPathLength);
//
// Without hooks what it makes is valid.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "common/mls/group.h"

namespace amana::mls {

// The door into Group for tests that need what no honest client does.
class GroupTestPeer {
 public:
  static const Epoch& epoch(const Group& group) { return group.epoch_; }
  static SecretTree& secret_tree(Group& group) { return group.secret_tree_; }
  static const std::vector<ListedProposal>& waiting(const Group& group) { return group.waiting_; }
  static void DropWaitingProposals(Group& group) { group.DropWaitingProposals(); }
  // The first commit of a group that goes on from another one, whoever is added.
  static absl::StatusOr<NewCommit> Resume(Group& group, const std::vector<KeyPackage>& key_packages,
                                          PreSharedKeyId id, SecretBytes psk, CommitKind kind,
                                          const crypto::SigningKey& signer, const Policy& policy,
                                          Random& random) {
    return Group::Resume(group, key_packages, std::move(id), std::move(psk), kind, signer, policy,
                         random);
  }
};

template <class T>
using Edit = std::function<void(T&)>;

struct Forgery {
  std::vector<ProposalOrRef> proposals = {};
  bool with_path = true;
  // By a newcomer, with an external init in front of `proposals`.
  bool external = false;
  // Of a newcomer; what a member's leaf becomes is up to `leaf`.
  Identity identity = {};
  // Signs the path's leaf instead of the committer's key.
  const crypto::SigningKey* leaf_signer = nullptr;
  const PskSource* psks = nullptr;

  // In the order in which they are called.
  Edit<std::vector<std::string>> path_keys = nullptr;  // public keys of the path, lowest first
  Edit<LeafNode> leaf = nullptr;                       // the path's, before it is signed
  Edit<LeafNode> signed_leaf = nullptr;
  Edit<RatchetTree> tree = nullptr;      // the next epoch's, before it is hashed
  Edit<GroupContext> context = nullptr;  // the next epoch's, before anything is derived from it
  Edit<UpdatePath> path = nullptr;       // before the commit is signed
  Edit<FramedContent> content = nullptr;
  Edit<AuthenticatedContent> signed_content = nullptr;  // with its confirmation tag
  Edit<GroupInfo> info = nullptr;
  Edit<GroupInfo> signed_info = nullptr;
  Edit<GroupSecrets> secrets = nullptr;
  Edit<Welcome> welcome = nullptr;
};

struct Forged {
  std::string message;
  std::string welcome;  // empty if nobody was added
};

Forged Forge(const Group& group, const crypto::SigningKey& signer, const Forgery& forgery,
             Random& random);

// A member's proposal in clear, whatever it is.
std::string ForgeProposal(const Group& group, const crypto::SigningKey& signer, Proposal proposal);

// Any content of this group in clear, with a signature and, of a member, a membership tag.
std::string ForgeContent(const Group& group, const crypto::SigningKey& signer, Sender sender,
                         decltype(FramedContent::content) content);

void Resign(LeafNode& leaf, const crypto::SigningKey& signer, std::string_view group_id = "",
            LeafIndex index = {});
// Its leaf, too.
void Resign(KeyPackage& key_package, const crypto::SigningKey& signer);
void Resign(GroupInfo& info, const crypto::SigningKey& signer);

}  // namespace amana::mls
