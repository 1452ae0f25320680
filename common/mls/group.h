#pragma once

// One group as one of its members sees it (RFC 9420). The door to everything else in this folder.
//
//   Group group = *Group::Create(kSuite3, group_id, own_key_package, {}, policy, random);
//   CommitRequest add{.proposals = {{Add{their_key_package}}}};
//   NewCommit commit = *group.Commit(add, signer, policy, psks, random);
//   … send commit.message; once it is the one that counts: …
//   group.Merge(std::move(commit.staged));
//   … send commit.welcome to the newcomer …
//   std::string message = *group.Encrypt("hello", {}, signer, random);
//
// Rules for callers:
// - Making or handling a commit changes nothing: the next epoch is staged, and begins with Merge().
//   Of several commits of one epoch merge the one that the delivery service put first.
// - After each call that is not const take TakeDelta() and save it BEFORE what the call returned is
//   sent or shown: a ratchet that is used again after a crash would give two messages one key.
// - A proposal waits here once it is made, and commits refer to it: its message is saved in the
//   same transaction until it is sent, and sent again after a crash.
// - A signing key belongs to a device, not to a group: it is handed in where something is signed.
//   It must be the one of this member's leaf.
// - Time, randomness and pre-shared keys come from the caller. Nothing here does I/O.
// - Not thread-safe. Movable; two copies of one state must never both send: there is no copying.
//
// Errors are those of fault.h. An operation that fails leaves the group as it was.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "common/base/check.h"
#include "common/base/random.h"
#include "common/base/secret.h"
#include "common/crypto/sign.h"
#include "common/mls/epoch.h"
#include "common/mls/framing.h"
#include "common/mls/key_packages.h"
#include "common/mls/proposals.h"
#include "common/mls/state.h"
#include "common/mls/suite.h"
#include "common/mls/validate.h"

namespace amana::mls {

// Late application messages are read for so many epochs.
inline constexpr size_t kMaxPastEpochs = 3;
// Resumption keys (section 8.6) are kept for so many epochs, the current one included.
inline constexpr size_t kMaxResumptionEpochs = 32;
// Proposals that wait for a commit. A full group may propose once for each member.
inline constexpr size_t kMaxWaitingProposals = 4096;
// And so many bytes of them: they are kept in one row, and may all come in one commit.
inline constexpr size_t kMaxWaitingSize = 16 * kMaxMessageSize;

// What the init secret of a newcomer from outside is exported for (section 8.3).
inline constexpr std::string_view kExternalInitLabel = "MLS 1.0 external init secret";

// Where pre-shared keys come from (section 8.4). A group knows its own resumption keys by itself.
class PskSource {
 public:
  virtual ~PskSource() = default;
  virtual std::optional<SecretBytes> External(std::string_view psk_id) const = 0;
  // The resumption key of another group at an epoch.
  virtual std::optional<SecretBytes> Resumption(std::string_view group_id,
                                                uint64_t epoch) const = 0;
};

// How an outgoing handshake is framed. In clear only where a test or another implementation needs
// it: Amana's delivery service takes nothing but PrivateMessage.
struct Framing {
  WireFormat wire_format = WireFormat::kPrivateMessage;
  std::string authenticated_data;
};

// A commit whose epoch has not begun.
class StagedCommit {
 public:
  LeafIndex committer() const { return committer_; }
  const std::vector<LeafIndex>& added() const { return added_; }
  const std::vector<LeafIndex>& updated() const { return updated_; }
  const std::vector<LeafIndex>& removed() const { return removed_; }
  const std::vector<PreSharedKeyId>& psks() const { return psks_; }
  // After this the group is only good for being followed by the one that it names.
  const std::optional<ReInit>& reinit() const { return reinit_; }
  // This member is out: there is no next epoch for it.
  bool removes_us() const { return !next_.has_value(); }
  // Of the next epoch. Not of one that removes us.
  const RatchetTree& tree() const { return next().tree; }
  const GroupContext& context() const { return next().context; }

  // For a vault, so that a commit of our own survives a crash between sending and merging. Only the
  // difference to the group it was staged from. Holds secrets. Not of one that removes us: that is
  // handled again after a crash.
  SecretBytes Encode() const;

 private:
  friend class Group;

  const Epoch& next() const {
    AMANA_CHECK(next_.has_value(), "who is removed has no next epoch");
    return *next_;
  }

