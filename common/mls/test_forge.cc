#include "common/mls/test_forge.h"

#include <algorithm>
#include <utility>

#include "common/base/check.h"

namespace amana::mls {
namespace {

template <class T>
void Apply(const Edit<T>& edit, T& value) {
  if (edit != nullptr) edit(value);
}

// A key that can't be used gets something that does not open.
HpkeCiphertext SealTo(const crypto::HpkeInfo& context, const std::string& key,
                      std::string_view plaintext, Random& random) {
  auto sealed = EncryptWithLabel(context, key, plaintext, random);
  return sealed.ok() ? *std::move(sealed) : HpkeCiphertext{};
}

NodeIndex CopathChild(NodeIndex above, LeafIndex leaf) {
  return NodeOf(leaf) < above ? Right(above) : Left(above);
}

const Proposal& Resolve(const Group& group, const ProposalOrRef& one) {
  if (const auto* proposal = std::get_if<Proposal>(&one.content)) return *proposal;
  const auto& waiting = GroupTestPeer::waiting(group);
  const auto known = std::find_if(waiting.begin(), waiting.end(), [&](const ListedProposal& w) {
    return w.reference == std::get<ProposalRef>(one.content);
  });
  static const Proposal kNobodys{ExternalInit{}};
  return known != waiting.end() ? known->proposal : kNobodys;
}

LeafIndex SenderOf(const Group& group, const ProposalOrRef& one, LeafIndex committer) {
  for (const ListedProposal& waiting : GroupTestPeer::waiting(group)) {
    const auto* reference = std::get_if<ProposalRef>(&one.content);
    if (reference != nullptr && waiting.reference == *reference) return waiting.sender.leaf();
  }
  return committer;
}

// Applies what can be applied at all; whether it may be is the receivers' business.
AppliedProposals ApplyUnchecked(const Group& group, const Forgery& forgery, LeafIndex committer) {
  AppliedProposals applied{.tree = group.tree(),
                           .context = group.context(),
                           .added = {},
                           .newcomers = {},
                           .updated = {},
                           .removed = {},
                           .psks = {}};
  RatchetTree& tree = applied.tree;
  ++applied.context.epoch;
  for (const ProposalOrRef& one : forgery.proposals) {
    const Proposal& proposal = Resolve(group, one);
    if (const auto* replace = proposal.As<GroupContextExtensions>()) {
      applied.context.extensions = replace->extensions;
    } else if (const auto* update = proposal.As<Update>(); update != nullptr && !forgery.external) {
      tree.Update(SenderOf(group, one, committer), update->leaf_node);
    } else if (const auto* psk = proposal.As<PreSharedKey>()) {
      applied.psks.push_back(psk->psk);
    }
  }
  for (const ProposalOrRef& one : forgery.proposals) {
    const auto* remove = Resolve(group, one).As<Remove>();
    if (remove == nullptr || tree.leaf(remove->removed) == nullptr) continue;
    if (forgery.external || remove->removed != committer) tree.Remove(remove->removed);
  }
  for (const ProposalOrRef& one : forgery.proposals) {
    const auto* add = Resolve(group, one).As<Add>();
    if (add == nullptr) continue;
    const LeafIndex index = *tree.Add(add->key_package.leaf_node);
    applied.added.emplace_back(index, &add->key_package);
    applied.newcomers.push_back(index);
  }
  std::sort(applied.newcomers.begin(), applied.newcomers.end());
  return applied;
}

// Once the tree is as it will be.
void ForgeContext(AppliedProposals& applied, const Forgery& forgery) {
  Apply(forgery.tree, applied.tree);
  applied.context.tree_hash = applied.tree.RootHash();
  Apply(forgery.context, applied.context);
}

// CreatePath of treekem.h, step by step.
CreatedPath ForgePath(const Suite& suite, AppliedProposals& applied, LeafIndex committer,
                      LeafNode leaf, const crypto::SigningKey& signer, const Forgery& forgery,
                      Random& random) {
  RatchetTree& tree = applied.tree;
  const std::vector<NodeIndex> filtered_path = tree.FilteredDirectPath(committer);
  CreatedPath created;
  std::vector<std::string> keys;
  SecretBytes secret = RandomSecret(random);
  for (const NodeIndex node : filtered_path) {
    keys.push_back(crypto::HpkePrivateKey::Derive(DeriveSecret(secret.Expose(), "node").Expose())
                       .public_key()
                       .bytes());
    SecretBytes next = DeriveSecret(secret.Expose(), "path");
    created.path_secrets.emplace(node, std::exchange(secret, std::move(next)));
  }
  created.commit_secret = std::move(secret);
  Apply(forgery.path_keys, keys);

  leaf.encryption_key = crypto::HpkePrivateKey::Generate(random).public_key().bytes();
  leaf.source = LeafNodeSource::kCommit;
  leaf.lifetime = {};
  leaf.parent_hash = tree.SetPath(committer, filtered_path, keys);
  Apply(forgery.leaf, leaf);
  Resign(leaf, signer, applied.context.group_id, committer);
  Apply(forgery.signed_leaf, leaf);
  created.path.leaf_node = leaf;
  tree.SetLeaf(committer, std::move(leaf));
  ForgeContext(applied, forgery);
  const crypto::HpkeInfo sealing = EncryptContext(suite, "UpdatePathNode", Encode(applied.context));
  for (size_t i = 0; i < filtered_path.size(); ++i) {
    UpdatePathNode& told = created.path.nodes.emplace_back();
    told.encryption_key = keys[i];
    for (const NodeIndex node :
         tree.Resolution(CopathChild(filtered_path[i], committer), applied.newcomers)) {
      told.encrypted_path_secret.push_back(
          SealTo(sealing, *tree.encryption_key(node),
                 created.path_secrets.at(filtered_path[i]).Expose(), random));
    }
  }
  Apply(forgery.path, created.path);
  return created;
}

std::string ForgeWelcome(const Suite& suite, const Forgery& forgery, const Advanced& next,
                         const AppliedProposals& applied, LeafIndex committer,
                         const crypto::SigningKey& signer, const CreatedPath& path,
                         Random& random) {
  GroupInfo info;
  info.group_context = applied.context;
  info.extensions = {{.type = kRatchetTree, .data = applied.tree.Encode()}};
  info.confirmation_tag = next.confirmation_tag;
  info.signer = committer;
  Apply(forgery.info, info);
  Resign(info, signer);
  Apply(forgery.signed_info, info);

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
    const NodeIndex meeting = CommonAncestor(NodeOf(index), NodeOf(committer));
    const auto told = path.path_secrets.find(meeting);
    if (told != path.path_secrets.end()) {
      secrets.path_secret.emplace(PathSecret{told->second.Clone()});
    }
    secrets.psks = applied.psks;
    Apply(forgery.secrets, secrets);
    welcome.secrets.push_back(
        {RefOf(*key_package),
         SealTo(sealing, key_package->init_key, EncodeSecret(secrets).Expose(), random)});
  }
  Apply(forgery.welcome, welcome);
  return Encode(MlsMessage{std::move(welcome)});
}

std::vector<Psk> Secrets(const std::vector<PreSharedKeyId>& ids, const PskSource* source) {
  std::vector<Psk> psks;
  for (const PreSharedKeyId& id : ids) {
    std::optional<SecretBytes> secret;
    if (source != nullptr) {
      secret = id.type == PskType::kExternal ? source->External(id.psk_id)
                                             : source->Resumption(id.group_id, id.epoch);
    }
    psks.push_back({id, secret.has_value() ? *std::move(secret) : SecretBytes()});
  }
  return psks;
}

}  // namespace

