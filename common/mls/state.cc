#include "common/mls/state.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include "common/base/check.h"
#include "common/base/status_macros.h"
#include "common/mls/fault.h"
#include "common/mls/group.h"

namespace amana::mls {
namespace {

constexpr uint16_t kFormat = 2;
constexpr char kHeadRow[] = "h";
constexpr char kWaitingRow[] = "p";

template <class... Numbers>
std::string Row(char kind, Numbers... numbers) {
  Writer writer;
  writer.U8(static_cast<uint8_t>(kind));
  (EncodeInto(writer, numbers), ...);
  return std::move(writer).Take();
}
std::string NodeRow(NodeIndex node) { return Row('t', node); }
std::string SecretsRow(uint64_t epoch) { return Row('s', epoch); }
std::string RatchetsRow(uint64_t epoch, LeafIndex leaf) { return Row('r', epoch, leaf); }
std::string PastRow(uint64_t epoch) { return Row('e', epoch); }

// Rows begin with the sequence of the delta that wrote them, all but the head, which has it inside,
// and nodes of the tree: one of another delta shows by the tree's hash.
bool IsStamped(std::string_view key) { return !key.starts_with('h') && !key.starts_with('t'); }
constexpr size_t kStampSize = sizeof(uint64_t);

SecretBytes Taken(Writer writer) { return SecretBytes::Take(std::move(writer).Take()); }

SecretBytes Stamped(uint64_t sequence, std::string_view value) {
  Writer writer;
  writer.Reserve(kStampSize + value.size());
  writer.U64(sequence);
  writer.Raw(value);
  return Taken(std::move(writer));
}

bool IsBlank(const Node& node) { return node.leaf == nullptr && node.parent == nullptr; }

// --- The parts of rows.

struct SavedKey {
  NodeIndex node;
  SecretBytes key;
  static constexpr auto kFields = std::tuple(&SavedKey::node, &SavedKey::key);
};

// An epoch but for its tree and what follows from the rest.
struct SavedEpoch {
  GroupContext context;
  std::string confirmation_tag;
  EpochSecrets secrets;
  LeafIndex own;
  std::vector<SavedKey> keys;
  uint32_t leaves = 0;
  static constexpr auto kFields =
      std::tuple(&SavedEpoch::context, &SavedEpoch::confirmation_tag, &SavedEpoch::secrets,
                 &SavedEpoch::own, &SavedEpoch::keys, &SavedEpoch::leaves);
};

void EncodeEpoch(Writer& writer, const Epoch& epoch) {
  EncodeInto(writer, epoch.context);
  EncodeInto(writer, epoch.confirmation_tag);
  EncodeInto(writer, *epoch.secrets);
  EncodeInto(writer, epoch.own);
  const size_t start = writer.size();
  for (const auto& [node, key] : epoch.keys) {
    EncodeInto(writer, node);
    EncodeInto(writer, key->bytes());
  }
  writer.PrefixLength(start);
  writer.U32(epoch.tree.leaves().value);
}

// Whether a saved epoch is the one that follows, of the same group and for the same member.
bool Follows(const SavedEpoch& next, const Epoch& epoch) {
  return next.context.version == epoch.context.version &&
         next.context.cipher_suite == epoch.context.cipher_suite &&
         next.context.group_id == epoch.context.group_id &&
         next.context.epoch == epoch.context.epoch + 1 && next.own == epoch.own;
}

bool HaveTheirSize(const EpochSecrets& secrets) {
  return std::apply([&](auto... field) { return (((secrets.*field).size() == kHashSize) && ...); },
                    EpochSecrets::kFields);
}

absl::StatusOr<Epoch> RestoreEpoch(SavedEpoch saved, RatchetTree tree) {
  if (!HaveTheirSize(saved.secrets)) return Refuse(Fault::kStateDamaged);
  Epoch epoch{.context = std::move(saved.context),
              .encoded_context = {},
              .tree = std::move(tree),
              .secrets = std::make_shared<const EpochSecrets>(std::move(saved.secrets)),
              .confirmation_tag = std::move(saved.confirmation_tag),
              .interim_transcript_hash = {},
              .own = saved.own,
              .keys = {}};
  epoch.encoded_context = Encode(epoch.context);
  epoch.interim_transcript_hash =
      InterimTranscriptHash(epoch.context.confirmed_transcript_hash, epoch.confirmation_tag);
  // A row that is missing or of another sequence shows here.
  if (epoch.tree.RootHash() != epoch.context.tree_hash || epoch.tree.leaf(epoch.own) == nullptr) {
    return Refuse(Fault::kStateDamaged);
  }
  // That hash says what was written, and not that a group would have written it.
  if (!epoch.tree.CheckUnmergedLeaves().ok()) return Refuse(Fault::kStateDamaged);
  for (const SavedKey& one : saved.keys) {
    const std::string* public_key = epoch.tree.encryption_key(one.node);
    if (public_key == nullptr) return Refuse(Fault::kStateDamaged);
    const auto named = crypto::HpkePublicKey::FromBytes(*public_key);
    if (!named.ok()) return Refuse(Fault::kStateDamaged);
    auto pair = crypto::HpkePrivateKey::FromPair(one.key.Expose(), *named);
    if (!pair.ok()) return Refuse(Fault::kStateDamaged);
    epoch.keys[one.node] = std::make_shared<const crypto::HpkePrivateKey>(*std::move(pair));
  }
  return epoch;
}

bool IsTreeSize(uint32_t leaves) {
  return leaves > 0 && leaves <= kMaxLeaves && RoomFor(leaves).value == leaves;
}

struct SavedResumption {
  uint64_t epoch = 0;
  SecretBytes psk;
  static constexpr auto kFields = std::tuple(&SavedResumption::epoch, &SavedResumption::psk);
};

struct Head {
  uint16_t format = 0;
  uint64_t sequence = 0;
  uint8_t removed = 0;
  std::optional<ReInit> reinit;
  std::vector<SavedResumption> resumption;
  std::vector<uint64_t> past;
  uint32_t stamped = 0;  // rows of this sequence
  SavedEpoch epoch;
  static constexpr auto kFields =
      std::tuple(&Head::format, &Head::sequence, &Head::removed, &Head::reinit, &Head::resumption,
                 &Head::past, &Head::stamped, &Head::epoch);
};

struct SavedSignatureKey {
  LeafIndex leaf;
  std::string key;
  static constexpr auto kFields = std::tuple(&SavedSignatureKey::leaf, &SavedSignatureKey::key);
};

struct SavedPast {
  std::string encoded_context;
  SecretBytes sender_data_secret;
  std::vector<SavedSignatureKey> signature_keys;
  static constexpr auto kFields = std::tuple(
      &SavedPast::encoded_context, &SavedPast::sender_data_secret, &SavedPast::signature_keys);
};

struct SavedProposal {
  Sender sender;
  ProposalRef reference;
  Proposal proposal;
  static constexpr auto kFields =
      std::tuple(&SavedProposal::sender, &SavedProposal::reference, &SavedProposal::proposal);
};

// What is taken for granted of a proposal that was validated when it came.
bool CanBeApplied(const SavedProposal& saved, const RatchetTree& tree) {
  if (saved.proposal.As<Update>() != nullptr) {
    return saved.sender.type == SenderType::kMember && tree.leaf(saved.sender.leaf()) != nullptr;
  }
  const auto* remove = saved.proposal.As<Remove>();
  return remove == nullptr || tree.leaf(remove->removed) != nullptr;
}

struct SavedWaiting {
  std::vector<SavedProposal> proposals;
  std::vector<SecretBytes> updates;
  static constexpr auto kFields = std::tuple(&SavedWaiting::proposals, &SavedWaiting::updates);
};

struct ChangedNode {
  NodeIndex index;
  std::optional<Node> node;
  static constexpr auto kFields = std::tuple(&ChangedNode::index, &ChangedNode::node);
};

struct SavedStaged {
  std::string base;
  LeafIndex committer;
  std::vector<LeafIndex> added, updated, removed;
  std::vector<PreSharedKeyId> psks;
  std::optional<ReInit> reinit;
  SavedEpoch epoch;
  std::vector<ChangedNode> nodes;
  SecretBytes secret_tree;
  static constexpr auto kFields = std::tuple(
      &SavedStaged::base, &SavedStaged::committer, &SavedStaged::added, &SavedStaged::updated,
      &SavedStaged::removed, &SavedStaged::psks, &SavedStaged::reinit, &SavedStaged::epoch,
      &SavedStaged::nodes, &SavedStaged::secret_tree);
};

std::set<NodeIndex> ChangedNodes(const RatchetTree& tree) {
  return {tree.changed().begin(), tree.changed().end()};
}

// The rows of one epoch's secret tree that changed.
void AddSecretRows(StateDelta& delta, uint64_t epoch, SecretTree& tree) {
  if (tree.nodes_changed()) delta.rows[SecretsRow(epoch)] = tree.EncodeNodes();
  for (const LeafIndex leaf : tree.changed_ratchets()) {
    delta.rows[RatchetsRow(epoch, leaf)] = tree.EncodeRatchets(leaf);
  }
  tree.ClearChanged();
}

// What a row holds, without its stamp. kStateDamaged if it is not there.
absl::StatusOr<std::string_view> FindRow(const StateRows& rows, const std::string& key) {
  const auto found = rows.find(key);
  if (found == rows.end()) return Refuse(Fault::kStateDamaged);
  return found->second.Expose().substr(IsStamped(key) ? kStampSize : 0);
}

template <class T>
absl::StatusOr<T> ReadRow(const StateRows& rows, const std::string& key) {
  AMANA_ASSIGN_OR_RETURN(const std::string_view row, FindRow(rows, key));
  absl::StatusOr<T> value = Decode<T>(row, kNoLimit);
  if (!value.ok()) return Refuse(Fault::kStateDamaged);
  return value;
}

// Whether a stamped row is one that the group still has. Any other would come to life when its
// epoch begins.
bool IsKept(const Head& head, std::string_view key) {
  if (key == kWaitingRow) return true;
  Reader reader(key);
  const uint8_t kind = reader.U8();
  const uint64_t epoch = reader.U64();
  if (!reader.ok() || (kind != 'r' && !reader.empty())) return false;
  const bool is_past = std::find(head.past.begin(), head.past.end(), epoch) != head.past.end();
  if (kind == 'e') return is_past;
  return (kind == 's' || kind == 'r') && (is_past || epoch == head.epoch.context.epoch);
}

// Whether the newest delta was written whole. Otherwise a ratchet could stand where it stood before
// and give a key for a second time.
absl::Status CheckWhole(const StateRows& rows, const Head& head) {
  uint32_t newest = 0;
  for (const auto& [key, row] : rows) {
    if (!IsStamped(key)) continue;
    if (row.size() < kStampSize) return Refuse(Fault::kStateDamaged);
    const uint64_t sequence = Reader(row.Expose().substr(0, kStampSize)).U64();
    if (sequence > head.sequence || !IsKept(head, key)) return Refuse(Fault::kStateDamaged);
    if (sequence == head.sequence) ++newest;
  }
  return newest == head.stamped ? absl::OkStatus() : Refuse(Fault::kStateDamaged);
}

absl::StatusOr<SecretTree> ReadSecretTree(const Suite& suite, const StateRows& rows,
                                          uint64_t epoch) {
  AMANA_ASSIGN_OR_RETURN(const std::string_view nodes, FindRow(rows, SecretsRow(epoch)));
  AMANA_ASSIGN_OR_RETURN(SecretTree tree, SecretTree::FromNodes(suite, nodes));
  const std::string first = RatchetsRow(epoch, LeafIndex{0});
  const std::string_view prefix = std::string_view(first).substr(0, first.size() - 4);
  for (auto row = rows.lower_bound(first); row != rows.end(); ++row) {
    if (!row->first.starts_with(prefix)) break;
    AMANA_ASSIGN_OR_RETURN(const LeafIndex leaf,
                           Decode<LeafIndex>(std::string_view(row->first).substr(prefix.size())));
    AMANA_RETURN_IF_ERROR(tree.RestoreRatchets(leaf, row->second.Expose().substr(kStampSize)));
  }
  tree.ClearChanged();
  return tree;
}

absl::StatusOr<RatchetTree> ReadTree(const StateRows& rows, uint32_t leaves) {
  if (!IsTreeSize(leaves)) return Refuse(Fault::kStateDamaged);
  RatchetTree tree(LeafCount{leaves});
  for (auto row = rows.lower_bound("t"); row != rows.end() && row->first.front() == 't'; ++row) {
    const auto index = Decode<NodeIndex>(std::string_view(row->first).substr(1));
    auto node = Decode<Node>(row->second.Expose(), kNoLimit);
    if (!index.ok() || !node.ok()) return Refuse(Fault::kStateDamaged);
    AMANA_RETURN_IF_ERROR(tree.Restore(*index, *std::move(node)));
  }
  tree.ClearChanged();
  return tree;
}

}  // namespace

void StateChanges::Forget(uint64_t past_epoch, const SecretTree& secret_tree) {
  forgotten.push_back(PastRow(past_epoch));
  forgotten.push_back(SecretsRow(past_epoch));
  for (const LeafIndex leaf : secret_tree.leaves_with_ratchets()) {
    forgotten.push_back(RatchetsRow(past_epoch, leaf));
  }
}

void ApplyDelta(StateRows& rows, StateDelta delta) {
  for (auto& [key, value] : delta.rows) {
    if (value.has_value()) {
      rows[key] = *std::move(value);
    } else {
      rows.erase(key);
    }
  }
}

StateDelta Group::TakeDelta() {
  StateDelta delta;
  delta.sequence = ++sequence_;
  for (const std::string& row : changes_.forgotten) delta.rows[row] = std::nullopt;
  for (const NodeIndex index : ChangedNodes(epoch_.tree)) {
    const Node node = epoch_.tree.node(index);
    auto& row = delta.rows[NodeRow(index)];
    row = std::nullopt;
    if (!IsBlank(node)) row = EncodeSecret(node);
  }
  epoch_.tree.ClearChanged();
  AddSecretRows(delta, epoch(), secret_tree_);
  for (PastEpoch& past : past_) {
    AddSecretRows(delta, past.epoch, past.secret_tree);
    if (!changes_.past) continue;
    SavedPast saved{past.encoded_context, past.sender_data_secret.Clone(), {}};
    for (const auto& [leaf, key] : past.signature_keys) saved.signature_keys.push_back({leaf, key});
    delta.rows[PastRow(past.epoch)] = EncodeSecret(saved);
  }
  if (changes_.waiting) {
    SavedWaiting saved;
    for (const ListedProposal& one : waiting_) {
      saved.proposals.push_back({one.sender, one.reference, one.proposal});
    }
    for (const crypto::HpkePrivateKey& key : updates_) saved.updates.push_back(key.bytes().Clone());
    delta.rows[kWaitingRow] = EncodeSecret(saved);
  }
  uint32_t stamped = 0;
  for (auto& [key, value] : delta.rows) {
    if (!value.has_value() || !IsStamped(key)) continue;
    value = Stamped(sequence_, value->Expose());
    ++stamped;
  }
  Writer head;
  head.U16(kFormat);
  head.U64(sequence_);
  head.U8(removed_ ? 1 : 0);
  EncodeInto(head, reinit_);
  const size_t resumption = head.size();
  for (const auto& [number, psk] : resumption_) {
    head.U64(number);
    EncodeInto(head, psk);
  }
  head.PrefixLength(resumption);
  const size_t past = head.size();
  for (const PastEpoch& one : past_) head.U64(one.epoch);
  head.PrefixLength(past);
  head.U32(stamped);
  EncodeEpoch(head, epoch_);
  delta.rows[kHeadRow] = Taken(std::move(head));
  changes_ = {.past = false, .waiting = false, .forgotten = {}};
  return delta;
}

absl::StatusOr<Group> Group::Restore(const Suite& suite, const StateRows& rows, uint64_t at_least) {
  AMANA_ASSIGN_OR_RETURN(Head head, ReadRow<Head>(rows, kHeadRow));
  if (head.format != kFormat) return Refuse(Fault::kStateDamaged);
  if (head.sequence < at_least) return Refuse(Fault::kStateRolledBack);
  if (head.epoch.context.cipher_suite != suite.id) return Refuse(Fault::kSuiteUnknown);
  AMANA_RETURN_IF_ERROR(CheckWhole(rows, head));
  AMANA_ASSIGN_OR_RETURN(RatchetTree tree, ReadTree(rows, head.epoch.leaves));
  AMANA_ASSIGN_OR_RETURN(Epoch epoch, RestoreEpoch(std::move(head.epoch), std::move(tree)));
  AMANA_ASSIGN_OR_RETURN(SecretTree secret_tree, ReadSecretTree(suite, rows, epoch.context.epoch));
  if (secret_tree.leaves() != epoch.tree.leaves()) return Refuse(Fault::kStateDamaged);
  Group group(suite, std::move(epoch), std::move(secret_tree));
  group.sequence_ = head.sequence;
  group.removed_ = head.removed != 0;
  group.reinit_ = std::move(head.reinit);
  for (SavedResumption& one : head.resumption) group.resumption_[one.epoch] = std::move(one.psk);
  for (size_t i = 0; i < head.past.size(); ++i) {
    const uint64_t number = head.past[i];
    // The epochs before this one: another one's secrets would be read by a wrong name.
    if (number != group.epoch() - (head.past.size() - i)) return Refuse(Fault::kStateDamaged);
    AMANA_ASSIGN_OR_RETURN(SavedPast saved, ReadRow<SavedPast>(rows, PastRow(number)));
    AMANA_ASSIGN_OR_RETURN(SecretTree past_tree, ReadSecretTree(suite, rows, number));
    std::map<LeafIndex, std::string> keys;
    for (SavedSignatureKey& one : saved.signature_keys) keys[one.leaf] = std::move(one.key);
    group.past_.push_back({number, std::move(saved.encoded_context),
                           std::move(saved.sender_data_secret), std::move(past_tree),
                           std::move(keys)});
  }
  AMANA_ASSIGN_OR_RETURN(SavedWaiting waiting, ReadRow<SavedWaiting>(rows, kWaitingRow));
  for (SavedProposal& one : waiting.proposals) {
    if (!CanBeApplied(one, group.tree())) return Refuse(Fault::kStateDamaged);
    group.Wait({std::move(one.proposal), one.sender, std::move(one.reference),
                /*validated=*/true});
  }
  for (const SecretBytes& key : waiting.updates) {
    auto pair = crypto::HpkePrivateKey::FromBytes(key.Expose());
    if (!pair.ok()) return Refuse(Fault::kStateDamaged);
    group.updates_.push_back(*std::move(pair));
  }
  group.changes_ = {.past = false, .waiting = false, .forgotten = {}};
  return group;
}

// --- Staged commits.

SecretBytes StagedCommit::Encode() const {
  AMANA_CHECK(next_.has_value() && secret_tree_.has_value(),
              "a commit that removes this member leads to nothing that can be kept");
  Writer writer;
  EncodeInto(writer, base_);
  EncodeInto(writer, committer_);
  EncodeInto(writer, added_);
  EncodeInto(writer, updated_);
  EncodeInto(writer, removed_);
  EncodeInto(writer, psks_);
  EncodeInto(writer, reinit_);
  EncodeEpoch(writer, *next_);
  const size_t start = writer.size();
  for (const NodeIndex index : ChangedNodes(next_->tree)) {
    EncodeInto(writer, index);
    const Node node = next_->tree.node(index);
    EncodeInto(writer, IsBlank(node) ? std::nullopt : std::optional(node));
  }
  writer.PrefixLength(start);
  EncodeInto(writer, secret_tree_->EncodeNodes());
  return Taken(std::move(writer));
}

absl::StatusOr<StagedCommit> Group::RestoreStaged(std::string_view encoded) const {
  auto saved = Decode<SavedStaged>(encoded, kNoLimit);
  if (!saved.ok() || !IsTreeSize(saved->epoch.leaves)) return Refuse(Fault::kStateDamaged);
  if (saved->base != epoch_.confirmation_tag) return Refuse(Fault::kStagedElsewhere);
  if (!Follows(saved->epoch, epoch_)) return Refuse(Fault::kStateDamaged);
  RatchetTree tree = epoch_.tree;
  tree.SetSize(LeafCount{saved->epoch.leaves});
  for (ChangedNode& one : saved->nodes) {
    if (one.index.value >= NodeCount(tree.leaves()) && !one.node.has_value()) continue;
    AMANA_RETURN_IF_ERROR(
        tree.Restore(one.index, one.node.has_value() ? *std::move(one.node) : Node{}));
  }
  StagedCommit staged;
  AMANA_ASSIGN_OR_RETURN(staged.next_, RestoreEpoch(std::move(saved->epoch), std::move(tree)));
  AMANA_ASSIGN_OR_RETURN(staged.secret_tree_,
                         SecretTree::FromNodes(*suite_, saved->secret_tree.Expose()));
  if (staged.secret_tree_->leaves() != staged.tree().leaves()) return Refuse(Fault::kStateDamaged);
  staged.base_ = std::move(saved->base);
  staged.committer_ = saved->committer;
  staged.added_ = std::move(saved->added);
  staged.updated_ = std::move(saved->updated);
  staged.removed_ = std::move(saved->removed);
  staged.psks_ = std::move(saved->psks);
  staged.reinit_ = std::move(saved->reinit);
  return staged;
}

}  // namespace amana::mls
