#pragma once

// A group of parties of both sides with a model of what it must be: who is in it, which proposals
// wait, and which messages are still on their way to whom. Everything that begins an epoch ends
// with Agree(). Errors say what went wrong; an error leaves the room of no more use.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "tests/interop/mls/party.h"

namespace amana::mls {

// A proposal that was sent in this epoch.
struct Waiting {
  ProposalKind kind = ProposalKind::kUpdate;
  Party* by = nullptr;
  Party* about = nullptr;  // who is added, removed or updated
  std::string reference;   // once anybody told it
};

// A message that not everybody has got yet.
struct Letter {
  bool is_proposal = false;
  uint64_t epoch = 0;
  uint64_t number = 0;  // ascending
  Party* from = nullptr;
  uint32_t leaf = 0;  // of the sender
  std::string message;
  std::string data;
  std::string authenticated_data;
  std::shared_ptr<Waiting> proposal;
};

struct Seat {
  Party* party = nullptr;
  uint32_t leaf = 0;
  std::vector<std::shared_ptr<const Letter>> inbox;
  size_t known_proposals = 0;  // of this epoch, its own included: it sends no data until a commit
};

// What a commit is to do.
struct Change {
  std::vector<Party*> adds = {};
  std::vector<Party*> removes = {};
  std::vector<SharedKey> psks = {};
  bool take_waiting = true;
  bool tree_in_welcome = true;
  Style style = {};
  bool with_path = true;
  bool new_signature_key = false;
  bool reload = false;  // between making and following it; of ours
};

class Room {
 public:
  explicit Room(std::string group_id) : group_id_(std::move(group_id)) {}

  uint64_t epoch() const { return epoch_; }
  const std::vector<Seat>& seats() const { return seats_; }
  const std::vector<std::shared_ptr<Waiting>>& waiting() const { return waiting_; }
  // Null if it is no member.
  const Seat* Find(const Party& party) const;
  // Who is added, removed or updated by a proposal that waits.
  bool IsConcerned(const Party& party) const;

  absl::Status Found(Party& founder);

  // Members must have all proposals: DeliverProposals().
  absl::Status Commit(Party& by, const Change& change) { return Race({{&by, change}}, 0, {}); }
  // Several commits of one epoch, of which one wins. `considers` says who takes in one of the
  // others first.
  absl::Status Race(const std::vector<std::pair<Party*, Change>>& rivals, size_t winner,
                    const std::function<bool(const Party&)>& considers);
  // A newcomer, or a member that comes anew.
  absl::Status JoinExternally(Party& who, Party& helper, bool tree_inside);

  // `about` and `psk` where the kind has one. On its way to everybody.
  absl::Status Propose(Party& by, ProposalKind kind, Party* about, const SharedKey& psk,
                       const Style& style, bool new_signature_key = false);
  absl::Status Send(Party& from, const std::string& data, const std::string& authenticated_data);

  // How many of its sender's letters before this one have not been taken.
  size_t Skipped(const Seat& seat, size_t letter) const;
  // Whether all of them can be opened still if this one is taken now.
  bool FitsWindow(const Seat& seat, size_t letter) const {
    return Skipped(seat, letter) <= seat.party->skipped_keys();
  }
  // Whether its time is over, so that it must be refused.
  bool IsTooLate(const Seat& seat, const Letter& letter) const {
    return letter.epoch + (letter.is_proposal ? 0 : seat.party->past_epochs()) < epoch_;
  }
  // Takes it out of the inbox. What is too late must be refused; `twice`: so must be a second time.
  absl::Status Deliver(size_t seat, size_t letter, bool twice = false);
  // All proposals of this epoch, in an order that `pick(n)` gives, a number below n.
  absl::Status DeliverProposals(const std::function<size_t(size_t)>& pick);
  // Everything, the newest first as far as the window allows it.
  absl::Status DeliverAll();

  // Epoch authenticators, exported secrets, trees and lists of members are the same for all
  // members, and the members are those of the model.
  absl::Status Agree();

 private:
  struct Rival {
    Party* by = nullptr;
    const Change* change = nullptr;
    std::vector<std::shared_ptr<Waiting>> taken;
    CommitMade made;
  };

  size_t IndexOf(const Party& party) const;
  absl::StatusOr<Rival> Prepare(Party& by, const Change& change);
  absl::Status Follow(const Rival& winner, const std::vector<Party*>& removed);
  absl::Status BeginEpoch(const std::vector<Party*>& removed, const std::vector<Party*>& added);

  const std::string group_id_;
  uint64_t epoch_ = 0;
  uint64_t last_number_ = 0;
  std::vector<Seat> seats_;
  std::vector<std::shared_ptr<Waiting>> waiting_;
  std::vector<SharedKey> psks_;  // of this epoch
};

// Ok if it was refused by rule; an error if it was taken, or if something else went wrong.
absl::Status ExpectRefused(const absl::Status& status, const std::string& what);

}  // namespace amana::mls