  std::string base_;  // the confirmation tag of the epoch it was staged in
  LeafIndex committer_;
  std::vector<LeafIndex> added_;
  std::vector<LeafIndex> updated_;
  std::vector<LeafIndex> removed_;
  std::vector<PreSharedKeyId> psks_;
  std::optional<ReInit> reinit_;
  std::optional<Epoch> next_;
  std::optional<SecretTree> secret_tree_;
};

struct CommitRequest {
  // By value, after those that wait.
  std::vector<Proposal> proposals = {};
  // Proposals that were received and wait are committed too, as far as they fit together and into
  // the group (see KeepFitting), their pre-shared keys are at hand, and the lifetimes of whom they
  // add are running. Those that are left out wait until the commit is merged: another's, which may
  // come first, may refer to them.
  bool include_waiting = true;
  // Without new keys for the committer where the RFC allows it (section 12.4): for adding many. Not
  // where `identity` or `next_signer` is given: the path is what brings the new leaf.
  bool without_path = false;
  Framing framing = {};
  // The tree goes into the welcome. Otherwise it is told to newcomers in another way: EncodeTree().
  bool tree_in_welcome = true;
  // A new identity for the committer's leaf; `next_signer` signs it and everything after the merge.
  std::optional<Identity> identity = std::nullopt;
  const crypto::SigningKey* next_signer = nullptr;
};

struct NewCommit {
  StagedCommit staged;
  std::string message;                 // an MLSMessage
  std::optional<std::string> welcome;  // an MLSMessage, if anybody was added
};

struct ReceivedApplication {
  // A leaf of the tree of `epoch`. Of a late message that is not the tree of now, where somebody
  // else may sit there: who sent it is told by the key that it was verified with.
  LeafIndex sender;
  std::string signature_key;
  uint64_t epoch = 0;
  std::string authenticated_data;
  std::string data;
};
struct ReceivedProposal {
  Sender sender;
  ProposalRef reference;
  Proposal proposal;
};
using Received = std::variant<ReceivedApplication, ReceivedProposal, StagedCommit>;

class Group;

// Whether this client is in a group of that id: kGroupIdInUse. Section 12.4.3.1 has everybody look
// who joins by a welcome, we have those look too who join from outside, and only the client can
// know. Not asked of those who come back by a resync: they may have the group still.
using IsInGroup = absl::FunctionRef<bool(std::string_view group_id)>;

struct JoinOptions {
  // `optional<Node> ratchet_tree<V>`, where the welcome or group info does not bring it. At most
  // kMaxTreeSize: such a tree may be larger than a message.
  std::optional<std::string> ratchet_tree = std::nullopt;
  // The group that this one goes on from (sections 11.2 and 11.3), where a welcome says so. Of a
  // reinitialised one the reinit must be merged; whoever waits for the group that it named hands
  // the old one in, so that no other group of that id is taken for it, by a welcome or from
  // outside: kReInitMismatch. Only a welcome can be that group's.
  const Group* resumed = nullptr;
};

struct ExternalJoin;

class Group {
 public:
  // Section 11: a group of one, at epoch 0.
  static absl::StatusOr<Group> Create(const Suite& suite, std::string_view group_id,
                                      OwnKeyPackage own, Extensions extensions,
                                      const Policy& policy, Random& random);

  // Section 12.4.3.1, from an MLSMessage with a Welcome. `own` is spent, whatever comes of it: a
  // last-resort key package has its copy in the vault (key_packages.h).
  static absl::StatusOr<Group> Join(const Suite& suite, std::string_view welcome, OwnKeyPackage own,
                                    const Policy& policy, const PskSource& psks,
                                    IsInGroup is_in_group, const JoinOptions& options = {});

  // Section 12.4.3.2, from an MLSMessage with a GroupInfo. The group is good for nothing until its
  // commit won. `resync` names the leaf of an earlier appearance of this client.
  static absl::StatusOr<ExternalJoin> JoinExternally(
      const Suite& suite, std::string_view group_info, const Identity& identity,
      const crypto::SigningKey& signer, const std::vector<PreSharedKeyId>& psk_ids,
      std::optional<LeafIndex> resync, const Policy& policy, const PskSource& psks,
      IsInGroup is_in_group, Random& random, const JoinOptions& options = {});

  Group(Group&&) noexcept = default;
  Group& operator=(Group&&) noexcept = default;

