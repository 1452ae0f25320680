#pragma once

// From the proposals of a commit to the tree and context they lead to (RFC 9420, sections 12.1
// to 12.3). Everything that can be wrong with a list of proposals is found here, for the member who
// makes the commit and for those who get it alike. Pure.

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "common/mls/messages.h"
#include "common/mls/ratchet_tree.h"
#include "common/mls/suite.h"
#include "common/mls/validate.h"

namespace amana::mls {

// One proposal of a commit and who made it. `validated` says that ValidateProposal already passed,
// so that no signature is verified twice.
struct ListedProposal {
  Proposal proposal;
  Sender sender;
  ProposalRef reference = {};  // empty: by value
  bool validated = false;
};

// Proposals of one commit. They are pointed to, because they may be large and lists are tried out.
using ProposalList = std::vector<const ListedProposal*>;
ProposalList PointersTo(const std::vector<ListedProposal>& proposals);

// What kind of commit a list is for. The first commits of a branch and of a reinitialised group are
// the only ones that may use a resumption key in that way (section 12.1.4).
enum class CommitKind { kMember, kExternal, kBranch, kReInit };

// What can be said of one proposal before it is in a commit: of its leaf, key package, pre-shared
// key and who may send it. That a newcomer proposes nothing but to be added is seen by
// UnprotectPublic. Faults of ValidateLeaf, ValidateKeyPackage and ValidateGroupExtensions,
// kSenderNotMember, kLeafEncryptionKeyKept, kSuccessorRefused, kRemoveOfBlank, kPskUsage,
// kPskNonceSize, kReInitVersion, kExternalProposalType, kExternalInitSender.
absl::Status ValidateProposal(const Suite& suite, const RatchetTree& tree,
                              const GroupContext& context, const ListedProposal& proposal,
                              CommitKind kind, const Policy& policy);

// Before a proposal waits for somebody's commit: whether a welcome can be sealed to whom it adds.
// In a commit its maker has seen that. kKeyMalformed.
absl::Status CheckWaiting(const Proposal& proposal);

struct AppliedProposals {
  RatchetTree tree;
  GroupContext context;  // of the next epoch, still with the old tree and transcript hashes
  std::vector<std::pair<LeafIndex, const KeyPackage*>> added;  // in the order of the list
  std::vector<LeafIndex> newcomers;                            // ascending
  std::vector<LeafIndex> updated;
  std::vector<LeafIndex> removed;
  std::vector<PreSharedKeyId> psks;
  const ExternalInit* external_init = nullptr;
  const ReInit* reinit = nullptr;
  bool needs_path = false;
};

// What `list` points to must outlive what is returned. `committer` is who signs the commit; of an
// external commit nobody yet. Faults of ValidateProposal, and kUpdateByCommitter,
// kRemoveOfCommitter, kLeafChangedTwice, kAddTwice, kAddOfMember, kPskTwice,
// kGroupContextExtensionsTwice, kReInitNotAlone, kExternalInitInCommit, kExternalInitCount,
// kExternalRemoveCount, kExternalCommitProposal, kTreeFull, kRequiredByExtensionsMissing, those of
// CheckFits, and kSignatureKeyNotUnique, kEncryptionKeyNotUnique, kCredentialTypeNotSupportedByAll,
// kCredentialsInUseNotSupported of the tree they lead to.
absl::StatusOr<AppliedProposals> ApplyProposals(const Suite& suite, const RatchetTree& tree,
                                                const GroupContext& context,
                                                const ProposalList& list,
                                                std::optional<LeafIndex> committer, CommitKind kind,
                                                const Policy& policy);

// Of proposals that wait, those that can go into one commit of `committer`: a remove before an
// update of the same leaf, the newest of several updates, each client added once, a reinit only by
// itself (section 12.2). Keeps their order.
ProposalList ChooseProposals(const std::vector<ListedProposal>& waiting, LeafIndex committer,
                             const RatchetTree& tree, const Policy& policy);

// Of `chosen`, as many as lead to a valid commit together with `own`: nobody keeps others from
// committing by a proposal that is valid by itself and fits into no commit. In both lists all are
// validated. Each costs one look, whatever was proposed: removes, updates, new extensions, then the
// rest, each at what those before it lead to, so that of those that are at odds with each other the
// first one is in and nobody else's is kept out. Keeps their order.
ProposalList KeepFitting(const Suite& suite, const RatchetTree& tree, const GroupContext& context,
                         const ProposalList& chosen, const ProposalList& own, LeafIndex committer,
                         const Policy& policy);

// The rules for a leaf that a commit's path puts at `index` in the place of `before` (null: of
// nobody), once it is in the tree and besides ValidateLeaf. Faults of CheckFits, kSuccessorRefused,
// kSignatureKeyNotUnique, kCredentialTypeNotSupportedByAll, kCredentialsInUseNotSupported.
absl::Status CheckPathLeaf(const RatchetTree& tree, const GroupContext& context, LeafIndex index,
                           const LeafNode* before, const Policy& policy);

}  // namespace amana::mls
