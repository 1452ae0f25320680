#pragma once

// A member of a group with its database, which looks after each step whether the group keeps its
// promises: what is refused changes nothing, a private message opens once, what nobody with a key
// has sent does not open, and whoever is in the same epoch has the same secrets.

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "common/mls/group.h"

namespace amana::mls {

// Something on its way.
struct Sent {
  std::string bytes;
  // Whose keys it was made with; nobody's: it was tampered with.
  std::optional<LeafIndex> author;
  // By somebody who is no member: a proposal, or a commit to join with.
  bool from_outside = false;

  bool authentic() const { return author.has_value() || from_outside; }
};

// Epoch authenticators by encoded context.
using Authenticators = std::map<std::string, std::string>;

class FuzzMember {
 public:
  FuzzMember(Group group, StateRows rows, size_t device, Authenticators& authenticators);

  Group& group() { return group_; }
  size_t device() const { return device_; }
  const crypto::SigningKey& signer() const;

  // What an operation on the group came to. Saves it.
  template <class Result>
  bool Took(const Result& result) {
    if constexpr (requires { result.status(); }) {
      return TookStatus(result.status());
    } else {
      return TookStatus(result);
    }
  }

  // A commit waits in staged() afterwards.
  void Handle(const Sent& sent);
  void Keep(StagedCommit staged) { staged_.push_back(std::move(staged)); }
  std::vector<StagedCommit>& staged() { return staged_; }
  void Merge(size_t which);

  // Out of the database, or of the vault.
  void Reload();
  void ReloadStaged();

 private:
  bool TookStatus(const absl::Status& status);
  void CheckReceived(const Sent& sent, const Received& received);
  void CheckEpoch();

  Group group_;
  StateRows rows_;
  size_t device_;
  Authenticators* authenticators_;
  std::vector<StagedCommit> staged_;
  std::set<std::string> opened_;
};

}  // namespace amana::mls
