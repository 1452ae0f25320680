#pragma once

// What tests of groups need besides the group: an application that believes every basic credential
// and lets everybody in, a random source that can be repeated, pre-shared keys in a map, and a
// client that is in no group.

#include <cstdint>
#include <cstring>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>

#include "common/base/check.h"
#include "common/mls/group.h"

namespace amana::mls {

class BasicCredentials : public CredentialValidator {
 public:
  bool Accepts(const Credential&, std::string_view) const override { return true; }
  bool AcceptsSuccessor(const LeafNode& before, const LeafNode& after) const override {
    return before.credential == after.credential;
  }
  std::string_view ClientOf(const LeafNode& leaf) const override { return leaf.credential.content; }
  bool AllowsProposal(const Sender&, const Proposal&) const override { return true; }
  bool AllowsJoin(const LeafNode&, const LeafNode*) const override { return true; }
};

// Not for secrets: the same seed gives the same bytes.
class SeededRandom : public Random {
 public:
  explicit SeededRandom(uint64_t seed) : engine_(seed) {}
  void Fill(char* out, size_t n) override {
    for (size_t i = 0; i < n; ++i) out[i] = static_cast<char>(engine_());
  }

 private:
  std::mt19937_64 engine_;
};

class PskMap : public PskSource {
 public:
  std::optional<SecretBytes> External(std::string_view psk_id) const override {
    const auto found = external.find(psk_id);
    if (found == external.end()) return std::nullopt;
    return SecretBytes::CopyOf(found->second);
  }
  std::optional<SecretBytes> Resumption(std::string_view group_id, uint64_t epoch) const override {
    const auto found = resumption.find({std::string(group_id), epoch});
    if (found == resumption.end()) return std::nullopt;
    return SecretBytes::CopyOf(found->second);
  }

  std::map<std::string, std::string, std::less<>> external;
  std::map<std::pair<std::string, uint64_t>, std::string> resumption;
};

inline bool InNoGroup(std::string_view) { return false; }

// Rows as a database would keep them, through encoding and back.
inline Group Reloaded(Group group, StateRows& rows) {
  ApplyDelta(rows, group.TakeDelta());
  auto again = Group::Restore(group.suite(), rows, group.sequence());
  AMANA_CHECK(again.ok(), "a group that was saved can't be restored");
  return *std::move(again);
}

}  // namespace amana::mls
