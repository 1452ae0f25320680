// A group of both sides, 2 to 16 members, in which anybody does anything: random operations from a
// seed. After every epoch all members' secrets are compared (room.h).
//
// AMANA_TEST_SIZE: 60, 120 or 500 operations. AMANA_TEST_SEED repeats what is done and in which
// order; the keys of ts-mls are other ones each time.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <random>
#include <set>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/mls/test_group.h"
#include "tests/interop/mls/room.h"

namespace amana::mls {
namespace {

constexpr size_t kFewest = 2;
constexpr size_t kMost = 16;

enum class Card { kAdd, kRemove, kUpdate, kPsk, kPropose, kTalk, kRace, kExternal, kResync };

constexpr struct {
  Card card;
  const char* name;
  int in_deck;
} kCards[] = {
    {Card::kAdd, "add", 5},          {Card::kRemove, "remove", 4},
    {Card::kUpdate, "update", 4},    {Card::kPsk, "psk", 2},
    {Card::kPropose, "propose", 6},  {Card::kTalk, "talk", 5},
    {Card::kRace, "race", 2},        {Card::kExternal, "join from outside", 1},
    {Card::kResync, "come anew", 1},
};

int Operations() {
  const char* size = std::getenv("AMANA_TEST_SIZE");
  const std::string text = size == nullptr ? "normal" : size;
  return text == "quick" ? 60 : text == "full" ? 500 : 120;
}

uint64_t Seed() {
  const char* given = std::getenv("AMANA_TEST_SEED");
  return given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device()();
}

// What is done, one card an operation. A deck has each kind, so that a short run has, too.
class Story {
 public:
  Story(uint64_t seed, PeerProcess& peer) : chance_(seed), random_(seed), peer_(peer) {}

  absl::Status Begin();
  absl::Status Next();
  // The last one.
  const std::string& operation() const { return operation_; }
  std::string Summary() const;
  // What did not happen and should have.
  std::vector<std::string> Missing() const;

 private:
  // --- Chance.
  size_t Below(size_t n) { return chance_() % n; }
  size_t From(size_t least, size_t most) { return least + Below(most - least + 1); }
  bool Maybe(size_t percent) { return Below(100) < percent; }
  std::string Bytes(size_t size);
  Party& AnyMember() { return *room_.seats()[Below(room_.seats().size())].party; }
  Style AnyStyle() { return {.in_clear = Maybe(30), .authenticated_data = Bytes(Below(9))}; }
  SharedKey AnyPsk() { return {.id = Bytes(From(1, 16)), .value = Bytes(From(16, 48))}; }
  Card Draw();

  // --- What is possible.
  size_t FreeSeats() const;
  bool MayLeave(const std::vector<Party*>& leaving) const;
  std::vector<Party*> Outsiders(size_t count);
  std::vector<Party*> Leaving(const Party& by, size_t count);

  absl::Status Play(Card card);
  Change AnyChange(Card card, const Party& by);
  absl::Status Commit(Card card);
  absl::Status Race();
  absl::Status ProposeSome();
  absl::Status ProposeOne();
  absl::Status Talk();
  absl::Status JoinExternally(bool anew);
  absl::Status AllProposals() {
    return room_.DeliverProposals([this](size_t n) { return Below(n); });
  }
  absl::Status DeliverSome();
  absl::Status ReloadSome(bool is_new_epoch);

