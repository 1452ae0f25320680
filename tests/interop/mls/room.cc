#include "tests/interop/mls/room.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/base/check.h"
#include "common/base/status_macros.h"
#include "common/mls/fault.h"

namespace amana::mls {
namespace {

absl::Status Wrong(const std::string& what, const Party& party) {
  return absl::InternalError(absl::StrCat(what, " (", party.name(), ")"));
}

// Says whose error it is.
absl::Status Of(const Party& party, const std::string& what, const absl::Status& status) {
  if (status.ok()) return status;
  return {status.code(), absl::StrCat(what, " (", party.name(), "): ", status.message())};
}

bool Contains(const std::vector<Party*>& list, const Party* party) {
  return std::find(list.begin(), list.end(), party) != list.end();
}

}  // namespace

absl::Status ExpectRefused(const absl::Status& status, const std::string& what) {
  if (status.ok()) return absl::InternalError(absl::StrCat(what, " is accepted"));
  const bool by_rule =
      FaultOf(status) != Fault::kNone || status.code() == absl::StatusCode::kFailedPrecondition;
  return by_rule ? absl::OkStatus() : status;
}

const Seat* Room::Find(const Party& party) const {
  const auto seat = std::find_if(seats_.begin(), seats_.end(),
                                 [&](const Seat& one) { return one.party == &party; });
  return seat == seats_.end() ? nullptr : &*seat;
}

size_t Room::IndexOf(const Party& party) const {
  const Seat* seat = Find(party);
  AMANA_CHECK(seat != nullptr, "the party is no member");
  return static_cast<size_t>(seat - seats_.data());
}

bool Room::IsConcerned(const Party& party) const {
  return std::any_of(waiting_.begin(), waiting_.end(),
                     [&](const auto& one) { return one->about == &party; });
}

// --- Epochs.

absl::Status Room::Found(Party& founder) {
  AMANA_RETURN_IF_ERROR(founder.Create(group_id_));
  seats_.push_back({.party = &founder, .leaf = 0, .inbox = {}});
  return Agree();
}

absl::StatusOr<Room::Rival> Room::Prepare(Party& by, const Change& change) {
  Rival rival{.by = &by, .change = &change, .taken = {}, .made = {}};
  CommitOrder order{.adds = {},
                    .removes = {},
                    .psks = change.psks,
                    .waiting = {},
                    .tree_in_welcome = change.tree_in_welcome,
                    .style = change.style,
                    .with_path = change.with_path,
                    .new_signature_key = change.new_signature_key};
  for (Party* added : change.adds) {
    AMANA_ASSIGN_OR_RETURN(order.adds.emplace_back(), added->MakeKeyPackage());
  }
  for (const Party* removed : change.removes) order.removes.push_back(Find(*removed)->leaf);
  for (const auto& one : waiting_) {
    const bool updates_itself = one->kind == ProposalKind::kUpdate && one->by == &by;
    const bool removes_itself = one->kind == ProposalKind::kRemove && one->about == &by;
    if (!change.take_waiting || updates_itself || removes_itself) continue;
    order.waiting.push_back(one->reference);
    rival.taken.push_back(one);
  }
  psks_.insert(psks_.end(), change.psks.begin(), change.psks.end());
  auto made = by.Commit(order);
  AMANA_RETURN_IF_ERROR(Of(by, "commit", made.status()));
  rival.made = *std::move(made);
  return rival;
}

absl::Status Room::Follow(const Rival& winner, const std::vector<Party*>& removed) {
  const uint32_t leaf = Find(*winner.by)->leaf;
  for (const Seat& seat : seats_) {
    if (seat.party == winner.by) continue;
    auto heard = seat.party->Handle(winner.made.commit, psks_);
    AMANA_RETURN_IF_ERROR(
        Of(*seat.party, absl::StrCat("commit of ", winner.by->name()), heard.status()));
    if (heard->kind != Heard::Kind::kCommit) return Wrong("that was no commit", *seat.party);
    if (heard->sender.value_or(leaf) != leaf) return Wrong("another committer", *seat.party);
    const std::string& data = winner.change->style.authenticated_data;
    if (heard->authenticated_data.value_or(data) != data) {
      return Wrong("other authenticated data", *seat.party);
    }
    if (heard->removed != Contains(removed, seat.party)) {
      return Wrong("does not know who is removed", *seat.party);
    }
  }
  return absl::OkStatus();
}

absl::Status Room::Race(const std::vector<std::pair<Party*, Change>>& rivals, size_t winner,
                        const std::function<bool(const Party&)>& considers) {
  std::vector<Rival> prepared;
  for (const auto& [by, change] : rivals) {
    AMANA_ASSIGN_OR_RETURN(prepared.emplace_back(), Prepare(*by, change));
  }
  const Rival& first = prepared[winner];
  for (const Rival& rival : prepared) {
    for (const Seat& seat : seats_) {
      if (&rival == &first || seat.party == rival.by || !considers(*seat.party)) continue;
      AMANA_RETURN_IF_ERROR(
          Of(*seat.party, "considers a commit", seat.party->Consider(rival.made.commit, psks_)));
    }
  }

  std::vector<Party*> added;
  std::vector<Party*> removed = first.change->removes;
  for (const auto& one : first.taken) {
    if (one->kind == ProposalKind::kAdd) added.push_back(one->about);
    if (one->kind == ProposalKind::kRemove) removed.push_back(one->about);
  }
  added.insert(added.end(), first.change->adds.begin(), first.change->adds.end());
  AMANA_RETURN_IF_ERROR(Follow(first, removed));
  if (first.change->reload) {
    AMANA_RETURN_IF_ERROR(Of(*first.by, "reload with a commit", first.by->Reload()));
  }
  AMANA_RETURN_IF_ERROR(Of(*first.by, "confirm", first.by->Confirm()));
  if (first.made.welcome.empty() != added.empty()) return Wrong("welcome", *first.by);
  std::optional<std::string> tree;
  if (!first.change->tree_in_welcome) {
    AMANA_ASSIGN_OR_RETURN(tree, first.by->Tree());
  }
  for (Party* party : added) {
    AMANA_RETURN_IF_ERROR(Of(*party, absl::StrCat("welcome of ", first.by->name()),
                             party->Join(first.made.welcome, tree, psks_)));
  }
  AMANA_RETURN_IF_ERROR(BeginEpoch(removed, added));
  for (const Rival& rival : prepared) {
    for (const Seat& seat : seats_) {
      if (&rival == &first) continue;
      AMANA_RETURN_IF_ERROR(
          ExpectRefused(seat.party->Handle(rival.made.commit, {}).status(), "a commit too late"));
    }
  }
  return absl::OkStatus();
}

absl::Status Room::JoinExternally(Party& who, Party& helper, bool tree_inside) {
  AMANA_ASSIGN_OR_RETURN(const std::string info, helper.GroupInfo(tree_inside));
  std::optional<std::string> tree;
  if (!tree_inside) {
    AMANA_ASSIGN_OR_RETURN(tree, helper.Tree());
  }
  const Seat* before = Find(who);
  std::optional<uint32_t> replaced;
  if (before != nullptr) replaced = before->leaf;
  const auto commit = who.JoinExternally(info, tree, replaced);
  AMANA_RETURN_IF_ERROR(Of(who, "external join", commit.status()));
  for (const Seat& seat : seats_) {
    const bool is_itself = seat.party == &who;
    // ts-mls can't follow the commit that replaces itself.
    if (is_itself && !who.is_ours()) continue;
    const auto heard = seat.party->Handle(*commit, psks_);
    AMANA_RETURN_IF_ERROR(
        Of(*seat.party, absl::StrCat("external commit of ", who.name()), heard.status()));
    if (heard->removed != is_itself) return Wrong("does not know who is removed", *seat.party);
  }
  AMANA_RETURN_IF_ERROR(Of(who, "confirm", who.Confirm()));
  if (before != nullptr) seats_.erase(seats_.begin() + static_cast<ptrdiff_t>(IndexOf(who)));
  return BeginEpoch({}, {&who});
}

absl::Status Room::BeginEpoch(const std::vector<Party*>& removed,
                              const std::vector<Party*>& added) {
  ++epoch_;
  for (Party* party : removed) {
    seats_.erase(seats_.begin() + static_cast<ptrdiff_t>(IndexOf(*party)));
    AMANA_RETURN_IF_ERROR(
        ExpectRefused(party->Encrypt("still here", "").status(), "a message of a removed member"));
  }
  for (Party* party : added) seats_.push_back({.party = party, .leaf = 0, .inbox = {}});
  for (Seat& seat : seats_) seat.known_proposals = 0;
  waiting_.clear();
  psks_.clear();
  return Agree();
}

absl::Status Room::Agree() {
  const std::string context = absl::StrCat("epoch ", epoch_);
  const size_t size = 16 + epoch_ % 48;
  Party& speaker = *seats_.front().party;
  AMANA_ASSIGN_OR_RETURN(const View first, speaker.Look());
  AMANA_ASSIGN_OR_RETURN(const std::string secret, speaker.Export("interop", context, size));
  if (first.epoch != epoch_ || first.group_id != group_id_ || secret.size() != size) {
    return Wrong("not where the model is", speaker);
  }
  for (Seat& seat : seats_) {
    AMANA_ASSIGN_OR_RETURN(const View view, seat.party->Look());
    AMANA_ASSIGN_OR_RETURN(const std::string exported,
                           seat.party->Export("interop", context, size));
    seat.leaf = view.leaf;
    const auto itself = view.members.find(view.leaf);
    if (itself == view.members.end() || itself->second != seat.party->name()) {
      return Wrong("is not at its leaf", *seat.party);
    }
    if (view.epoch != first.epoch) return Wrong("another epoch", *seat.party);
    if (view.group_id != first.group_id) return Wrong("another group", *seat.party);
    if (view.members != first.members) return Wrong("other members", *seat.party);
    if (view.tree_hash != first.tree_hash) return Wrong("another tree", *seat.party);
    if (view.epoch_authenticator != first.epoch_authenticator) {
      return Wrong("another epoch authenticator", *seat.party);
    }
    if (exported != secret) return Wrong("another exported secret", *seat.party);
  }
  // Each is at its own leaf, so equal numbers mean that there is nobody else.
  if (first.members.size() != seats_.size()) return Wrong("not the model's members", speaker);
  return absl::OkStatus();
}

// --- Messages.

absl::Status Room::Propose(Party& by, ProposalKind kind, Party* about, const SharedKey& psk,
                           const Style& style, bool new_signature_key) {
  ProposalOrder order{.kind = kind,
                      .key_package = {},
                      .leaf = 0,
                      .psk = psk,
                      .style = style,
                      .new_signature_key = new_signature_key};
  if (kind == ProposalKind::kAdd) {
    AMANA_ASSIGN_OR_RETURN(order.key_package, about->MakeKeyPackage());
  }
  if (kind == ProposalKind::kRemove) order.leaf = Find(*about)->leaf;
  if (kind == ProposalKind::kUpdate) about = &by;
  if (kind == ProposalKind::kPsk) psks_.push_back(psk);
  auto made = by.Propose(order);
  AMANA_RETURN_IF_ERROR(Of(by, "proposal", made.status()));
  const auto proposal =
      std::make_shared<Waiting>(Waiting{.kind = kind, .by = &by, .about = about, .reference = {}});
  proposal->reference = std::move(made->second);
  waiting_.push_back(proposal);
  const size_t from = IndexOf(by);
  ++seats_[from].known_proposals;
  const auto letter =
      std::make_shared<const Letter>(Letter{.is_proposal = true,
                                            .epoch = epoch_,
                                            .number = ++last_number_,
                                            .from = &by,
                                            .leaf = seats_[from].leaf,
                                            .message = std::move(made->first),
                                            .data = {},
                                            .authenticated_data = style.authenticated_data,
                                            .proposal = proposal});
  for (Seat& seat : seats_) {
    if (seat.party != &by) seat.inbox.push_back(letter);
  }
  return absl::OkStatus();
}

absl::Status Room::Send(Party& from, const std::string& data,
                        const std::string& authenticated_data) {
  auto message = from.Encrypt(data, authenticated_data);
  AMANA_RETURN_IF_ERROR(Of(from, "encrypt", message.status()));
  const auto letter = std::make_shared<const Letter>(Letter{
      .is_proposal = false,
      .epoch = epoch_,
      .number = ++last_number_,
      .from = &from,
      .leaf = Find(from)->leaf,
      .message = *std::move(message),
      .data = data,
      .authenticated_data = authenticated_data,
      .proposal = nullptr,
  });
  for (Seat& seat : seats_) {
    if (seat.party != &from) seat.inbox.push_back(letter);
  }
  return absl::OkStatus();
}

size_t Room::Skipped(const Seat& seat, size_t letter) const {
  const Letter& wanted = *seat.inbox[letter];
  const auto skipped = std::count_if(seat.inbox.begin(), seat.inbox.end(), [&](const auto& one) {
    return one->is_proposal == wanted.is_proposal && one->epoch == wanted.epoch &&
           one->leaf == wanted.leaf && one->number < wanted.number;
  });
  return static_cast<size_t>(skipped);
}

absl::Status Room::Deliver(size_t index, size_t place, bool twice) {
  Seat& seat = seats_[index];
  const std::shared_ptr<const Letter> letter = seat.inbox[place];
  seat.inbox.erase(seat.inbox.begin() + static_cast<ptrdiff_t>(place));
  Party& party = *seat.party;
  const bool too_late = IsTooLate(seat, *letter);
  const auto heard = party.Handle(letter->message, psks_);
  if (too_late) return Of(party, "late", ExpectRefused(heard.status(), "what is too late"));
  AMANA_RETURN_IF_ERROR(Of(party,
                           absl::StrCat("message of ", letter->from->name(), " of epoch ",
                                        letter->epoch, " in epoch ", epoch_),
                           heard.status()));
  if (heard->sender.value_or(letter->leaf) != letter->leaf) return Wrong("another sender", party);
  if (heard->authenticated_data.value_or(letter->authenticated_data) !=
      letter->authenticated_data) {
    return Wrong("other authenticated data", party);
  }
  if (letter->is_proposal) {
    if (heard->kind != Heard::Kind::kProposal) return Wrong("that was no proposal", party);
    ++seat.known_proposals;
    std::string& reference = letter->proposal->reference;
    if (reference.empty()) reference = heard->reference;
    return heard->reference == reference ? absl::OkStatus() : Wrong("another reference", party);
  }
  if (heard->kind != Heard::Kind::kApplication) return Wrong("that was no data", party);
  if (heard->data != letter->data) return Wrong("other data", party);
  if (!twice) return absl::OkStatus();
  return Of(party, "replay", ExpectRefused(party.Handle(letter->message, psks_).status(), "it"));
}

absl::Status Room::DeliverProposals(const std::function<size_t(size_t)>& pick) {
  for (size_t i = 0; i < seats_.size(); ++i) {
    for (;;) {
      std::vector<size_t> proposals;
      for (size_t j = 0; j < seats_[i].inbox.size(); ++j) {
        const Letter& letter = *seats_[i].inbox[j];
        if (letter.is_proposal && letter.epoch == epoch_) proposals.push_back(j);
      }
      if (proposals.empty()) break;
      AMANA_RETURN_IF_ERROR(Deliver(i, proposals[pick(proposals.size())]));
    }
  }
  return absl::OkStatus();
}

absl::Status Room::DeliverAll() {
  for (size_t i = 0; i < seats_.size(); ++i) {
    while (!seats_[i].inbox.empty()) {
      size_t place = seats_[i].inbox.size() - 1;
      while (!FitsWindow(seats_[i], place)) --place;
      AMANA_RETURN_IF_ERROR(Deliver(i, place, /*twice=*/true));
    }
  }
  return absl::OkStatus();
}

}  // namespace amana::mls
