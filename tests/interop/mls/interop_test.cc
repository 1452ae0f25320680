// One group of both sides, step by step: what a client of ours may do with those of another
// implementation, and the other way round. Whatever begins an epoch ends with a comparison of all
// members' secrets (room.h), so each group, commit, welcome and message that one side makes is
// verified by the other. What the peer can follow and not make is vectors_test.cc's business.

#include <gtest/gtest.h>

#include "common/base/check.h"
#include "common/mls/test_group.h"
#include "tests/interop/mls/room.h"

namespace amana::mls {
namespace {

#define ASSERT_DONE(expression)              \
  do {                                       \
    const absl::Status done_ = (expression); \
    ASSERT_TRUE(done_.ok()) << done_;        \
  } while (false)

std::unique_ptr<PeerProcess> StartedPeer() {
  auto peer = PeerProcess::Start();
  AMANA_CHECK(peer.ok(), "the peer does not start");
  return *std::move(peer);
}

struct Way {
  bool ours_found;
  bool tree_inside;
  bool in_clear;
};

std::string NameOf(const testing::TestParamInfo<Way>& info) {
  const Way& way = info.param;
  return std::string(way.ours_found ? "OursFound" : "TheirsFound") +
         (way.tree_inside ? "TreeInside" : "TreeBeside") + (way.in_clear ? "InClear" : "Sealed");
}

class Interop : public testing::TestWithParam<Way> {
 protected:
  // anna and chen are of the side that founds the group, badr and dina of the other one.
  void SetUp() override {
    ASSERT_DONE(room_.Found(anna_));
    ASSERT_DONE(Commit(anna_, {.adds = {&badr_, &chen_}}));
    ASSERT_DONE(Commit(badr_, {.adds = {&dina_}}));
  }

  Party& New(bool of_founders, const std::string& name) {
    const bool ours = of_founders == GetParam().ours_found;
    return *parties_.emplace_back(ours ? NewOurParty(name, random_) : NewTheirParty(name, *peer_));
  }

  absl::Status Commit(Party& by, Change change = {}) {
    change.tree_in_welcome = GetParam().tree_inside;
    change.style = style_;
    return room_.Commit(by, change);
  }
  // Everybody gets it.
  absl::Status Propose(Party& by, ProposalKind kind, Party* about = nullptr,
                       const SharedKey& psk = {}) {
    const absl::Status status = room_.Propose(by, kind, about, psk, style_);
    return status.ok() ? room_.DeliverProposals([](size_t n) { return n - 1; }) : status;
  }
  absl::Status JoinExternally(Party& who, Party& helper) {
    return room_.JoinExternally(who, helper, GetParam().tree_inside);
  }

  // Everybody says some things, which come out of order, and begins an epoch.
  void TalkAndUpdate() {
    std::vector<Party*> members;
    for (const Seat& seat : room_.seats()) members.push_back(seat.party);
    for (Party* member : members) {
      for (size_t i = 0; i < 3; ++i) {
        ASSERT_DONE(room_.Send(*member, std::string(i, 'x'), "seen by all"));
      }
    }
    ASSERT_DONE(room_.DeliverAll());
    for (Party* member : members) ASSERT_DONE(Commit(*member));
  }

  SeededRandom random_{1};
  std::unique_ptr<PeerProcess> peer_ = StartedPeer();
  std::vector<std::unique_ptr<Party>> parties_;
  Room room_{"a case"};
  const Style style_{.in_clear = GetParam().in_clear, .authenticated_data = "in front"};
  const SharedKey psk_{.id = "met in person", .value = std::string(32, '\x5a')};
  const SharedKey other_psk_{.id = "by telephone", .value = std::string(20, '\xa5')};

