// Nothing secret stays behind in freed memory, whatever a group does. A program of its own, because
// it watches all memory.

#include <gmock/gmock.h>

#include <array>
#include <deque>
#include <utility>

#include "common/mls/test_freed_memory.h"
#include "common/mls/test_rules.h"

namespace amana::mls {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

class WipeTest : public RulesTest {
 protected:
  // After the test has let go of its groups.
  void TearDown() override {
    EXPECT_THAT(FreedMemory::Leaks(), IsEmpty());
    EXPECT_GT(FreedMemory::blocks(), 100u);
    EXPECT_GT(FreedMemory::secrets(), 100u);
  }

  // Of an application. It is never freed, and a secret.
  std::string_view NewText(size_t size) {
    texts_.push_back(RandomBytes(random_, size));
    FreedMemory::AddSecret(texts_.back());
    return texts_.back();
  }
  std::string Sealed(Member& from, std::string_view text, size_t padding = 0) {
    return *from.group.Encrypt(text, "about it", padding, from.signer, random_);
  }
  // What was received is the receiver's to wipe.
  void Read(Member& to, const std::string& message, std::string_view text) {
    auto received = to.group.Handle(message, policy_, psks_);
    ASSERT_EQ(FaultIn(received), Fault::kNone);
    const WipedString data(std::move(std::get<ReceivedApplication>(*received).data));
    EXPECT_TRUE(data.text == text);
  }

  static void Reload(Member& member, StateRows& rows) {
    member.group = Reloaded(std::move(member.group), rows);
  }

