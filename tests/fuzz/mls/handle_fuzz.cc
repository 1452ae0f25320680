// A group in use, with members who do harm. The input is a program: members talk, propose, commit,
// lose and repeat messages, forget what they had in memory, and forge whatever their keys allow;
// what was sent is tampered with on its way. FuzzMember looks after each step.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/base/check.h"
#include "tests/fuzz/mls/fuzz_change.h"
#include "tests/fuzz/mls/fuzz_forge.h"
#include "tests/fuzz/mls/fuzz_input.h"
#include "tests/fuzz/mls/fuzz_member.h"
#include "tests/fuzz/mls/fuzz_world.h"

namespace amana::mls {
namespace {

// Of one run: more say nothing that several runs don't.
constexpr int kMaxSteps = 40;

class Play {
 public:
  Play() : random_(8) {
    for (size_t i = 0; i < kMembers; ++i) {
      members_.emplace_back(world_.Member(i), world_.RowsOf(i), i, authenticators_);
    }
    // Of the world's past: the last one is of leaf 3, all others of leaf 0.
    for (const std::string& message : world_.messages()) sent_.push_back({message, LeafIndex{0}});
    sent_.back().author = LeafIndex{3};
  }

  void Run(FuzzInput& input) {
    for (int step = 0; step < kMaxSteps && !input.empty(); ++step) Step(input);
  }

 private:
  void Step(FuzzInput& input) {
    FuzzMember& member = members_[input.Below(members_.size())];
    switch (input.Below(18)) {
      case 0:
        return Say(input, member);
      case 1:
        return Propose(input, member);
      case 2:
        return ProposeUpdate(input, member);
      case 3:
        return Commit(input, member);
      case 4:
      case 5:
        if (!sent_.empty()) member.Handle(sent_[input.Below(sent_.size())]);
        return;
      case 6:
      case 7:
        return TellAll(input, sent_.size() - 1);
      case 8:
        return TellAll(input, input.Below(sent_.size()));
      case 9:
        return member.Merge(input.Byte());
      case 10:
        return Forget(input, member);
      case 11:
        return input.Flag() ? member.Reload() : member.ReloadStaged();
      case 12:
        return ForgeCommit(input, member);
      case 13:
        return ForgeMessage(input, member);
      case 14:
        return TamperOnTheWay(input);
      case 15:
        return Put({std::string(input.Piece()), std::nullopt});
      case 16:
        return SpeakFromOutside(input, member);
      default:
        return Enter(input, member);
    }
  }

  void Put(Sent sent) {
    if (!sent.bytes.empty()) sent_.push_back(std::move(sent));
  }

  Framing AnyFraming(FuzzInput& input) {
    return {input.Flag() ? WireFormat::kPublicMessage : WireFormat::kPrivateMessage, ""};
  }

  void Say(FuzzInput& input, FuzzMember& member) {
    auto message = member.group().Encrypt(input.Piece(), input.Piece(), input.Byte(),
                                          member.signer(), random_);
    if (member.Took(message)) Put({*std::move(message), member.group().own_leaf()});
  }

  void Propose(FuzzInput& input, FuzzMember& member) {
    Proposal proposal = AnyProposal(input, member.group(), random_);
    auto message = member.group().Propose(std::move(proposal), AnyFraming(input), member.signer(),
                                          world_.policy(), random_);
    if (member.Took(message)) Put({*std::move(message), member.group().own_leaf()});
  }

  void ProposeUpdate(FuzzInput& input, FuzzMember& member) {
    auto message = member.group().ProposeUpdate(std::nullopt, AnyFraming(input), member.signer(),
                                                member.signer(), world_.policy(), random_);
    if (member.Took(message)) Put({*std::move(message), member.group().own_leaf()});
  }

  void Commit(FuzzInput& input, FuzzMember& member) {
    CommitRequest request{.include_waiting = !input.Flag(),
                          .without_path = input.Flag(),
                          .framing = AnyFraming(input)};
    for (size_t left = input.Below(3); left > 0; --left) {
      request.proposals.push_back(AnyProposal(input, member.group(), random_));
    }
    auto commit =
        member.group().Commit(request, member.signer(), world_.policy(), world_.psks(), random_);
    if (!member.Took(commit)) return;
    Put({std::move(commit->message), member.group().own_leaf()});
    if (auto& welcome = commit->welcome) welcomes_.push_back(*std::move(welcome));
    member.Keep(std::move(commit->staged));
  }