Forged Forge(const Group& group, const crypto::SigningKey& signer, const Forgery& forgery,
             Random& random) {
  const Epoch& epoch = GroupTestPeer::epoch(group);
  const Suite& suite = group.suite();
  AppliedProposals applied = ApplyUnchecked(group, forgery, epoch.own);
  const LeafIndex committer = forgery.external ? applied.tree.NextFree() : epoch.own;
  applied.tree.ExtendTo(committer);

  mls::Commit commit;
  commit.proposals = forgery.proposals;
  SecretBytes init_secret = epoch.secrets->init_secret.Clone();
  LeafNode leaf = group.own_leaf_node();
  if (forgery.external) {
    auto sealed = crypto::SetupBaseS(DeriveExternalKey(*epoch.secrets).public_key(),
                                     crypto::HpkeInfo("", *suite.aead), random);
    AMANA_CHECK(sealed.ok(), "a group's own key can't be used");
    init_secret = sealed->context.Export(kExternalInitLabel, kHashSize);
    commit.proposals.insert(commit.proposals.begin(), {Proposal{ExternalInit{sealed->enc}}});
    leaf = {};
    leaf.signature_key = signer.verifying_key().bytes();
    leaf.credential = forgery.identity.credential;
    leaf.capabilities = forgery.identity.capabilities;
  }
  CreatedPath path;
  path.commit_secret = SecretBytes::CopyOf(ZeroSecret());
  if (forgery.with_path) {
    const auto& leaf_signer = forgery.leaf_signer != nullptr ? *forgery.leaf_signer : signer;
    path = ForgePath(suite, applied, committer, std::move(leaf), leaf_signer, forgery, random);
    commit.path = path.path;
  } else {
    ForgeContext(applied, forgery);
  }

  FramedContent content;
  content.group_id = group.group_id();
  content.epoch = group.epoch();
  content.sender =
      forgery.external ? Sender{SenderType::kNewMemberCommit, 0} : Sender::Member(committer);
  content.content = std::move(commit);
  Apply(forgery.content, content);
  AuthenticatedContent signed_content =
      SignContent(signer, WireFormat::kPublicMessage, std::move(content), epoch.encoded_context);
  const Advanced next = AdvanceEpoch(epoch.interim_transcript_hash, signed_content,
                                     init_secret.Expose(), path.commit_secret.Expose(),
                                     Secrets(applied.psks, forgery.psks), applied.context);
  signed_content.auth.confirmation_tag = next.confirmation_tag;
  Apply(forgery.signed_content, signed_content);

  Forged forged;
  if (!applied.added.empty()) {
    forged.welcome = ForgeWelcome(suite, forgery, next, applied, committer, signer, path, random);
  }
  forged.message = Encode(MlsMessage{ProtectPublic(
      std::move(signed_content), epoch.secrets->membership_key.Expose(), epoch.encoded_context)});
  return forged;
}

