#pragma once

// What targets of groups begin with, the same in every process: eight devices of which five are in
// a group with a past, and a service outside that may propose. Made once, which takes some
// milliseconds; each run begins with groups that are restored from it.

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "common/crypto/sign.h"
#include "common/mls/group.h"
#include "common/mls/test_group.h"

namespace amana::mls {

inline constexpr size_t kMembers = 5;
inline constexpr size_t kDevices = 8;

class FuzzWorld {
 public:
  static const FuzzWorld& Get();

  const Policy& policy() const { return policy_; }
  // Those of kExternalPsks.
  const PskMap& psks() const { return psks_; }

  const crypto::SigningKey& signer(size_t device) const { return devices_[device].signer; }
  static Identity IdentityOf(size_t device);
  // A key package that is not used up: each of the devices has one, those in the group too.
  OwnKeyPackage OwnPackage(size_t device) const;
  const KeyPackage& PublicPackage(size_t device) const { return devices_[device].published; }

  // At leaf `member`, as it was saved.
  Group Member(size_t member) const;
  StateRows RowsOf(size_t member) const;

  // The one on the group's list of external senders.
  const crypto::SigningKey& service() const { return service_; }

  // What was sent and reached only some of them, oldest first.
  const std::vector<std::string>& messages() const { return messages_; }

 private:
  struct Device {
    crypto::SigningKey signer;
    std::string package;
    KeyPackage published;
    StateRows rows;
  };

  FuzzWorld();
  OwnKeyPackage NewPackage(const crypto::SigningKey& signer, size_t device);
  void Grow(std::vector<Group>& groups);
  void Add(std::vector<Group>& groups, size_t committer, size_t newcomers, bool with_path);
  void Commit(std::vector<Group>& groups, size_t committer, const CommitRequest& request,
              std::vector<OwnKeyPackage> newcomers);
  std::string Say(std::vector<Group>& groups, size_t sender);

  BasicCredentials credentials_;
  Policy policy_;
  PskMap psks_;
  SeededRandom random_;
  crypto::SigningKey service_;
  std::vector<Device> devices_;
  std::vector<std::string> messages_;
};

inline constexpr std::array<std::string_view, 2> kExternalPsks = {"psk 1", "psk 2"};

StateRows CopyOf(const StateRows& rows);

// Does with a group what clients do: it may be refused, and must not crash.
void Exercise(Group& group, const crypto::SigningKey& signer, Random& random);

}  // namespace amana::mls
