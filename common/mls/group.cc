#include "common/mls/group.h"

#include <algorithm>

#include "common/base/check.h"
#include "common/base/status_macros.h"
#include "common/mls/fault.h"

namespace amana::mls {
namespace {

std::vector<Extension> WithTree(const RatchetTree& tree, bool with_tree) {
  if (!with_tree) return {};
  return {{.type = kRatchetTree, .data = tree.Encode()}};
}

}  // namespace

Group::Group(const Suite& suite, Epoch epoch, SecretTree secret_tree)
    : suite_(&suite), epoch_(std::move(epoch)), secret_tree_(std::move(secret_tree)) {
  resumption_.emplace(epoch_.context.epoch, epoch_.secrets->resumption_psk.Clone());
}

absl::StatusOr<Group> Group::Create(const Suite& suite, std::string_view group_id,
                                    OwnKeyPackage own, Extensions extensions, const Policy& policy,
                                    Random& random) {
  const LeafNode& leaf = own.key_package.leaf_node;
  AMANA_RETURN_IF_ERROR(ValidateLeaf(leaf, LeafPlace::kKeyPackage, group_id, {}, policy));
  AMANA_RETURN_IF_ERROR(ValidateGroupExtensions(extensions, policy));
  GroupContext context;
  context.cipher_suite = suite.id;
  context.group_id = std::string(group_id);
  context.extensions = std::move(extensions);
  AMANA_RETURN_IF_ERROR(CheckFits(leaf, context));
  RatchetTree tree = RatchetTree::Of(leaf);
  context.tree_hash = tree.RootHash();

  DerivedEpoch derived = DeriveFirstEpoch(RandomSecret(random).Expose());
  const std::string tag = Mac(derived.secrets.confirmation_key.Expose(), "");
  PrivateKeys keys;
  keys[NodeOf(LeafIndex{0})] =
      std::make_shared<const crypto::HpkePrivateKey>(std::move(own.leaf_key));
  SecretTree secret_tree(suite, tree.leaves(), std::move(derived.encryption_secret));
  std::string encoded = Encode(context);
  return Group(suite,
               Epoch{.context = std::move(context),
                     .encoded_context = std::move(encoded),
                     .tree = std::move(tree),
                     .secrets = std::make_shared<const EpochSecrets>(std::move(derived.secrets)),
                     .confirmation_tag = tag,
                     .interim_transcript_hash = InterimTranscriptHash("", tag),
                     .own = LeafIndex{0},
                     .keys = std::move(keys)},
               std::move(secret_tree));
}

std::string_view Group::epoch_authenticator() const {
  return epoch_.secrets->epoch_authenticator.Expose();
}

absl::StatusOr<SecretBytes> Group::Export(std::string_view label, std::string_view context,
                                          size_t size) const {
  return ExportSecret(*epoch_.secrets, label, context, size);
}

std::optional<SecretBytes> Group::ResumptionPsk(uint64_t epoch) const {
  const auto found = resumption_.find(epoch);
  if (found == resumption_.end()) return std::nullopt;
  return found->second.Clone();
}

absl::StatusOr<std::string> Group::MakeGroupInfo(const crypto::SigningKey& signer,
                                                 bool with_tree) const {
  AMANA_RETURN_IF_ERROR(CheckSending());
  GroupInfo info;
  info.group_context = epoch_.context;
  info.extensions = WithTree(epoch_.tree, with_tree);
  info.extensions.push_back(
      {.type = kExternalPub,
       .data = mls::Encode(ExternalPub{DeriveExternalKey(*epoch_.secrets).public_key().bytes()})});
  info.confirmation_tag = epoch_.confirmation_tag;
  info.signer = epoch_.own;
  info.signature = SignWithLabel(signer, "GroupInfoTBS", GroupInfoToBeSigned(info));
  return EncodeToSend(MlsMessage{std::move(info)});
}

// --- Sending.

absl::Status Group::CheckSending() const {
  if (removed_) return Refuse(Fault::kRemoved);
  if (reinit_.has_value()) return Refuse(Fault::kReInitSuspended);
  return absl::OkStatus();
}

FramedContent Group::Frame(std::string_view authenticated_data) const {
  FramedContent content;
  content.group_id = epoch_.context.group_id;
  content.epoch = epoch_.context.epoch;
  content.sender = Sender::Member(epoch_.own);
  content.authenticated_data = std::string(authenticated_data);
  return content;
}

// Of a handshake, in the form that was signed.
absl::StatusOr<std::string> Group::Protect(AuthenticatedContent content, Random& random) {
  if (content.wire_format == WireFormat::kPublicMessage) {
    return EncodeToSend(MlsMessage{ProtectPublic(
        std::move(content), epoch_.secrets->membership_key.Expose(), epoch_.encoded_context)});
  }
  return Seal(content, RatchetKind::kHandshake, /*padding=*/0, random);
}

absl::StatusOr<std::string> Group::Seal(const AuthenticatedContent& content, RatchetKind kind,
                                        size_t padding, Random& random) {
  const auto next_key = [&] { return secret_tree_.Next(epoch_.own, kind); };
  AMANA_ASSIGN_OR_RETURN(
      PrivateMessage message,
      ProtectPrivate(*suite_, content, epoch_.secrets->sender_data_secret.Expose(), next_key,
                     padding, random));
  return mls::Encode(MlsMessage{std::move(message)});
}

absl::StatusOr<std::string> Group::Encrypt(std::string_view data,
                                           std::string_view authenticated_data, size_t padding,
                                           const crypto::SigningKey& signer, Random& random) {
  AMANA_RETURN_IF_ERROR(CheckSending());
  if (!waiting_.empty()) return Refuse(Fault::kPendingProposals);
  FramedContent content = Frame(authenticated_data);
  content.content = std::string(data);
  return Seal(
      SignContent(signer, WireFormat::kPrivateMessage, std::move(content), epoch_.encoded_context),
      RatchetKind::kApplication, padding, random);
}

absl::Status Group::CheckRoomFor(const Proposal& proposal) const {
  const bool fits = waiting_.size() < kMaxWaitingProposals &&
                    waiting_size_ + mls::Encode(proposal).size() <= kMaxWaitingSize;
  return fits ? absl::OkStatus() : Refuse(Fault::kTooManyProposals);
}

void Group::Wait(ListedProposal listed) {
  waiting_size_ += mls::Encode(listed.proposal).size();
  waiting_.push_back(std::move(listed));
  changes_.waiting = true;
}

absl::StatusOr<std::string> Group::SendProposal(Proposal proposal, const Framing& framing,
                                                const crypto::SigningKey& signer,
                                                const Policy& policy, Random& random) {
  AMANA_RETURN_IF_ERROR(CheckSending());
  AMANA_RETURN_IF_ERROR(CheckRoomFor(proposal));
  ListedProposal listed{.proposal = std::move(proposal), .sender = Sender::Member(epoch_.own)};
  AMANA_RETURN_IF_ERROR(
      ValidateProposal(*suite_, epoch_.tree, epoch_.context, listed, CommitKind::kMember, policy));
  AMANA_RETURN_IF_ERROR(CheckWaiting(listed.proposal));
  if (const auto* add = listed.proposal.As<Add>()) {
    AMANA_RETURN_IF_ERROR(CheckLifetime(add->key_package.leaf_node.lifetime, policy));
  }
  listed.validated = true;
  FramedContent content = Frame(framing.authenticated_data);
  content.content = listed.proposal;
  AuthenticatedContent signed_content =
      SignContent(signer, framing.wire_format, std::move(content), epoch_.encoded_context);
  listed.reference = ProposalRef{ProposalRefOf(mls::Encode(signed_content))};
  AMANA_ASSIGN_OR_RETURN(std::string message, Protect(std::move(signed_content), random));
  Wait(std::move(listed));
  return message;
}

absl::StatusOr<std::string> Group::Propose(Proposal proposal, const Framing& framing,
                                           const crypto::SigningKey& signer, const Policy& policy,
                                           Random& random) {
  AMANA_CHECK(proposal.As<mls::Update>() == nullptr, "an update is proposed with ProposeUpdate");
  return SendProposal(std::move(proposal), framing, signer, policy, random);
}

absl::StatusOr<std::string> Group::ProposeUpdate(const std::optional<Identity>& identity,
                                                 const Framing& framing,
                                                 const crypto::SigningKey& signer,
                                                 const crypto::SigningKey& next_signer,
                                                 const Policy& policy, Random& random) {
  AMANA_RETURN_IF_ERROR(CheckSending());
  crypto::HpkePrivateKey key = crypto::HpkePrivateKey::Generate(random);
  LeafNode leaf = own_leaf_node();
  if (identity.has_value()) {
    leaf.credential = identity->credential;
    leaf.capabilities = identity->capabilities;
    leaf.extensions = identity->leaf_extensions;
  }
  leaf.encryption_key = key.public_key().bytes();
  leaf.signature_key = next_signer.verifying_key().bytes();
  leaf.source = LeafNodeSource::kUpdate;
  leaf.lifetime = {};
  leaf.parent_hash.clear();
  leaf.signature =
      SignWithLabel(next_signer, "LeafNodeTBS", LeafNodeToBeSigned(leaf, group_id(), epoch_.own));
  AMANA_ASSIGN_OR_RETURN(std::string message, SendProposal(Proposal{mls::Update{std::move(leaf)}},
                                                           framing, signer, policy, random));
  updates_.push_back(std::move(key));
  return message;
}

void Group::DropWaitingProposals() {
  waiting_.clear();
  waiting_size_ = 0;
  updates_.clear();
  changes_.waiting = true;
}

// --- Beginning an epoch.

void Group::KeepPast(const Epoch& next) {
  PastEpoch past{.epoch = epoch_.context.epoch,
                 .encoded_context = epoch_.encoded_context,
                 .sender_data_secret = epoch_.secrets->sender_data_secret.Clone(),
                 .secret_tree = std::move(secret_tree_),
                 .signature_keys = {}};
  past.secret_tree.DropHandshakes();
  for (const NodeIndex node : next.tree.changed()) {
    if (!IsLeaf(node)) continue;
    const LeafNode* before = epoch_.tree.leaf(LeafOf(node));
    const LeafNode* after = next.tree.leaf(LeafOf(node));
    const std::string key = before != nullptr ? before->signature_key : "";
    if (key != (after != nullptr ? after->signature_key : "")) {
      past.signature_keys[LeafOf(node)] = key;
    }
  }
  changes_.past = true;
  past_.push_back(std::move(past));
  while (past_.size() > kMaxPastEpochs) {
    changes_.Forget(past_.front().epoch, past_.front().secret_tree);
    past_.erase(past_.begin());
  }
}

absl::Status Group::Merge(StagedCommit staged) {
  if (removed_) return Refuse(Fault::kRemoved);
  if (staged.base_ != epoch_.confirmation_tag) return Refuse(Fault::kStagedElsewhere);
  DropWaitingProposals();
  if (!staged.next_.has_value() || !staged.secret_tree_.has_value()) {  // It removes us.
    removed_ = true;
    return absl::OkStatus();
  }
  KeepPast(*staged.next_);
  epoch_ = *std::move(staged.next_);
  secret_tree_ = *std::move(staged.secret_tree_);
  reinit_ = std::move(staged.reinit_);
  resumption_.emplace(epoch(), epoch_.secrets->resumption_psk.Clone());
  while (resumption_.size() > kMaxResumptionEpochs) resumption_.erase(resumption_.begin());
  return absl::OkStatus();
}

void Group::DropPastEpochs() {
  for (const PastEpoch& past : past_) changes_.Forget(past.epoch, past.secret_tree);
  past_.clear();
  changes_.past = true;
}

absl::StatusOr<std::vector<Psk>> Group::FindPsks(const std::vector<PreSharedKeyId>& ids,
                                                 const PskSource& psks) const {
  std::vector<Psk> found;
  for (const PreSharedKeyId& id : ids) {
    std::optional<SecretBytes> secret;
    if (id.type == PskType::kExternal) {
      secret = psks.External(id.psk_id);
    } else if (id.group_id == group_id()) {
      secret = ResumptionPsk(id.epoch);
    } else {
      secret = psks.Resumption(id.group_id, id.epoch);
    }
    if (!secret.has_value()) return Refuse(Fault::kPskMissing);
    found.push_back({id, *std::move(secret)});
  }
  return found;
}

}  // namespace amana::mls
