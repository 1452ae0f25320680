// What a client's database may give after it was damaged, or by somebody who writes into it: rows
// of a group, and a commit that was saved. They are refused, or they give a group that works and
// can be saved again.
//
// Input: which member and what of it is damaged, then one edit after another.

#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "common/base/check.h"
#include "tests/fuzz/mls/fuzz_change.h"
#include "tests/fuzz/mls/fuzz_input.h"
#include "tests/fuzz/mls/fuzz_world.h"

namespace amana::mls {
namespace {

// Rows in clear, which can be edited in place.
using OpenRows = std::map<std::string, std::string>;

OpenRows Opened(const StateRows& rows) {
  OpenRows opened;
  for (const auto& [key, value] : rows) opened[key] = value.Expose();
  return opened;
}

StateRows Closed(const OpenRows& rows) {
  StateRows closed;
  for (const auto& [key, value] : rows) closed[key] = SecretBytes::CopyOf(value);
  return closed;
}

// A member with every kind of row: also with proposals that wait, and an update of its own.
StateRows BusyRows(size_t member) {
  const FuzzWorld& world = FuzzWorld::Get();
  SeededRandom random(2);
  Group group = world.Member(member);
  Group other = world.Member((member + 1) % kMembers);
  const auto update = [&](Group& of, size_t device) {
    return *of.ProposeUpdate(std::nullopt, {}, world.signer(device), world.signer(device),
                             world.policy(), random);
  };
  update(group, member);
  AMANA_CHECK(
      group.Handle(update(other, (member + 1) % kMembers), world.policy(), world.psks()).ok(),
      "a proposal is refused");
  for (const Proposal& proposal : {Proposal{Add{world.PublicPackage(kMembers)}},
                                   Proposal{Remove{LeafIndex{(member == 2 ? 3U : 2U)}}}}) {
    AMANA_CHECK(group.Propose(proposal, {}, world.signer(member), world.policy(), random).ok(),
                "a proposal is refused");
  }
  StateRows rows = world.RowsOf(member);
  ApplyDelta(rows, group.TakeDelta());
  return rows;
}

const StateRows& BusyRows() {
  static const auto* const kRows = new StateRows(BusyRows(1));
  return *kRows;
}

// Who writes into a database knows that the head has the hash of the tree, and puts it right.
void Rehash(OpenRows& rows, const RatchetTree& before) {
  RatchetTree tree(before.leaves());
  for (auto row = rows.lower_bound("t"); row != rows.end() && row->first.front() == 't'; ++row) {
    const auto index = Decode<NodeIndex>(std::string_view(row->first).substr(1));
    auto node = Decode<Node>(row->second);
    if (!index.ok() || !node.ok() || !tree.Restore(*index, *std::move(node)).ok()) return;
  }
  const auto head = rows.find("h");
  if (head == rows.end()) return;
  const size_t at = head->second.find(before.RootHash());
  if (at != std::string::npos) head->second.replace(at, kHashSize, tree.RootHash());
}

// One node of the tree, in a way that it can still be read.
void ChangeNode(FuzzInput& input, OpenRows& rows) {
  const auto first = rows.lower_bound("t");
  const auto count = static_cast<size_t>(std::distance(first, rows.lower_bound("u")));
  if (count == 0) return;
  std::string& row = std::next(first, static_cast<ptrdiff_t>(input.Below(count)))->second;
  const auto node = Decode<Node>(row);
  if (!node.ok()) return;
  Node changed;
  if (node->leaf != nullptr) {
    auto leaf = std::make_shared<LeafNode>(*node->leaf);
    Change(input, *leaf);
    changed.leaf = std::move(leaf);
  } else {
    auto parent = std::make_shared<ParentNode>(*node->parent);
    Change(input, *parent);
    changed.parent = std::move(parent);
  }
  row = Encode(changed);
}

// Proposals that wait, and no updates of our own.
std::string AnyWaiting(FuzzInput& input) {
  const FuzzWorld& world = FuzzWorld::Get();
  Writer writer;
  for (size_t left = input.Below(4); left > 0; --left) {
    Sender sender = Sender::Member({1});
    const std::array<Proposal, 3> proposals = {
        Proposal{Remove{LeafIndex{2}}},
        Proposal{Update{world.Member(1).own_leaf_node()}},
        Proposal{Add{world.PublicPackage(kMembers)}},
    };
    Proposal proposal = proposals[input.Below(proposals.size())];
    if (input.Flag()) Change(input, sender);
    if (input.Flag()) Change(input, proposal);
    EncodeInto(writer, sender);
    EncodeInto(writer, ProposalRef{std::string(input.Piece())});
    EncodeInto(writer, proposal);
  }
  writer.PrefixLength(0);
  writer.Length(0);
  return std::move(writer).Take();
}

void Damage(FuzzInput& input, OpenRows& rows) {
  while (!input.empty()) {
    const size_t choice = input.Below(6);
    const auto row = std::next(rows.begin(), static_cast<ptrdiff_t>(input.Below(rows.size())));
    if (choice == 0 || row == rows.end()) {
      const std::string key(input.Piece());
      rows[key] = input.Piece();
    } else if (choice == 1) {
      Change(input, row->second);
    } else if (choice == 2) {
      rows.erase(row);
    } else if (choice == 3) {
      const size_t other = input.Below(rows.size());
      row->second = std::next(rows.begin(), static_cast<ptrdiff_t>(other))->second;
    } else if (choice == 4) {
      ChangeNode(input, rows);
    } else {
      std::string& waiting = rows["p"];
      waiting = waiting.substr(0, sizeof(uint64_t)) + AnyWaiting(input);  // of the same delta
    }
  }
}

void CheckRows(FuzzInput& input, const StateRows& intact, size_t member) {
  const FuzzWorld& world = FuzzWorld::Get();
  const bool rehash = input.Flag();
  OpenRows rows = input.Flag() ? Opened(intact) : OpenRows();
  Damage(input, rows);
  if (rehash) Rehash(rows, world.Member(member).tree());
  StateRows damaged = Closed(rows);
  auto group = Group::Restore(kSuite3, damaged, 0);
  if (!group.ok()) {
    AMANA_CHECK(FaultOf(group.status()) != Fault::kNone, "rows are refused for no reason");
    return;
  }
  SeededRandom random(3);
  Exercise(*group, world.signer(member), random);
  ApplyDelta(damaged, group->TakeDelta());
  AMANA_CHECK(Group::Restore(kSuite3, damaged, group->sequence()).ok(),
              "a group can't be restored that was just saved");
}

void CheckStaged(FuzzInput& input, size_t member) {
  const FuzzWorld& world = FuzzWorld::Get();
  SeededRandom random(4);
  Group group = world.Member(member);
  CommitRequest request{.without_path = input.Flag()};
  const size_t newcomers = input.Below(4);
  for (size_t i = 0; i < newcomers; ++i) {
    request.proposals.push_back(
        i == 2 ? Proposal{Remove{LeafIndex{static_cast<uint32_t>((member + 1) % kMembers)}}}
               : Proposal{Add{world.PublicPackage(kMembers + i)}});
  }
  const auto commit =
      group.Commit(request, world.signer(member), world.policy(), world.psks(), random);
  AMANA_CHECK(commit.ok(), "no commit");
  std::string saved(commit->staged.Encode().Expose());
  while (!input.empty()) Change(input, saved);
  auto staged = group.RestoreStaged(saved);
  if (!staged.ok()) {
    AMANA_CHECK(FaultOf(staged.status()) != Fault::kNone, "a commit is refused for no reason");
    return;
  }
  StateRows rows = world.RowsOf(member);
  if (!group.Merge(*std::move(staged)).ok()) return;
  Exercise(group, world.signer(member), random);
  ApplyDelta(rows, group.TakeDelta());
  AMANA_CHECK(Group::Restore(kSuite3, rows, group.sequence()).ok(),
              "a group can't be restored that was just saved");
}

void Fuzz(FuzzInput input) {
  const size_t member = input.Below(kMembers + 1);
  if (input.Flag()) {
    CheckStaged(input, member % kMembers);
  } else if (member < kMembers) {
    CheckRows(input, FuzzWorld::Get().RowsOf(member), member);
  } else {
    CheckRows(input, BusyRows(), 1);
  }
}

}  // namespace
}  // namespace amana::mls

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  amana::mls::Fuzz(amana::mls::FuzzInput(data, size));
  return 0;
}
