// Making a commit (RFC 9420, section 12.4.1) and the welcome that goes with it.

#include <algorithm>

#include "common/base/check.h"
#include "common/base/status_macros.h"
#include "common/mls/fault.h"
#include "common/mls/group.h"

namespace amana::mls {
namespace {

LeafNode NextLeaf(const LeafNode& current, const CommitRequest& request,
                  const crypto::SigningKey& signer) {
  LeafNode leaf = current;
  if (request.identity.has_value()) {
    leaf.credential = request.identity->credential;
    leaf.capabilities = request.identity->capabilities;
    leaf.extensions = request.identity->leaf_extensions;
  }
  leaf.signature_key = signer.verifying_key().bytes();
  leaf.lifetime = {};
  return leaf;
}

// A welcome for everybody who was added: the group info once, and for each the secrets to read it.
absl::StatusOr<Welcome> MakeWelcome(const Suite& suite, const GroupInfo& info, const Advanced& next,
                                    const AppliedProposals& applied, LeafIndex committer,
                                    const std::map<NodeIndex, SecretBytes>& path_secrets,
                                    Random& random) {
  const SecretBytes welcome_secret =
      DeriveWelcomeSecret(next.joiner_secret.Expose(), next.psk_secret.Expose());
  const SecretBytes key = ExpandWithLabel(welcome_secret.Expose(), "key", "", suite.aead->key_size);
  const SecretBytes nonce =
      ExpandWithLabel(welcome_secret.Expose(), "nonce", "", suite.aead->nonce_size);
  Welcome welcome;
  welcome.cipher_suite = suite.id;
  welcome.encrypted_group_info = suite.aead->seal(key.Expose(), nonce.Expose(), "", Encode(info));
  const crypto::HpkeInfo sealing = EncryptContext(suite, "Welcome", welcome.encrypted_group_info);
  for (const auto& [index, key_package] : applied.added) {
    GroupSecrets secrets;
    secrets.joiner_secret = next.joiner_secret.Clone();
    if (!path_secrets.empty()) {
      const NodeIndex meeting = CommonAncestor(NodeOf(index), NodeOf(committer));
      secrets.path_secret.emplace(PathSecret{path_secrets.at(meeting).Clone()});
    }
    secrets.psks = applied.psks;
    EncryptedGroupSecrets& sealed = welcome.secrets.emplace_back();
    sealed.new_member = RefOf(*key_package);
    AMANA_ASSIGN_OR_RETURN(
        sealed.encrypted_group_secrets,
        EncryptWithLabel(sealing, key_package->init_key, EncodeSecret(secrets).Expose(), random));
  }
  return welcome;
}

// Whether the one who adds lets it be: what newcomers and external senders proposed nobody has held
// against the clock.
bool IsInTime(const Proposal& proposal, const Policy& policy) {
  const auto* add = proposal.As<Add>();
  return add == nullptr || CheckLifetime(add->key_package.leaf_node.lifetime, policy).ok();
}

}  // namespace

absl::StatusOr<NewCommit> Group::Commit(const CommitRequest& request,
                                        const crypto::SigningKey& signer, const Policy& policy,
                                        const PskSource& psks, Random& random) {
  AMANA_RETURN_IF_ERROR(CheckSending());
  std::vector<ListedProposal> own;
  for (const Proposal& proposal : request.proposals) {
    ListedProposal& listed = own.emplace_back(proposal, Sender::Member(epoch_.own));
    AMANA_RETURN_IF_ERROR(ValidateProposal(*suite_, epoch_.tree, epoch_.context, listed,
                                           CommitKind::kMember, policy));
    listed.validated = true;
    if (const auto* add = proposal.As<Add>()) {
      AMANA_RETURN_IF_ERROR(CheckLifetime(add->key_package.leaf_node.lifetime, policy));
    }
  }
  const ProposalList own_list = PointersTo(own);
  ProposalList list;
  if (request.include_waiting && !waiting_.empty()) {
    list = ChooseProposals(waiting_, epoch_.own, epoch_.tree, policy);
    std::erase_if(list, [&](const ListedProposal* one) {
      const auto* psk = one->proposal.As<PreSharedKey>();
      return (psk != nullptr && !FindPsks({psk->psk}, psks).ok()) ||
             !IsInTime(one->proposal, policy);
    });
    list = KeepFitting(*suite_, epoch_.tree, epoch_.context, list, own_list, epoch_.own, policy);
  }
  std::vector<ProposalOrRef> proposals;
  proposals.reserve(list.size() + own.size());
  for (const ListedProposal* chosen : list) proposals.push_back({chosen->reference});
  for (const ListedProposal* listed : own_list) proposals.push_back({listed->proposal});
  list.insert(list.end(), own_list.begin(), own_list.end());
  std::vector<PreSharedKeyId> psk_ids;
  for (const ListedProposal* listed : list) {
    if (const auto* psk = listed->proposal.As<PreSharedKey>()) psk_ids.push_back(psk->psk);
  }
  AMANA_ASSIGN_OR_RETURN(const std::vector<Psk> found, FindPsks(psk_ids, psks));
  return MakeCommit(request, std::move(proposals), list, CommitKind::kMember, found, signer, policy,
                    random);
}

absl::StatusOr<NewCommit> Group::MakeCommit(const CommitRequest& request,
                                            std::vector<ProposalOrRef> proposals,
                                            const ProposalList& list, CommitKind kind,
                                            const std::vector<Psk>& psks,
                                            const crypto::SigningKey& signer, const Policy& policy,
                                            Random& random) {
  AMANA_ASSIGN_OR_RETURN(
      AppliedProposals applied,
      ApplyProposals(*suite_, epoch_.tree, epoch_.context, list, epoch_.own, kind, policy));
  const crypto::SigningKey& next_signer =
      request.next_signer != nullptr ? *request.next_signer : signer;
  mls::Commit commit;
  commit.proposals = std::move(proposals);
  CreatedPath path;
  path.commit_secret = SecretBytes::CopyOf(ZeroSecret());
  const bool has_new_leaf = request.identity.has_value() || request.next_signer != nullptr;
  const bool with_path = applied.needs_path || has_new_leaf || !request.without_path;
  if (with_path) {
    AMANA_ASSIGN_OR_RETURN(path,
                           CreatePath(*suite_, applied.tree, epoch_.own,
                                      NextLeaf(own_leaf_node(), request, next_signer), next_signer,
                                      applied.context, applied.newcomers, random));
    AMANA_RETURN_IF_ERROR(
        CheckPathLeaf(applied.tree, applied.context, epoch_.own, &own_leaf_node(), policy));
    if (has_new_leaf) {
      AMANA_RETURN_IF_ERROR(ValidateLeaf(*applied.tree.leaf(epoch_.own), LeafPlace::kCommit,
                                         group_id(), epoch_.own, policy));
    }
    commit.path = std::move(path.path);
  } else {
    applied.context.tree_hash = applied.tree.RootHash();
  }

  FramedContent content = Frame(request.framing.authenticated_data);
  content.content = std::move(commit);
  AuthenticatedContent signed_commit =
      SignContent(signer, request.framing.wire_format, std::move(content), epoch_.encoded_context);
  Advanced next = AdvanceEpoch(epoch_.interim_transcript_hash, signed_commit,
                               epoch_.secrets->init_secret.Expose(), path.commit_secret.Expose(),
                               psks, applied.context);
  signed_commit.auth.confirmation_tag = next.confirmation_tag;

  NewCommit made;
  if (!applied.added.empty()) {
    GroupInfo info;
    info.group_context = applied.context;
    if (request.tree_in_welcome) {
      info.extensions.push_back({.type = kRatchetTree, .data = applied.tree.Encode()});
    }
    info.confirmation_tag = next.confirmation_tag;
    info.signer = epoch_.own;
    info.signature =
        SignWithLabel(with_path ? next_signer : signer, "GroupInfoTBS", GroupInfoToBeSigned(info));
    AMANA_ASSIGN_OR_RETURN(Welcome welcome, MakeWelcome(*suite_, info, next, applied, epoch_.own,
                                                        path.path_secrets, random));
    AMANA_ASSIGN_OR_RETURN(made.welcome, EncodeToSend(MlsMessage{std::move(welcome)}));
  }

  // Last, so that nothing that fails has moved the ratchet.
  AMANA_ASSIGN_OR_RETURN(made.message, Protect(std::move(signed_commit), random));
  PrivateKeys keys = epoch_.keys;
  for (auto& [node, key] : path.keys) keys[node] = std::move(key);
  made.staged = StageNext(std::move(applied), std::move(next), epoch_.own, std::move(keys));
  made.staged.committer_ = epoch_.own;
  return made;
}

}  // namespace amana::mls