  Party& anna_ = New(true, "anna");
  Party& badr_ = New(false, "badr");
  Party& chen_ = New(true, "chen");
  Party& dina_ = New(false, "dina");
};

TEST_P(Interop, BothTalkAndUpdate) { TalkAndUpdate(); }

// As far as the windows go; what is too late is refused.
TEST_P(Interop, MessagesComeOutOfOrderAndLate) {
  for (Party* sender : {&anna_, &badr_}) {
    for (int i = 0; i < 40; ++i) ASSERT_DONE(room_.Send(*sender, std::to_string(i), ""));
  }
  ASSERT_DONE(room_.DeliverAll());
  for (int epochs = 1; epochs <= 5; ++epochs) {
    for (Party* sender : {&anna_, &badr_}) {
      for (int i = 0; i < 3; ++i) ASSERT_DONE(room_.Send(*sender, std::to_string(i), ""));
    }
    for (int i = 0; i < epochs; ++i) ASSERT_DONE(Commit(i % 2 == 0 ? chen_ : dina_));
    ASSERT_DONE(room_.DeliverAll());
  }
  // Of somebody who has left meanwhile.
  ASSERT_DONE(room_.Send(dina_, "farewell", ""));
  ASSERT_DONE(Commit(anna_, {.removes = {&dina_}}));
  ASSERT_DONE(Commit(badr_, {.adds = {&New(true, "emre")}}));
  ASSERT_DONE(room_.DeliverAll());
}

TEST_P(Interop, BothRemoveAndAreRemovedAndComeBack) {
  ASSERT_DONE(Commit(anna_, {.removes = {&dina_}}));
  ASSERT_DONE(Commit(badr_, {.removes = {&chen_}}));
  TalkAndUpdate();
  ASSERT_DONE(Commit(badr_, {.adds = {&dina_, &chen_}}));
  TalkAndUpdate();
  ASSERT_DONE(Commit(dina_, {.removes = {&anna_, &badr_}}));
  ASSERT_DONE(Commit(chen_, {.adds = {&anna_, &badr_}, .removes = {&dina_}}));
  TalkAndUpdate();
}

TEST_P(Interop, BothUsePreSharedKeys) {
  ASSERT_DONE(Commit(anna_, {.psks = {psk_}}));
  ASSERT_DONE(Commit(badr_, {.psks = {other_psk_, psk_}}));
  ASSERT_DONE(Commit(anna_, {.psks = {psk_, other_psk_}, .with_path = false}));
  // A newcomer needs them, too.
  ASSERT_DONE(Commit(anna_, {.adds = {&New(false, "emre")}, .psks = {psk_}}));
  ASSERT_DONE(Commit(badr_, {.adds = {&New(true, "fadi")}, .psks = {psk_}}));
  TalkAndUpdate();
}

TEST_P(Interop, BothCommitToWhatTheOtherProposed) {
  for (Party* committer : {&anna_, &badr_}) {
    Party& emre = New(false, "emre by " + committer->name());
    Party& fadi = New(true, "fadi by " + committer->name());
    // Updates of the committer's own are left out.
    for (Party* member : {&anna_, &badr_, &chen_}) {
      ASSERT_DONE(Propose(*member, ProposalKind::kUpdate));
    }
    ASSERT_DONE(Propose(anna_, ProposalKind::kRemove, &dina_));
    ASSERT_DONE(Propose(badr_, ProposalKind::kAdd, &emre));
    ASSERT_DONE(Propose(chen_, ProposalKind::kAdd, &fadi));
    ASSERT_DONE(Propose(badr_, ProposalKind::kPsk, nullptr, psk_));
    ASSERT_DONE(Propose(anna_, ProposalKind::kPsk, nullptr, other_psk_));
    for (const Seat& seat : room_.seats()) {
      ASSERT_DONE(ExpectRefused(seat.party->Encrypt("too early", "").status(), "data"));
    }
    ASSERT_DONE(Commit(*committer));
    ASSERT_EQ(room_.seats().size(), 5);
    TalkAndUpdate();
    ASSERT_DONE(Commit(anna_, {.adds = {&dina_}, .removes = {&emre, &fadi}}));
  }
}

TEST_P(Interop, WhatIsProposedMayBeLeftOut) {
  ASSERT_DONE(Propose(badr_, ProposalKind::kRemove, &dina_));
  ASSERT_DONE(Commit(anna_, {.take_waiting = false}));
  ASSERT_DONE(Propose(anna_, ProposalKind::kRemove, &chen_));
  ASSERT_DONE(Commit(badr_, {.take_waiting = false}));
  ASSERT_EQ(room_.seats().size(), 4);
  TalkAndUpdate();
}

TEST_P(Interop, BothJoinFromOutsideAndComeAnew) {
  ASSERT_DONE(JoinExternally(New(false, "emre"), anna_));
  ASSERT_DONE(JoinExternally(New(true, "fadi"), badr_));
  TalkAndUpdate();
  // Who has lost everything takes its own old leaf's place.
  ASSERT_DONE(JoinExternally(dina_, chen_));
  ASSERT_DONE(JoinExternally(chen_, badr_));
  TalkAndUpdate();
  ASSERT_EQ(room_.seats().size(), 6);
  // So does who was removed, as a newcomer.
  ASSERT_DONE(Commit(anna_, {.removes = {&dina_}}));
  ASSERT_DONE(JoinExternally(dina_, badr_));
  TalkAndUpdate();
}

TEST_P(Interop, OneOfSeveralCommitsWins) {
  const Change plain{.style = style_};
  for (const size_t winner : {0, 1, 2}) {
    ASSERT_DONE(room_.Race({{&anna_, plain}, {&badr_, plain}, {&dina_, plain}}, winner,
                           [](const Party&) { return true; }));
  }
  ASSERT_DONE(
      room_.Race({{&anna_, {.adds = {&New(false, "emre")}}}, {&badr_, {.removes = {&anna_}}}}, 1,
                 [](const Party&) { return true; }));
  ASSERT_EQ(room_.seats().size(), 3);
  TalkAndUpdate();
}

TEST_P(Interop, OursChangeTheirSignatureKeys) {
  Party& ours = anna_.is_ours() ? anna_ : badr_;
  ASSERT_DONE(room_.Send(ours, "under the old key", ""));
  ASSERT_DONE(Commit(ours, {.new_signature_key = true}));
  ASSERT_DONE(room_.Send(ours, "under the new key", ""));
  ASSERT_DONE(room_.DeliverAll());
  ASSERT_DONE(room_.Propose(ours, ProposalKind::kUpdate, nullptr, {}, style_, true));
  ASSERT_DONE(room_.DeliverAll());
  ASSERT_DONE(Commit(dina_));
  TalkAndUpdate();
}

INSTANTIATE_TEST_SUITE_P(, Interop,
                         testing::Values(Way{true, true, false}, Way{true, false, true},
                                         Way{false, true, true}, Way{false, false, false}),
                         NameOf);

}  // namespace
}  // namespace amana::mls
