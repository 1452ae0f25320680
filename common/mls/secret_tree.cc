#include "common/mls/secret_tree.h"

#include <limits>
#include <utility>

#include "common/base/check.h"

namespace amana::mls {
namespace {

constexpr uint32_t kLastGeneration = std::numeric_limits<uint32_t>::max();

// To the next generation; the secret before it is wiped.
void Step(Ratchet& ratchet) {
  if (ratchet.next_generation == kLastGeneration) {
    ratchet.secret = SecretBytes();
    return;
  }
  ratchet.secret =
      DeriveTreeSecret(ratchet.secret.Expose(), "secret", ratchet.next_generation, kHashSize);
  ++ratchet.next_generation;
}

bool IsAhead(const Ratchet& ratchet, uint32_t generation) {
  return !ratchet.secret.empty() && generation >= ratchet.next_generation;
}

// Whether `moved` stands where `ratchet` can get to from here.
bool IsMoveFrom(const Ratchet& ratchet, const Ratchet& moved) {
  return !ratchet.secret.empty() &&
         (moved.secret.empty() || moved.next_generation > ratchet.next_generation);
}

// A ratchet that gives no keys any more.
void Forget(Ratchet& ratchet) { ratchet = Ratchet(); }

bool IsForgotten(const Ratchet& ratchet) {
  return ratchet.secret.empty() && ratchet.skipped.empty();
}

// --- The rows of the saved state --------------------------------------------------------------

constexpr size_t kMaxPrefix = 4;  // bytes of a length

// Rows are written into a buffer that never grows, so that no copies of secrets stay behind.
SecretBytes TakeSecret(Writer&& writer) { return SecretBytes::Take(std::move(writer).Take()); }

size_t RowSizeOf(const Suite& suite, const Ratchet& ratchet) {
  const size_t key = 4 + suite.aead->key_size + suite.aead->nonce_size + 2 * kMaxPrefix;
  return kHashSize + 4 + 2 * kMaxPrefix + ratchet.skipped.size() * key;
}

// struct {
//     opaque secret<V>;
//     uint32 next_generation;
//     struct { uint32 generation; opaque key<V>; opaque nonce<V>; } skipped<V>;
// } Ratchet;
void EncodeRatchet(Writer& writer, const Ratchet& ratchet) {
  EncodeInto(writer, ratchet.secret);
  writer.U32(ratchet.next_generation);
  const size_t start = writer.size();
  for (const auto& [generation, key] : ratchet.skipped) {
    writer.U32(generation);
    EncodeInto(writer, key);
  }
  writer.PrefixLength(start);
}

bool IsSkippedKeyOf(const Suite& suite, const Ratchet& ratchet, uint32_t generation,
                    const MessageKey& key) {
  return !IsAhead(ratchet, generation) && key.key.size() == suite.aead->key_size &&
         key.nonce.size() == suite.aead->nonce_size;
}

bool DecodeRatchet(const Suite& suite, Reader& reader, Ratchet& ratchet) {
  DecodeFrom(reader, ratchet.secret);
  ratchet.next_generation = reader.U32();
  if (!ratchet.secret.empty() && ratchet.secret.size() != kHashSize) return false;
  Reader skipped = reader.Elements();
  while (skipped.ok() && !skipped.empty()) {
    const uint32_t generation = skipped.U32();
    MessageKey key;
    DecodeFrom(skipped, key);
    if (!IsSkippedKeyOf(suite, ratchet, generation, key)) return false;
    if (!ratchet.skipped.emplace(generation, std::move(key)).second) return false;
  }
  return reader.ok() && skipped.ok() && ratchet.skipped.size() <= kOutOfOrderWindow;
}

}  // namespace

SecretTree::SecretTree(const Suite& suite, LeafCount leaves, SecretBytes encryption_secret)
    : SecretTree(suite, leaves) {
  nodes_.emplace(Root(leaves), std::move(encryption_secret));
}

absl::StatusOr<SentKey> SecretTree::Next(LeafIndex own, RatchetKind kind) {
  if (own.value >= leaves_.value) return Refuse(Fault::kSenderNotMember);
  Member* const member = MemberAt(own);
  if (member == nullptr) return Refuse(Fault::kRatchetUsedUp);
  Ratchet& ratchet = member->ratchets[static_cast<size_t>(kind)];
  if (ratchet.secret.empty()) return Refuse(Fault::kRatchetUsedUp);
  SentKey sent{ratchet.next_generation, KeyOf(ratchet)};
  Step(ratchet);
  MarkChanged(own, *member);
  return sent;
}

absl::StatusOr<OpeningKey> SecretTree::Find(LeafIndex sender, RatchetKind kind,
                                            uint32_t generation) {
  if (sender.value >= leaves_.value) return Refuse(Fault::kSenderNotMember);
  const Member* const member = MemberAt(sender);
  if (member == nullptr) return Refuse(Fault::kGenerationConsumed);
  const Ratchet& ratchet = member->ratchets[static_cast<size_t>(kind)];

  OpeningKey found;
  if (IsAhead(ratchet, generation)) {
    if (generation - ratchet.next_generation > kMaxForward) {
      return Refuse(Fault::kGenerationTooFar);
    }
    found = Ahead(ratchet, generation);
  } else {
    const auto skipped = ratchet.skipped.find(generation);
    if (skipped == ratchet.skipped.end()) return Refuse(Fault::kGenerationConsumed);
    found.key.key = skipped->second.key.Clone();
    found.key.nonce = skipped->second.nonce.Clone();
  }
  found.sender = sender;
  found.kind = kind;
  found.generation = generation;
  return found;
}

// Steps a ratchet of its own up to behind `generation`, and keeps on the way the keys that will
// still be in the window.
OpeningKey SecretTree::Ahead(const Ratchet& ratchet, uint32_t generation) const {
  OpeningKey found;
  Ratchet& moved = found.moved_.emplace();
  moved.secret = ratchet.secret.Clone();
  moved.next_generation = ratchet.next_generation;
  for (; moved.next_generation != generation; Step(moved)) {
    if (generation - moved.next_generation > kOutOfOrderWindow) continue;
    moved.skipped.emplace(moved.next_generation, KeyOf(moved));
  }
  found.key = KeyOf(moved);
  Step(moved);
  return found;
}

void SecretTree::Consume(OpeningKey key) {
  Member& member = members_.at(key.sender);
  Ratchet& ratchet = member.ratchets[static_cast<size_t>(key.kind)];
  if (key.moved_.has_value()) {
    // Going back would give keys a second time.
    AMANA_CHECK(IsMoveFrom(ratchet, *key.moved_), "a key that was not the last one found");
    ratchet.secret = std::move(key.moved_->secret);
    ratchet.next_generation = key.moved_->next_generation;
    ratchet.skipped.merge(key.moved_->skipped);
    while (ratchet.skipped.size() > kOutOfOrderWindow) {
      ratchet.skipped.erase(ratchet.skipped.begin());
    }
  } else {
    ratchet.skipped.erase(key.generation);
  }
  MarkChanged(key.sender, member);
}

void SecretTree::DropHandshakes() {
  if (!std::exchange(handshakes_dropped_, true)) nodes_changed_ = true;
  for (auto& [leaf, member] : members_) {
    Ratchet& ratchet = member.ratchets[static_cast<size_t>(RatchetKind::kHandshake)];
    if (IsForgotten(ratchet)) continue;
    Forget(ratchet);
    MarkChanged(leaf, member);
  }
}

MessageKey SecretTree::KeyOf(const Ratchet& ratchet) const {
  const std::string_view secret = ratchet.secret.Expose();
  const uint32_t generation = ratchet.next_generation;
  return {DeriveTreeSecret(secret, "key", generation, suite_.aead->key_size),
          DeriveTreeSecret(secret, "nonce", generation, suite_.aead->nonce_size)};
}

SecretTree::Member* SecretTree::MemberAt(LeafIndex leaf) {
  const auto begun = members_.find(leaf);
  if (begun != members_.end()) return &begun->second;

  if (!ExpandTo(NodeOf(leaf))) return nullptr;
  const auto node = nodes_.extract(NodeOf(leaf));
  const std::string_view secret = node.mapped().Expose();
  Member& member = members_[leaf];
  if (!handshakes_dropped_) {
    member.ratchets[0].secret = ExpandWithLabel(secret, "handshake", "", kHashSize);
  }
  member.ratchets[1].secret = ExpandWithLabel(secret, "application", "", kHashSize);
  MarkChanged(leaf, member);
  return &member;
}

bool SecretTree::ExpandTo(NodeIndex leaf) {
  NodeIndex above = leaf;
  while (!nodes_.contains(above)) {
    if (above == Root(leaves_)) return false;
    above = Parent(above);
  }
  nodes_changed_ = true;
  while (above != leaf) {
    const auto node = nodes_.extract(above);
    const std::string_view secret = node.mapped().Expose();
    nodes_.emplace(Left(above), ExpandWithLabel(secret, "tree", "left", kHashSize));
    nodes_.emplace(Right(above), ExpandWithLabel(secret, "tree", "right", kHashSize));
    above = leaf < above ? Left(above) : Right(above);
  }
  return true;
}

void SecretTree::MarkChanged(LeafIndex leaf, Member& member) {
  if (!std::exchange(member.changed, true)) changed_ratchets_.push_back(leaf);
}

void SecretTree::ClearChanged() {
  nodes_changed_ = false;
  for (const LeafIndex leaf : changed_ratchets_) members_.at(leaf).changed = false;
  changed_ratchets_.clear();
}

// struct {
//     uint32 leaves;
//     uint8 handshakes_dropped;
//     struct { uint32 node; opaque secret<V>; } nodes<V>;
// } Nodes;
SecretBytes SecretTree::EncodeNodes() const {
  Writer writer;
  writer.Reserve(4 + 1 + kMaxPrefix + nodes_.size() * (4 + kMaxPrefix + kHashSize));
  writer.U32(leaves_.value);
  writer.U8(handshakes_dropped_ ? 1 : 0);
  const size_t start = writer.size();
  for (const auto& [node, secret] : nodes_) {
    EncodeInto(writer, node);
    EncodeInto(writer, secret);
  }
  writer.PrefixLength(start);
  return TakeSecret(std::move(writer));
}

// struct { Ratchet handshake; Ratchet application; } Ratchets;
SecretBytes SecretTree::EncodeRatchets(LeafIndex leaf) const {
  const Member& member = members_.at(leaf);
  Writer writer;
  writer.Reserve(RowSizeOf(suite_, member.ratchets[0]) + RowSizeOf(suite_, member.ratchets[1]));
  for (const Ratchet& ratchet : member.ratchets) EncodeRatchet(writer, ratchet);
  return TakeSecret(std::move(writer));
}

std::vector<LeafIndex> SecretTree::leaves_with_ratchets() const {
  std::vector<LeafIndex> leaves;
  leaves.reserve(members_.size());
  for (const auto& [leaf, member] : members_) leaves.push_back(leaf);
  return leaves;
}

absl::StatusOr<SecretTree> SecretTree::FromNodes(const Suite& suite, std::string_view nodes) {
  Reader reader(nodes);
  const LeafCount leaves{reader.U32()};
  if (leaves.value > kMaxLeaves || RoomFor(leaves.value) != leaves) {
    return Refuse(Fault::kStateDamaged);
  }
  SecretTree tree(suite, leaves);
  const uint8_t dropped = reader.U8();
  tree.handshakes_dropped_ = dropped == 1;
  Reader elements = reader.Elements();
  while (elements.ok() && !elements.empty()) {
    NodeIndex node;
    SecretBytes secret;
    DecodeFrom(elements, node);
    DecodeFrom(elements, secret);
    const bool fits = node.value < NodeCount(leaves) && secret.size() == kHashSize;
    if (!fits || !tree.nodes_.emplace(node, std::move(secret)).second) {
      return Refuse(Fault::kStateDamaged);
    }
  }
  if (dropped > 1 || !reader.ok() || !reader.empty() || !elements.ok()) {
    return Refuse(Fault::kStateDamaged);
  }
  return tree;
}

absl::Status SecretTree::RestoreRatchets(LeafIndex leaf, std::string_view ratchets) {
  if (leaf.value >= leaves_.value) return Refuse(Fault::kStateDamaged);
  // A secret that leads to these ratchets would give their keys again.
  for (NodeIndex above = NodeOf(leaf);; above = Parent(above)) {
    if (nodes_.contains(above)) return Refuse(Fault::kStateDamaged);
    if (above == Root(leaves_)) break;
  }
  Member member;
  Reader reader(ratchets);
  for (Ratchet& ratchet : member.ratchets) {
    if (!DecodeRatchet(suite_, reader, ratchet)) return Refuse(Fault::kStateDamaged);
  }
  if (!reader.empty()) return Refuse(Fault::kStateDamaged);
  if (!members_.emplace(leaf, std::move(member)).second) return Refuse(Fault::kStateDamaged);
  return absl::OkStatus();
}

}  // namespace amana::mls