std::string ForgeContent(const Group& group, const crypto::SigningKey& signer, Sender sender,
                         decltype(FramedContent::content) content) {
  const Epoch& epoch = GroupTestPeer::epoch(group);
  FramedContent framed{group.group_id(), group.epoch(), sender, "", std::move(content)};
  return Encode(MlsMessage{ProtectPublic(
      SignContent(signer, WireFormat::kPublicMessage, std::move(framed), epoch.encoded_context),
      epoch.secrets->membership_key.Expose(), epoch.encoded_context)});
}

std::string ForgeProposal(const Group& group, const crypto::SigningKey& signer, Proposal proposal) {
  return ForgeContent(group, signer, Sender::Member(group.own_leaf()), std::move(proposal));
}

void Resign(LeafNode& leaf, const crypto::SigningKey& signer, std::string_view group_id,
            LeafIndex index) {
  leaf.signature = SignWithLabel(signer, "LeafNodeTBS", LeafNodeToBeSigned(leaf, group_id, index));
}

void Resign(KeyPackage& key_package, const crypto::SigningKey& signer) {
  Resign(key_package.leaf_node, signer);
  key_package.signature = SignWithLabel(signer, "KeyPackageTBS", KeyPackageToBeSigned(key_package));
}

void Resign(GroupInfo& info, const crypto::SigningKey& signer) {
  info.signature = SignWithLabel(signer, "GroupInfoTBS", GroupInfoToBeSigned(info));
}

}  // namespace amana::mls