  const Suite& suite() const { return *suite_; }
  const GroupContext& context() const { return epoch_.context; }
  uint64_t epoch() const { return epoch_.context.epoch; }
  const std::string& group_id() const { return epoch_.context.group_id; }
  const RatchetTree& tree() const { return epoch_.tree; }
  LeafIndex own_leaf() const { return epoch_.own; }
  const LeafNode& own_leaf_node() const { return *epoch_.tree.leaf(epoch_.own); }
  // Set once a commit with a reinit was merged: nothing more is sent, and nothing but data of those
  // who sent it before is taken (section 12.4.2).
  const std::optional<ReInit>& reinit() const { return reinit_; }
  bool removed() const { return removed_; }
  bool has_waiting_proposals() const { return !waiting_.empty(); }

  // Section 8.7: to be compared out of band. 32 bytes.
  std::string_view epoch_authenticator() const;
  // Section 8.5.
  absl::StatusOr<SecretBytes> Export(std::string_view label, std::string_view context,
                                     size_t size) const;
  // Section 8.6. Nothing for an epoch that is too long ago.
  std::optional<SecretBytes> ResumptionPsk(uint64_t epoch) const;

  // `optional<Node> ratchet_tree<V>`: who is in the group. Not to be shown to the network.
  std::string EncodeTree() const { return epoch_.tree.Encode(); }

  // --- Sending. Each returns an MLSMessage. kRemoved, kReInitSuspended.

  // A GroupInfo that others can join from outside with. It names all members. kMessageTooLarge:
  // without the tree it may have room.
  absl::StatusOr<std::string> MakeGroupInfo(const crypto::SigningKey& signer, bool with_tree) const;

  // `padding` zero bytes hide the size. kPendingProposals: commit first (section 12.4).
  absl::StatusOr<std::string> Encrypt(std::string_view data, std::string_view authenticated_data,
                                      size_t padding, const crypto::SigningKey& signer,
                                      Random& random);

  // Any proposal but an update. It waits here, too.
  absl::StatusOr<std::string> Propose(Proposal proposal, const Framing& framing,
                                      const crypto::SigningKey& signer, const Policy& policy,
                                      Random& random);
  // An update of this member's leaf: a new key, and a new identity if one is given.
  absl::StatusOr<std::string> ProposeUpdate(const std::optional<Identity>& identity,
                                            const Framing& framing,
                                            const crypto::SigningKey& signer,
                                            const crypto::SigningKey& next_signer,
                                            const Policy& policy, Random& random);

  // kMessageTooLarge: also of a welcome, to which the group's extensions and its tree leave no
  // room. Without the tree or without those that wait it may have some.
  absl::StatusOr<NewCommit> Commit(const CommitRequest& request, const crypto::SigningKey& signer,
                                   const Policy& policy, const PskSource& psks, Random& random);

  // --- Receiving.

  // An MLSMessage of this group. Application data and proposals have taken effect when it returns;
  // a commit is staged. kOwnMessage: it came back to its sender, who has it staged already.
  // kReInitSuspended: a proposal or a commit after a reinit.
  absl::StatusOr<Received> Handle(std::string_view message, const Policy& policy,
                                  const PskSource& psks);

  // Begins the next epoch. kStagedElsewhere if another epoch has begun meanwhile.
  absl::Status Merge(StagedCommit staged);

  // A commit that was saved. kStateDamaged, kStagedElsewhere.
  absl::StatusOr<StagedCommit> RestoreStaged(std::string_view encoded) const;

  // No message of an earlier epoch can be read any more: when they are too old.
  void DropPastEpochs();

  // --- Going on in another group (section 11). Both return a new group whose first commit is
  // staged and which adds everybody; `key_packages` are fresh ones.

  // kBranchMember if someone is not in this group.
  absl::StatusOr<std::pair<Group, NewCommit>> Branch(std::string_view group_id, OwnKeyPackage own,
                                                     const std::vector<KeyPackage>& key_packages,
                                                     const crypto::SigningKey& signer,
                                                     const Policy& policy, Random& random) const;
  // After a reinit was merged. kReInitMember if someone is missing, kReInitMismatch.
  absl::StatusOr<std::pair<Group, NewCommit>> Reinitialise(
      const Suite& suite, OwnKeyPackage own, const std::vector<KeyPackage>& key_packages,
      const crypto::SigningKey& signer, const Policy& policy, Random& random) const;

  // --- Saving.

  // Everything that must be saved since the last call: save it whole, in one transaction.
  StateDelta TakeDelta();

