#pragma once

// A client that can be in one group at a time: one of ours, or one of the other implementation's.
// The same door for both, so that a test can let any of them do anything.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/random.h"
#include "tests/interop/mls/peer_process.h"

namespace amana::mls {

// An external one.
struct SharedKey {
  std::string id;
  std::string value;
};

struct Style {
  bool in_clear = false;
  std::string authenticated_data;
};

struct CommitOrder {
  std::vector<std::string> adds;     // key packages, each an MLSMessage
  std::vector<uint32_t> removes;     // leaves
  std::vector<SharedKey> psks;       // proposed by value
  std::vector<std::string> waiting;  // references of those that are taken along
  bool tree_in_welcome = true;
  Style style;
  // What only ours are asked for: a path where none is needed, a new signature key.
  bool with_path = true;
  bool new_signature_key = false;
};

struct CommitMade {
  std::string commit;
  std::string welcome;  // empty if nobody is added
};

enum class ProposalKind { kAdd, kRemove, kUpdate, kPsk };

struct ProposalOrder {
  ProposalKind kind = ProposalKind::kUpdate;
  std::string key_package;
  uint32_t leaf = 0;
  SharedKey psk;
  Style style;
  bool new_signature_key = false;  // as above
};

// What was in a message. The two sides do not tell the same, so some of it may be missing.
struct Heard {
  enum class Kind { kApplication, kProposal, kCommit };
  Kind kind = Kind::kApplication;
  std::optional<uint32_t> sender;  // its leaf
  std::optional<std::string> authenticated_data;
  std::string data;       // of application data
  std::string reference;  // of a proposal
  bool removed = false;   // by the commit
};

// What all members must agree on, and the leaf.
struct View {
  std::string group_id;
  uint64_t epoch = 0;
  std::string epoch_authenticator;
  std::string tree_hash;
  std::map<uint32_t, std::string> members;  // by leaf
  uint32_t leaf = 0;
};

class Party {
 public:
  explicit Party(std::string name) : name_(std::move(name)) {}
  virtual ~Party() = default;

  const std::string& name() const { return name_; }  // its identity, too
  virtual bool is_ours() const = 0;
  // How late application data may be, in epochs, and how many keys of a ratchet wait for it.
  virtual uint64_t past_epochs() const = 0;
  virtual size_t skipped_keys() const = 0;

  virtual absl::StatusOr<std::string> MakeKeyPackage() = 0;
  virtual absl::Status Create(const std::string& group_id) = 0;
  // `tree` where the welcome or group info does not bring it.
  virtual absl::Status Join(const std::string& welcome, const std::optional<std::string>& tree,
                            const std::vector<SharedKey>& psks) = 0;
  // Gives the commit, which waits for Confirm(). `replaced` is this client's leaf of before.
  virtual absl::StatusOr<std::string> JoinExternally(const std::string& group_info,
                                                     const std::optional<std::string>& tree,
                                                     std::optional<uint32_t> replaced) = 0;

  // The commit waits for Confirm(), Discard(), or another one that is handled.
  virtual absl::StatusOr<CommitMade> Commit(const CommitOrder& order) = 0;
  virtual absl::Status Confirm() = 0;
  virtual absl::Status Discard() = 0;
  // An MLSMessage and, where the side tells it, the reference.
  virtual absl::StatusOr<std::pair<std::string, std::string>> Propose(
      const ProposalOrder& order) = 0;
  virtual absl::StatusOr<std::string> Encrypt(const std::string& data,
                                              const std::string& authenticated_data) = 0;

  // A commit is followed at once.
  virtual absl::StatusOr<Heard> Handle(const std::string& message,
                                       const std::vector<SharedKey>& psks) = 0;
  // Takes a commit in without following it.
  virtual absl::Status Consider(const std::string& commit, const std::vector<SharedKey>& psks) = 0;

  virtual absl::StatusOr<View> Look() = 0;
  virtual absl::StatusOr<std::string> Export(const std::string& label, const std::string& context,
                                             size_t size) = 0;
  virtual absl::StatusOr<std::string> GroupInfo(bool with_tree) = 0;
  virtual absl::StatusOr<std::string> Tree() = 0;

  // Saves everything, forgets it, and restores it. Of ours with a commit that waits; theirs can't
  // do it while commits or proposals wait.
  virtual absl::Status Reload() = 0;

 private:
  const std::string name_;
};

// `random` and `peer` must outlive the party.
std::unique_ptr<Party> NewOurParty(std::string name, Random& random);
std::unique_ptr<Party> NewTheirParty(std::string name, PeerProcess& peer);

}  // namespace amana::mls
