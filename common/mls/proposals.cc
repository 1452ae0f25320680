#include "common/mls/proposals.h"

#include <algorithm>
#include <set>
#include <string_view>

#include "common/base/status_macros.h"
#include "common/crypto/hpke.h"
#include "common/mls/fault.h"

namespace amana::mls {
namespace {

absl::Status ValidatePsk(const PreSharedKeyId& id, CommitKind kind) {
  if (id.nonce.size() != kHashSize) return Refuse(Fault::kPskNonceSize);
  // Of our own caller's it may be one that nobody can read, nor we when it was saved.
  AMANA_RETURN_IF_ERROR(Decode<PreSharedKeyId>(Encode(id)).status());
  if (id.type == PskType::kResumption) {
    const bool misused = (id.usage == ResumptionUsage::kReinit && kind != CommitKind::kReInit) ||
                         (id.usage == ResumptionUsage::kBranch && kind != CommitKind::kBranch);
    if (misused) return Refuse(Fault::kPskUsage);
  }
  return absl::OkStatus();
}

absl::Status ValidateUpdate(const RatchetTree& tree, const GroupContext& context,
                            const Update& update, const Sender& sender, const Policy& policy) {
  const LeafNode* before = sender.type == SenderType::kMember ? tree.leaf(sender.leaf()) : nullptr;
  if (before == nullptr) return Refuse(Fault::kSenderNotMember);
  AMANA_RETURN_IF_ERROR(
      ValidateLeaf(update.leaf_node, LeafPlace::kUpdate, context.group_id, sender.leaf(), policy));
  if (update.leaf_node.encryption_key == before->encryption_key) {
    return Refuse(Fault::kLeafEncryptionKeyKept);
  }
  if (!policy.credentials->AcceptsSuccessor(*before, update.leaf_node)) {
    return Refuse(Fault::kSuccessorRefused);
  }
  return absl::OkStatus();
}

absl::Status ValidateSender(const ListedProposal& listed) {
  const Proposal& proposal = listed.proposal;
  if (listed.sender.type == SenderType::kExternal &&
      (proposal.As<Update>() != nullptr || proposal.As<ExternalInit>() != nullptr)) {
    return Refuse(Fault::kExternalProposalType);
  }
  if (listed.sender.type == SenderType::kMember && proposal.As<ExternalInit>() != nullptr) {
    return Refuse(Fault::kExternalInitSender);
  }
  return absl::OkStatus();
}

// --- Rules about the list as a whole.

absl::Status CheckMemberList(const ProposalList& list, LeafIndex committer) {
  std::set<LeafIndex> changed;
  std::set<PreSharedKeyId> psks;
  int extensions = 0;
  for (const ListedProposal* listed : list) {
    const Proposal& proposal = listed->proposal;
    if (proposal.As<ExternalInit>() != nullptr) return Refuse(Fault::kExternalInitInCommit);
    if (proposal.As<ReInit>() != nullptr && list.size() > 1) return Refuse(Fault::kReInitNotAlone);
    if (proposal.As<Update>() != nullptr) {
      if (listed->sender == Sender::Member(committer)) return Refuse(Fault::kUpdateByCommitter);
      if (!changed.insert(listed->sender.leaf()).second) return Refuse(Fault::kLeafChangedTwice);
    }
    if (const auto* remove = proposal.As<Remove>()) {
      if (remove->removed == committer) return Refuse(Fault::kRemoveOfCommitter);
      if (!changed.insert(remove->removed).second) return Refuse(Fault::kLeafChangedTwice);
    }
    if (const auto* psk = proposal.As<PreSharedKey>(); psk && !psks.insert(psk->psk).second) {
      return Refuse(Fault::kPskTwice);
    }
    if (proposal.As<GroupContextExtensions>() != nullptr && ++extensions > 1) {
      return Refuse(Fault::kGroupContextExtensionsTwice);
    }
  }
  return absl::OkStatus();
}

absl::Status CheckExternalList(const ProposalList& list) {
  std::set<PreSharedKeyId> psks;
  int inits = 0;
  int removes = 0;
  for (const ListedProposal* listed : list) {
    const Proposal& proposal = listed->proposal;
    if (proposal.As<ExternalInit>() != nullptr) {
      ++inits;
    } else if (proposal.As<Remove>() != nullptr) {
      ++removes;
    } else if (const auto* psk = proposal.As<PreSharedKey>()) {
      if (!psks.insert(psk->psk).second) return Refuse(Fault::kPskTwice);
    } else {
      return Refuse(Fault::kExternalCommitProposal);
    }
  }
  if (inits != 1) return Refuse(Fault::kExternalInitCount);
  if (removes > 1) return Refuse(Fault::kExternalRemoveCount);
  return absl::OkStatus();
}

// --- Rules about the tree that they lead to.

absl::Status CheckClients(const RatchetTree& tree, const std::vector<const KeyPackage*>& adds,
                          const Policy& policy) {
  if (adds.empty()) return absl::OkStatus();
  std::set<std::string_view> clients;
  for (const KeyPackage* add : adds) {
    if (!clients.insert(policy.credentials->ClientOf(add->leaf_node)).second) {
      return Refuse(Fault::kAddTwice);
    }
  }
  const auto member = tree.FindLeaf(
      [&](const LeafNode& leaf) { return clients.contains(policy.credentials->ClientOf(leaf)); });
  return member.has_value() ? Refuse(Fault::kAddOfMember) : absl::OkStatus();
}

bool HasTwins(std::vector<std::string_view> keys) {
  std::sort(keys.begin(), keys.end());
  return std::adjacent_find(keys.begin(), keys.end()) != keys.end();
}

absl::Status CheckChangedLeaves(const AppliedProposals& applied) {
  std::vector<LeafIndex> changed = applied.updated;
  changed.insert(changed.end(), applied.newcomers.begin(), applied.newcomers.end());
  std::vector<std::string_view> encryption_keys;
  std::vector<std::string_view> signature_keys;
  for (const LeafIndex index : changed) {
    const LeafNode* leaf = applied.tree.leaf(index);
    AMANA_RETURN_IF_ERROR(CheckFits(*leaf, applied.context));
    encryption_keys.emplace_back(leaf->encryption_key);
    signature_keys.emplace_back(leaf->signature_key);
    AMANA_RETURN_IF_ERROR(applied.tree.CheckCredentialTypesOf(*leaf));
  }
  if (HasTwins(encryption_keys) ||
      applied.tree.CountEncryptionKeys(encryption_keys) != changed.size()) {
    return Refuse(Fault::kEncryptionKeyNotUnique);
  }
  if (HasTwins(signature_keys) ||
      applied.tree.CountSignatureKeys(signature_keys) != changed.size()) {
    return Refuse(Fault::kSignatureKeyNotUnique);
  }
  return absl::OkStatus();
}

absl::Status CheckNewExtensions(const RatchetTree& tree, const GroupContext& context) {
  absl::Status status;
  tree.ForEachLeaf([&](LeafIndex, const LeafNode& leaf) {
    if (status.ok()) status = CheckFits(leaf, context);
  });
  return status.ok() ? status : Refuse(Fault::kRequiredByExtensionsMissing);
}

ProposalList Joined(ProposalList list, const ProposalList& more) {
  list.insert(list.end(), more.begin(), more.end());
  return list;
}

// Whether the caller has seen already that who is added is no member: to see it costs a look at
// every leaf.
enum class Clients { kLookAt, kKnown };

absl::StatusOr<AppliedProposals> Apply(const Suite& suite, const RatchetTree& tree,
                                       const GroupContext& context, const ProposalList& list,
                                       std::optional<LeafIndex> committer, CommitKind kind,
                                       const Policy& policy, Clients clients) {
  AMANA_RETURN_IF_ERROR(committer.has_value() ? CheckMemberList(list, *committer)
                                              : CheckExternalList(list));
  for (const ListedProposal* listed : list) {
    if (listed->validated) continue;
    AMANA_RETURN_IF_ERROR(ValidateProposal(suite, tree, context, *listed, kind, policy));
  }
  AppliedProposals applied{.tree = tree,
                           .context = context,
                           .added = {},
                           .newcomers = {},
                           .updated = {},
                           .removed = {},
                           .psks = {}};
  applied.context.epoch = context.epoch + 1;
  applied.needs_path = list.empty();
  std::vector<const KeyPackage*> adds;
  bool new_extensions = false;
  for (const ListedProposal* listed : list) {
    const Proposal& proposal = listed->proposal;
    applied.needs_path = applied.needs_path || proposal.NeedsPath();
    if (const auto* replace = proposal.As<GroupContextExtensions>()) {
      applied.context.extensions = replace->extensions;
      new_extensions = true;
    } else if (const auto* update = proposal.As<Update>()) {
      applied.tree.Update(listed->sender.leaf(), update->leaf_node);
      applied.updated.push_back(listed->sender.leaf());
    } else if (const auto* remove = proposal.As<Remove>()) {
      applied.removed.push_back(remove->removed);
    } else if (const auto* add = proposal.As<Add>()) {
      adds.push_back(&add->key_package);
    } else if (const auto* psk = proposal.As<PreSharedKey>()) {
      applied.psks.push_back(psk->psk);
    } else if (const auto* init = proposal.As<ExternalInit>()) {
      applied.external_init = init;
    } else if (const auto* reinit = proposal.As<ReInit>()) {
      applied.reinit = reinit;
    }
  }
  for (const LeafIndex removed : applied.removed) applied.tree.Remove(removed);
  if (clients == Clients::kLookAt) {
    AMANA_RETURN_IF_ERROR(CheckClients(applied.tree, adds, policy));
  }
  for (const KeyPackage* add : adds) {
    AMANA_ASSIGN_OR_RETURN(const LeafIndex index, applied.tree.Add(add->leaf_node));
    applied.added.emplace_back(index, add);
    applied.newcomers.push_back(index);
  }
  std::sort(applied.newcomers.begin(), applied.newcomers.end());
  AMANA_RETURN_IF_ERROR(CheckChangedLeaves(applied));
  AMANA_RETURN_IF_ERROR(applied.tree.CheckCredentialTypes());
  if (new_extensions) AMANA_RETURN_IF_ERROR(CheckNewExtensions(applied.tree, applied.context));
  return applied;
}

// In which turn KeepFitting looks at a proposal, so that each finds what it may need: removes stand
// in nobody's way, and others need them, as who is added again; new extensions may need updates,
// and those who are added may need new extensions.
constexpr int kTurnOfTheRest = 3;
int TurnOf(const ListedProposal& one) {
  if (one.proposal.As<Remove>() != nullptr) return 0;
  if (one.proposal.As<Update>() != nullptr) return 1;
  if (one.proposal.As<GroupContextExtensions>() != nullptr) return 2;
  return kTurnOfTheRest;
}

}  // namespace

ProposalList PointersTo(const std::vector<ListedProposal>& proposals) {
  ProposalList list;
  list.reserve(proposals.size());
  for (const ListedProposal& one : proposals) list.push_back(&one);
  return list;
}

absl::Status ValidateProposal(const Suite& suite, const RatchetTree& tree,
                              const GroupContext& context, const ListedProposal& listed,
                              CommitKind kind, const Policy& policy) {
  const Proposal& proposal = listed.proposal;
  AMANA_RETURN_IF_ERROR(ValidateSender(listed));
  if (const auto* add = proposal.As<Add>()) {
    return ValidateKeyPackage(suite, add->key_package, policy);
  }
  if (const auto* update = proposal.As<Update>()) {
    return ValidateUpdate(tree, context, *update, listed.sender, policy);
  }
  if (const auto* remove = proposal.As<Remove>()) {
    return tree.leaf(remove->removed) != nullptr ? absl::OkStatus() : Refuse(Fault::kRemoveOfBlank);
  }
  if (const auto* psk = proposal.As<PreSharedKey>()) return ValidatePsk(psk->psk, kind);
  if (const auto* reinit = proposal.As<ReInit>()) {
    if (reinit->version < context.version) return Refuse(Fault::kReInitVersion);
    return ValidateGroupExtensions(reinit->extensions, policy);
  }
  if (const auto* replace = proposal.As<GroupContextExtensions>()) {
    return ValidateGroupExtensions(replace->extensions, policy);
  }
  return absl::OkStatus();
}

absl::Status CheckWaiting(const Proposal& proposal) {
  const auto* add = proposal.As<Add>();
  const bool fits = add == nullptr || crypto::HpkePublicKey::IsUsable(add->key_package.init_key);
  return fits ? absl::OkStatus() : Refuse(Fault::kKeyMalformed);
}

absl::StatusOr<AppliedProposals> ApplyProposals(const Suite& suite, const RatchetTree& tree,
                                                const GroupContext& context,
                                                const ProposalList& list,
                                                std::optional<LeafIndex> committer, CommitKind kind,
                                                const Policy& policy) {
  return Apply(suite, tree, context, list, committer, kind, policy, Clients::kLookAt);
}

ProposalList ChooseProposals(const std::vector<ListedProposal>& waiting, LeafIndex committer,
                             const RatchetTree& tree, const Policy& policy) {
  const bool others = std::any_of(waiting.begin(), waiting.end(), [](const ListedProposal& l) {
    return l.proposal.As<ReInit>() == nullptr;
  });
  std::set<LeafIndex> removed;
  for (const ListedProposal& listed : waiting) {
    if (const auto* remove = listed.proposal.As<Remove>()) removed.insert(remove->removed);
  }
  std::set<std::string_view> clients;
  tree.ForEachLeaf([&](LeafIndex index, const LeafNode& leaf) {
    if (!removed.contains(index)) clients.insert(policy.credentials->ClientOf(leaf));
  });
  std::set<LeafIndex> changed;
  std::set<PreSharedKeyId> psks;
  bool extensions = false;
  bool reinit = false;
  // From the newest to the oldest, so that the newest of several wins.
  ProposalList chosen;
  for (auto listed = waiting.rbegin(); listed != waiting.rend(); ++listed) {
    const Proposal& proposal = listed->proposal;
    bool take = true;
    if (proposal.As<Update>() != nullptr) {
      const LeafIndex leaf = listed->sender.leaf();
      take = leaf != committer && !removed.contains(leaf) && changed.insert(leaf).second;
    } else if (const auto* remove = proposal.As<Remove>()) {
      take = remove->removed != committer && changed.insert(remove->removed).second;
    } else if (const auto* add = proposal.As<Add>()) {
      take = clients.insert(policy.credentials->ClientOf(add->key_package.leaf_node)).second;
    } else if (const auto* psk = proposal.As<PreSharedKey>()) {
      take = psks.insert(psk->psk).second;
    } else if (proposal.As<GroupContextExtensions>() != nullptr) {
      take = !std::exchange(extensions, true);
    } else if (proposal.As<ReInit>() != nullptr) {
      take = !others && !std::exchange(reinit, true);
    } else {
      take = false;
    }
    if (take) chosen.push_back(&*listed);
  }
  std::reverse(chosen.begin(), chosen.end());
  return chosen;
}

ProposalList KeepFitting(const Suite& suite, const RatchetTree& tree, const GroupContext& context,
                         const ProposalList& chosen, const ProposalList& own, LeafIndex committer,
                         const Policy& policy) {
  const auto apply = [&](const RatchetTree& to, const GroupContext& in, const ProposalList& list,
                         Clients look = Clients::kLookAt) {
    return Apply(suite, to, in, list, committer, CommitKind::kMember, policy, look);
  };
  const auto fits = [&](const ProposalList& some) {
    return apply(tree, context, Joined(some, own)).ok();
  };
  if (fits(chosen)) return chosen;
  ProposalList others;
  for (int turn = 0; turn <= kTurnOfTheRest; ++turn) {
    for (const ListedProposal* one : chosen) {
      if (TurnOf(*one) != turn) continue;
      if (CheckMemberList(Joined({one}, own), committer).ok()) others.push_back(one);
    }
  }
  auto base = apply(tree, context, own);
  const bool begins_with_own = base.ok();  // or it needs some of those that wait
  if (!begins_with_own) base = apply(tree, context, {});
  if (!base.ok()) return {};
  std::set<const ListedProposal*> kept;
  const auto in_order = [&] {
    ProposalList list = chosen;
    std::erase_if(list, [&](const ListedProposal* one) { return !kept.contains(one); });
    return list;
  };
  const auto keep = [&](const ListedProposal* one) {
    auto next = apply(base->tree, base->context, {one}, Clients::kKnown);
    if (!next.ok()) return;
    kept.insert(one);
    base = std::move(next);
  };
  auto one = others.begin();
  for (; one != others.end() && TurnOf(**one) < kTurnOfTheRest; ++one) keep(*one);
  if (!begins_with_own) {
    base = apply(tree, context, Joined(in_order(), own));
    if (!base.ok()) return {};
  }
  std::set<std::string_view> clients = ClientsOf(base->tree, policy);
  for (; one != others.end(); ++one) {
    const auto* add = (*one)->proposal.As<Add>();
    if (add == nullptr ||
        clients.insert(policy.credentials->ClientOf(add->key_package.leaf_node)).second) {
      keep(*one);
    }
  }
  ProposalList list = in_order();
  return fits(list) ? list : ProposalList{};
}

absl::Status CheckPathLeaf(const RatchetTree& tree, const GroupContext& context, LeafIndex index,
                           const LeafNode* before, const Policy& policy) {
  const LeafNode& leaf = *tree.leaf(index);
  AMANA_RETURN_IF_ERROR(CheckFits(leaf, context));
  if (before != nullptr && !policy.credentials->AcceptsSuccessor(*before, leaf)) {
    return Refuse(Fault::kSuccessorRefused);
  }
  if (tree.CountSignatureKeys({leaf.signature_key}) != 1) {
    return Refuse(Fault::kSignatureKeyNotUnique);
  }
  return tree.CheckCredentialTypesOf(leaf);
}

}  // namespace amana::mls
