// Joining by a welcome (RFC 9420, section 12.4.3.1), from outside (12.4.3.2), and asking to be
// added (12.1.8).

#include <algorithm>
#include <set>

#include "common/base/status_macros.h"
#include "common/mls/fault.h"
#include "common/mls/group.h"

namespace amana::mls {
namespace {

absl::StatusOr<RatchetTree> FindTree(const GroupInfo& info, const JoinOptions& options) {
  const std::string* encoded = FindExtension(info.extensions, kRatchetTree);
  if (encoded == nullptr && options.ratchet_tree.has_value()) encoded = &*options.ratchet_tree;
  if (encoded == nullptr) return Refuse(Fault::kTreeMissing);
  return RatchetTree::Decode(*encoded);
}

// Everything that a newcomer can see is wrong with a group before it has its secrets.
absl::Status CheckGroup(const Suite& suite, const GroupInfo& info, const RatchetTree& tree,
                        const Policy& policy) {
  const GroupContext& context = info.group_context;
  if (context.version != kMls10 || context.cipher_suite != suite.id) {
    return Refuse(Fault::kGroupInfoSuite);
  }
  const LeafNode* signer = tree.leaf(info.signer);
  if (signer == nullptr) return Refuse(Fault::kGroupInfoSigner);
  if (!VerifyWithLabel(signer->signature_key, "GroupInfoTBS", GroupInfoToBeSigned(info),
                       info.signature)) {
    return Refuse(Fault::kGroupInfoSignature);
  }
  AMANA_RETURN_IF_ERROR(CheckExtensions(info.extensions));
  AMANA_RETURN_IF_ERROR(ValidateGroupExtensions(context.extensions, policy));
  if (tree.RootHash() != context.tree_hash) return Refuse(Fault::kTreeHash);
  AMANA_RETURN_IF_ERROR(tree.Verify());
  absl::Status status;
  tree.ForEachLeaf([&](LeafIndex index, const LeafNode& leaf) {
    if (status.ok()) {
      status = ValidateLeaf(leaf, LeafPlace::kTree, context.group_id, index, policy);
    }
    if (status.ok()) status = CheckFits(leaf, context);
  });
  AMANA_RETURN_IF_ERROR(status);
  return tree.CheckCredentialTypes();
}

absl::StatusOr<GroupSecrets> OpenSecrets(const Suite& suite, const Welcome& welcome,
                                         const OwnKeyPackage& own) {
  if (own.key_package.cipher_suite != suite.id || welcome.cipher_suite != suite.id) {
    return Refuse(Fault::kWelcomeSuite);
  }
  const std::string reference = RefOf(own.key_package);
  const auto ours =
      std::find_if(welcome.secrets.begin(), welcome.secrets.end(),
                   [&](const EncryptedGroupSecrets& one) { return one.new_member == reference; });
  if (ours == welcome.secrets.end()) return Refuse(Fault::kWelcomeNotForUs);
  const auto opened =
      DecryptWithLabel(EncryptContext(suite, "Welcome", welcome.encrypted_group_info), own.init_key,
                       ours->encrypted_group_secrets);
  if (!opened.ok()) return Refuse(Fault::kGroupSecrets);
  return Decode<GroupSecrets>(opened->Expose());
}

absl::StatusOr<GroupInfo> OpenGroupInfo(const Suite& suite, const Welcome& welcome,
                                        std::string_view welcome_secret) {
  const SecretBytes key = ExpandWithLabel(welcome_secret, "key", "", suite.aead->key_size);
  const SecretBytes nonce = ExpandWithLabel(welcome_secret, "nonce", "", suite.aead->nonce_size);
  const auto opened =
      suite.aead->open(key.Expose(), nonce.Expose(), "", welcome.encrypted_group_info);
  if (!opened.ok()) return Refuse(Fault::kGroupInfoSealed);
  return Decode<GroupInfo>(*opened);
}

// The resumption key that a welcome goes on from, if there is one.
absl::StatusOr<const PreSharedKeyId*> ResumedBy(const std::vector<PreSharedKeyId>& ids) {
  const PreSharedKeyId* found = nullptr;
  for (const PreSharedKeyId& id : ids) {
    if (id.nonce.size() != kHashSize) return Refuse(Fault::kPskNonceSize);
    const bool resumes =
        id.type == PskType::kResumption && id.usage != ResumptionUsage::kApplication;
    if (!resumes) continue;
    if (found != nullptr) return Refuse(Fault::kWelcomePskNotAlone);
    found = &id;
  }
  return found;
}

// Null if there is none.
const ReInit* ReInitOf(const Group* group) {
  if (group == nullptr) return nullptr;
  const std::optional<ReInit>& reinit = group->reinit();
  return reinit.has_value() ? &*reinit : nullptr;
}

// Whether a group may go on from another one as its welcome says (sections 11.2 and 11.3).
// `resumes` is null where it names none, and of a group that is joined from outside.
absl::Status CheckResumed(const PreSharedKeyId* resumes, const GroupContext& context,
                          const RatchetTree& tree, const Policy& policy, const Group* resumed) {
  // The key of the old group is what tells the one that a reinit named from any other of that id.
  const bool as_reinit = resumes != nullptr && resumes->usage == ResumptionUsage::kReinit;
  const ReInit* named = ReInitOf(resumed);
  if (!as_reinit && named != nullptr && named->group_id == context.group_id) {
    return Refuse(Fault::kReInitMismatch);
  }
  if (resumes == nullptr) return absl::OkStatus();
  const PreSharedKeyId& id = *resumes;
  if (context.epoch != 1) return Refuse(Fault::kResumedEpoch);
  if (resumed == nullptr || resumed->group_id() != id.group_id) {
    return Refuse(Fault::kResumptionUnknown);
  }
  const std::set<std::string_view> now = ClientsOf(tree, policy);
  const std::set<std::string_view> before = ClientsOf(resumed->tree(), policy);
  if (id.usage == ResumptionUsage::kBranch) {
    if (context.version != resumed->context().version ||
        context.cipher_suite != resumed->context().cipher_suite) {
      return Refuse(Fault::kBranchParameters);
    }
    return std::includes(before.begin(), before.end(), now.begin(), now.end())
               ? absl::OkStatus()
               : Refuse(Fault::kBranchMember);
  }
  const auto& reinit = resumed->reinit();
  if (!reinit.has_value() || id.epoch != resumed->epoch() || reinit->group_id != context.group_id ||
      reinit->version != context.version || reinit->cipher_suite != context.cipher_suite ||
      reinit->extensions != context.extensions) {
    return Refuse(Fault::kReInitMismatch);
  }
  return std::includes(now.begin(), now.end(), before.begin(), before.end())
             ? absl::OkStatus()
             : Refuse(Fault::kReInitMember);
}

absl::StatusOr<std::vector<Psk>> FindAll(const std::vector<PreSharedKeyId>& ids,
                                         const PskSource& psks, const Group* resumed) {
  std::vector<Psk> found;
  for (const PreSharedKeyId& id : ids) {
    std::optional<SecretBytes> secret;
    if (id.type == PskType::kExternal) {
      secret = psks.External(id.psk_id);
    } else if (resumed != nullptr && resumed->group_id() == id.group_id) {
      secret = resumed->ResumptionPsk(id.epoch);
    } else {
      secret = psks.Resumption(id.group_id, id.epoch);
    }
    if (!secret.has_value()) return Refuse(Fault::kPskMissing);
    found.push_back({id, *std::move(secret)});
  }
  return found;
}

}  // namespace

absl::StatusOr<Group> Group::Join(const Suite& suite, std::string_view encoded, OwnKeyPackage own,
                                  const Policy& policy, const PskSource& psks,
                                  IsInGroup is_in_group, const JoinOptions& options) {
  AMANA_ASSIGN_OR_RETURN(MlsMessage message, Decode<MlsMessage>(encoded));
  const auto* welcome = std::get_if<Welcome>(&message.content);
  if (welcome == nullptr) return Refuse(Fault::kUnexpectedMessage);
  AMANA_ASSIGN_OR_RETURN(GroupSecrets secrets, OpenSecrets(suite, *welcome, own));
  AMANA_ASSIGN_OR_RETURN(const PreSharedKeyId* resumes, ResumedBy(secrets.psks));
  AMANA_ASSIGN_OR_RETURN(const std::vector<Psk> found,
                         FindAll(secrets.psks, psks, options.resumed));
  const SecretBytes psk_secret = DerivePskSecret(found);
  AMANA_ASSIGN_OR_RETURN(
      GroupInfo info,
      OpenGroupInfo(
          suite, *welcome,
          DeriveWelcomeSecret(secrets.joiner_secret.Expose(), psk_secret.Expose()).Expose()));
  AMANA_ASSIGN_OR_RETURN(RatchetTree tree, FindTree(info, options));
  if (is_in_group(info.group_context.group_id)) return Refuse(Fault::kGroupIdInUse);
  AMANA_RETURN_IF_ERROR(CheckGroup(suite, info, tree, policy));
  AMANA_RETURN_IF_ERROR(CheckResumed(resumes, info.group_context, tree, policy, options.resumed));

  const std::optional<LeafIndex> own_leaf =
      tree.FindLeaf([&](const LeafNode& leaf) { return leaf == own.key_package.leaf_node; });
  if (!own_leaf.has_value()) return Refuse(Fault::kOwnLeafMissing);
  PrivateKeys keys;
  if (secrets.path_secret.has_value()) {
    auto path = FollowPath(tree, info.signer, *own_leaf, std::move(secrets.path_secret->secret));
    if (!path.ok()) return Refuse(Fault::kJoinPathSecret);
    keys = std::move(path->keys);
  }
  keys[NodeOf(*own_leaf)] = std::make_shared<const crypto::HpkePrivateKey>(std::move(own.leaf_key));

  std::string context = mls::Encode(info.group_context);
  DerivedEpoch derived = DeriveEpoch(secrets.joiner_secret.Expose(), psk_secret.Expose(), context);
  if (!VerifyMac(derived.secrets.confirmation_key.Expose(),
                 info.group_context.confirmed_transcript_hash, info.confirmation_tag)) {
    return Refuse(Fault::kConfirmationTag);
  }
  SecretTree secret_tree(suite, tree.leaves(), std::move(derived.encryption_secret));
  std::string interim =
      InterimTranscriptHash(info.group_context.confirmed_transcript_hash, info.confirmation_tag);
  return Group(suite,
               Epoch{.context = std::move(info.group_context),
                     .encoded_context = std::move(context),
                     .tree = std::move(tree),
                     .secrets = std::make_shared<const EpochSecrets>(std::move(derived.secrets)),
                     .confirmation_tag = std::move(info.confirmation_tag),
                     .interim_transcript_hash = std::move(interim),
                     .own = *own_leaf,
                     .keys = std::move(keys)},
               std::move(secret_tree));
}

absl::StatusOr<ExternalJoin> Group::JoinExternally(
    const Suite& suite, std::string_view encoded, const Identity& identity,
    const crypto::SigningKey& signer, const std::vector<PreSharedKeyId>& psk_ids,
    std::optional<LeafIndex> resync, const Policy& policy, const PskSource& psks,
    IsInGroup is_in_group, Random& random, const JoinOptions& options) {
  AMANA_ASSIGN_OR_RETURN(MlsMessage message, Decode<MlsMessage>(encoded));
  auto* info = std::get_if<GroupInfo>(&message.content);
  if (info == nullptr) return Refuse(Fault::kUnexpectedMessage);
  AMANA_ASSIGN_OR_RETURN(RatchetTree tree, FindTree(*info, options));
  // Who comes back to a group may have it still: its keys prove who comes (section 12.4.3.2).
  if (!resync.has_value() && is_in_group(info->group_context.group_id)) {
    return Refuse(Fault::kGroupIdInUse);
  }
  AMANA_RETURN_IF_ERROR(CheckGroup(suite, *info, tree, policy));
  // A group info says nothing of where its group comes from.
  AMANA_RETURN_IF_ERROR(CheckResumed(nullptr, info->group_context, tree, policy, options.resumed));
  const std::string* data = FindExtension(info->extensions, kExternalPub);
  if (data == nullptr) return Refuse(Fault::kExternalPubMissing);
  AMANA_ASSIGN_OR_RETURN(const ExternalPub external, Decode<ExternalPub>(*data));
  const auto external_key = crypto::HpkePublicKey::FromBytes(external.external_pub);
  if (!external_key.ok()) return Refuse(Fault::kKeyMalformed);
  auto sender = crypto::SetupBaseS(*external_key, crypto::HpkeInfo("", *suite.aead), random);
  if (!sender.ok()) return Refuse(Fault::kKeyMalformed);
  const SecretBytes init_secret = sender->context.Export(kExternalInitLabel, kHashSize);

  mls::Commit commit;
  std::vector<ListedProposal> list;
  const auto propose = [&](Proposal proposal) {
    list.push_back({proposal, Sender{SenderType::kNewMemberCommit, 0}});
    commit.proposals.push_back({std::move(proposal)});
  };
  propose({ExternalInit{sender->enc}});
  if (resync.has_value()) propose({mls::Remove{*resync}});
  for (const PreSharedKeyId& id : psk_ids) propose({PreSharedKey{id}});
  const GroupContext& context = info->group_context;
  AMANA_ASSIGN_OR_RETURN(AppliedProposals applied,
                         ApplyProposals(suite, tree, context, PointersTo(list), std::nullopt,
                                        CommitKind::kExternal, policy));
  AMANA_ASSIGN_OR_RETURN(const std::vector<Psk> found,
                         FindAll(applied.psks, psks, options.resumed));

  LeafNode leaf;
  leaf.signature_key = signer.verifying_key().bytes();
  leaf.credential = identity.credential;
  leaf.capabilities = identity.capabilities;
  leaf.extensions = identity.leaf_extensions;
  const LeafIndex own = applied.tree.NextFree();
  if (own.value >= kMaxLeaves) return Refuse(Fault::kTreeFull);
  applied.tree.ExtendTo(own);
  AMANA_ASSIGN_OR_RETURN(CreatedPath path, CreatePath(suite, applied.tree, own, std::move(leaf),
                                                      signer, applied.context, {}, random));
  AMANA_RETURN_IF_ERROR(
      ValidateLeaf(*applied.tree.leaf(own), LeafPlace::kCommit, context.group_id, own, policy));
  AMANA_RETURN_IF_ERROR(CheckPathLeaf(applied.tree, applied.context, own,
                                      resync.has_value() ? tree.leaf(*resync) : nullptr, policy));
  commit.path = std::move(path.path);

  FramedContent content;
  content.group_id = context.group_id;
  content.epoch = context.epoch;
  content.sender.type = SenderType::kNewMemberCommit;
  content.content = std::move(commit);
  AuthenticatedContent signed_commit =
      SignContent(signer, WireFormat::kPublicMessage, std::move(content), mls::Encode(context));
  Advanced next = AdvanceEpoch(
      InterimTranscriptHash(context.confirmed_transcript_hash, info->confirmation_tag),
      signed_commit, init_secret.Expose(), path.commit_secret.Expose(), found, applied.context);
  signed_commit.auth.confirmation_tag = next.confirmation_tag;

  SecretTree secret_tree(suite, applied.tree.leaves(), std::move(next.encryption_secret));
  Group group(suite,
              Epoch{.context = std::move(applied.context),
                    .encoded_context = std::move(next.encoded_context),
                    .tree = std::move(applied.tree),
                    .secrets = std::move(next.secrets),
                    .confirmation_tag = std::move(next.confirmation_tag),
                    .interim_transcript_hash = std::move(next.interim_transcript_hash),
                    .own = own,
                    .keys = std::move(path.keys)},
              std::move(secret_tree));
  // A newcomer has no membership key: nobody could be shown a tag made with one.
  AMANA_ASSIGN_OR_RETURN(
      std::string sent,
      EncodeToSend(MlsMessage{ProtectPublic(std::move(signed_commit), "", mls::Encode(context))}));
  return ExternalJoin{std::move(group), std::move(sent)};
}

namespace {

std::string ProposeInClear(const GroupContext& context, Sender sender, Proposal proposal,
                           const crypto::SigningKey& signer) {
  FramedContent content;
  content.group_id = context.group_id;
  content.epoch = context.epoch;
  content.sender = sender;
  content.content = std::move(proposal);
  const std::string encoded = Encode(context);
  return Encode(MlsMessage{ProtectPublic(
      SignContent(signer, WireFormat::kPublicMessage, std::move(content), encoded), "", encoded)});
}

}  // namespace

std::string ProposeSelf(const GroupContext& context, KeyPackage own,
                        const crypto::SigningKey& signer) {
  return ProposeInClear(context, {SenderType::kNewMemberProposal, 0}, {Add{std::move(own)}},
                        signer);
}

std::string ProposeFromOutside(const GroupContext& context, uint32_t sender_index,
                               Proposal proposal, const crypto::SigningKey& signer) {
  return ProposeInClear(context, {SenderType::kExternal, sender_index}, std::move(proposal),
                        signer);
}

}  // namespace amana::mls