  // All rows that deltas left behind. `at_least` is the highest sequence that this client knows to
  // have been used: kStateRolledBack if the rows are older. kStateDamaged, kSuiteUnknown.
  static absl::StatusOr<Group> Restore(const Suite& suite, const StateRows& rows,
                                       uint64_t at_least);
  // Grows by one with each delta.
  uint64_t sequence() const { return sequence_; }

 private:
  friend class GroupTestPeer;

  struct Opened {
    Unverified content;
    std::string context;  // encoded, of the message's epoch
    std::string signature_key;
    std::optional<OpeningKey> key;  // of a private message
    SecretTree* tree = nullptr;     // the one that the key is of
  };

  Group(const Suite& suite, Epoch epoch, SecretTree secret_tree);

  absl::Status CheckSending() const;
  // Whether one more proposal may wait: kTooManyProposals.
  absl::Status CheckRoomFor(const Proposal& proposal) const;
  void Wait(ListedProposal listed);
  // Once their epoch is over: before that, any member's commit may refer to them.
  void DropWaitingProposals();
  absl::StatusOr<std::vector<ListedProposal>> ListOf(const std::vector<ProposalOrRef>& proposals,
                                                     const Sender& sender) const;
  absl::StatusOr<std::vector<Psk>> FindPsks(const std::vector<PreSharedKeyId>& ids,
                                            const PskSource& psks) const;
  absl::StatusOr<std::string> Protect(AuthenticatedContent content, Random& random);
  absl::StatusOr<std::string> Seal(const AuthenticatedContent& content, RatchetKind kind,
                                   size_t padding, Random& random);
  FramedContent Frame(std::string_view authenticated_data) const;

  absl::StatusOr<std::string> SendProposal(Proposal proposal, const Framing& framing,
                                           const crypto::SigningKey& signer, const Policy& policy,
                                           Random& random);
  absl::StatusOr<NewCommit> MakeCommit(const CommitRequest& request,
                                       std::vector<ProposalOrRef> proposals,
                                       const ProposalList& list, CommitKind kind,
                                       const std::vector<Psk>& psks,
                                       const crypto::SigningKey& signer, const Policy& policy,
                                       Random& random);
  static absl::StatusOr<NewCommit> Resume(Group& group, const std::vector<KeyPackage>& key_packages,
                                          PreSharedKeyId psk_id, SecretBytes psk, CommitKind kind,
                                          const crypto::SigningKey& signer, const Policy& policy,
                                          Random& random);

  // The next epoch, staged. `keys` may have outdated ones among them.
  StagedCommit StageNext(AppliedProposals applied, Advanced next, LeafIndex committer,
                         PrivateKeys keys) const;

  absl::StatusOr<Opened> OpenPublic(PublicMessage message);
  absl::StatusOr<Opened> OpenPrivate(const PrivateMessage& message);
  absl::StatusOr<std::string> SignatureKeyOf(const Unverified& content) const;
  // The key of a member in a past epoch, or in this one where `past` is the end.
  absl::StatusOr<std::string> MemberKey(std::vector<PastEpoch>::const_iterator past,
                                        LeafIndex leaf) const;
  absl::StatusOr<ReceivedProposal> TakeProposal(VerifiedContent content, const Policy& policy);
  absl::StatusOr<StagedCommit> Stage(const AuthenticatedContent& content, const Policy& policy,
                                     const PskSource& psks) const;
  void KeepPast(const Epoch& next);

  const Suite* suite_;
  Epoch epoch_;
  SecretTree secret_tree_;
  std::vector<PastEpoch> past_;                  // oldest first
  std::map<uint64_t, SecretBytes> resumption_;   // by epoch
  std::vector<ListedProposal> waiting_;          // in the order they came
  size_t waiting_size_ = 0;                      // of all of them, encoded
  std::vector<crypto::HpkePrivateKey> updates_;  // keys of our own updates that wait
  std::optional<ReInit> reinit_;
  bool removed_ = false;

  uint64_t sequence_ = 0;
  StateChanges changes_;
};

struct ExternalJoin {
  Group group;
  std::string message;  // the commit, an MLSMessage
};

// A newcomer's own wish to be added, and a proposal of one of the group's external senders (section
// 12.1.8): MLSMessages in clear, for the epoch of `context`. Members take them, as they take
// commits from outside, only where their CredentialValidator says so: kOutsiderNotAllowed.
std::string ProposeSelf(const GroupContext& context, KeyPackage own,
                        const crypto::SigningKey& signer);
std::string ProposeFromOutside(const GroupContext& context, uint32_t sender_index,
                               Proposal proposal, const crypto::SigningKey& signer);

}  // namespace amana::mls