 private:
  std::deque<std::string> texts_;
  FreedMemory memory_;
};

// --- The search itself -------------------------------------------------------------------------

TEST(FreedMemoryTest, FindsNothingOfWhatWasWiped) {
  SeededRandom random(1);
  const FreedMemory memory;
  {
    const SecretBytes wiped = RandomSecret(random);
    const SecretBytes also_wiped = wiped.Clone();
  }
  EXPECT_THAT(FreedMemory::Leaks(), IsEmpty());
  EXPECT_EQ(FreedMemory::secrets(), 4u);
}

TEST(FreedMemoryTest, FindsCopiesOfAnyLengthAtAnyPlace) {
  for (const size_t size : {16, 31, 32}) {
    for (const size_t place : {0, 1, 77}) {
      SeededRandom random(1);
      const FreedMemory memory;
      {
        const SecretBytes secret = RandomSecret(random);
        std::string copy(200, '.');
        copy.replace(place, size, secret.Expose().substr(0, size));
      }
      EXPECT_THAT(FreedMemory::Leaks(), SizeIs(size / 16)) << size << " at " << place;
    }
  }
}

TEST(FreedMemoryTest, FindsNothingOfWhatGrewAndWasWiped) {
  SeededRandom random(1);
  const FreedMemory memory;
  {
    const SecretBytes secret = RandomSecret(random);
    WipedString text{std::string(secret.Expose())};
    GrowString(text.text, 1000);
    text.text.resize(3);  // the rest stands behind the end
  }
  EXPECT_THAT(FreedMemory::Leaks(), IsEmpty());
}

TEST(FreedMemoryTest, FindsACopyThatGrowingLeftBehind) {
  SeededRandom random(1);
  const FreedMemory memory;
  {
    const SecretBytes secret = RandomSecret(random);
    WipedString text{std::string(secret.Expose())};
    text.text.reserve(1000);
  }
  EXPECT_THAT(FreedMemory::Leaks(), SizeIs(2));
}

// --- Groups ------------------------------------------------------------------------------------

TEST_F(WipeTest, MembersComeAndGo) {
  std::vector<Member> members = NewGroup(5);
  std::vector<Client> clients;
  clients.push_back(NewClient("5"));
  clients.push_back(NewClient("6"));
  AddAll(members, std::move(clients), /*with_path=*/true);
  CommitAll(members, 3);
  CommitAll(members, 2, {.proposals = {{Remove{LeafIndex{1}}}}});
  members.erase(members.begin() + 1);
  const crypto::SigningKey next = crypto::SigningKey::Generate(random_);
  CommitRequest request;
  request.identity = IdentityOf("0");
  request.next_signer = &next;
  CommitAll(members, 0, request);
}

TEST_F(WipeTest, ProposalsAndPreSharedKeys) {
  std::vector<Member> members = NewGroup(4);
  Member& bob = members[1];
  const std::string update =
      *bob.group.ProposeUpdate(std::nullopt, {}, bob.signer, bob.signer, policy_, random_);
  for (Member& member : members) {
    if (&member == &bob) continue;
    EXPECT_EQ(Handled(member, update), Fault::kNone);
  }
  PreSharedKeyId resumption = ExternalPsk("");
  resumption.type = PskType::kResumption;
  resumption.usage = ResumptionUsage::kApplication;
  resumption.group_id = bob.group.group_id();
  resumption.epoch = bob.group.epoch();
  CommitAll(members, 0,
            {.proposals = {{PreSharedKey{ExternalPsk("psk")}}, {PreSharedKey{resumption}}}});
  EXPECT_TRUE(bob.group.ResumptionPsk(bob.group.epoch()).has_value());
  EXPECT_TRUE(bob.group.Export("label", "context", 32).ok());
}

TEST_F(WipeTest, CommitsThatAreRefusedOrLose) {
  std::vector<Member> members = NewGroup(4, /*with_path=*/true);
  Member& bob = members[1];
  EXPECT_EQ(Committed(members[0], bob,
                      {.signed_content = [](auto& c) { c.auth.confirmation_tag[0] ^= 1; }}),
            Fault::kConfirmationTag);
  auto lost = bob.group.Commit({}, bob.signer, policy_, psks_, random_);
  CommitAll(members, 2);
  EXPECT_EQ(FaultIn(bob.group.Merge(std::move(lost->staged))), Fault::kStagedElsewhere);
}

TEST_F(WipeTest, GroupsThatAreJoinedFromOutside) {
  std::vector<Member> members = NewGroup(3);
  const crypto::SigningKey signer = crypto::SigningKey::Generate(random_);
  auto joined = Group::JoinExternally(
      kSuite3, *members[0].group.MakeGroupInfo(members[0].signer, true), IdentityOf("new"), signer,
      {ExternalPsk("psk")}, std::nullopt, policy_, psks_, InNoGroup, random_);
  ASSERT_EQ(FaultIn(joined), Fault::kNone);
  for (Member& member : members) Follow(member, joined->message);
}

TEST_F(WipeTest, GroupsThatGoOnInOthers) {
  std::vector<Member> members = NewGroup(2);
  Member& alice = members[0];
  Client bob = NewClient("1");
  const auto packages = std::vector<KeyPackage>{bob.own.key_package};
  auto branch =
      alice.group.Branch("branch", NewClient("0").own, packages, alice.signer, policy_, random_);
  ASSERT_EQ(FaultIn(branch), Fault::kNone);
  EXPECT_EQ(JoinedBy(branch->second.welcome.value_or(""), bob, {.resumed = &members[1].group}),
            Fault::kNone);
  CommitAll(members, 1, {.proposals = {{ReInit{"next", kMls10, kSuite3.id, {}}}}});
  EXPECT_EQ(FaultIn(alice.group.Reinitialise(kSuite3, NewClient("0").own, packages, alice.signer,
                                             policy_, random_)),
            Fault::kNone);
}

// --- Messages ----------------------------------------------------------------------------------

TEST_F(WipeTest, MessagesOfAllSizes) {
  std::vector<Member> members = NewGroup(3);
  for (const size_t size : {16, 100, 1000, 65536, 1 << 20}) {
    const std::string_view text = NewText(size);
    const std::string message = Sealed(members[0], text, /*padding=*/size % 999);
    Read(members[1], message, text);
    Read(members[2], message, text);
  }
}

TEST_F(WipeTest, MessagesOutOfOrderAndOfThePast) {
  std::vector<Member> members = NewGroup(2);
  std::vector<std::pair<std::string_view, std::string>> sent;
  for (int i = 0; i < 50; ++i) {
    const std::string_view text = NewText(100);
    sent.emplace_back(text, Sealed(members[0], text));
  }
  for (const size_t i : {3, 45, 44, 20}) Read(members[1], sent[i].second, sent[i].first);
  CommitAll(members, 1);
  for (const size_t i : {43, 47}) Read(members[1], sent[i].second, sent[i].first);
  members[1].group.DropPastEpochs();
}

TEST_F(WipeTest, MessagesThatAreRefused) {
  std::vector<Member> members = NewGroup(3);
  std::string damaged = Sealed(members[0], NewText(500));
  damaged.back() ^= 1;
  EXPECT_EQ(Handled(members[1], damaged), Fault::kContent);
  const auto badly_signed =
      members[0].group.Encrypt(NewText(500), "", 0, members[1].signer, random_);
  EXPECT_EQ(Handled(members[1], *badly_signed), Fault::kMessageSignature);
  EXPECT_EQ(FaultIn(members[0].group.Encrypt(NewText(kMaxMessageSize), "", 0, members[0].signer,
                                             random_)),
            Fault::kMessageTooLarge);
}

// --- The saved state ---------------------------------------------------------------------------

TEST_F(WipeTest, SavingAndRestoring) {
  std::vector<Member> members = NewGroup(3);
  std::array<StateRows, 3> rows;
  for (size_t i = 0; i < 3; ++i) Reload(members[i], rows[i]);
  Member& alice = members[0];
  const std::string_view text = NewText(100);
  const std::string skipped = Sealed(alice, text);
  const std::string message = Sealed(alice, text);
  Read(members[1], message, text);
  for (size_t i = 0; i < 3; ++i) Reload(members[i], rows[i]);

  auto commit = alice.group.Commit({}, alice.signer, policy_, psks_, random_);
  const SecretBytes staged = commit->staged.Encode();
  Reload(alice, rows[0]);
  for (const size_t i : {1, 2}) Follow(members[i], commit->message);
  ASSERT_TRUE(alice.group.Merge(*alice.group.RestoreStaged(staged.Expose())).ok());
  for (size_t i = 0; i < 3; ++i) Reload(members[i], rows[i]);
  Read(members[1], skipped, text);
  EXPECT_EQ(FaultIn(Group::Restore(kSuite3, rows[2], 1000)), Fault::kStateRolledBack);
  rows[2].erase("p");
  EXPECT_EQ(FaultIn(Group::Restore(kSuite3, rows[2], 0)), Fault::kStateDamaged);
}

}  // namespace
}  // namespace amana::mls
