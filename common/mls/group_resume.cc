// Going on in another group: branches and reinitialised groups (RFC 9420, sections 11.2 and 11.3).

#include <algorithm>
#include <set>

#include "common/base/status_macros.h"
#include "common/mls/fault.h"
#include "common/mls/group.h"

namespace amana::mls {
namespace {

std::set<std::string_view> NewClients(const OwnKeyPackage& own,
                                      const std::vector<KeyPackage>& key_packages,
                                      const Policy& policy) {
  std::set<std::string_view> clients = {policy.credentials->ClientOf(own.key_package.leaf_node)};
  for (const KeyPackage& one : key_packages) {
    clients.insert(policy.credentials->ClientOf(one.leaf_node));
  }
  return clients;
}

}  // namespace

absl::StatusOr<NewCommit> Group::Resume(Group& group, const std::vector<KeyPackage>& key_packages,
                                        PreSharedKeyId psk_id, SecretBytes psk, CommitKind kind,
                                        const crypto::SigningKey& signer, const Policy& policy,
                                        Random& random) {
  psk_id.type = PskType::kResumption;
  psk_id.nonce = RandomBytes(random, kHashSize);
  std::vector<Proposal> proposed = {{PreSharedKey{psk_id}}};
  for (const KeyPackage& one : key_packages) {
    AMANA_RETURN_IF_ERROR(CheckLifetime(one.leaf_node.lifetime, policy));
    proposed.push_back({Add{one}});
  }
  std::vector<ListedProposal> list;
  std::vector<ProposalOrRef> proposals;
  for (Proposal& proposal : proposed) {
    list.push_back({proposal, Sender::Member(group.epoch_.own)});
    proposals.push_back({std::move(proposal)});
  }
  std::vector<Psk> psks;
  psks.push_back({psk_id, std::move(psk)});
  return group.MakeCommit({}, std::move(proposals), PointersTo(list), kind, psks, signer, policy,
                          random);
}

absl::StatusOr<std::pair<Group, NewCommit>> Group::Branch(
    std::string_view new_group_id, OwnKeyPackage own, const std::vector<KeyPackage>& key_packages,
    const crypto::SigningKey& signer, const Policy& policy, Random& random) const {
  AMANA_RETURN_IF_ERROR(CheckSending());
  const auto members = ClientsOf(epoch_.tree, policy);
  const auto wanted = NewClients(own, key_packages, policy);
  if (!std::includes(members.begin(), members.end(), wanted.begin(), wanted.end())) {
    return Refuse(Fault::kBranchMember);
  }
  AMANA_ASSIGN_OR_RETURN(Group branch, Create(*suite_, new_group_id, std::move(own),
                                              epoch_.context.extensions, policy, random));
  PreSharedKeyId id;
  id.usage = ResumptionUsage::kBranch;
  id.group_id = group_id();
  id.epoch = epoch();
  AMANA_ASSIGN_OR_RETURN(NewCommit commit, Resume(branch, key_packages, std::move(id),
                                                  epoch_.secrets->resumption_psk.Clone(),
                                                  CommitKind::kBranch, signer, policy, random));
  return std::pair(std::move(branch), std::move(commit));
}

absl::StatusOr<std::pair<Group, NewCommit>> Group::Reinitialise(
    const Suite& suite, OwnKeyPackage own, const std::vector<KeyPackage>& key_packages,
    const crypto::SigningKey& signer, const Policy& policy, Random& random) const {
  if (removed_) return Refuse(Fault::kRemoved);
  if (!reinit_.has_value() || reinit_->cipher_suite != suite.id || reinit_->version != kMls10) {
    return Refuse(Fault::kReInitMismatch);
  }
  const auto members = ClientsOf(epoch_.tree, policy);
  const auto wanted = NewClients(own, key_packages, policy);
  if (!std::includes(wanted.begin(), wanted.end(), members.begin(), members.end())) {
    return Refuse(Fault::kReInitMember);
  }
  AMANA_ASSIGN_OR_RETURN(Group next, Create(suite, reinit_->group_id, std::move(own),
                                            reinit_->extensions, policy, random));
  PreSharedKeyId id;
  id.usage = ResumptionUsage::kReinit;
  id.group_id = group_id();
  id.epoch = epoch();
  AMANA_ASSIGN_OR_RETURN(NewCommit commit, Resume(next, key_packages, std::move(id),
                                                  epoch_.secrets->resumption_psk.Clone(),
                                                  CommitKind::kReInit, signer, policy, random));
  return std::pair(std::move(next), std::move(commit));
}

}  // namespace amana::mls