  std::mt19937_64 chance_;
  SeededRandom random_;
  PeerProcess& peer_;
  std::vector<std::unique_ptr<Party>> everybody_;
  Room room_{"a group of many"};
  std::vector<Card> deck_;
  bool growing_ = true;
  std::string operation_;
  std::map<std::string, int> counts_;
  size_t fewest_ = kMost;
  size_t most_ = 0;
};

std::string Story::Bytes(size_t size) {
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(chance_());
  return bytes;
}

Card Story::Draw() {
  if (deck_.empty()) {
    for (const auto& kind : kCards) deck_.insert(deck_.end(), kind.in_deck, kind.card);
    for (size_t i = deck_.size(); i > 1; --i) std::swap(deck_[i - 1], deck_[Below(i)]);
  }
  const Card card = deck_.back();
  deck_.pop_back();
  return card;
}

// How many may be added, if whatever is proposed is committed and nobody is removed.
size_t Story::FreeSeats() const {
  size_t members = room_.seats().size();
  for (const auto& one : room_.waiting()) {
    if (one->kind == ProposalKind::kAdd) ++members;
  }
  return members < kMost ? kMost - members : 0;
}

// Whether there are members of both sides without them and those whose removal is proposed.
bool Story::MayLeave(const std::vector<Party*>& leaving) const {
  size_t ours = 0;
  size_t theirs = 0;
  for (const Seat& seat : room_.seats()) {
    bool stays = std::find(leaving.begin(), leaving.end(), seat.party) == leaving.end();
    for (const auto& one : room_.waiting()) {
      if (one->kind == ProposalKind::kRemove && one->about == seat.party) stays = false;
    }
    if (stays) ++(seat.party->is_ours() ? ours : theirs);
  }
  return ours > 0 && theirs > 0;
}

// Mostly such that were members before.
std::vector<Party*> Story::Outsiders(size_t count) {
  std::vector<Party*> outside;
  for (const auto& party : everybody_) {
    if (room_.Find(*party) == nullptr && !room_.IsConcerned(*party)) outside.push_back(party.get());
  }
  std::vector<Party*> chosen;
  while (chosen.size() < count) {
    if (outside.empty() || Maybe(30)) {
      const std::string number = std::to_string(everybody_.size());
      everybody_.push_back(Maybe(50) ? NewOurParty("ours " + number, random_)
                                     : NewTheirParty("theirs " + number, peer_));
      chosen.push_back(everybody_.back().get());
      continue;
    }
    const size_t place = Below(outside.size());
    chosen.push_back(outside[place]);
    outside.erase(outside.begin() + static_cast<ptrdiff_t>(place));
    ++counts_["joins of former members"];
  }
  return chosen;
}

std::vector<Party*> Story::Leaving(const Party& by, size_t count) {
  std::vector<Party*> leaving;
  for (size_t tries = 0; leaving.size() < count && tries < 3 * count; ++tries) {
    Party& member = AnyMember();
    const bool chosen = std::find(leaving.begin(), leaving.end(), &member) != leaving.end();
    if (chosen || &member == &by || room_.IsConcerned(member)) continue;
    leaving.push_back(&member);
    if (!MayLeave(leaving)) leaving.pop_back();
  }
  return leaving;
}

absl::Status Story::Begin() {
  const bool ours_found = Maybe(50);
  for (const bool ours : {ours_found, !ours_found}) {
    everybody_.push_back(ours ? NewOurParty("ours", random_) : NewTheirParty("theirs", peer_));
  }
  operation_ = "beginning";
  AMANA_RETURN_IF_ERROR(room_.Found(*everybody_[0]));
  return room_.Commit(*everybody_[0], {.adds = {everybody_[1].get()}});
}

absl::Status Story::Next() {
  const uint64_t epoch = room_.epoch();
  const Card card = Draw();
  AMANA_RETURN_IF_ERROR(Play(card));
  ++counts_[operation_];
  const size_t members = room_.seats().size();
  fewest_ = std::min(fewest_, members);
  most_ = std::max(most_, members);
  if (members >= kMost) growing_ = false;
  if (members <= kFewest) growing_ = true;
  AMANA_RETURN_IF_ERROR(ReloadSome(room_.epoch() != epoch));
  return DeliverSome();
}

absl::Status Story::Play(Card card) {
  // What is not possible is replaced.
  if ((card == Card::kAdd || card == Card::kExternal) && FreeSeats() == 0) card = Card::kRemove;
  if (card == Card::kRemove && room_.seats().size() <= kFewest) card = Card::kAdd;
  for (const auto& kind : kCards) {
    if (kind.card == card) operation_ = kind.name;
  }
  switch (card) {
    case Card::kPropose:
      return ProposeSome();
    case Card::kTalk:
      return Talk();
    case Card::kRace:
      return Race();
    case Card::kExternal:
      return JoinExternally(/*anew=*/false);
    case Card::kResync:
      return JoinExternally(/*anew=*/true);
    default:
      return Commit(card);
  }
}

// --- Commits.

Change Story::AnyChange(Card card, const Party& by) {
  Change change{.take_waiting = Maybe(80),
                .tree_in_welcome = Maybe(50),
                .style = AnyStyle(),
                .with_path = Maybe(60)};
  switch (card) {
    case Card::kAdd:
      change.adds = Outsiders(From(1, std::min<size_t>(FreeSeats(), growing_ ? 4 : 1)));
      break;
    case Card::kRemove:
      change.removes = Leaving(by, From(1, growing_ ? 1 : 4));
      break;
    case Card::kPsk:
      for (size_t i = From(1, 2); i > 0; --i) change.psks.push_back(AnyPsk());
      break;
    default:
      change.new_signature_key = Maybe(30);
      change.with_path = true;
      break;
  }
  change.reload = by.is_ours() && Maybe(50);
  return change;
}

absl::Status Story::Commit(Card card) {
  AMANA_RETURN_IF_ERROR(AllProposals());
  Party& by = AnyMember();
  const Change change = AnyChange(card, by);
  counts_["proposals committed or dropped"] += static_cast<int>(room_.waiting().size());
  return room_.Commit(by, change);
}

absl::Status Story::Race() {
  AMANA_RETURN_IF_ERROR(AllProposals());
  std::vector<std::pair<Party*, Change>> rivals;
  for (size_t count = From(2, 3); rivals.size() < std::min(count, room_.seats().size());) {
    Party& by = AnyMember();
    const bool chosen = std::any_of(rivals.begin(), rivals.end(),
                                    [&](const auto& rival) { return rival.first == &by; });
    if (chosen) continue;
    constexpr Card kKinds[] = {Card::kUpdate, Card::kAdd, Card::kRemove, Card::kPsk};
    Card card = kKinds[Below(4)];
    if (card == Card::kAdd && FreeSeats() == 0) card = Card::kUpdate;
    rivals.emplace_back(&by, AnyChange(card, by));
  }
  return room_.Race(rivals, Below(rivals.size()), [this](const Party&) { return Maybe(50); });
}

absl::Status Story::JoinExternally(bool anew) {
  Party& who = anew ? AnyMember() : *Outsiders(1).front();
  Party* helper = &AnyMember();
  while (helper == &who) helper = &AnyMember();
  return room_.JoinExternally(who, *helper, Maybe(50));
}

// --- Messages.

absl::Status Story::ProposeSome() {
  for (size_t i = From(1, 4); i > 0; --i) AMANA_RETURN_IF_ERROR(ProposeOne());
  return absl::OkStatus();
}

// Nothing that does not go together with what waits, whoever commits.
absl::Status Story::ProposeOne() {
  Party& by = AnyMember();
  const auto kind = static_cast<ProposalKind>(Below(4));
  Party* about = nullptr;
  if (kind == ProposalKind::kUpdate && room_.IsConcerned(by)) return absl::OkStatus();
  if (kind == ProposalKind::kAdd) {
    if (FreeSeats() == 0) return absl::OkStatus();
    about = Outsiders(1).front();
  }
  if (kind == ProposalKind::kRemove) {
    about = &AnyMember();  // itself perhaps
    if (room_.IsConcerned(*about) || !MayLeave({about})) return absl::OkStatus();
  }
  ++counts_["proposals"];
  return room_.Propose(by, kind, about, AnyPsk(), AnyStyle(), Maybe(30));
}

absl::Status Story::Talk() {
  std::vector<Party*> senders;
  for (const Seat& seat : room_.seats()) {
    if (seat.known_proposals == 0) senders.push_back(seat.party);
  }
  // Everybody waits for a commit.
  if (senders.empty()) return Commit(Card::kUpdate);
  const size_t burst = Maybe(15) ? 40 : 4;
  for (size_t i = From(1, 3); i > 0; --i) {
    Party& sender = *senders[Below(senders.size())];
    for (size_t j = From(1, burst); j > 0; --j) {
      AMANA_RETURN_IF_ERROR(room_.Send(sender, Bytes(Below(200)), Bytes(Below(20))));
      ++counts_["messages"];
    }
  }
  return absl::OkStatus();
}

// Some of what is on its way, in any order that the windows allow. Most of what must be read now or
// never is, and the rest is tried when it is too late.
absl::Status Story::DeliverSome() {
  for (size_t i = 0; i < room_.seats().size(); ++i) {
    const Seat& seat = room_.seats()[i];
    std::set<uint64_t> left;  // for later, although there will be none
    for (size_t count = Maybe(40) ? 0 : Below(seat.inbox.size() + 1);;) {
      std::vector<size_t> possible;
      std::vector<size_t> urgent;
      for (size_t j = 0; j < seat.inbox.size(); ++j) {
        const Letter& letter = *seat.inbox[j];
        const bool too_late = room_.IsTooLate(seat, letter);
        if (!too_late && !room_.FitsWindow(seat, j)) continue;
        possible.push_back(j);
        const bool last_chance = !letter.is_proposal && !left.contains(letter.number) &&
                                 letter.epoch + seat.party->past_epochs() == room_.epoch();
        if (last_chance && Maybe(20)) {
          left.insert(letter.number);
        } else if (too_late || last_chance) {
          urgent.push_back(j);
        }
      }
      if (possible.empty() || (count == 0 && urgent.empty())) break;
      if (urgent.empty()) --count;
      const std::vector<size_t>& from = urgent.empty() ? possible : urgent;
      const size_t place = from[Below(from.size())];
      const Letter& letter = *seat.inbox[place];
      ++counts_[room_.IsTooLate(seat, letter)  ? "refused as too late"
                : letter.epoch < room_.epoch() ? "delivered late"
                                               : "delivered in time"];
      if (room_.Skipped(seat, place) > 0) ++counts_["delivered out of order"];
      AMANA_RETURN_IF_ERROR(room_.Deliver(i, place, /*twice=*/Maybe(10)));
    }
  }
  return absl::OkStatus();
}

absl::Status Story::ReloadSome(bool is_new_epoch) {
  for (const Seat& seat : room_.seats()) {
    // Theirs forget proposals.
    if (!seat.party->is_ours() && !is_new_epoch) continue;
    if (!Maybe(is_new_epoch ? 25 : 10)) continue;
    ++counts_["reloads"];
    const absl::Status status = seat.party->Reload();
    if (!status.ok()) {
      return {status.code(), absl::StrCat("reload (", seat.party->name(), "): ", status.message())};
    }
  }
  return absl::OkStatus();
}

std::string Story::Summary() const {
  std::string text = absl::StrCat(fewest_, " to ", most_, " members, ", room_.epoch(), " epochs, ",
                                  everybody_.size(), " clients");
  for (const auto& [what, count] : counts_) absl::StrAppend(&text, "; ", what, " ", count);
  return text;
}

std::vector<std::string> Story::Missing() const {
  std::vector<std::string> missing;
  const auto look_for = [&](const char* what) {
    if (!counts_.contains(what)) missing.emplace_back(what);
  };
  for (const auto& kind : kCards) look_for(kind.name);
  for (const char* what : {"delivered in time", "delivered late", "delivered out of order",
                           "joins of former members", "messages", "proposals", "reloads"}) {
    look_for(what);
  }
  return missing;
}

TEST(RandomInterop, AllAgreeAfterEveryEpoch) {
  const uint64_t seed = Seed();
  const int operations = Operations();
  std::cout << operations << " operations, AMANA_TEST_SEED=" << seed << std::endl;
  auto peer = PeerProcess::Start();
  ASSERT_TRUE(peer.ok()) << peer.status();
  Story story(seed, **peer);
  absl::Status status = story.Begin();
  for (int i = 1; i <= operations && status.ok(); ++i) {
    status = story.Next();
    ASSERT_TRUE(status.ok()) << "AMANA_TEST_SEED=" << seed << ", operation " << i << " ("
                             << story.operation() << "): " << status << "\n"
                             << story.Summary();
  }
  ASSERT_TRUE(status.ok()) << "AMANA_TEST_SEED=" << seed << ": " << status;
  std::cout << story.Summary() << std::endl;
  EXPECT_THAT(story.Missing(), testing::IsEmpty()) << "AMANA_TEST_SEED=" << seed;
}

}  // namespace
}  // namespace amana::mls
