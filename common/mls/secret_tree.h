#pragma once

// The secret tree of one epoch (RFC 9420, section 9): from the encryption secret down to two
// ratchets for each member, which give one key and nonce for each message. What was used, or leads
// to what was used, is gone at once; what was skipped waits for late messages within a window.
//
//   sending:    SentKey k = *tree.Next(me, RatchetKind::kApplication);     the ratchet has moved
//   receiving:  OpeningKey k = *tree.Find(sender, kind, generation);       nothing has moved
//               … open the message with k.key …
//               tree.Consume(std::move(k));                               now it has
//
// so that a message that does not open costs nobody a key. Between Find and Consume no other call
// may be made; keys that are found twice and consumed in the wrong order end the process. Movable;
// not thread-safe.

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <tuple>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/secret.h"
#include "common/mls/codec.h"
#include "common/mls/suite.h"
#include "common/mls/tree_math.h"

namespace amana::mls {

// How many skipped keys of a ratchet wait for late messages: the newest ones.
inline constexpr uint32_t kOutOfOrderWindow = 32;
// How many generations of a ratchet one message may skip. Without it one insider could cost
// everybody hours with a single message.
inline constexpr uint32_t kMaxForward = 1000;

enum class RatchetKind : uint8_t { kHandshake = 0, kApplication = 1 };

struct MessageKey {
  SecretBytes key;
  SecretBytes nonce;
  static constexpr auto kFields = std::tuple(&MessageKey::key, &MessageKey::nonce);
};

struct SentKey {
  uint32_t generation = 0;
  MessageKey key;
};

// A sender ratchet (section 9.1). `secret` is empty when the last generation was used.
struct Ratchet {
  SecretBytes secret;
  uint32_t next_generation = 0;            // the one that `secret` is of
  std::map<uint32_t, MessageKey> skipped;  // at most kOutOfOrderWindow
};

// A key to open one message with, and where its ratchet stands once it was used.
struct OpeningKey {
  LeafIndex sender;
  RatchetKind kind = RatchetKind::kApplication;
  uint32_t generation = 0;
  MessageKey key;

 private:
  friend class SecretTree;
  // With what was skipped on the way alone; none: the key was among the skipped ones.
  std::optional<Ratchet> moved_;
};

class SecretTree {
 public:
  SecretTree(const Suite& suite, LeafCount leaves, SecretBytes encryption_secret);
  SecretTree(SecretTree&&) noexcept = default;
  SecretTree& operator=(SecretTree&&) noexcept = default;

  LeafCount leaves() const { return leaves_; }

  // The key for the next message of `own`. kSenderNotMember outside the tree; kRatchetUsedUp after
  // generation 2^32 - 1.
  absl::StatusOr<SentKey> Next(LeafIndex own, RatchetKind kind);

  // kSenderNotMember outside the tree; kGenerationTooFar; kGenerationConsumed for a generation that
  // was used or has left the window.
  absl::StatusOr<OpeningKey> Find(LeafIndex sender, RatchetKind kind, uint32_t generation);
  void Consume(OpeningKey key);

  // Forgets all handshake ratchets, also those that no message has begun: when the epoch is over,
  // only application messages can be late.
  void DropHandshakes();

  // For the saved state (state.h): one row for the secrets of inner nodes, one for each member
  // whose ratchets exist. What changed since the last call of ClearChanged().
  bool nodes_changed() const { return nodes_changed_; }
  const std::vector<LeafIndex>& changed_ratchets() const { return changed_ratchets_; }
  void ClearChanged();
  SecretBytes EncodeNodes() const;
  // Of one of leaves_with_ratchets().
  SecretBytes EncodeRatchets(LeafIndex leaf) const;
  std::vector<LeafIndex> leaves_with_ratchets() const;
  // kStateDamaged.
  static absl::StatusOr<SecretTree> FromNodes(const Suite& suite, std::string_view nodes);
  absl::Status RestoreRatchets(LeafIndex leaf, std::string_view ratchets);

 private:
  struct Member {
    std::array<Ratchet, 2> ratchets;  // by RatchetKind
    bool changed = false;
  };

  SecretTree(const Suite& suite, LeafCount leaves) : suite_(suite), leaves_(leaves) {}

  // The leaf's ratchets, begun now if they were not; null if its secret is gone.
  Member* MemberAt(LeafIndex leaf);
  // Puts the secret of the leaf in the place of those above it. False if there is none above it.
  bool ExpandTo(NodeIndex leaf);
  void MarkChanged(LeafIndex leaf, Member& member);

  MessageKey KeyOf(const Ratchet& ratchet) const;
  OpeningKey Ahead(const Ratchet& ratchet, uint32_t generation) const;

  Suite suite_;
  LeafCount leaves_;
  bool handshakes_dropped_ = false;

  // The topmost secrets that lead to no ratchet that was begun: no node stands above another.
  std::map<NodeIndex, SecretBytes> nodes_;
  std::map<LeafIndex, Member> members_;

  bool nodes_changed_ = true;
  std::vector<LeafIndex> changed_ratchets_;
};

}  // namespace amana::mls