  // Everybody gets it; a commit begins the next epoch for all, its sender too.
  void TellAll(FuzzInput& input, size_t which) {
    const bool merge = !input.Flag();
    const Sent sent = sent_[which];
    for (FuzzMember& member : members_) {
      member.Handle(sent);
      if (merge && !member.staged().empty()) member.Merge(member.staged().size() - 1);
    }
  }

  void Forget(FuzzInput& input, FuzzMember& member) {
    if (input.Flag()) {
      member.group().DropPastEpochs();
    } else {
      member.staged().clear();
    }
    member.Took(absl::OkStatus());
  }

  void ForgeCommit(FuzzInput& input, FuzzMember& member) {
    AnyCommit forged = ForgeAnyCommit(input, member, random_);
    if (!forged.welcome.empty()) welcomes_.push_back(std::move(forged.welcome));
    Put({std::move(forged.message), member.group().own_leaf(), forged.from_outside});
  }

  void ForgeMessage(FuzzInput& input, FuzzMember& member) {
    std::string message = ForgeAnyMessage(input, member, random_);
    Put({std::move(message), member.group().own_leaf(), /*from_outside=*/true});
    member.Took(absl::OkStatus());  // the ratchets that it was sealed with were begun
  }

  void TamperOnTheWay(FuzzInput& input) {
    Sent sent = sent_[input.Below(sent_.size())];
    Change(input, sent.bytes);
    for (const Sent& other : sent_) {
      if (other.bytes == sent.bytes) return;
    }
    sent.author.reset();
    sent.from_outside = false;
    Put(std::move(sent));
  }

  void SpeakFromOutside(FuzzInput& input, FuzzMember& member) {
    const GroupContext& context = member.group().context();
    const size_t device = input.Below(kDevices);
    std::string message =
        input.Flag()
            ? ProposeSelf(context, world_.PublicPackage(device), world_.signer(device))
            : ProposeFromOutside(context, static_cast<uint32_t>(input.Below(2)),
                                 AnyProposal(input, member.group(), random_), world_.service());
    Put({std::move(message), std::nullopt, /*from_outside=*/true});
  }

  // A device of those that are outside, by a welcome or of its own accord.
  void Enter(FuzzInput& input, FuzzMember& member) {
    if (members_.size() >= kDevices) return;
    const size_t device = input.Below(kDevices);
    if (input.Flag()) return EnterUninvited(input, member, device);
    if (welcomes_.empty()) return;
    auto joined = Group::Join(kSuite3, welcomes_[input.Below(welcomes_.size())],
                              world_.OwnPackage(device), world_.policy(), world_.psks(), InNoGroup);
    if (joined.ok())
      members_.emplace_back(*std::move(joined), StateRows(), device, authenticators_);
  }

  void EnterUninvited(FuzzInput& input, FuzzMember& member, size_t device) {
    auto info = member.group().MakeGroupInfo(member.signer(), /*with_tree=*/true);
    if (!info.ok()) return;
    if (input.Flag()) Change(input, *info);
    std::optional<LeafIndex> resync;
    if (input.Flag()) resync = LeafIndex{input.Byte()};
    auto joined =
        Group::JoinExternally(kSuite3, *info, FuzzWorld::IdentityOf(device), world_.signer(device),
                              {}, resync, world_.policy(), world_.psks(), InNoGroup, random_);
    if (!joined.ok()) return;
    Put({std::move(joined->message), std::nullopt, /*from_outside=*/true});
    members_.emplace_back(std::move(joined->group), StateRows(), device, authenticators_);
  }

  const FuzzWorld& world_ = FuzzWorld::Get();
  SeededRandom random_;
  Authenticators authenticators_;
  std::deque<FuzzMember> members_;
  std::vector<Sent> sent_;
  std::vector<std::string> welcomes_;
};

}  // namespace
}  // namespace amana::mls

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  amana::mls::FuzzInput input(data, size);
  amana::mls::Play().Run(input);
  return 0;
}
