#pragma once

// What a group is during one epoch, and what is kept of it for a while after. Parts of Group
// (group.h); nobody else needs them.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/mls/key_schedule.h"
#include "common/mls/messages.h"
#include "common/mls/ratchet_tree.h"
#include "common/mls/secret_tree.h"
#include "common/mls/treekem.h"

namespace amana::mls {

// Replaced as a whole by each commit. Copies share nodes, keys and secrets.
struct Epoch {
  GroupContext context;
  std::string encoded_context;
  RatchetTree tree;
  std::shared_ptr<const EpochSecrets> secrets;
  std::string confirmation_tag;
  std::string interim_transcript_hash;
  LeafIndex own;
  PrivateKeys keys;
};

// For application messages that come after their epoch is over. The tree is not kept: of the
// members only those keys that the epoch after it has no more.
struct PastEpoch {
  uint64_t epoch = 0;
  std::string encoded_context;
  SecretBytes sender_data_secret;
  SecretTree secret_tree;
  // Signature keys by leaf where the next epoch differs; empty: nobody was there.
  std::map<LeafIndex, std::string> signature_keys;
};

// What a commit leads to besides its tree: the rest of the next epoch.
struct Advanced {
  std::shared_ptr<const EpochSecrets> secrets;
  SecretBytes encryption_secret;
  SecretBytes joiner_secret;
  SecretBytes psk_secret;
  std::string encoded_context;
  std::string confirmation_tag;
  std::string interim_transcript_hash;
};

// `commit` is signed; its confirmation tag is not looked at. Sets the transcript hash of `context`,
// the context of the next epoch.
Advanced AdvanceEpoch(std::string_view interim_before, const AuthenticatedContent& commit,
                      std::string_view init_secret, std::string_view commit_secret,
                      const std::vector<Psk>& psks, GroupContext& context);

}  // namespace amana::mls
