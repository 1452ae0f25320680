// Opening messages and following commits (RFC 9420, sections 6 and 12.4.2).

#include <algorithm>

#include "common/base/status_macros.h"
#include "common/mls/fault.h"
#include "common/mls/group.h"

namespace amana::mls {

// --- From a message to its sender's key.

absl::StatusOr<std::string> Group::MemberKey(std::vector<PastEpoch>::const_iterator past,
                                             LeafIndex leaf) const {
  for (; past != past_.end(); ++past) {
    const auto differs = past->signature_keys.find(leaf);
    if (differs == past->signature_keys.end()) continue;
    if (differs->second.empty()) return Refuse(Fault::kSenderNotMember);
    return differs->second;
  }
  const LeafNode* member = epoch_.tree.leaf(leaf);
  if (member == nullptr) return Refuse(Fault::kSenderNotMember);
  return member->signature_key;
}

absl::StatusOr<std::string> Group::SignatureKeyOf(const Unverified& content) const {
  switch (content.sender().type) {
    case SenderType::kMember:
      return MemberKey(past_.end(), content.sender().leaf());
    case SenderType::kExternal: {
      const std::string* data = FindExtension(epoch_.context.extensions, kExternalSenders);
      if (data == nullptr) return Refuse(Fault::kExternalSenderUnknown);
      AMANA_ASSIGN_OR_RETURN(const auto senders, Decode<ExternalSenders>(*data));
      const uint32_t index = content.sender().index;
      if (index >= senders.size()) return Refuse(Fault::kExternalSenderUnknown);
      return senders[index].signature_key;
    }
    case SenderType::kNewMemberProposal:
      if (content.proposed_self() == nullptr) break;
      return content.proposed_self()->leaf_node.signature_key;
    case SenderType::kNewMemberCommit:
      if (content.joining_leaf() == nullptr) return Refuse(Fault::kPathMissing);
      return content.joining_leaf()->signature_key;
  }
  return Refuse(Fault::kSenderKindNotAllowed);
}

absl::StatusOr<Group::Opened> Group::OpenPublic(PublicMessage message) {
  if (message.content.epoch < epoch()) return Refuse(Fault::kStaleEpoch);
  if (message.content.epoch > epoch()) return Refuse(Fault::kFutureEpoch);
  if (message.content.sender == Sender::Member(epoch_.own)) return Refuse(Fault::kOwnMessage);
  AMANA_ASSIGN_OR_RETURN(
      Unverified content,
      UnprotectPublic(std::move(message), epoch_.secrets->membership_key.Expose(),
                      epoch_.encoded_context));
  AMANA_ASSIGN_OR_RETURN(std::string key, SignatureKeyOf(content));
  return Opened{std::move(content), epoch_.encoded_context, std::move(key), std::nullopt, nullptr};
}

absl::StatusOr<Group::Opened> Group::OpenPrivate(const PrivateMessage& message) {
  if (message.epoch > epoch()) return Refuse(Fault::kFutureEpoch);
  const bool current = message.epoch == epoch();
  auto past =
      current ? past_.end() : std::find_if(past_.begin(), past_.end(), [&](const PastEpoch& one) {
        return one.epoch == message.epoch;
      });
  const bool handshake = message.content_type != ContentType::kApplication;
  if (!current && (handshake || past == past_.end())) return Refuse(Fault::kStaleEpoch);
  SecretTree& tree = current ? secret_tree_ : past->secret_tree;
  const SecretBytes& sender_data_secret =
      current ? epoch_.secrets->sender_data_secret : past->sender_data_secret;

  AMANA_ASSIGN_OR_RETURN(const SenderData sender,
                         OpenSenderData(*suite_, message, sender_data_secret.Expose()));
  if (sender.leaf == epoch_.own) return Refuse(Fault::kOwnMessage);
  AMANA_ASSIGN_OR_RETURN(std::string signature_key, MemberKey(past, sender.leaf));
  const RatchetKind kind = handshake ? RatchetKind::kHandshake : RatchetKind::kApplication;
  AMANA_ASSIGN_OR_RETURN(OpeningKey key, tree.Find(sender.leaf, kind, sender.generation));
  AMANA_ASSIGN_OR_RETURN(Unverified content, OpenContent(*suite_, message, sender, key.key));
  return Opened{std::move(content), current ? epoch_.encoded_context : past->encoded_context,
                std::move(signature_key), std::move(key), &tree};
}

absl::StatusOr<Received> Group::Handle(std::string_view encoded, const Policy& policy,
                                       const PskSource& psks) {
  if (removed_) return Refuse(Fault::kRemoved);
  AMANA_ASSIGN_OR_RETURN(MlsMessage message, Decode<MlsMessage>(encoded));
  std::optional<absl::StatusOr<Opened>> opened;
  if (auto* in_clear = std::get_if<PublicMessage>(&message.content)) {
    if (in_clear->content.group_id != group_id()) return Refuse(Fault::kWrongGroup);
    opened = OpenPublic(std::move(*in_clear));
  } else if (auto* sealed = std::get_if<PrivateMessage>(&message.content)) {
    if (sealed->group_id != group_id()) return Refuse(Fault::kWrongGroup);
    opened = OpenPrivate(*sealed);
  } else {
    return Refuse(Fault::kUnexpectedMessage);
  }
  AMANA_RETURN_IF_ERROR(opened->status());
  Opened& found = **opened;
  AMANA_ASSIGN_OR_RETURN(
      VerifiedContent verified,
      VerifiedContent::Verify(std::move(found.content), found.signature_key, found.context));
  const FramedContent& content = verified.get().content;
  // Another epoch would undo the reinit, for those who took it.
  if (reinit_.has_value() && content.type() != ContentType::kApplication) {
    return Refuse(Fault::kReInitSuspended);
  }
  if (content.type() == ContentType::kCommit) {
    // Its key is left alone: it goes with the epoch when the commit is merged, and until then the
    // same commit can be handled again.
    return Stage(verified.get(), policy, psks);
  }
  const auto consume = [&] {
    if (found.key.has_value()) found.tree->Consume(*std::move(found.key));
  };
  if (content.type() == ContentType::kProposal) {
    // Before its key is spent: what is refused leaves everything as it was.
    AMANA_ASSIGN_OR_RETURN(ReceivedProposal received, TakeProposal(std::move(verified), policy));
    consume();
    return received;
  }
  consume();
  AuthenticatedContent taken = std::move(verified).Take();
  return ReceivedApplication{.sender = taken.content.sender.leaf(),
                             .signature_key = std::move(found.signature_key),
                             .epoch = taken.content.epoch,
                             .authenticated_data = std::move(taken.content.authenticated_data),
                             .data = std::get<WipedString>(std::move(taken.content.content)).text};
}

absl::StatusOr<ReceivedProposal> Group::TakeProposal(VerifiedContent verified,
                                                     const Policy& policy) {
  const AuthenticatedContent content = std::move(verified).Take();
  ListedProposal listed{std::get<Proposal>(content.content.content), content.content.sender};
  AMANA_RETURN_IF_ERROR(
      ValidateProposal(*suite_, epoch_.tree, epoch_.context, listed, CommitKind::kMember, policy));
  AMANA_RETURN_IF_ERROR(CheckWaiting(listed.proposal));
  if (listed.sender.type != SenderType::kMember &&
      !policy.credentials->AllowsProposal(listed.sender, listed.proposal)) {
    return Refuse(Fault::kOutsiderNotAllowed);
  }
  listed.validated = true;
  listed.reference = ProposalRef{ProposalRefOf(mls::Encode(content))};
  ReceivedProposal received{listed.sender, listed.reference, listed.proposal};
  const bool known = std::any_of(waiting_.begin(), waiting_.end(), [&](const ListedProposal& one) {
    return one.reference == listed.reference;
  });
  if (known) return received;
  AMANA_RETURN_IF_ERROR(CheckRoomFor(listed.proposal));
  Wait(std::move(listed));
  return received;
}

// --- Following a commit.

absl::StatusOr<std::vector<ListedProposal>> Group::ListOf(
    const std::vector<ProposalOrRef>& proposals, const Sender& sender) const {
  std::map<ProposalRef, const ListedProposal*> by_reference;
  for (const ListedProposal& one : waiting_) by_reference.emplace(one.reference, &one);
  std::vector<ListedProposal> list;
  list.reserve(proposals.size());
  for (const ProposalOrRef& one : proposals) {
    if (const auto* proposal = std::get_if<Proposal>(&one.content)) {
      list.push_back({*proposal, sender});
      continue;
    }
    // Before anything is copied: a reference is short, and what it stands for may be megabytes.
    if (sender.type == SenderType::kNewMemberCommit) {
      return Refuse(Fault::kExternalCommitReference);
    }
    const auto known = by_reference.find(std::get<ProposalRef>(one.content));
    if (known == by_reference.end()) return Refuse(Fault::kProposalNotFound);
    list.push_back(*known->second);
    // Of no type a list may have the same proposal twice (section 12.2).
    by_reference.erase(known);
  }
  return list;
}

absl::StatusOr<StagedCommit> Group::Stage(const AuthenticatedContent& content, const Policy& policy,
                                          const PskSource& psks) const {
  const auto& commit = std::get<mls::Commit>(content.content.content);
  const Sender& sender = content.content.sender;
  const bool external = sender.type == SenderType::kNewMemberCommit;
  AMANA_ASSIGN_OR_RETURN(const std::vector<ListedProposal> list, ListOf(commit.proposals, sender));
  AMANA_ASSIGN_OR_RETURN(
      AppliedProposals applied,
      ApplyProposals(*suite_, epoch_.tree, epoch_.context, PointersTo(list),
                     external ? std::nullopt : std::optional(sender.leaf()),
                     external ? CommitKind::kExternal : CommitKind::kMember, policy));
  if (applied.needs_path && !commit.path.has_value()) return Refuse(Fault::kPathMissing);

  const LeafIndex committer = external ? applied.tree.NextFree() : sender.leaf();
  PrivateKeys keys = epoch_.keys;
  for (const crypto::HpkePrivateKey& key : updates_) {
    const std::string* own_key = applied.tree.encryption_key(NodeOf(epoch_.own));
    if (own_key == nullptr || key.public_key().bytes() != *own_key) continue;
    keys[NodeOf(epoch_.own)] = std::make_shared<const crypto::HpkePrivateKey>(key.Clone());
  }
  const bool removes_us = std::find(applied.removed.begin(), applied.removed.end(), epoch_.own) !=
                          applied.removed.end();
  SecretBytes commit_secret = SecretBytes::CopyOf(ZeroSecret());
  if (commit.path.has_value()) {
    const UpdatePath& path = *commit.path;
    AMANA_RETURN_IF_ERROR(
        ValidateLeaf(path.leaf_node, LeafPlace::kCommit, group_id(), committer, policy));
    if (external) {
      if (committer.value >= kMaxLeaves) return Refuse(Fault::kTreeFull);
      applied.tree.ExtendTo(committer);
    }
    const LeafNode* before = nullptr;
    if (!external) {
      before = epoch_.tree.leaf(committer);
    } else if (!applied.removed.empty()) {
      before = epoch_.tree.leaf(applied.removed.front());
    }
    // Of a newcomer who takes its old leaf's place, too: it is as bound as by an update (12.2).
    if (before != nullptr && before->encryption_key == path.leaf_node.encryption_key) {
      return Refuse(Fault::kLeafEncryptionKeyKept);
    }
    if (external && !policy.credentials->AllowsJoin(path.leaf_node, before)) {
      return Refuse(Fault::kOutsiderNotAllowed);
    }
    AMANA_RETURN_IF_ERROR(
        MergePath(applied.tree, committer, path, applied.newcomers, applied.context));
    AMANA_RETURN_IF_ERROR(CheckPathLeaf(applied.tree, applied.context, committer, before, policy));
    // Who is removed is told no secret: there is nothing more for them to check.
    if (!removes_us) {
      AMANA_ASSIGN_OR_RETURN(AppliedPath opened,
                             OpenPath(*suite_, applied.tree, committer, path, applied.newcomers,
                                      applied.context, epoch_.own, keys));
      for (auto& [node, key] : opened.keys) keys[node] = std::move(key);
      commit_secret = std::move(opened.commit_secret);
    }
  } else {
    applied.context.tree_hash = applied.tree.RootHash();
  }

  if (removes_us) {
    StagedCommit staged;
    staged.base_ = epoch_.confirmation_tag;
    staged.committer_ = committer;
    staged.removed_ = applied.removed;
    return staged;
  }
  // Who is removed may lack them.
  AMANA_ASSIGN_OR_RETURN(const std::vector<Psk> found, FindPsks(applied.psks, psks));
  SecretBytes init_secret = epoch_.secrets->init_secret.Clone();
  if (external) {
    const auto joined =
        crypto::SetupBaseR(DeriveExternalKey(*epoch_.secrets), applied.external_init->kem_output,
                           crypto::HpkeInfo("", *suite_->aead));
    if (!joined.ok()) return Refuse(Fault::kDecryptionFailed);
    init_secret = joined->Export(kExternalInitLabel, kHashSize);
  }
  Advanced next = AdvanceEpoch(epoch_.interim_transcript_hash, content, init_secret.Expose(),
                               commit_secret.Expose(), found, applied.context);
  if (!VerifyMac(next.secrets->confirmation_key.Expose(), applied.context.confirmed_transcript_hash,
                 content.auth.confirmation_tag)) {
    return Refuse(Fault::kConfirmationTag);
  }
  return StageNext(std::move(applied), std::move(next), committer, std::move(keys));
}

StagedCommit Group::StageNext(AppliedProposals applied, Advanced next, LeafIndex committer,
                              PrivateKeys keys) const {
  StagedCommit staged;
  staged.base_ = epoch_.confirmation_tag;
  staged.committer_ = committer;
  staged.added_ = std::move(applied.newcomers);
  staged.updated_ = std::move(applied.updated);
  staged.removed_ = std::move(applied.removed);
  staged.psks_ = std::move(applied.psks);
  if (applied.reinit != nullptr) staged.reinit_ = *applied.reinit;
  DropOutdated(keys, applied.tree);
  staged.secret_tree_.emplace(*suite_, applied.tree.leaves(), std::move(next.encryption_secret));
  staged.next_ = Epoch{.context = std::move(applied.context),
                       .encoded_context = std::move(next.encoded_context),
                       .tree = std::move(applied.tree),
                       .secrets = std::move(next.secrets),
                       .confirmation_tag = std::move(next.confirmation_tag),
                       .interim_transcript_hash = std::move(next.interim_transcript_hash),
                       .own = epoch_.own,
                       .keys = std::move(keys)};
  return staged;
}

}  // namespace amana::mls
